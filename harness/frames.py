"""The frames of a WebSocket, as events: those of the client and those of the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from harness.contract import Frame
from harness.events import Event

__all__ = ["ASKS", "Frames", "by_sender", "frame_events"]

#: The frame of a client that asks for a response.
ASKS: Final = "response.create"


class Frames(NamedTuple):
    """Frames by sender, and of each of the client's, how many of the server's came before."""

    events: tuple[Event, ...]
    sent: tuple[Event, ...]
    sent_at: tuple[int, ...]


def by_sender(frames: Iterable[tuple[str, Event]]) -> Frames:
    """Frames, each with its sender, in order."""
    events: list[Event] = []
    sent: list[tuple[Event, int]] = []
    for sender, one in frames:
        if sender == "server":
            events.append(one)
        else:
            sent.append((one, len(events)))
    return Frames(tuple(events), tuple(one for one, _ in sent), tuple(at for _, at in sent))


def frame_events(frames: Iterable[Frame]) -> Iterable[tuple[str, Event]]:
    """Each frame as an event without a name, with who sent it."""
    for number, frame in enumerate(frames, 1):
        event = Event.of(None, frame.text, number, binary=frame.binary)
        yield frame.sender, event
