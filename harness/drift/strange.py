"""What came in a stream and is no event of the protocol: data that is not JSON, the word [DONE]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from .change import Change
from .labels import BINARY, NO_OBJECT
from .rules import RULES
from .sequences import Order
from .stream_side import Side

__all__ = ["STRANGE", "StrangeEdit", "strange_edits"]

_DONE: Final = "(done)"
_UNREADABLE: Final = ("sse-data-not-json", "sse-data-json-again")
#: Label → the rules for its coming and going. That frames are binary is told of the transport.
_RULES: Final = {
    _DONE: ("sse-done-added", "sse-done-removed"),
    "(not json)": _UNREADABLE,
    NO_OBJECT: _UNREADABLE,
}
#: Labels of what is no event of the protocol.
STRANGE: Final = frozenset({*_RULES, BINARY})


class StrangeEdit(NamedTuple):
    """What came or went, with the event that it stands for (if any) and a sentence about it."""

    event: str | None
    change: Change
    told: str


def strange_edits(before: Side, after: Side) -> Iterator[StrangeEdit]:
    """The edits by which such things came or went; both sides take note of what these explain."""
    for side, other in ((after, before), (before, after)):
        for strange in sorted(side.alone & STRANGE):
            # What cannot be read stands where events are missing.
            missing = [] if strange == _DONE else _missing(strange, side, other)
            if strange in _RULES:
                yield _edit(strange, missing, came=side is after)
            side.tell({strange})
            other.tell(missing)


def _edit(strange: str, missing: Sequence[str], *, came: bool) -> StrangeEdit:
    event = next(iter(missing), None)
    rule = _RULES[strange][0 if came else 1]
    old, fresh = (event, strange) if came else (strange, event)
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    told = "" if event is None else f", in the place of {event}{more}"
    return StrangeEdit(event, Change(rule, "", old, fresh), RULES[rule].means + told)


def _missing(strange: str, side: Side, other: Side) -> list[str]:
    """The events that only the other side has, and that came there where this side has these."""
    gaps = [gap for order in side.orders for gap in _gaps(order, strange)]
    found = dict.fromkeys(
        label
        for gap in gaps
        for order in other.orders
        for label in _between(order, *gap)
        if label in other.alone
    )
    if not found:
        nearest = other.nearest(side.place(strange))
        return [] if nearest is None else [nearest]
    return sorted(found, key=other.place)


def _gaps(order: Order, strange: str) -> Iterator[tuple[str | None, str | None]]:
    """What stands before and behind each stretch of it; ``None`` at the ends."""
    last = None
    is_open = False
    for is_strange, items in groupby(order, lambda item: _label(item) == strange):
        some = list(items)
        if is_strange:
            is_open = True
            continue
        if is_open:
            yield last, _label(some[0])
        is_open, last = False, _label(some[-1])
    if is_open:
        yield last, None


def _between(order: Order, first: str | None, last: str | None) -> Sequence[str]:
    labels = [_label(item) for item in order]
    start = labels.index(first) + 1 if first in labels else 0
    end = labels.index(last, start) if last in labels[start:] else len(labels)
    return labels[start:end]


def _label(item: str) -> str:
    return item.removesuffix("+")
