"""The names of events in a shape, and the order in which they come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from harness.events import NOT_JSON, Event

__all__ = [
    "BINARY",
    "NOISE",
    "NO_OBJECT",
    "TOLD_APART_BY",
    "event_label",
    "is_noise",
    "sequence_of",
]

#: Events that fill a silence: how many there are is a matter of timing.
NOISE: Final = frozenset({"keepalive", "ping"})
#: The members of an event whose ``type`` tells two events of one type apart.
TOLD_APART_BY: Final = ("item", "part", "content_block", "delta")
#: The label of data that is JSON and has no members: ``null``, a list, a text.
NO_OBJECT: Final = "(no object)"
#: The label of a binary frame of which no text was kept.
BINARY: Final = "(binary)"
_PIECE: Final = re.compile(r"[._]delta(?:\(|$)")


def event_label(event: Event) -> str:
    """The name of an event in a shape: its type, and the type of its item where that matters."""
    kind, payload = event.type, event.payload
    if kind is None:
        if payload is not NOT_JSON:
            return "(no type)" if isinstance(payload, dict) else NO_OBJECT
        if event.binary and not event.data:
            return BINARY
        return "(done)" if event.data == "[DONE]" else "(not json)"
    for member in TOLD_APART_BY:
        if member in payload:
            value: Any = payload[member]
            if value.__class__ is dict and isinstance(value.get("type"), str):
                return f"{kind}({value['type']})"
    return kind


@lru_cache(maxsize=4096)
def _is_piece(label: str) -> bool:
    return _PIECE.search(label) is not None


@lru_cache(maxsize=4096)
def is_noise(label: str) -> bool:
    """Whether an event fills a silence, and has no place in the order."""
    return label.partition("(")[0] in NOISE


def sequence_of(labels: Iterable[str]) -> tuple[str, ...]:
    """The order of events, whatever the number of pieces: runs of one type become ``type+``."""
    sequence: list[str] = []
    last = None
    is_run = False
    for label in labels:
        if label == last:
            if not is_run:
                sequence[-1] += "+"
                is_run = True
            continue
        # A single piece is a run too: how finely a text is cut is nobody's promise.
        is_run = _is_piece(label)
        sequence.append(f"{label}+" if is_run else label)
        last = label
    return tuple(sequence)
