"""The same finding of many pairs is one finding: at the first of them, with how many there are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import LEVELS

__all__ = ["Merged"]


@dataclass(slots=True)
class _Row:
    finding: Finding
    pairs: int
    of: int


class Merged:
    """Collects findings and what could not be looked at."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, _Row] = {}
        self._left: dict[Unchecked, int] = {}

    def add(self, one: Finding, *, pairs: int = 1, of: int = 1) -> None:
        """Add what ``pairs`` of ``of`` pairs have in common."""
        row = self._rows.get(_identity(one))
        if row is None:
            self._rows[_identity(one)] = _Row(one, pairs, of)
            return
        row.pairs += pairs
        row.of = max(row.of, of)
        level = min(row.finding.level, one.level, key=LEVELS.index)
        explains = tuple(dict.fromkeys((*row.finding.explains, *one.explains)))
        row.finding = replace(row.finding, level=level, explains=explains)

    def skip(self, one: Unchecked, pairs: int = 1) -> None:
        """Add what could not be looked at in so many pairs."""
        self._left[one] = self._left.get(one, 0) + pairs

    def skip_all(self, missed: Iterable[Unchecked]) -> None:
        """Add each of these."""
        for one in missed:
            self.skip(one)

    def findings(self) -> list[Finding]:
        """Each finding once, the gravest first."""
        found = [_told(row) for row in self._rows.values()]
        return sorted(
            found,
            key=lambda one: (
                LEVELS.index(one.level),
                one.surface,
                one.direction,
                one.event or "",
                one.pointer,
                one.rule,
            ),
        )

    def unchecked(self) -> list[Unchecked]:
        """Each thing once that could not be looked at."""
        return [
            replace(one, why=f"{one.why} ({count} times)") if count > 1 else one
            for one, count in self._left.items()
        ]


def _identity(one: Finding) -> Hashable:
    # What came or went is one edit, even if it was a list here and an empty list there.
    if one.before is None or one.after is None:
        return (one.rule, *one.locator)
    # Nor does it matter which value breaks an invariant.
    is_invariant = one.rule.startswith("invariant/")
    return (one.rule, *one.locator, one.before) if is_invariant else one.identity


def _told(row: _Row) -> Finding:
    if row.of <= 1:
        return row.finding
    return replace(row.finding, message=f"{row.finding.message}, in {row.pairs} of {row.of} pairs")
