"""The events of a stream, as values: from the bytes of server-sent events, or from frames."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

import orjson

from leg.limits import Limits
from leg.sse import SSEDecoder

__all__ = [
    "NOT_JSON",
    "Event",
    "Stream",
    "parse_json",
    "pending_event",
    "read_events",
    "read_stream",
    "refuse_constant",
]

#: An exchange is read from a file that is there already: no stream can run away with the memory.
_NO_LIMITS: Final = Limits(line=None, event=None, total=None)


#: So many digits may be a number that has more than 64 bits.
_DIGITS: Final = r"[0-9]{19}"
_LONG: Final = re.compile(_DIGITS)
_LONG_BYTES: Final = re.compile(_DIGITS.encode())


class _NotJson:
    """The payload of what should have been JSON."""

    def __repr__(self) -> str:
        return "NOT_JSON"


NOT_JSON: Final = _NotJson()


def refuse_constant(word: str) -> Any:
    """``NaN`` and the infinities, which Python reads and JSON does not have.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{word} is no JSON")


def parse_json(text: str | bytes) -> Any:
    """A JSON value, or :data:`NOT_JSON`."""
    # orjson makes a float of a whole number that has more than 64 bits.
    long = _LONG.search(text) if isinstance(text, str) else _LONG_BYTES.search(text)
    return _parse_short(text) if long is None else _parse_slowly(text)


def _parse_short(text: str | bytes) -> Any:
    """The same for one of very many short texts; a whole number of over 64 bits is a float."""
    try:
        return orjson.loads(text)
    except ValueError:
        return _parse_slowly(text)


def _parse_slowly(text: str | bytes) -> Any:
    # Half of a surrogate pair, for one, is JSON all the same.
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return NOT_JSON


class Event(NamedTuple):
    """One event of a stream, or one frame of a WebSocket; made by :meth:`of`.

    Attributes:
        name: what its ``event:`` line says, or ``None`` without one.
        data: its text.
        payload: its text as JSON, or :data:`NOT_JSON`.
        line: the number of its first line in the body (of a frame: its own), counted from 1.
        type: the type in its payload: what clients go by.
        binary: whether it came as a binary frame.
    """

    name: str | None
    data: str
    payload: Any
    line: int
    type: str | None
    binary: bool = False

    @classmethod
    def of(cls, name: str | None, data: str, line: int, *, binary: bool = False) -> Event:
        """The event with this name and this text."""
        payload = _parse_short(data)
        return cls(name, data, payload, line, _type_of(payload), binary)


def _type_of(payload: Any) -> str | None:
    # Asked of every event: cheaper than isinstance, and JSON has no subclasses.
    kind = payload.get("type") if payload.__class__ is dict else None
    return kind if kind.__class__ is str else None


class Stream(NamedTuple):
    """What a stream of server-sent events holds.

    Attributes:
        events: its events.
        unfinished: whether it ends inside one.
        plain: whether there is nothing but events of at most one name and one line of data: no
            comments, no other fields, no carriage returns.
    """

    events: tuple[Event, ...]
    unfinished: bool
    plain: bool


def read_stream(body: bytes, text: str | None = None) -> Stream:
    """The events of a stream, and how they were written. ``text`` is the body, if at hand."""
    found = _read_plain(body.decode("utf-8", "replace") if text is None else text)
    if found is not None:
        return Stream(found, unfinished=False, plain=True)
    decoder = SSEDecoder(_NO_LIMITS)
    events = tuple(Event.of(one.event, one.data, one.line) for one in decoder.feed(body))
    return Stream(events, decoder.pending, plain=False)


def pending_event(body: bytes) -> Event | None:
    """The event that no empty line ends, as far as it came; ``None`` if it has no data yet."""
    found = SSEDecoder(_NO_LIMITS).feed(body + b"\n\n")
    if len(found) <= len(read_stream(body).events):
        return None
    last = found[-1]
    return Event.of(last.event, last.data, last.line)


def read_events(body: bytes) -> tuple[tuple[Event, ...], bool]:
    """The events of a stream, and whether it ends inside one."""
    return read_stream(body)[:2]


def _read_plain(text: str) -> tuple[Event, ...] | None:
    """What :class:`leg.sse.SSEDecoder` makes of it, if all of it is plain; else ``None``.

    Plain is how nearly all servers write: at most one name, one line of data, one empty line.
    """
    blocks = text.split("\n\n")
    if blocks.pop() or "\r" in text:
        return None
    events: list[Event] = []
    line = 1
    for block in blocks:
        head, found, data = block.partition("\ndata:")
        if not found:
            if not block.startswith("data:"):
                return None
            head, data = "event:", block[5:]
        if "\n" in data or head[:6] != "event:" or "\n" in head:
            return None
        name = head[7:] if head[6:7] == " " else head[6:]
        data = data[1:] if data[:1] == " " else data
        try:
            payload = orjson.loads(data)
        except ValueError:
            payload = _parse_slowly(data)
        # As _type_of has it: a call for each event is a twentieth of the whole.
        kind = payload.get("type") if payload.__class__ is dict else None
        if kind.__class__ is not str:
            kind = None
        events.append(Event(name or None, data, payload, line, kind))
        line += 3 if found else 2
    return tuple(events)
