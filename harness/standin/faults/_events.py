"""Faults of events: too many, too few, in the wrong order, of an unknown kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from harness.standin.steps import (
    Close,
    Head,
    Medium,
    Position,
    Send,
    Step,
    Steps,
    Wait,
    from_position,
    whole_events,
)

from ._base import EVENTS, Fault, FaultError, Placed, at_least
from ._sse import event, is_terminal

__all__ = [
    "DuplicateTerminal",
    "Endless",
    "GarbageLine",
    "HugeLine",
    "NoTerminal",
    "ReorderEvents",
    "RepeatEvent",
    "UnknownEvent",
]

#: A type that no release of the backend or of its client has ever named.
UNKNOWN = "response.codex_leg_unknown"
#: How much of a huge line is written at once.
BLOCK = b"x" * 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatEvent(Fault):
    """The n-th event (without ``event``: every one) is sent again, ``times`` times."""

    name: ClassVar[str] = "repeat-event"
    media = EVENTS
    event: int | None = at_least(1, None)
    times: int = at_least(1, 1)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        number = 0
        for step in whole_events(steps):
            yield step
            if isinstance(step, Send) and step.ends:
                number += 1
                if self.event in (None, number):
                    for _ in range(self.times):
                        yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorderEvents(Fault):
    """The n-th event comes ``by`` events later. Without ``event``, the two of every pair change."""

    name: ClassVar[str] = "reorder-events"
    media = EVENTS
    event: int | None = at_least(1, None)
    by: int = at_least(1, 1)

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.event is None and self.by != 1:
            raise FaultError("by", "reorder-events has `by` but no `event` that it could move")

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        number, held, due = 0, None, 0
        for step in whole_events(steps):
            if not (isinstance(step, Send) and step.ends):
                yield step
                continue
            number += 1
            if held is None and (self.event == number or (self.event is None and number % 2)):
                held, due = step, number + self.by
                continue
            yield step
            if held is not None and number == due:
                yield held
                held = None
        if held is not None:
            yield held


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Fault):
    """Events of a type that nobody has heard of: after the n-th one, or before the first."""

    name: ClassVar[str] = "unknown-event"
    media = EVENTS
    after_event: int = at_least(0, 0)
    times: int = at_least(1, 1)
    type: str = UNKNOWN

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        strange = event({"type": self.type, "unheard_of": {"a": [1, None, "ü"]}}, medium)
        return _insert(steps, self.after_event, medium, [strange] * self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbageLine(Fault):
    """One line of garbage before the n-th next event.

    ``form: line``: a line that is no field, among the lines of the event that follows; ``form:
    data``: an event of its own, whose data is not JSON. A WebSocket has frames only: there it is
    always the latter.
    """

    name: ClassVar[str] = "garbage-line"
    media = EVENTS
    after_event: int = at_least(0, 1)
    form: str = "data"
    text: str = '{"type":"response.output_text.delta","delta":'

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.form not in ("line", "data"):
            raise FaultError("form", f"form of garbage-line is {self.form!r}, not line or data")
        if "\n" in self.text or "\r" in self.text:
            raise FaultError("text", "text of garbage-line has more than one line")

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        if medium == "frames":
            garbage = Send(self.text.encode())
        elif self.form == "data":
            garbage = Send(f"data: {self.text}\n\n".encode())
        else:
            garbage = Send(f"{self.text}\n".encode(), ends=False)
        return _insert(steps, self.after_event, medium, [garbage])


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateTerminal(Fault):
    """The event that ends the response is sent again, ``times`` times."""

    name: ClassVar[str] = "duplicate-terminal"
    media = EVENTS
    times: int = at_least(1, 1)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        for step in whole_events(steps):
            yield step
            if isinstance(step, Send) and is_terminal(step.data, medium):
                for _ in range(self.times):
                    yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTerminal(Fault):
    """The event that ends the response is missing; the stream itself ends as it should."""

    name: ClassVar[str] = "no-terminal"
    media = EVENTS

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        for step in whole_events(steps):
            if not (isinstance(step, Send) and is_terminal(step.data, medium)):
                yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class HugeLine(Placed):
    """One event whose data is one line of so many bytes, of an unknown type.

    It never exists whole on this side: only the client has to decide how much it takes in.
    """

    name: ClassVar[str] = "huge-line"
    media = EVENTS
    line_bytes: int = at_least(1024, 64 * 1024 * 1024)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        return from_position(steps, self.position, medium, lambda rest: self._before(rest, medium))

    def _before(self, rest: Steps, medium: Medium) -> Steps:
        start = b'{"type":"%s","padding":"' % UNKNOWN.encode()
        end = b'"}'
        if medium == "stream":
            start, end = b"data: " + start, end + b"\n\n"
        yield Send(start, ends=False)
        left = self.line_bytes - len(start) - len(end.rstrip())
        while left > 0:
            yield Send(BLOCK[: min(left, len(BLOCK))], ends=False)
            left -= len(BLOCK)
        yield Send(end)
        yield from rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Endless(Fault):
    """Instead of its end the stream has more and more events, until the client leaves.

    The last event before the place is repeated: the n-th, or the last one before the terminal.
    After about ``max_seconds`` the connection is dropped.
    """

    name: ClassVar[str] = "endless"
    media = EVENTS
    after_event: int | None = at_least(1, None)
    pause_seconds: float = at_least(0.0001, 0.01)
    max_seconds: float = at_least(0, 600.0)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        number, last = 0, None
        for step in whole_events(steps):
            if isinstance(step, Head):
                yield replace(step, length=None)
                continue
            if not isinstance(step, Send):
                yield step
                continue
            if self.after_event is None and is_terminal(step.data, medium):
                break
            yield step
            last, number = step, number + 1
            if number == self.after_event:
                break
        yield from self._repeat(last or event({"type": UNKNOWN}, medium))

    def _repeat(self, step: Send) -> Iterator[Step]:
        for _ in range(int(self.max_seconds / self.pause_seconds)):
            yield Wait(self.pause_seconds)
            yield step
        yield Close()


def _insert(steps: Steps, after: int, medium: Medium, new: list[Send]) -> Steps:
    def before(rest: Steps) -> Steps:
        yield from new
        yield from rest

    return from_position(whole_events(steps), Position(after_event=after), medium, before)
