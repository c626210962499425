"""Events that stand in an envelope now, each of them: one edit, and not one of all they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .change import Change
from .labels import NOISE
from .portraits import Portrait
from .snapshot import Fields
from .typenames import NO_TYPE, base_of_label

__all__ = ["envelope_edit"]

#: Members that stay outside an envelope, or are repeated there: what a reader sorts events by.
_OUTSIDE: Final = frozenset({"/type", "/sequence_number"})

_Events = Mapping[str, Fields]


def envelope_edit(before: _Events, after: _Events) -> tuple[Change, str] | None:
    """The edit that put each event of a stream into an envelope, or took it out of one.

    Args:
        before, after: the fields of the events of both sides, by label.

    Returns:
        The edit, with a sentence about it; ``None`` if it is no such edit.
    """
    member = _envelope_of(before, after)
    if member:
        change = Change("field-moved", "", "events", f"events{member}")
        return change, f"all events stand in an envelope, each in its {member} now"
    member = _envelope_of(after, before)
    if member:
        change = Change("field-moved", "", f"events{member}", "events")
        return change, f"no event stands in an envelope any more; each was in its {member}"
    return None


def _envelope_of(bare: _Events, packed: _Events) -> str:
    """The one member in which all events of the one side stand on the other; ``""`` if none."""
    envelopes: set[str] = set()
    is_full = False
    for label in sorted(bare.keys() - NOISE):
        outside = packed.get(base_of_label(label)) or packed.get(NO_TYPE)
        if outside is None:
            return ""
        members = _members(outside) - _OUTSIDE
        envelopes |= members
        if len(envelopes) != 1 or not members or members <= bare[label].keys():
            return ""
        member = next(iter(members))
        left = {place for place in _OUTSIDE & outside.keys() if member + place not in outside}
        is_full = is_full or not _members(bare[label]) <= left
        inner = Portrait.of(member, outside)
        if not Portrait.of("", bare[label], without=left).is_part_of(inner):
            return ""
    return next(iter(envelopes), "") if is_full else ""


def _members(fields: Fields) -> set[str]:
    return {place for place in fields if place.count("/") == 1}
