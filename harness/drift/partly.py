"""Edits of all that some of many objects hold: put into an envelope, emptied; and the ways back.

No member is gone then, and none is always there any more: each of them tells of it, and none of
them is the edit. What some of many have lost, a list of all of them shows less often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .change import Change
from .pairs import Unpaired, count_below, is_name, name_of
from .portraits import Portrait
from .snapshot import Fields, parent_of
from .wholes import EMPTIED, FILLED, SEVERAL, is_object

__all__ = ["claim_partly"]

#: What is no object of an answer, and only looks like one among its places.
_NO_OBJECTS: Final = ("/header", "/query", "/framing")


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of such an edit.

    Attributes:
        whole: the fields of the side on which all objects have their members.
        some: those of the other one.
        of_whole, of_some: the places that only the one side has, or only the other.
        forth: whether the side before is the whole one.
    """

    whole: Fields
    some: Fields
    of_whole: list[str]
    of_some: list[str]
    forth: bool

    def is_less(self, pointer: str) -> bool:
        """Whether a place looks as it does on the whole side where fewer objects have it."""
        return self.some[pointer].atoms <= self.whole[pointer].atoms

    def always(self, place: str) -> set[str]:
        """The names of the members that objects always have at a place."""
        return {
            name_of(one)
            for one, field in self.whole.items()
            if field.always and is_name(one) and one != place and parent_of(one) == place
        }

    def alone(self, places: Iterable[str], place: str) -> list[str]:
        """Of places that only one side has, those that are members of the objects at a place."""
        return [one for one in places if is_name(one) and parent_of(one) == place]


def claim_partly(changes: Iterable[Change], left: Unpaired) -> list[Change]:
    """The changes, those by which some objects were packed or emptied as one edit.

    What these edits explain is unpaired no more.
    """
    found = list(changes)
    for way in (
        _Way(left.before, left.after, left.gone, left.new, forth=True),
        _Way(left.after, left.before, left.new, left.gone, forth=False),
    ):
        for place in _places(found, way):
            follow = [one for one in found if _follows(one, place, way)]
            edit = _packed(place, follow, way) or _emptied(place, way)
            if edit is not None:
                found = [*(one for one in found if one not in follow), edit]
    return found


def _places(changes: Iterable[Change], way: _Way) -> Iterator[str]:
    """The places of objects of which each member that was always there is so no more."""
    faded = {
        one.pointer
        for one in changes
        if one.pointer in way.whole
        and one.pointer in way.some
        and way.whole[one.pointer].always > way.some[one.pointer].always
    }
    for place in sorted({parent_of(one) for one in faded if is_name(one)}):
        names = way.always(place)
        if (
            len(names) >= SEVERAL
            and place not in _NO_OBJECTS
            and all(place in side and is_object(side[place]) for side in (way.whole, way.some))
            and all(f"{place}/{name}" in faded for name in names)
        ):
            yield place


def _follows(one: Change, place: str, way: _Way) -> bool:
    """Whether an edit at a place below shows no more than that fewer objects have it."""
    is_below = one.pointer.startswith(f"{place}/") and one.pointer != place
    is_in_both = one.pointer in way.whole and one.pointer in way.some
    return is_below and is_in_both and way.is_less(one.pointer)


def _packed(place: str, follow: Sequence[Change], way: _Way) -> Change | None:
    """The edit by which some were put into a member of their own; ``None`` if it is none."""
    new = way.alone(way.of_some, place)
    # Of one member alone that is new: with a second one it is not only an envelope.
    if len(new) != 1 or way.some[new[0]].always or not is_object(way.some[new[0]]):
        return None
    inner = Portrait.of(new[0], way.some)
    is_whole = way.always(place) <= inner.below.keys()
    if not is_whole or not inner.is_part_of(Portrait.of(place, way.whole)):
        return None
    _forget(place, way)
    way.of_some.remove(new[0])
    told = tuple(f"{one.rule} {one.pointer}" for one in sorted(follow, key=lambda one: one.pointer))
    below = count_below(new[0], way.some)
    if way.forth:
        return Change("field-moved", place, place, new[0], below, told)
    # That some stood elsewhere, too, is over.
    return Change("field-unobserved", new[0], str(way.some[new[0]]), None, below, told)


def _emptied(place: str, way: _Way) -> Change | None:
    """The edit by which some lost all that they had; ``None`` if they have something else now."""
    if way.alone(way.of_some, place):
        return None
    _forget(place, way)
    names = " ".join(sorted(way.always(place)))
    below = count_below(place, way.whole)
    if way.forth:
        return Change(EMPTIED, place, names, f"? {names}", below)
    return Change(FILLED, place, f"? {names}", names, below)


def _forget(place: str, way: _Way) -> None:
    """What only those had that lost it is not to be looked for any more."""
    below = f"{place}/"
    way.of_whole[:] = [
        one for one in way.of_whole if not one.startswith(below) or way.whole[one].always
    ]
