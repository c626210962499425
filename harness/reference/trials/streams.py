"""The events of an answer, one by one: read, changed, written again as they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.events import NOT_JSON, parse_json
from harness.standin.steps import events_of
from harness.standin.values import Reply, WsReply

__all__ = ["TERMINAL", "StreamEvent", "compact", "frames_with", "stream_with"]

#: A client stops to read behind these (reference.md 4.2 and 5.4).
TERMINAL: Final = frozenset(
    {"response.completed", "response.failed", "response.incomplete", "error"}
)


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event.

    Attributes:
        payload: its JSON, or :data:`~harness.events.NOT_JSON`.
        line: what its ``event:`` line says; ``None`` without one, as over a WebSocket.
    """

    payload: Any
    line: str | None = None

    @property
    def type(self) -> str | None:
        """What its JSON says it is."""
        found = self.payload.get("type") if isinstance(self.payload, dict) else None
        return found if isinstance(found, str) else None

    @classmethod
    def of(cls, payload: Any) -> StreamEvent:
        """An event of our own, with the line that belongs to it."""
        made = cls(payload)
        return replace(made, line=made.type)


#: Gives other events for these.
Change = Callable[[list[StreamEvent]], Iterable[StreamEvent]]


def stream_with(reply: Reply, change: Change) -> Reply:
    """A streamed reply with other events in it."""
    events = [_of_piece(piece.data) for piece in events_of(reply.body)]
    return replace(reply, body=b"".join(_piece(one) for one in change(events)))


def frames_with(reply: WsReply, change: Change) -> WsReply:
    """The reply to a frame with other events in it."""
    events = [StreamEvent(parse_json(frame.encode())) for frame in reply.frames]
    changed = list(change(events))
    frames = tuple(compact(one.payload) for one in changed if one.payload is not NOT_JSON)
    ended = any(one.type in TERMINAL for one in changed)
    if not ended and any(one.type in TERMINAL for one in events):
        # As the stand-in does with an answer that was cut: the body ends, and here it cannot.
        return replace(reply, frames=frames, close_code=1000)
    return replace(reply, frames=frames)


def _of_piece(data: bytes) -> StreamEvent:
    lines = data.decode("utf-8", "replace").splitlines()
    found = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
    named = [line[6:].removeprefix(" ") for line in lines if line.startswith("event:")]
    return StreamEvent(parse_json("\n".join(found).encode()), named[0] if named else None)


def _piece(one: StreamEvent) -> bytes:
    line = "" if one.line is None else f"event: {one.line}\n"
    return f"{line}data: {compact(one.payload)}\n\n".encode()


def compact(payload: Any) -> str:
    """JSON as the backend writes it."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
