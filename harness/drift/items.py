"""Edits of a type: of the one word by which an object, an item or an event is what it is.

An item is told apart by its type, so an edit of it is one kind of items that is gone, and another
one that is new. Here the two are one edit again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .change import Change
from .forms import classify, is_word
from .kinds import base_of
from .likeness import is_same_but_type, name_for_type
from .pairs import Unpaired, count_below, is_typed_item, name_of
from .rules import BENIGN, RULES
from .snapshot import Field, Fields, parent_of

__all__ = ["Thing", "lost_type", "partly_untyped", "retyped_items", "with_partly_untyped"]

_TYPE: Final = "/type"
#: The part of a pointer for items without a type.
_UNTYPED: Final = "[?]"


@dataclass(frozen=True, slots=True)
class Thing:
    """What stands at a place.

    Attributes:
        place: the place; ``""`` for a whole event.
        fields: the fields that it is in.
    """

    place: str
    fields: Fields

    @property
    def type(self) -> Field | None:
        """The field of its type, if it has one."""
        return self.fields.get(f"{self.place}{_TYPE}")


def lost_type(before: Thing, after: Thing) -> Change | None:
    """The edit of the type of a thing, of which at least one side has no word there.

    ``None`` if both sides have a word: then it is the same thing of another type.
    """
    was, now = before.type, after.type
    name = name_for_type(before.place, before.fields, after.place, after.fields)
    if name is not None:
        old, fresh = (_TYPE, name) if now is None else (name, _TYPE)
        pointer = f"{before.place}{old}"
        return Change("field-renamed", pointer, pointer, f"{after.place}{fresh}")
    if was is None and now is not None:
        return Change("field-added", f"{after.place}{_TYPE}", None, str(now))
    if was is not None and now is None:
        return Change("field-removed", f"{before.place}{_TYPE}", str(was), None)
    if was is None or now is None or _are_words(was, now):
        return None
    # The place is named by the word that one of the sides has: the same there and back.
    place = after.place if name_of(before.place) == _UNTYPED else before.place
    return Change(classify(was.atoms, now.atoms), f"{place}{_TYPE}", str(was), str(now))


def _are_words(one: Field, other: Field) -> bool:
    atoms = one.atoms | other.atoms
    return all(base_of(atom) == "string" for atom in atoms) and any(is_word(a) for a in atoms)


def partly_untyped(typed: Thing, untyped: Thing, *, lost: bool) -> Change | None:
    """The edit of the type of things of which, on one side, some have a word, and some have none.

    Args:
        typed: those that have one; the other side has only these.
        untyped: those that have none.
        lost: whether the words were lost, and not found.
    """
    word, other = typed.type, untyped.type
    if word is None:
        return None
    whole = lost_type(typed, untyped) if lost else lost_type(untyped, typed)
    if whole is not None and whole.rule == "field-renamed":
        return whole
    atoms = other.atoms if other is not None else frozenset()
    mixed = Field(word.atoms | atoms, other is not None)
    was, now = (word, mixed) if lost else (mixed, word)
    if mixed.always:
        rule = classify(was.atoms, now.atoms)
    else:
        rule = "field-became-optional" if lost else "field-became-always-present"
    return Change(rule, f"{typed.place}{_TYPE}", str(was), str(now))


def retyped_items(left: Unpaired) -> Iterator[Change]:
    """Items of one list, of another type and the same shape: their ``type`` was edited."""

    def is_like(old: str, fresh: str) -> bool:
        return is_same_but_type(old, left.before, fresh, left.after)

    for old, fresh in left.claim(parent_of, is_typed_item, is_like=is_like):
        change = lost_type(Thing(old, left.before), Thing(fresh, left.after))
        if change is None:
            below = count_below(old, left.before)
            was_type, is_type = name_of(old)[1:-1], name_of(fresh)[1:-1]
            change = Change("discriminator-changed", old, was_type, is_type, below)
        yield change


def with_partly_untyped(changes: list[Change], left: Unpaired) -> Iterator[Change]:
    """The changes, and the edits of items of which some have lost their type, or found it."""
    told: list[str] = []
    sides = (left.new, left.after, left.before), (left.gone, left.before, left.after)
    for alone, here, there in sides:
        for place in [one for one in alone if name_of(one) == _UNTYPED]:
            typed = _typed_like(place, here, there)
            lost = alone is left.new
            change = typed and partly_untyped(Thing(typed, there), Thing(place, here), lost=lost)
            if typed and change:
                alone.remove(place)
                told.append(f"{typed}/")
                yield change
    for one in changes:
        # Fewer items of a type show less of it: that follows.
        if not one.pointer.startswith(tuple(told)) or RULES[one.rule].level != BENIGN:
            yield one


def _typed_like(place: str, here: Fields, there: Fields) -> str | None:
    """The items with a type, in the same list on both sides, that untyped ones look like."""
    above = parent_of(place)
    return next(
        (
            other
            for other in sorted(there.keys() & here.keys())
            if is_typed_item(other)
            and parent_of(other) == above
            and is_same_but_type(place, here, other, there, partly=True)
        ),
        None,
    )
