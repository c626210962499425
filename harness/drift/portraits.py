"""Whether two places show the same thing: how what was renamed or moved is known again.

A new name is in no schema yet. What no schema describes has no kinds and no closed values, its
items are not told apart and its maps are objects like any other; so that a renamed thing is known
again by its outline alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from .forms import PLAIN
from .kinds import base_of
from .snapshot import Fields

__all__ = ["Portrait", "is_alike"]


class Portrait:
    """Everything at and below one place, as a tree.

    Attributes:
        atoms: the forms of the value itself; empty if only what is below it is known.
        below: the portraits of its members, and of its items as ``[]``.
    """

    __slots__ = ("atoms", "below")

    def __init__(self) -> None:
        self.atoms: frozenset[str] = frozenset()
        self.below: dict[str, Portrait] = {}

    @classmethod
    def of(cls, pointer: str, fields: Fields, *, without: Iterable[str] = ()) -> Portrait:
        """Draw the place at ``pointer``, less those in ``without`` (relative to it)."""
        portrait, left_out = cls(), tuple(f"{one}/" for one in without)
        below, size = f"{pointer}/", len(pointer)
        for other, field in fields.items():
            way = other[size:]
            if (other == pointer or other.startswith(below)) and not _is_below(way, left_out):
                portrait.at(way).atoms |= field.atoms
        return portrait

    def at(self, way: str) -> Portrait:
        """The portrait of a place below, drawn if need be."""
        found = self
        for token in way.split("/")[1:]:
            found = found.below.setdefault("[]" if token[:1] == "[" else token, Portrait())
        return found

    def is_like(self, other: Portrait, *, loosely: bool = False) -> bool:
        """Whether the two show the same thing, as far as can be told.

        Args:
            loosely: values of the same types will do, even if schemas describe both otherwise.
        """
        is_loosely_alike = loosely and self._bases() == other._bases()
        if not (is_alike(self.atoms, other.atoms) or is_loosely_alike):
            return False
        if self.is_closed or other.is_closed:
            return True
        return self.below.keys() == other.below.keys() and all(
            one.is_like(other.below[token], loosely=loosely) for token, one in self.below.items()
        )

    def is_part_of(self, other: Portrait) -> bool:
        """Whether the other shows all that this one shows, and perhaps more."""
        if not self._bases() <= other._bases():
            return False
        if self.is_closed or other.is_closed:
            return True
        return self.below.keys() <= other.below.keys() and all(
            one.is_part_of(other.below[token]) for token, one in self.below.items()
        )

    def _bases(self) -> set[str]:
        return {base_of(atom) for atom in self.atoms}

    @property
    def is_closed(self) -> bool:
        """Whether nobody looked inside; or the keys, those of a map, say nothing."""
        return "{}" in self.below or any(atom.startswith("blob(") for atom in self.atoms)


def _is_below(way: str, places: tuple[str, ...]) -> bool:
    return f"{way}/".startswith(places) if places else False


def is_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of forms can be those of one value, described on one side only."""
    if one == other:
        return True
    if not (one <= PLAIN or other <= PLAIN):
        return False
    return {base_of(atom) for atom in one} == {base_of(atom) for atom in other}
