"""The spans of releases that have a fact. Pure.

Every release was captured in an ordinary turn, and only some in every run. So the ordinary turn
decides about all that it ever shows: a fact that it has lost is gone, even if some other run still
shows it. About what it never shows, the other runs decide. Then a release speaks against a fact
only if it was looked at where the fact would have been seen: in one of the runs that showed it in
the nearest release that has it, before or after. One that was not looked at there says nothing: it
neither ends a span nor begins one, and a span that nothing speaks against goes on to the newest
release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Span", "deciding", "spans_of"]

Vantage = TypeVar("Vantage")


@dataclass(frozen=True, slots=True)
class Span:
    """Releases that have a fact, by their numbers in the list of releases.

    Attributes:
        first: the first one that showed it.
        last: the last one that nothing speaks against.
        seen: the last one that showed it.
        not_before: the last one before that is known not to have it; ``None`` if there is none.
        gone: the first one after that is known not to have it; ``None`` if there is none.
    """

    first: int
    last: int
    seen: int
    not_before: int | None
    gone: int | None


def deciding(
    seen: Mapping[int, frozenset[Vantage]], ordinary: frozenset[Vantage]
) -> dict[int, frozenset[Vantage]]:
    """The releases that showed a fact, with the runs that decide about it.

    Args:
        seen: the releases that showed it, by number, with the runs that did.
        ordinary: the runs that every release was captured in.
    """
    found = {number: runs & ordinary for number, runs in seen.items() if runs & ordinary}
    return found or dict(seen)


def spans_of(
    seen: Mapping[int, frozenset[Vantage]], looked_at: Sequence[frozenset[Vantage]]
) -> tuple[Span, ...]:
    """The spans of one fact.

    Args:
        seen: the releases that showed it, by number, with the runs that did.
        looked_at: the runs in which each release was looked at.
    """
    spans: list[Span] = []
    absent = _absent(seen, looked_at)
    first: int | None = None
    last_absent: int | None = None
    latest = 0
    for number in range(len(looked_at)):
        if number in seen:
            first = number if first is None else first
            latest = number
        elif number in absent:
            if first is not None:
                spans.append(Span(first, latest, latest, last_absent, number))
                first = None
            last_absent = number
    if first is not None:
        spans.append(Span(first, len(looked_at) - 1, latest, last_absent, None))
    return tuple(spans)


def _absent(
    seen: Mapping[int, frozenset[Vantage]], looked_at: Sequence[frozenset[Vantage]]
) -> set[int]:
    """The releases that are known not to have it."""
    nearest: list[frozenset[Vantage]] = []
    current: frozenset[Vantage] = frozenset()
    for number in range(len(looked_at)):
        current = seen.get(number, current)
        nearest.append(current)
    current = frozenset()
    found: set[int] = set()
    for number in reversed(range(len(looked_at))):
        current = seen.get(number, current)
        if number not in seen and looked_at[number] & (nearest[number] | current):
            found.add(number)
    return found
