"""What each witness said: the reports of ``--format json``, and those that are not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Final

from harness.contract import ContractError, Schemas, read_bytes
from harness.drift.findings import Finding, Unchecked
from harness.report import Report
from harness.report.secrets import without_secrets

__all__ = ["Look", "read_look"]

_SCHEMA: Final = "report/findings.json"
#: Verdicts of a probe that was looked at.
_LOOKED: Final = frozenset({"clean", "drift"})


@dataclass(frozen=True, slots=True)
class Look:
    """What one witness said in one run.

    Attributes:
        witness: who looked: ``canary``, ``reference``, ``record`` …
        command: the command that looked, without ``codex-leg``.
        findings: what counts.
        left: what could not be looked at or not be read.
        verdicts: probe → its verdict; ``None`` if it did not ask probes.
        present: fingerprints of findings that are there and do not count: known or flaky.
    """

    witness: str
    command: str = ""
    findings: Sequence[Finding] = ()
    left: Sequence[Unchecked] = ()
    verdicts: Mapping[str, str] | None = None
    present: frozenset[str] = frozenset()

    def looked_at(self, probe: str | None) -> bool:
        """Whether it would have seen what was found with this probe (or with none)."""
        if self.verdicts is not None and probe is not None:
            return self.verdicts.get(probe) in _LOOKED
        return not self.left


def read_look(path: Path, witness: str, schemas: Schemas) -> Look:
    """The report in a file. One that is missing, empty or broken is something not looked at."""
    try:
        document = json.loads(read_bytes(path, path.name))
    except ContractError as error:
        why = error.problem.removeprefix("cannot be read: ")
        return _nothing(witness, f"there is no report {path.name}: {why}")
    except (JSONDecodeError, UnicodeDecodeError):
        return _nothing(witness, f"the report {path.name} is empty or broken: it is no JSON")
    except RecursionError:
        return _nothing(witness, f"the report {path.name} is broken: it is nested too deep")
    faults = schemas.validate(_SCHEMA, document)
    if faults:
        first = faults[0]
        return _nothing(
            witness,
            f"{path.name} is no report of --format json: {first.pointer or '/'}: {first.message}",
        )
    try:
        return _look(document, witness)
    except (KeyError, TypeError, ValueError) as error:
        # Another version may write more than the schema asks for.
        return _nothing(witness, f"{path.name} cannot be read: {type(error).__name__}")


def _nothing(witness: str, why: str) -> Look:
    return Look(witness, left=[Unchecked(f"the report of {witness}", why)])


def _look(document: Mapping[str, Any], witness: str) -> Look:
    report = without_secrets(
        Report(
            findings=[Finding.from_json(one) for one in document["findings"]],
            unchecked=_left(document["unchecked"]),
            quarantined=_left(document.get("quarantined", ())),
        )
    )
    rows = document.get("probes")
    left = [*report.unchecked, *report.quarantined]
    if rows is not None and not rows:
        left.append(Unchecked(f"the run of {witness}", "it looked at nothing: no probe was asked"))
    elif document["verdict"] in ("unchecked", "quarantined") and not left:
        left.append(Unchecked(f"the run of {witness}", "it could not look, and does not say why"))
    aside = [*document.get("known", ()), *document.get("flaky", ())]
    return Look(
        witness=witness,
        command=str(document.get("command", "")),
        findings=report.findings,
        left=left,
        verdicts=None if rows is None else {row["id"]: row["verdict"] for row in rows},
        present=frozenset(one["fingerprint"] for one in aside),
    )


def _left(rows: Sequence[Mapping[str, str]]) -> list[Unchecked]:
    return [Unchecked(one["what"], one["why"]) for one in rows]
