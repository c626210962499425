"""Places that only one side has, and which of them are one place: renamed, moved, retyped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Final

from .forms import PLAIN
from .kinds import base_of
from .portraits import Portrait, is_alike
from .snapshot import FORM, Fields, parent_of

__all__ = [
    "Unpaired",
    "count_below",
    "is_bare",
    "is_like_name",
    "is_name",
    "is_typed_item",
    "name_of",
]

#: Types whose values tell nothing of what they are about: a number is like any other.
_BARE: Final = frozenset({"boolean", "null", "integer", "number"})
#: What any text can be, and what no schema speaks about.
_TEXTS: Final = frozenset({"text", "string", "null"})
#: An object of fewer members than this tells nothing either: ``{"enabled": true}``.
_TELLING: Final = 2
#: Words that say how a thing stands, and not which one it is.
_HOW: Final = frozenset(
    "is has can use uses allow allows default enable enabled include includes prefer prefers show "
    "shows support supports".split()
)
#: More pairs than this are not looked at one by one: 50 that are gone, and 50 that are new.
_MANY: Final = 2500
#: So many of the words of two names have to be in both …
_COMMON: Final = 0.5
#: … or so much of the two has to be the same (difflib's ratio).
_ALIKE: Final = 0.7


@dataclass(slots=True)
class Unpaired:
    """The places that only one of two sides has.

    Attributes:
        before, after: the fields of the two sides.
        gone: the places that only ``before`` has, without those below them.
        new: the places that only ``after`` has, without those below them.
    """

    before: Fields
    after: Fields
    gone: list[str]
    new: list[str]

    @classmethod
    def of(cls, before: Fields, after: Fields) -> Unpaired:
        """Everything that the two do not have in common."""
        return cls(before, after, _roots(before, after), _roots(after, before))

    def claim(
        self,
        same: Callable[[str], str],
        is_kind: Callable[[str], bool],
        *,
        gone: Iterable[str] | None = None,
        new: Iterable[str] | None = None,
        is_like: Callable[[str, str], bool] | None = None,
        loosely: bool = False,
    ) -> list[tuple[str, str]]:
        """Pairs of places that agree in ``same`` and in shape, and are unpaired no more.

        Only where there is no second choice.

        Args:
            same: what the two places of a pair have in common: their parent, their name.
            is_kind: which places are looked at.
            gone, new: the places to pair, if not all those that are unpaired.
            is_like: whether two places are of one shape, if that is not for their portraits to say.
            loosely: values of the same types are of one shape.
        """
        old = [one for one in (self.gone if gone is None else gone) if is_kind(one)]
        fresh = [one for one in (self.new if new is None else new) if is_kind(one)]
        pairs = self._pairs(old, fresh, same, is_like or partial(self._is_like, loosely=loosely))
        for one, other in pairs:
            if one in self.gone:
                self.gone.remove(one)
            if other in self.new:
                self.new.remove(other)
        return pairs

    def _is_like(self, old: str, fresh: str, *, loosely: bool) -> bool:
        sides = Portrait.of(old, self.before), Portrait.of(fresh, self.after)
        if old.startswith("/header/"):
            return _is_like_header(*sides)
        is_like = sides[0].is_like(sides[1], loosely=loosely)
        return is_like and (not is_bare(*sides) or is_like_name(old, fresh))

    def _pairs(
        self,
        gone: list[str],
        new: list[str],
        same: Callable[[str], str],
        is_like: Callable[[str, str], bool],
    ) -> list[tuple[str, str]]:
        groups: dict[str, list[str]] = {}
        for fresh in new:
            groups.setdefault(same(fresh), []).append(fresh)
        sizes = Counter(map(same, gone))
        found = [
            (old, fresh)
            for old in gone
            # Among so many there is always a second choice: as in a map that no schema describes.
            if sizes[same(old)] * len(groups.get(same(old), ())) <= _MANY
            for fresh in groups.get(same(old), ())
            if is_like(old, fresh)
        ]
        found = _nearest_by_name(found)
        left, right = Counter(old for old, _ in found), Counter(fresh for _, fresh in found)
        return [(old, fresh) for old, fresh in found if left[old] == 1 and right[fresh] == 1]


def _nearest_by_name(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of several choices that look alike, those whose names have most words in common.

    Several headers were renamed at once, each by the same one word (openai/codex#4060).
    """
    choices: dict[str, list[tuple[int, str]]] = {}
    for old, fresh in pairs:
        common = Counter(_words(old)) & Counter(_words(fresh))
        choices.setdefault(old, []).append((common.total(), fresh))
    return [
        (old, fresh)
        for old, rated in choices.items()
        for common, fresh in rated
        if common == max(rated)[0]
    ]


