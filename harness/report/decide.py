"""The verdict: findings, weighed for a kind of consumer, against waivers and a level to fail on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from harness.contract import Waiver
from harness.drift.findings import Finding, at_or_over
from harness.drift.profiles import apply_profile
from harness.drift.rules import BENIGN, LEVELS, TOLERANT
from harness.drift.waivers import apply_waivers
from harness.exits import Exit
from harness.reads import Reads
from harness.report import Known, ProbeRow, Report

__all__ = ["decide", "exit_code"]


def decide(
    found: Report,
    *,
    today: date,
    waivers: Sequence[Waiver] = (),
    profile: str = TOLERANT,
    reads: Reads | None = None,
    fail_on: str = BENIGN,
    whole: bool = False,
    known: Mapping[str, str | None] | None = None,
) -> Report:
    """The report that people get to see of what a command found.

    Args:
        found: what it found, as it found it.
        today: the day that decides whether a waiver still holds.
        waivers: what was accepted.
        profile: the kind of consumer that the levels are for.
        reads: what the leg reads; the profile ``leg`` needs it.
        fail_on: the level from which on a finding fails the run.
        whole: the command looked at everything that the waivers can be about. Only then, and if
            nothing was left unchecked, is a waiver that matches nothing a fault.
        known: fingerprints of findings that an earlier report has, with the day that each was first
            seen; those do not count.

    Raises:
        ValueError: the profile needs ``reads``.
    """
    weighed = apply_profile(found.findings, profile, reads)
    seen_all = whole and not found.unchecked and not found.quarantined
    applied = apply_waivers(weighed, waivers, today=today, whole=seen_all)
    earlier = known or {}
    kept = [one for one in applied.kept if one.fingerprint not in earlier]
    findings = sorted([*kept, *applied.faults], key=lambda one: LEVELS.index(one.level))
    return replace(
        found,
        findings=findings,
        probes=None if found.probes is None else _rows(found, kept),
        known=[
            Known(one, earlier[one.fingerprint])
            for one in applied.kept
            if one.fingerprint in earlier
        ],
        profile=profile,
        fail_on=fail_on,
        waived=applied.waived,
        expiring=applied.expiring,
    )


def _rows(found: Report, kept: Iterable[Finding]) -> list[ProbeRow]:
    """The rows of probes without what is waived."""
    left = {one.what for one in found.unchecked}
    drift = Counter(one.probe for one in kept)
    return [_row(row, drift[row.id], left) for row in found.probes or ()]


def _row(row: ProbeRow, drift: int, left: Container[str]) -> ProbeRow:
    if drift == row.drift:
        return row
    return replace(
        row, drift=drift, verdict="drift" if drift else "unchecked" if row.id in left else "clean"
    )


def exit_code(report: Report) -> Exit:
    """What the shell gets to know: the gravest of what is there.

    Drift is known, so it outranks what could not be parsed, which outranks what could not be looked
    at. A waiver that is of no use is a fault of the contract's, not of what it is about.
    """
    if report.probes is not None and not report.probes:
        return Exit.NOTHING_RAN
    if any(at_or_over(one.level, report.fail_on) for one in report.drift):
        return Exit.DRIFT
    if report.quarantined:
        return Exit.QUARANTINED
    if report.unchecked:
        return Exit.UNCHECKED
    return Exit.USAGE if report.waivers_to_mend else Exit.CLEAN
