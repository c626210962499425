"""Move the baseline: what the cassettes say now becomes what ``snapshots/`` holds.

Nothing else writes there. Each file is written whole or not at all; whoever is interrupted runs it
again, and the rest follows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.contract import Contract, ContractError, ContractErrors
from harness.drift.compare import compare
from harness.drift.findings import Finding
from harness.drift.rules import LEVELS
from harness.exits import WrongUse
from harness.judge import shape
from harness.whole_files import sweep, write_whole

__all__ = ["Adoption", "carry_out", "plan"]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting would change.

    Attributes:
        probes: the probes that were looked at.
        findings: the drift that it would accept, the gravest first.
        changed: probes whose shape is not the adopted one, if only in what is no drift.
        added: probes that have no adopted shape yet.
        removed: adopted shapes whose probe is gone, each with its surface.
    """

    probes: Sequence[str]
    findings: Sequence[Finding]
    changed: Mapping[str, Mapping[str, Any]]
    added: Mapping[str, Mapping[str, Any]]
    removed: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changed or self.added or self.removed)


def plan(contract: Contract, probes: Sequence[str] = ()) -> Adoption:
    """See what adopting would change.

    Args:
        contract: the contract.
        probes: ids of probes; all by default. Shapes without a probe are looked for only then.

    Raises:
        ContractErrors: a file of the contract is broken, and it is none that adopting removes.
    """
    orphans = _orphans(contract)
    faults = [one for one in contract.problems() if _id_of(one.file) not in orphans]
    if faults:
        raise ContractErrors(faults)
    looked_at = sorted(probes or contract.probes)
    findings: list[Finding] = []
    changed: dict[str, Mapping[str, Any]] = {}
    added: dict[str, Mapping[str, Any]] = {}
    for id_ in looked_at:
        now, before = shape(contract, contract.pair(id_)), contract.snapshot(id_)
        if before is None:
            added[id_] = now
        elif before != now:
            changed[id_] = now
            findings += [replace(one, probe=id_) for one in compare(before, now)]
    return Adoption(
        probes=looked_at,
        findings=sorted(findings, key=lambda one: LEVELS.index(one.level)),
        changed=changed,
        added=added,
        removed={} if probes else {id_: _surface(contract, id_) for id_ in sorted(orphans)},
    )


def _orphans(contract: Contract) -> set[str]:
    """The adopted shapes whose probe is gone."""
    folder = contract.path("snapshots")
    return {
        id_
        for file in folder.rglob("*.json")
        if not file.name.startswith(".")
        for id_ in [file.relative_to(folder).with_suffix("").as_posix()]
        if not contract.path("probes", f"{id_}.yaml").exists()
    }


def _surface(contract: Contract, id_: str) -> str:
    """The surface of a shape without a probe, which need not be a sound one."""
    try:
        snapshot = contract.snapshot(id_)
    except ContractError:
        return ""
    return snapshot["surface"] if snapshot else ""


def _id_of(file: str) -> str:
    return file.removeprefix("snapshots/").removesuffix(".json") if "snapshots/" in file else ""


def carry_out(contract: Contract, adoption: Adoption) -> None:
    """Write the new shapes, remove those without a probe.

    Raises:
        ContractErrors: a new shape is none that could be read back; nothing is written then.
        WrongUse: a file cannot be written; those before it are, each of them whole.
    """
    wanted = {**adoption.changed, **adoption.added}
    faults = [
        fault for id_, snapshot in wanted.items() for fault in _faults(contract, id_, snapshot)
    ]
    if faults:
        raise ContractErrors(faults)
    try:
        sweep(contract.path("snapshots"))
        for id_, snapshot in sorted(wanted.items()):
            write_whole(contract.path("snapshots", f"{id_}.json"), _text(snapshot))
        for id_ in adoption.removed:
            _remove(contract.path("snapshots", f"{id_}.json"))
    except OSError as error:
        name = contract.name_of(Path(error.filename or contract.path("snapshots")))
        raise WrongUse(f"{name} cannot be written: {error.strerror}.") from None


def _faults(contract: Contract, id_: str, snapshot: Mapping[str, Any]) -> Iterator[ContractError]:
    for one in contract.schemas.validate("snapshot.json", snapshot):
        yield ContractError(f"snapshots/{id_}.json", one.pointer or "/", one.message, one.mend)


def _text(snapshot: Mapping[str, Any]) -> str:
    return json.dumps(snapshot, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    with suppress(OSError):  # the last one of its folder takes the folder along
        file.parent.rmdir()
