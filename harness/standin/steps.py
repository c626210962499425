"""An answer as a plan: the steps in which it is written to a socket, one after another.

A plan is an iterator, made lazily: an endless stream costs no more memory than a short one. Faults
turn one plan into another without any socket; :mod:`.wire` carries plans out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, Literal

__all__ = [
    "Close",
    "Ending",
    "Head",
    "Limit",
    "Medium",
    "Oversized",
    "Position",
    "Reset",
    "Send",
    "Split",
    "Stall",
    "Step",
    "Steps",
    "Wait",
    "WsClose",
    "events_of",
    "from_position",
    "pieces",
    "whole_events",
]

#: What is written: an event stream, any other body, or the frames of a WebSocket.
Medium = Literal["stream", "body", "frames"]


@dataclass(frozen=True, slots=True)
class Split:
    """In how many writes the bytes of one step go out.

    Attributes:
        size: at most so many bytes at once; ``None`` for no limit.
        characters: whether to split inside every character of more than one byte.
        pause: seconds between two writes.
    """

    size: int | None = None
    characters: bool = False
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and the headers.

    Attributes:
        length: the length of the body, if it is known to be true; ``None`` makes it chunked.
        split: how the bytes of the head itself go out.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes of the body: one write and one chunk, or one frame of a WebSocket.

    Attributes:
        data: the bytes.
        ends: whether an event (a message, a body) ends with them. A frame that does not end is a
            fragment.
        binary: whether the frame of a WebSocket is a binary one.
    """

    data: bytes
    ends: bool = True
    split: Split | None = None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more, the connection open, until the client leaves or the time is over."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """The connection ends in an orderly way (FIN), the answer does not. The last step."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks (RST). The last step."""


@dataclass(frozen=True, slots=True)
class WsClose:
    """The WebSocket is closed with this code; 1006 drops it without one. The last step."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Oversized:
    """One text frame of so many bytes, written without ever being held."""

    size: int


@dataclass(frozen=True, slots=True)
class Limit:
    """From here on: once the WebSocket is that old, every answer is this frame alone."""

    seconds: float
    frame: bytes


Step = Head | Send | Wait | Stall | Close | Reset | WsClose | Oversized | Limit
Steps = Iterator[Step]
#: Behind these, nothing comes.
Ending: Final = (Stall, Close, Reset, WsClose)

#: An event ends with its blank line. Two line ends in a row, of whichever kind.
_BLANK: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2,}")


def events_of(body: bytes) -> Iterator[Send]:
    """The body of an event stream, event by event; joined, they are the body again."""
    start = 0
    for found in _BLANK.finditer(body):
        yield Send(body[start : found.end()])
        start = found.end()
    if start < len(body):
        yield Send(body[start:], ends=False)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an answer: after so many bytes of its body, or after so many of its events.

    At most one of the two is given; without either it is the beginning, behind the head. A place
    beyond the end is the end (before the connection ends, if it does): a fault that is asked for
    must not vanish in silence.
    """

    at_byte: int | None = None
    after_event: int | None = None


def from_position(
    steps: Steps, position: Position, medium: Medium, then: Callable[[Steps], Iterable[Step]]
) -> Steps:
    """The steps up to the position as they are; after it, what ``then`` makes of the rest."""
    wanted = position.after_event or position.at_byte or 0
    by_event = position.after_event is not None
    seen, begun = 0, medium == "frames"
    if begun and not wanted:
        yield from then(steps)
        return
    for step in steps:
        if isinstance(step, Ending):
            yield from then(chain([step], steps))
            return
        if isinstance(step, Send) and not by_event and seen + len(step.data) > wanted:
            first, second = step.data[: wanted - seen], step.data[wanted - seen :]
            yield replace(step, data=first, ends=False)
            yield from then(chain([replace(step, data=second)], steps))
            return
        yield step
        begun = begun or isinstance(step, Head)
        if isinstance(step, Send):
            seen += step.ends if by_event else len(step.data)
        if begun and seen == wanted:
            break
    yield from then(steps)


def whole_events(steps: Steps) -> Steps:
    """The same steps with every event in one piece; pauses inside it come before it."""
    held: list[bytes] = []
    for step in steps:
        if not isinstance(step, Send):
            if held and not isinstance(step, Wait):
                yield Send(b"".join(held), ends=False)
                held.clear()
            yield step
        elif not step.ends:
            held.append(step.data)
        elif held:
            yield replace(step, data=b"".join([*held, step.data]))
            held.clear()
        else:
            yield step
    if held:
        yield Send(b"".join(held), ends=False)


def pieces(data: bytes, split: Split | None) -> Iterator[bytes]:
    """The writes that these bytes are split into."""
    if split is None:
        yield data
        return
    parts: Iterable[bytes] = _through_characters(data) if split.characters else [data]
    for part in parts:
        size = split.size or len(part) or 1
        for start in range(0, len(part), size):
            yield part[start : start + size]


def _through_characters(data: bytes) -> Iterator[bytes]:
    """Split behind the first byte of every UTF-8 character that has more than one."""
    start = 0
    for found in _WIDE.finditer(data):
        yield data[start : found.start() + 1]
        start = found.start() + 1
    yield data[start:]


_WIDE: Final = re.compile(rb"[\xc2-\xf4](?=[\x80-\xbf])")
