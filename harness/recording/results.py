"""What came of a run, as a report; and what of it may be adopted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.drift.rules import LEVELS
from harness.judge import Judgement
from harness.recording.planning import Row
from harness.recording.session import Outcome
from harness.report import ProbeRow, Report

__all__ = ["adoptable", "report_of", "unlooked"]

#: Findings that no adoption settles: the probe itself says otherwise, and a person has to decide.
_OF_PROBE = "probe/"


def unlooked(why: str) -> Report:
    """The report of a run that could not look at anything: the reason, and no row of a probe."""
    return Report(findings=[], unchecked=[Unchecked("record", why)], command="record")


def report_of(contract: Contract, found: Outcome, left: Iterable[Row] = ()) -> Report:
    """The report of a run.

    Args:
        contract: whose probes were asked.
        found: what came of it.
        left: probes that were named and cannot be asked; the user wants to know of them.
    """
    findings, flaky, rows = [], [], []
    for id_, looked in sorted(found.looked.items()):
        kept = found.confirmed.get(id_)
        own = list(kept.findings if kept else looked.judgement.findings)
        findings += own
        flaky += list(kept.flaky) if kept else []
        rows.append(_row(looked.judgement, len(own)))
    unchecked = [*found.unchecked, *(Unchecked(row.probe.id, row.why) for row in left)]
    unchecked += [one for looked in found.looked.values() for one in looked.judgement.unchecked]
    if found.confirmed and (lost := max(one.unconfirmed for one in found.confirmed.values())):
        unchecked.append(Unchecked("record", f"{lost} of the confirming looks could not be made"))
    asked = {row.id for row in rows}
    others = {one.what for one in [*unchecked, *found.quarantined]} - asked
    rows += [_unasked(contract, id_) for id_ in sorted(others & contract.probes.keys())]
    return Report(
        findings=sorted(findings, key=lambda one: LEVELS.index(one.level)),
        unchecked=unchecked,
        quarantined=found.quarantined,
        flaky=flaky,
        probes=rows,
        command="record",
    )


def adoptable(found: Outcome) -> tuple[dict[str, Path], list[str]]:
    """The staged cassettes that may be adopted, by probe; and a line for each that may not."""
    files: dict[str, Path] = {}
    kept_back: list[str] = []
    for id_, looked in sorted(found.looked.items()):
        against = list(_against(looked.judgement))
        if against:
            kept_back.append(f"not adopted: {id_}: {against[0]}: change the probe first")
        elif not (found.confirmed.get(id_) and found.confirmed[id_].flaky):
            files[id_] = looked.file
    return files, kept_back


def _against(judgement: Judgement) -> Iterator[str]:
    return (one.message for one in judgement.findings if one.rule.startswith(_OF_PROBE))


def _row(judgement: Judgement, drift: int) -> ProbeRow:
    verdict = "drift" if drift else "unchecked" if judgement.unchecked else "clean"
    return ProbeRow(
        judgement.id,
        judgement.title,
        judgement.outcome,
        judgement.expected,
        judgement.provenance,
        drift,
        verdict,
    )


def _unasked(contract: Contract, id_: str) -> ProbeRow:
    pair = contract.pair(id_)
    kind = pair.cassette.interactions[0].provenance.kind
    expected = pair.probe.expect.outcome
    return ProbeRow(id_, pair.probe.title, "not asked", expected, kind, 0, "unchecked")
