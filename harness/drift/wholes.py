"""Edits of all that an object holds: put into an envelope, taken out of one, emptied, filled.

And those that only some of many show: then no member is gone, and none is always there any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .change import Change
from .kinds import base_of
from .pairs import Unpaired, count_below, is_name, name_of
from .portraits import Portrait
from .snapshot import Field, Fields, parent_of

__all__ = ["EMPTIED", "FILLED", "claim_partly_packed", "claim_wholes"]

EMPTIED: Final = "object-now-empty"
FILLED: Final = "object-now-filled"
_FADING: Final = "field-became-optional"
_FIRM: Final = "field-became-always-present"
#: Of one member alone it is better told by its name that it came or went.
_SEVERAL: Final = 2


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
        if all(place in side and _is_object(side[place]) for side in sides)
        and not any(
            parent_of(one) == place and one in left.after for one in left.before if one != place
        )
    ]


def _is_object(field: Field) -> bool:
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
    elif len(gone) >= _SEVERAL and not new:
        below = count_below(place, left.before)
        yield Change(EMPTIED, place, " ".join(map(name_of, gone)), None, below)
    elif len(new) >= _SEVERAL and not gone:
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
    return bool(whole.below) and inner.is_like(whole, loosely=True)


def claim_partly_packed(changes: Iterable[Change], left: Unpaired) -> list[Change]:
    """The changes, those by which some objects were put into an envelope as one edit.

    Of a place where all members were always there, and none is any more: if a member that is new
    (and not always there) holds what the place held, some stand in it now. The way back is that
    this member is not seen any more; what it brings about is told with it.
    """
    changes = list(changes)
    for rule, alone, bare, packed in (
        (_FADING, left.new, left.before, left.after),
        (_FIRM, left.gone, left.after, left.before),
    ):
        for place, follow in _members_told(changes, rule).items():
            envelope = _envelope_of(place, follow, alone, bare, packed)
            if envelope is None:
                continue
            alone.remove(envelope)
            changes = [one for one in changes if one not in follow]
            told = tuple(f"{one.rule} {one.pointer}" for one in follow)
            below = count_below(envelope, packed)
            if rule == _FADING:
                one = Change("field-moved", place, place, envelope, below, told)
            else:
                field = str(packed[envelope])
                one = Change("field-unobserved", envelope, field, None, below, told)
            changes.append(one)
    return changes


def _members_told(changes: Iterable[Change], rule: str) -> dict[str, list[Change]]:
    """The edits by this rule of several members of one place, sorted, by the place."""
    found: dict[str, list[Change]] = {}
    for one in sorted(changes, key=lambda one: one.pointer):
        if one.rule == rule and is_name(one.pointer):
            found.setdefault(parent_of(one.pointer), []).append(one)
    return {place: some for place, some in found.items() if len(some) >= _SEVERAL}


def _envelope_of(
    place: str, follow: Sequence[Change], alone: Iterable[str], bare: Fields, packed: Fields
) -> str | None:
    """The member that some hold in place of all that is at a place; ``None`` if there is none."""
    always = {
        name_of(one)
        for one, field in bare.items()
        if field.always and is_name(one) and one != place and parent_of(one) == place
    }
    if always != {name_of(one.pointer) for one in follow} or place not in packed:
        return None
    new = [
        one for one in alone if parent_of(one) == place and is_name(one) and _is_object(packed[one])
    ]
    # Of one member alone that is new: with a second one it is not only an envelope.
    if len(new) != 1 or packed[new[0]].always:
        return None
    inner = Portrait.of(new[0], packed)
    is_whole = always <= inner.below.keys() and inner.is_part_of(Portrait.of(place, bare))
    return new[0] if is_whole else None
