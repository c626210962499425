"""Types of events that all begin with another word than before: one edit, and not one of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .change import Change

__all__ = ["Together", "prefix_edit"]

#: So many types make it a prefix that was renamed, and not a type.
_SEVERAL: Final = 2

_Renamed = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Together:
    """Types that were renamed by the same prefix.

    Attributes:
        types: the types, each with the name of today.
        change: the one edit that it was.
        told: a sentence about it.
    """

    types: frozenset[_Renamed]
    change: Change
    told: str


def prefix_edit(renamed: Iterable[_Renamed]) -> Together | None:
    """The edit of the prefix that most of the renamed types have in common, if there is one.

    Args:
        renamed: types of events, each with its new name.
    """
    pairs = list(renamed)
    counts = Counter(_prefixes(*pair) for pair in pairs)
    if not counts:
        return None
    (old, fresh), count = max(counts.items(), key=lambda one: (one[1], one[0]))
    if count < _SEVERAL:
        return None
    types = frozenset(pair for pair in pairs if _prefixes(*pair) == (old, fresh))
    first = min(types)
    before, after = zip(*sorted(types), strict=True)
    change = Change("event-type-renamed", "", " ".join(before), " ".join(after))
    told = (
        f"{count} types of events begin with {fresh or 'nothing'} now, and not with "
        f"{old or 'nothing'}: {first[0]} is called {first[1]}; their shapes are the same"
    )
    return Together(types, change, told)


def _prefixes(old: str, fresh: str) -> _Renamed:
    """What two names begin with before the words that they have in common at their ends."""
    here, there = old.split("."), fresh.split(".")
    # Without a word in common nothing has kept its name: then the whole of it is the prefix.
    while here and there and here[-1] == there[-1]:
        here.pop()
        there.pop()
    return ".".join([*here, ""]), ".".join([*there, ""])
