"""The whole history, read from the captures of a contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from harness.contract import Contract, Release, version_key
from harness.reference.runs import HTTPS, TRANSPORTS
from harness.reference.wire.captured import BESIDE, PLAIN, Captured, Reader, Vantage

from .facts import HANDLES, KINDS, Fact, facts_of, handled_of
from .spans import Span, deciding, spans_of

__all__ = ["FORMAT", "ORDINARY", "History", "HistoryRow", "history_of", "read_history"]

FORMAT: Final = "codex-leg/history/1"

#: What every release is captured in.
ORDINARY: Final = frozenset(
    {*(f"{PLAIN}.{name}" for name in TRANSPORTS), *(f"{name}.{HTTPS}" for name in BESIDE), HANDLES}
)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One fact.

    Attributes:
        fact: which.
        spans: of the releases that have it.
        seen: those that showed it, by number, with the runs that did and that decide about it.
    """

    fact: Fact
    spans: tuple[Span, ...]
    seen: Mapping[int, frozenset[Vantage]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class History:
    """Which captured release has which fact.

    Attributes:
        versions: the captured releases, oldest first; spans count in them.
        releases: what is known of each, where something is.
        rows: sorted by surface, kind and name.
        looked_at: the runs in which each release was looked at.
    """

    versions: Sequence[str]
    releases: Sequence[Release | None]
    rows: Sequence[HistoryRow]
    looked_at: Sequence[frozenset[Vantage]] = field(repr=False)

    def find(self, fact: Fact) -> HistoryRow | None:
        """The row of a fact; ``None`` if no release has it."""
        return next((row for row in self.rows if row.fact == fact), None)

    def day(self, number: int) -> str:
        """When a release was published, as far as it is known: ``2026-03-31``, ``2025``, ``""``."""
        release = self.releases[number]
        return "" if release is None else release.day

    def date(self, number: int) -> str | None:
        """The day on which a release was published; ``None`` if nobody says."""
        release = self.releases[number]
        return None if release is None else release.date

    def number(self, version: str) -> int | None:
        """The number of the first captured release that is not older; ``None`` if all are."""
        key = version_key(version)
        numbers = (n for n, one in enumerate(self.versions) if version_key(one) >= key)
        return next(numbers, None)

    def since(self, day: str) -> int | None:
        """The number of the first release that was published on this day or later."""
        numbers = (n for n in range(len(self.versions)) if self.day(n)[: len(day)] >= day)
        return next(numbers, None)

    def to_json(self, rows: Iterable[HistoryRow] | None = None) -> dict[str, Any]:
        """The document of ``schemas/report/history.json``; with these rows alone, if given."""
        return {
            "format": FORMAT,
            "releases": [
                {"version": version, "date": self.date(number)}
                for number, version in enumerate(self.versions)
            ],
            "facts": [
                {
                    "surface": row.fact.surface,
                    "kind": row.fact.kind,
                    "name": row.fact.name,
                    "spans": [
                        [self.versions[one.first], self.versions[one.last]] for one in row.spans
                    ],
                }
                for row in (self.rows if rows is None else rows)
            ],
        }


def read_history(contract: Contract) -> History:
    """The history of all that is captured.

    Raises:
        ContractErrors: a capture cannot be read.
    """
    reader = Reader(contract)
    captured = (reader.read(version) for version in contract.reference.versions)
    return history_of(captured, contract.observed.handles)


def history_of(
    captured: Iterable[Captured],
    handles: Callable[[str], Mapping[str, Any] | None] = lambda _: None,
) -> History:
    """The history of these releases, oldest first.

    Args:
        captured: the releases. They are read one after the other, and not kept.
        handles: what a release acts on (``schemas/report/handles.json``), where that is known.
    """
    seen: dict[Fact, dict[int, frozenset[Vantage]]] = {}
    versions: list[str] = []
    looked_at: list[frozenset[Vantage]] = []
    releases: list[Release | None] = []
    for number, one in enumerate(captured):
        handled = handles(one.version)
        for fact, vantages in {**facts_of(one), **handled_of(handled)}.items():
            seen.setdefault(fact, {})[number] = vantages
        looked_at.append(one.looked_at | ({HANDLES} if handled is not None else set()))
        versions.append(one.version)
        releases.append(one.release)
    rows = [
        HistoryRow(fact, spans_of(found, looked_at), found)
        for fact, every in seen.items()
        for found in [deciding(every, ORDINARY)]
    ]
    return History(versions, releases, sorted(rows, key=_order), looked_at)


def _order(row: HistoryRow) -> tuple[str, int, str]:
    return row.fact.surface, KINDS.index(row.fact.kind), row.fact.name
