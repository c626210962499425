"""Two captured releases compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.drift.findings import Finding
from harness.drift.rules import BREAKING, LEVELS
from harness.reference.wire.captured import Captured, Vantage

from .calls import call_findings, moved_calls, transport_findings
from .edits import edits_of
from .merging import findings_of

__all__ = ["Diff", "compare_captured"]

_CALLS: Final = frozenset({"client-endpoint-added", "client-precondition-added"})


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed on the wire.

    Attributes:
        findings: each edit once, the gravest first.
        compared: the runs that both releases were captured in.
        only_before, only_after: runs that only one of them was captured in. That is no drift.
    """

    findings: Sequence[Finding]
    compared: Sequence[Vantage]
    only_before: Sequence[Vantage] = ()
    only_after: Sequence[Vantage] = ()


def compare_captured(
    before: Captured, after: Captured, ablation: Mapping[str, Any] | None = None
) -> Diff:
    """What the later release sends otherwise than the earlier one.

    Args:
        before, after: two releases.
        ablation: what the later one needs (``schemas/report/ablation.json``), if that is known: a
            call that it cannot live without is breaking, and not merely a risk.
    """
    common = before.looked_at & after.looked_at
    transports = {*before.transports} & {*after.transports}
    compared = {one for one in common if one.rpartition(".")[2] in transports}
    here, there = before.of(compared), after.of(compared)
    # What a call holds is compared wherever it goes.
    moved = moved_calls(here, there)
    placed = [replace(one, call=moved.get(one.call, one.call)) for one in here]
    found = [
        *transport_findings(before, after),
        *call_findings(here, there),
        *findings_of(edits_of(placed, there)),
    ]
    needed = _needed(ablation)
    found = [_located(_weighed(one, needed), before, after) for one in found]
    return Diff(
        findings=sorted(found, key=_by_gravity),
        compared=sorted(compared & (before.vantages | after.vantages)),
        only_before=sorted(before.vantages - after.looked_at),
        only_after=sorted(after.vantages - before.looked_at),
    )


def _needed(ablation: Mapping[str, Any] | None) -> dict[str, str]:
    """The calls that a release cannot live without, with what happens without them."""
    rows = [] if ablation is None else ablation["rows"]
    return {
        row["name"]: row["observed"]
        for row in rows
        if row["kind"] == "endpoint" and row["required"]
    }


def _weighed(one: Finding, needed: Mapping[str, str]) -> Finding:
    if one.rule not in _CALLS or one.after not in needed:
        return one
    told = f"{one.message}; it cannot do without: {needed[one.after]}"
    return replace(one, level=BREAKING, message=told)


def _located(one: Finding, before: Captured, after: Captured) -> Finding:
    """With the capture that shows it: of the later release, unless only the earlier one does."""
    transport = one.pointer.rpartition("/")[2] if one.pointer.startswith("/transport/") else ""
    sides = (before, after) if one.after is None else (after, before)
    where = next(filter(None, (side.file_of(one.probe, transport) for side in sides)), None)
    return replace(one, where=where)


def _by_gravity(one: Finding) -> tuple[Any, ...]:
    return (LEVELS.index(one.level), one.rule, one.surface, one.pointer, str(one.after))
