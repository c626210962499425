"""Edits of all that an object holds: put into an envelope, taken out of one, emptied, filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .change import Change
from .kinds import base_of
from .pairs import Unpaired, count_below, is_name, name_of
from .portraits import Portrait
from .snapshot import Field, parent_of

__all__ = ["EMPTIED", "FILLED", "SEVERAL", "claim_wholes", "is_object"]

EMPTIED: Final = "object-now-empty"
FILLED: Final = "object-now-filled"
#: Of one member alone it is better told by its name that it came or went.
SEVERAL: Final = 2


def claim_wholes(left: Unpaired) -> list[Change]:
    """The objects that have no member any more that they had, each as one edit.

    What these edits explain is unpaired no more.
    """
    return [change for place in _objects(left) for change in _edit(left, place)]


def _objects(left: Unpaired) -> list[str]:
    """The objects of both sides of which no member has stayed, the outer ones first."""
    holders = {parent_of(one) for one in (*left.gone, *left.new) if is_name(one)}
    sides = (left.before, left.after)
    return [
        place
        for place in sorted(holders)
        if all(place in side and is_object(side[place]) for side in sides)
        and not any(
            parent_of(one) == place and one in left.after for one in left.before if one != place
        )
    ]


def is_object(field: Field) -> bool:
    """Whether there is an object at a place, perhaps among others."""
    return any(base_of(atom) == "object" for atom in field.atoms)


def _edit(left: Unpaired, place: str) -> Iterator[Change]:
    gone, new = (
        [one for one in side if parent_of(one) == place and is_name(one) and one != place]
        for side in (left.gone, left.new)
    )
    if len(gone) == len(new) == 1 and _is_renamed(gone[0], new[0], left):
        return
    whole = [Portrait.of(place, side) for side in (left.before, left.after)]
    into = next((one for one in new if gone and _holds(one, left, 1, whole[0])), None)
    outof = next((one for one in gone if new and _holds(one, left, 0, whole[1])), None)
    if into is not None:
        yield Change("field-moved", place, place, into, count_below(place, left.before))
        new = [into]
    elif outof is not None:
        yield Change("field-moved", outof, outof, place, count_below(outof, left.before))
        gone = [outof]
    elif len(gone) >= SEVERAL and not new:
        below = count_below(place, left.before)
        yield Change(EMPTIED, place, " ".join(map(name_of, gone)), None, below)
    elif len(new) >= SEVERAL and not gone:
        yield Change(
            FILLED, place, None, " ".join(map(name_of, new)), count_below(place, left.after)
        )
    else:
        return
    left.gone[:] = [one for one in left.gone if one not in gone]
    left.new[:] = [one for one in left.new if one not in new]


def _is_renamed(old: str, fresh: str, left: Unpaired) -> bool:
    sides = Portrait.of(old, left.before), Portrait.of(fresh, left.after)
    return sides[0].is_like(sides[1], loosely=True)


def _holds(place: str, left: Unpaired, side: int, whole: Portrait) -> bool:
    """Whether at a place that only one side has stands all that the other side had around it."""
    fields = (left.before, left.after)[side]
    inner = Portrait.of(place, fields)
    # Where there is null instead of an object, nothing was put anywhere.
    whole.atoms -= {"null"}
    return bool(whole.below) and inner.is_like(whole, loosely=True)
