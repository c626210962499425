"""Faults of time: when the bytes come, and in how many pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from harness.standin.steps import (
    Close,
    Head,
    Medium,
    Reset,
    Send,
    Split,
    Stall,
    Step,
    Steps,
    Wait,
    WsClose,
    from_position,
)

from ._base import HTTP, Fault, Placed, at_least

__all__ = [
    "CloseBeforeHeader",
    "Delay",
    "Drip",
    "EarlyEnd",
    "ResetConnection",
    "SlowHeader",
    "SplitInCharacter",
    "StallForGood",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Placed):
    """A pause: before the answer, or at a place in it, or before each of its events."""

    name: ClassVar[str] = "delay"
    seconds: float = at_least(0)
    each_event: bool = False

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        if self.each_event:
            return self._each(steps)
        if self.is_placed:
            return from_position(steps, self.position, medium, self._before)
        return self._before(steps)

    def _before(self, steps: Steps) -> Steps:
        yield Wait(self.seconds)
        yield from steps

    def _each(self, steps: Steps) -> Steps:
        begins = True
        for step in steps:
            if isinstance(step, Send):
                if begins:
                    yield Wait(self.seconds)
                begins = step.ends
            yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class StallForGood(Placed):
    """Nothing more comes, and the connection stays open until the client leaves.

    Without a place, the head is all that comes. After ``max_seconds`` the connection is dropped.
    """

    name: ClassVar[str] = "stall"
    max_seconds: float = at_least(0, 600.0)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        return from_position(steps, self.position, medium, self._instead)

    def _instead(self, _: Steps) -> Iterator[Step]:
        yield Stall(self.max_seconds)
        yield Close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip(Placed):
    """The body comes in small pieces, from the place on. A message of a WebSocket in fragments."""

    name: ClassVar[str] = "drip"
    bytes_per_write: int = at_least(1, 1)
    pause_seconds: float = at_least(0, 0.001)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        return from_position(steps, self.position, medium, self._drip)

    def _drip(self, steps: Steps) -> Steps:
        for step in steps:
            if isinstance(step, Send):
                already = step.split or Split()
                split = Split(self.bytes_per_write, already.characters, self.pause_seconds)
                yield replace(step, split=split)
            else:
                yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitInCharacter(Fault):
    """Every character that has more than one byte in UTF-8 comes in two pieces."""

    name: ClassVar[str] = "split-in-character"
    pause_seconds: float = at_least(0, 0.01)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        for step in steps:
            if isinstance(step, Send):
                already = step.split or Split()
                pause = max(already.pause, self.pause_seconds)
                yield replace(step, split=Split(already.size, characters=True, pause=pause))
            else:
                yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyEnd(Placed):
    """The answer ends before it is complete.

    ``clean``: its framing says that this was all (the last chunk; a WebSocket closes with 1000).
    Otherwise the connection ends in the middle of it.
    """

    name: ClassVar[str] = "early-end"
    clean: bool = True

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        if self.clean:
            # The length that was promised would give the cut away.
            steps = (replace(one, length=None) if isinstance(one, Head) else one for one in steps)
        return from_position(steps, self.position, medium, lambda _: self._end(medium))

    def _end(self, medium: Medium) -> Iterator[Step]:
        if not self.clean:
            yield Close()
        elif medium == "frames":
            yield WsClose(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetConnection(Placed):
    """The connection breaks with a reset (RST)."""

    name: ClassVar[str] = "reset"

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        return from_position(steps, self.position, medium, lambda _: iter([Reset()]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowHeader(Fault):
    """The status line and the headers come in small pieces."""

    name: ClassVar[str] = "slow-header"
    media = HTTP
    bytes_per_write: int = at_least(1, 1)
    pause_seconds: float = at_least(0, 0.01)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        split = Split(self.bytes_per_write, pause=self.pause_seconds)
        return (replace(one, split=split) if isinstance(one, Head) else one for one in steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBeforeHeader(Fault):
    """The connection ends before the first byte of the answer; ``reset``: by a reset."""

    name: ClassVar[str] = "close-before-header"
    media = HTTP
    reset: bool = False

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        # Pauses that come before the head stay.
        for step in steps:
            if isinstance(step, Head):
                break
            yield step
        yield Reset() if self.reset else Close()
