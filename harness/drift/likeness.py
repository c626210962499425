"""Things that differ in nothing but their type: the word by which an object finds its schema.

With another type, or without one, the same object has no kinds any more, and its items are not told
apart. And where its type stands under another name now, it has one member more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .kinds import base_of
from .portraits import Portrait
from .snapshot import Fields

__all__ = ["is_same_but_type", "name_for_type"]

_TYPE: Final = "/type"


def is_same_but_type(
    one: str,
    here: Fields,
    other: str,
    there: Fields,
    *,
    without: Iterable[str] = (_TYPE,),
    partly: bool = False,
) -> bool:
    """Whether the things at two places differ in nothing but their type.

    Args:
        one, here: a place, and the fields that it is in.
        other, there: the other place, and the fields that it is in.
        without: the places of types, relative to these.
        partly: whether the other may show more: it is what many things look like together.
    """
    extra = name_for_type(one, here, other, there)
    left_out = {*without} if extra is None else {*without, extra}
    sides = [
        Portrait.of(place, fields, without=left_out)
        for place, fields in ((one, here), (other, there))
    ]
    if not (sides[0].atoms and sides[1].atoms):
        return False
    return sides[0].is_part_of(sides[1]) if partly else sides[0].is_like(sides[1])


def name_for_type(one: str, here: Fields, other: str, there: Fields) -> str | None:
    """The one word (``/kind``) that only the side without a type has: its type may stand there."""
    if f"{one}{_TYPE}" in here:
        one, here, other, there = other, there, one, here
    if f"{one}{_TYPE}" in here or f"{other}{_TYPE}" not in there:
        return None
    size = len(one)
    members = [
        place[size:]
        for place in here
        if place.startswith(f"{one}/") and place.count("/") == one.count("/") + 1
    ]
    extra = [name for name in members if f"{other}{name}" not in there]
    if len(extra) != 1:
        return None
    bases = {base_of(atom) for atom in here[one + extra[0]].atoms}
    return extra[0] if bases == {"string"} else None
