"""An object that stands in the place of another one now, and left null where it stood; and back.

Since 2026-07 the weekly window of a usage answer can stand in ``primary_window``, where the one of
five hours stood, with ``secondary_window`` null (schemas/usage/rate-limit.json). By each place
alone that would be a value that is gone, and limits that rose.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Final

from .change import Change
from .findings import Finding
from .snapshot import Fields
from .swaps import below, families, is_object

__all__ = ["claim_displaced", "is_displaced"]

_MOVED: Final = "field-moved"
_NULL: Final = frozenset({"null"})
_EMPTIED: Final = "value-became-null"
_FILLED: Final = "null-became-value"
#: Where more members than this changed at once, it is no matter of two of them.
_MANY: Final = 32


def claim_displaced(before: Fields, after: Fields) -> tuple[list[Change], Fields, Fields]:
    """The objects that took the place of another, and both sides less what that explains."""
    changes = list(_displaced(before, after))
    if not changes:
        return [], before, after
    gone = tuple(f"{place}/" for one in changes for place in (one.before, one.after))
    sides = (
        {place: one for place, one in fields.items() if not f"{place}/".startswith(gone)}
        for fields in (before, after)
    )
    return changes, next(sides), next(sides)


def is_displaced(one: Finding) -> bool:
    """Whether a finding says that an object took the place of another one, which is gone."""
    words = [told.partition(" ")[0] for told in one.explains]
    return one.rule == _MOVED and (_EMPTIED in words or _FILLED in words)


def _displaced(before: Fields, after: Fields) -> Iterator[Change]:
    for members in families(before, after).values():
        if len(members) > _MANY:
            continue
        moves = [
            pair for pair in permutations(sorted(members), 2) if _is_move(*pair, before, after)
        ]
        places = [place for pair in moves for place in pair]
        for old, fresh in moves:
            # With a second choice nothing can be said.
            if places.count(old) == places.count(fresh) == 1:
                is_back = before[fresh].atoms <= _NULL
                told = f"{_FILLED} {fresh}" if is_back else f"{_EMPTIED} {old}"
                yield Change(_MOVED, old, old, fresh, explains=(told,))


def _is_move(old: str, fresh: str, before: Fields, after: Fields) -> bool:
    """Whether what was at one place is at the other now, where one of the two is null elsewhere."""
    moved, displaced, instead = below(old, before), below(fresh, before), below(old, after)
    if moved != below(fresh, after) or not is_object(moved):
        return False
    if after[old].atoms <= _NULL:  # it left null, and what stood at its new place is gone
        return is_object(displaced) and displaced != moved
    # It made room for another one, and stands where null was.
    return before[fresh].atoms <= _NULL and is_object(instead) and instead != moved
