"""Pieces of one text in a row: most events of a stream, and all alike but for the text.

Whoever looks at a stream looks once at such a run, and not at each of its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Final

from harness.events import Event

__all__ = ["OWN", "PIECE", "Run", "runs_of"]

#: Events in a row that are alike; never empty.
Run = list[Event]

#: The member that holds the piece.
PIECE: Final = "delta"
#: The members that each piece has of its own; of all others the value is the same in a whole run.
OWN: Final = frozenset({PIECE, "sequence_number", "obfuscation"})


def runs_of(events: Iterable[Event]) -> list[Run]:
    """The runs of a stream, in order; whatever is no piece of a text is a run of one.

    In a run all events have one name, one type, the same members in the same order, with values of
    the same JSON types, and (but for those in :data:`OWN`) the same values.
    """
    found: list[Run] = []
    like: _Like | None = None
    for event in events:
        if like is not None and like.has(event):
            found[-1].append(event)
            continue
        found.append([event])
        like = _Like(event) if _is_piece(event.payload) else None
    return found


class _Like:
    """Knows the events that go on with a run."""

    __slots__ = ("_event", "_names", "_others", "_types", "_values")

    def __init__(self, first: Event) -> None:
        payload: Mapping[str, Any] = first.payload
        self._event = first.name, first.type, first.binary
        self._names = tuple(payload)
        self._types = tuple(map(type, payload.values()))
        self._others = itemgetter("type", *(name for name in self._names if name not in OWN))
        self._values = self._others(payload)

    def has(self, event: Event) -> bool:
        payload = event.payload
        return (
            payload.__class__ is dict
            and tuple(payload) == self._names
            and self._others(payload) == self._values
            and tuple(map(type, payload.values())) == self._types
            and (event.name, event.type, event.binary) == self._event
        )


def _is_piece(payload: Any) -> bool:
    """Whether this is a piece of a text, with nothing below it that would have to be looked at."""
    if payload.__class__ is not dict or payload.get(PIECE).__class__ is not str:
        return False
    is_flat = not any(
        one.__class__ is dict or (one.__class__ is list and one) for one in payload.values()
    )
    return is_flat and payload.get("type").__class__ is str
