"""A file as the place where topics are told, where there is no GitHub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from harness.alert.debts import unmarked
from harness.alert.ledger import Ledger
from harness.alert.planning import Action, Issue
from harness.alert.sending import NotSent
from harness.contract import ContractError, read_bytes
from harness.whole_files import write_whole

__all__ = ["StateFile"]

_FORMAT: Final = "codex-leg/alert-state/1"


class StateFile:
    """Keeps what was told in one JSON file, which is never half there."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def issues(self) -> Sequence[Issue]:
        """As :meth:`~harness.alert.sending.Place.issues`."""
        return [_issue(one) for one in self._rows()]

    def carry_out(self, action: Action) -> str:
        """As :meth:`~harness.alert.sending.Place.carry_out`."""
        known = {int(one["number"]): one for one in self._rows()}
        number = action.number or max(known, default=0) + 1
        was_open = number not in known or bool(known[number]["is_open"])
        row = {
            "number": number,
            "topic": action.topic,
            "is_open": was_open if action.kind == "rewrite" else action.kind != "close",
            "title": action.title,
            "body": action.body,
        }
        rows = list({**known, number: row}.values())
        try:
            write_whole(
                self._file, json.dumps({"format": _FORMAT, "issues": rows}, indent=1) + "\n"
            )
        except OSError as error:
            raise NotSent(f"{self._file} cannot be written: {error.strerror}") from None
        return ""

    def _rows(self) -> list[Mapping[str, Any]]:
        if not self._file.exists():
            return []
        try:
            document = json.loads(read_bytes(self._file, str(self._file)))
            if document["format"] != _FORMAT:
                raise KeyError("format")
            rows = document["issues"]
            for one in rows:
                _ = (int(one["number"]), one["topic"], one["is_open"], one["title"], one["body"])
        except (ContractError, KeyError, TypeError, ValueError, RecursionError):
            raise NotSent(
                f"{self._file} is no state of codex-leg alert; remove it to begin anew"
            ) from None
        return list(rows)


def _issue(row: Mapping[str, Any]) -> Issue:
    body, owed = unmarked(str(row["body"]))
    return Issue(
        number=int(row["number"]),
        topic=str(row["topic"]),
        is_open=bool(row["is_open"]),
        title=str(row["title"]),
        body=body,
        ledger=Ledger.read(body),
        owed=owed,
    )