def _words(pointer: str) -> list[str]:
    return re.split(r"[-_]", name_of(pointer))


def _roots(here: Fields, there: Fields) -> list[str]:
    """The places that are only here, without those that are gone because of what is above them."""
    return sorted(
        pointer
        for pointer in here.keys() - there.keys()
        if (parent_of(pointer) in there or parent_of(pointer) not in here)
        and not _is_implied(pointer, there)
    )


def _is_implied(pointer: str, there: Fields) -> bool:
    """Whether the value above cannot have anything below it over there: it was retyped, emptied."""
    parent = there.get(parent_of(pointer)) if pointer else None
    if parent is None:
        return False
    is_item = pointer.rpartition("/")[2].startswith("[")
    return parent.atoms.isdisjoint({"array"} if is_item else {"object", FORM})


def count_below(pointer: str, fields: Fields) -> int:
    """How many places are below a place."""
    return sum(1 for other in fields if other.startswith(f"{pointer}/"))


def name_of(pointer: str) -> str:
    """The last part of a pointer."""
    return pointer.rpartition("/")[2]


def is_typed_item(pointer: str) -> bool:
    """Whether a place is that of items of one type."""
    return pointer.endswith("]") and not pointer.endswith("[]")


def is_name(pointer: str) -> bool:
    """Whether a place is a member: neither any item nor any value of a map."""
    return pointer[-1:] not in ("]", "}")


def is_bare(*sides: Portrait) -> bool:
    """Whether what two places show is in many others, too, so that their names have to be alike.

    A number, a yes or no, a map, an object of next to nothing, a list of such, any text; and values
    whose forms schemas know at both places: a new name is in no schema yet.
    """
    if any(map(_is_bare, sides)) or all(one.atoms <= _TEXTS for one in sides):
        return True
    return all(not one.atoms <= PLAIN for one in sides)


def _is_bare(one: Portrait) -> bool:
    if one.is_closed:
        return True
    if "[]" in one.below:
        return _is_bare(one.below["[]"])
    if one.below:
        return len(one.below) < _TELLING
    return {base_of(atom) for atom in one.atoms} <= _BARE | {"object", "array"}


def is_like_name(one: str, other: str) -> bool:
    """Whether the names of two places have most of their telling words in common, or letters."""
    words = [[word for word in _words(each) if word not in _HOW] for each in (one, other)]
    if not all(words):
        words = [_words(one), _words(other)]
    here, there = (Counter(some) for some in words)
    common, all_ = (here & there).total(), (here | there).total()
    if common and common >= all_ * _COMMON:
        return True
    return SequenceMatcher(None, "".join(words[0]), "".join(words[1])).ratio() >= _ALIKE


def _is_like_header(one: Portrait, other: Portrait) -> bool:
    """Headers are text; without a schema only numbers can be told from words."""
    if is_alike(one.atoms, other.atoms):
        return True
    natures = [{_nature(atom) for atom in each.atoms} for each in (one, other)]
    return natures[0] == natures[1]


def _nature(atom: str) -> str:
    word, _, form = atom.partition("(")
    if word in ("number", "count", "limit"):
        return "number"
    return "number" if word == "time" and form[:1] in ("s", "m") else "text"
