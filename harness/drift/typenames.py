"""The one word in an event that its label is made of, its type; and what an edit of it looks like.

A label is a type, with the type of its item in brackets where that tells events apart. So an edit
of such a word is an event that is gone and another one that is new, as far as labels go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from .change import Change
from .changes import field_changes
from .forms import classify
from .items import Thing, partly_untyped
from .labels import TOLD_APART_BY
from .likeness import is_same_but_type
from .portraits import Portrait
from .snapshot import Field, Fields

__all__ = [
    "NO_TYPE",
    "base_of_label",
    "is_same_event",
    "item_of_label",
    "member_of_label",
    "of_its_item",
    "of_some_items",
    "relabelled",
]

#: The label of an object without a type.
NO_TYPE: Final = "(no type)"
_TYPE: Final = "/type"
#: The words that name the type of an event, and of what it is told apart by.
_NAMES: Final = frozenset({_TYPE, *(f"/{member}/type" for member in TOLD_APART_BY)})
#: Rules of a value that is another word.
_OTHER_WORD: Final = ("enum-value-changed", "open-value-changed", "string-format-changed")


def base_of_label(label: str) -> str:
    """The type alone; ``(not json)`` and its like have none."""
    return label.partition("(")[0] or label


def item_of_label(label: str) -> str:
    """The type of the item, or ``""``."""
    kind, _, item = label.partition("(")
    return item.removesuffix(")") if kind else ""


def member_of_label(fields: Fields) -> str:
    """The pointer of the member that an event is told apart by; ``""`` if it has none."""
    return next((f"/{name}" for name in TOLD_APART_BY if f"/{name}/type" in fields), "")


def relabelled(gone: Iterable[str], new: Iterable[str]) -> list[tuple[str, str, str]]:
    """Events of one type that are there under another label, where there is no second choice.

    Returns:
        Of each the label to tell it at, the old one and the new one. It is told at one that has a
        type of its item: so it is the same there and back.
    """
    fresh_labels = list(new)
    pairs = [
        (old, fresh)
        for old in gone
        for fresh in fresh_labels
        if base_of_label(old) == base_of_label(fresh)
    ]
    left, right = Counter(old for old, _ in pairs), Counter(fresh for _, fresh in pairs)
    sole = sorted(one for one in pairs if left[one[0]] == 1 and right[one[1]] == 1)
    return [(old if item_of_label(old) else fresh, old, fresh) for old, fresh in sole]


def of_its_item(old: str, fresh: str, before: Fields, after: Fields) -> Change | None:
    """The one edit of what an event is told apart by; ``None`` if it is not only that.

    Args:
        old, fresh: the two labels.
        before, after: the fields of the events under these labels.
    """
    changes = field_changes(before, after)
    if len(changes) > 1 or not all(map(_is_of_member, changes)):
        return None
    words = item_of_label(old), item_of_label(fresh)
    if not changes:
        # No schema keeps this word, and yet the label shows that it is another one.
        return Change("discriminator-changed", f"{member_of_label(before)}{_TYPE}", *words)
    change = changes[0]
    if change.pointer.endswith(_TYPE) and change.rule in _OTHER_WORD:
        return Change("discriminator-changed", change.pointer, *words)
    return change


def _is_of_member(change: Change) -> bool:
    """Whether an edit is of what events are told apart by, or of its type: under either name."""
    is_renamed = change.rule == "field-renamed"
    places = (change.pointer, str(change.after) if is_renamed else change.pointer)
    members = {f"/{member}" for member in TOLD_APART_BY}
    return any(one.removesuffix(_TYPE) in members for one in places)


def is_same_event(one: Fields, other: Fields) -> bool:
    """Whether two events look alike, whatever they and their items are called."""
    return is_same_but_type("", one, "", other, without=_NAMES)


def of_some_items(typed: Fields, odd: Fields, *, lost: bool) -> Change | None:
    """The edit of what events are told apart by, of which some have kept it, and some have not.

    Args:
        typed: the fields of those with an item that has a type; the other side has only these.
        odd: the fields of those without one.
        lost: whether it was lost, and not found.
    """
    member = member_of_label(typed)
    item, other = typed.get(member), odd.get(member)
    if item is None or not member:
        return None
    if is_same_but_type(member, odd, member, typed, partly=True):
        return partly_untyped(Thing(member, typed), Thing(member, odd), lost=lost)
    rest = [Portrait.of("", fields, without=(*_NAMES, member)) for fields in (odd, typed)]
    name = _other_name(odd, typed, member)
    if name is not None:
        places = (member, name) if lost else (name, member)
        return Change("field-renamed", places[0], *places)
    if not rest[0].is_part_of(rest[1]):
        return None
    mixed = Field(item.atoms | (other.atoms if other else frozenset()), other is not None)
    was, now = (item, mixed) if lost else (mixed, item)
    rule = (
        classify(was.atoms, now.atoms)
        if mixed.always
        else ("field-became-optional" if lost else "field-became-always-present")
    )
    return Change(rule, member, str(was), str(now))


def _other_name(odd: Fields, typed: Fields, member: str) -> str | None:
    """Where the member stands under another name, at the root."""
    roots = [one for one in odd if one.count("/") == 1 and one not in typed]
    if len(roots) != 1 or member in odd:
        return None
    is_same = is_same_but_type(roots[0], odd, member, typed, partly=True)
    sides = Portrait.of(roots[0], odd), Portrait.of(member, typed)
    return roots[0] if is_same or sides[0].is_part_of(sides[1]) else None
