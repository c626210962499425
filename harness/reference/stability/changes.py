"""What changed from each captured release to the next one, by month and by surface. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.contract import Release
from harness.drift.findings import Finding
from harness.drift.rules import BENIGN
from harness.reference.diff import compare_captured
from harness.reference.history import ORDINARY
from harness.reference.wire.captured import Captured

from .ages import day_of

__all__ = ["Month", "Step", "by_month", "steps_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """From one captured release to the next one.

    Attributes:
        before, after: the two.
        findings: what changed, less what is benign.
    """

    before: Captured
    after: Captured
    findings: Sequence[Finding]

    @property
    def month(self) -> str:
        """The month by which the later one was there; ``""`` if nobody knows."""
        day = day_of(self.after.release)
        return "" if day is None else f"{day:%Y-%m}"


def steps_of(captured: Sequence[Captured]) -> list[Step]:
    """The steps between releases, oldest first.

    Neighbours are compared in the runs that both have; what only a fuller capture shows, is found
    between it and the fuller one before it, and not told again if a neighbour told it.
    """
    told: dict[tuple[str, str, str], int] = {}
    steps: list[Step] = []
    full = 0
    for number, (before, after) in enumerate(pairwise(captured)):
        findings = [one for one in compare_captured(before, after).findings if _counts(one)]
        told.update((_identity(one), number) for one in findings)
        if _is_full(before):
            full = number
        elif _is_full(after):
            more = [
                one
                for one in compare_captured(captured[full], after).findings
                if _counts(one) and told.get(_identity(one), -1) < full
            ]
            told.update((_identity(one), number) for one in more)
            findings += more
        steps.append(Step(before, after, findings))
    return steps


def _is_full(captured: Captured) -> bool:
    """Whether it was captured in more than an ordinary turn."""
    return bool(captured.vantages - ORDINARY)


def _counts(one: Finding) -> bool:
    return one.level != BENIGN


def _identity(one: Finding) -> tuple[str, str, str]:
    return one.rule, one.surface, one.pointer


@dataclass(frozen=True, slots=True)
class Month:
    """One month.

    Attributes:
        name: ``2026-09``.
        published: how many releases came out.
        changed: how many steps to one of them changed something.
        findings: how many things they changed, by surface.
    """

    name: str
    published: int
    changed: int
    findings: Counter[str]


def by_month(steps: Sequence[Step], published: Iterable[Release]) -> list[Month]:
    """The months in which a release came out, in their order."""
    releases = Counter(f"{day:%Y-%m}" for one in published if (day := day_of(one)) is not None)
    changed = Counter(one.month for one in steps if one.findings)
    found: dict[str, Counter[str]] = {}
    for one in steps:
        found.setdefault(one.month, Counter()).update(each.surface for each in one.findings)
    months = sorted({*releases, *found} - {""})
    return [
        Month(month, releases[month], changed[month], found.get(month, Counter()))
        for month in months
    ]
