"""Events of which some have lost the word that they are told apart by, and others have not.

In a stream's shape these look like events of another kind; they are the same, less one word.
"""

from __future__ import annotations

from collections.abc import Iterator

from .change import Change
from .items import Thing, lost_type, partly_untyped
from .stream_side import Side
from .typenames import NO_TYPE, base_of_label, is_same_event, of_some_items

__all__ = ["partly_labelled"]


def partly_labelled(before: Side, after: Side) -> Iterator[tuple[str, Change]]:
    """The edits, each with its event; the sides take note of them (:meth:`Side.tell`)."""
    for side, other, lost in ((after, before, True), (before, after, False)):
        yield from _untyped(side, other, lost=lost)
    for side, other, lost in ((after, before, True), (before, after, False)):
        yield from _without_item(side, other, lost=lost)


def _untyped(side: Side, other: Side, *, lost: bool) -> Iterator[tuple[str, Change]]:
    """Events of which some lost their type, and others of their kind did not."""
    if NO_TYPE not in side.alone:
        return
    untyped, at = side.events[NO_TYPE], side.place(NO_TYPE)
    like = [
        (abs(other.place(label) - at), label)
        for label, fields in other.events.items()
        if label != NO_TYPE and is_same_event(untyped, fields)
    ]
    if not like:
        return
    label = min(like)[1]
    typed, bare = Thing("", other.events[label]), Thing("", untyped)
    change = partly_untyped(typed, bare, lost=lost)
    if label not in side.events:
        change = lost_type(typed, bare) if lost else lost_type(bare, typed)
    if change is not None:
        yield label, change
        side.tell({NO_TYPE})


def _without_item(side: Side, other: Side, *, lost: bool) -> Iterator[tuple[str, Change]]:
    """Events of which some lost what tells them apart, and others of their type did not."""
    for odd in sorted(one for one in side.alone if base_of_label(one) == one):
        like = [one for one in sorted(other.events) if base_of_label(one) == odd != one]
        for label in like:
            change = of_some_items(other.events[label], side.events[odd], lost=lost)
            if change is not None:
                yield label, change
                side.tell({odd})
                break
