"""Edits that not all exchanges show: what some lack, and others still have, only may be missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .change import Change
from .evidence import Evidences
from .forms import classify
from .pairs import is_typed_item
from .snapshot import Field, parse_field

__all__ = ["as_counted"]

#: Edits of the forms of a value.
_OF_VALUES: Final = frozenset(
    {
        "type-changed", "value-became-null", "enum-value-changed", "open-value-changed",
        "array-became-scalar", "scalar-became-array",
    }
)  # fmt: skip
#: Edits of which events come.
_OF_EVENTS: Final = frozenset(
    {"event-type-added", "event-type-removed", "event-type-unobserved", "event-count-changed"}
)
_OF_ITEMS: Final = frozenset({"union-member-added", "union-member-removed"})


def as_counted(change: Change, direction: str, event: str | None, evidence: Evidences) -> Change:
    """An edit of one pair of exchanges, as all that were counted show it.

    A field that one of six answers lacks became optional, and is not gone; a value that is null in
    one of six became nullable. It stays what it is where all show it, or where exchanges differed
    before: then they answer different questions, and this one is answered otherwise now.
    """
    if evidence.before is None or evidence.after is None:
        return change
    if event is not None and (change.rule in _OF_EVENTS or is_of_label(change)):
        return _of_streams(change, event, evidence)
    was = evidence.before.field(direction, event, change.pointer)
    now = evidence.after.field(direction, event, change.pointer)
    if was is None or now is None:
        return change
    if change.rule == "field-removed":
        some = Field(now.atoms, always=False)
        return _with(change, "field-became-optional", change.before, str(some))
    if change.rule == "field-added" and now.always:
        return _with(change, "field-became-always-present", str(was), change.after)
    if change.rule in _OF_VALUES and change.before is not None:
        before = parse_field(change.before)
        if was == before and now.atoms != before.atoms and str(now) != change.after:
            return _with(change, classify(before.atoms, now.atoms), change.before, str(now))
    return change


def is_of_label(change: Change) -> bool:
    """Whether it says of all events with one type of item that they came, or went."""
    return change.rule in _OF_ITEMS and not is_typed_item(change.pointer)


def _of_streams(change: Change, event: str, evidence: Evidences) -> Change:
    """The same of an event that some streams have, and all had before, or have now."""
    was, now = (evidence.of_event(event, before=side) for side in (True, False))
    before, after = (f"in {one.seen} of {one.of} streams" for one in (was, now))
    if change.rule == "event-count-changed":
        return replace(change, before=before, after=after)
    if change.rule == "event-type-unobserved" and evidence.is_event_gone(event):
        return replace(change, rule="event-type-removed")
    often, seldom = (now, was) if change.before is None else (was, now)
    if not seldom.seen or often.seen < often.of:
        return change
    return replace(change, rule="event-count-changed", pointer="", before=before, after=after)


def _with(change: Change, rule: str, before: str | None, after: str | None) -> Change:
    return replace(change, rule=rule, before=before, after=after, below=0)
