"""Findings that are known already: of an earlier report, or of what was told and is still open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Final

from harness.alert.ledger import LOOKLESS, Ledger
from harness.alert.planning import Issue
from harness.contract import ContractError, read_bytes
from harness.exits import WrongUse

__all__ = ["FORMAT", "known_document", "read_known"]

FORMAT: Final = "codex-leg/known/1"
_FINDINGS: Final = "codex-leg/findings/1"


def known_document(issues: Iterable[Issue]) -> dict[str, Any]:
    """What is told and open, as a document that :func:`read_known` takes."""
    ledgers = [one.ledger for one in issues if one.is_open and one.ledger is not None]
    drift = [one for one in ledgers if one.topic != LOOKLESS]
    return {
        "format": FORMAT,
        "findings": [
            {"fingerprint": row.id, "since": row.since, "rule": row.rule, "topic": one.topic}
            for one in drift
            for row in one.rows
        ],
        # An issue names only so many.
        "left_out": sum(one.left_out for one in drift),
    }


def read_known(path: Path) -> dict[str, str | None]:
    """Fingerprint → the day that it was first seen, or ``None`` if the file does not say.

    Args:
        path: a report of ``--format json``, what ``codex-leg alert --write-known`` wrote, or the
            text of an issue of ours.

    Raises:
        WrongUse: it is none of these.
    """
    try:
        text = read_bytes(path, str(path)).decode("utf-8")
    except ContractError as error:
        raise WrongUse(f"{path} {error.problem}; name another report.") from None
    except UnicodeDecodeError:
        raise WrongUse(_NONE.format(path)) from None
    ledger = Ledger.read(text.replace("\r\n", "\n"))
    if ledger is not None:
        return {row.id: row.since for row in ledger.rows}
    try:
        return _rows(json.loads(text))
    except (JSONDecodeError, KeyError, TypeError, AttributeError, RecursionError):
        raise WrongUse(_NONE.format(path)) from None


def _rows(document: Mapping[str, Any]) -> dict[str, str | None]:
    if document["format"] not in (FORMAT, _FINDINGS):
        raise KeyError("format")
    rows = [*document["findings"], *document.get("known", ())]
    return {str(row["fingerprint"]): row.get("since") for row in rows}


_NONE: Final = (
    "{} is no report of --format json, nothing that codex-leg alert --write-known wrote, and no "
    "text of one of its issues."
)
