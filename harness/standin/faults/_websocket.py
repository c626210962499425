"""Faults that only a WebSocket has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from harness.standin.steps import (
    Limit,
    Medium,
    Oversized,
    Position,
    Send,
    Steps,
    WsClose,
    from_position,
)

from ._base import Fault, FaultError, at_least

__all__ = ["WsBinary", "WsCloseCode", "WsLimit", "WsOversizedFrame"]

_FRAMES: Final = frozenset[Medium]({"frames"})
#: The codes that a server is known to end a response with (reference.md 6.4), plus those that a
#: load balancer sends: going away, and a message that is too big.
_CODES: Final = (1000, 1001, 1006, 1008, 1009, 1011)
#: Code and message as seen on 2026-06-22 (evidence: err_2026-06-22_ws400_websocket_connection_
#: limit_reached_code_and_message_only); the frame around them is that of the other 400s of the
#: WebSocket (evidence: err_2026-05-22_ws400_previous_response_not_found).
_LIMIT_REACHED: Final = (
    b'{"type":"error","error":{"type":"invalid_request_error",'
    b'"code":"websocket_connection_limit_reached",'
    b'"message":"Responses websocket connection limit reached (60 minutes). '
    b'Create a new websocket connection to continue."},"status":400}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WsCloseCode(Fault):
    """The server closes with this code: after the n-th frame, or after the last one.

    1006 is the code of a connection that ends without a close frame: it is dropped.
    """

    name: ClassVar[str] = "ws-close"
    media = _FRAMES
    code: int
    after_frame: int | None = at_least(0, None)
    reason: str = ""

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.code not in _CODES:
            known = ", ".join(map(str, _CODES))
            raise FaultError("code", f"code of ws-close is {self.code}, not one of {known}")
        if len(self.reason.encode()) > 123:
            raise FaultError("reason", "reason of ws-close is longer than 123 bytes (RFC 6455)")

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        if self.after_frame is not None:
            position = Position(after_event=self.after_frame)
            return from_position(steps, position, medium, lambda _: self._close(iter(())))
        return self._close(steps)

    def _close(self, steps: Steps) -> Steps:
        for step in steps:
            if isinstance(step, WsClose):
                break
            yield step
        yield WsClose(self.code, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class WsLimit(Fault):
    """The limit of 60 minutes, scaled: when the connection is that old, the error frame comes.

    What is left of the answer is left out, and every later request on the connection gets the same
    frame.
    """

    name: ClassVar[str] = "ws-limit"
    media = _FRAMES
    seconds: float = at_least(0)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        yield Limit(self.seconds, _LIMIT_REACHED)
        yield from steps


@dataclass(frozen=True, slots=True, kw_only=True)
class WsOversizedFrame(Fault):
    """One text frame of so many bytes: after the n-th frame, or before the first."""

    name: ClassVar[str] = "ws-oversized-frame"
    media = _FRAMES
    # One byte more than the largest frame that tungstenite takes by default (16 MiB): it is what
    # the reference client is built with.
    frame_bytes: int = at_least(1024, 16 * 1024 * 1024 + 1)
    after_frame: int = at_least(0, 0)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        position = Position(after_event=self.after_frame)
        return from_position(steps, position, medium, self._before)

    def _before(self, rest: Steps) -> Steps:
        yield Oversized(self.frame_bytes)
        yield from rest


@dataclass(frozen=True, slots=True, kw_only=True)
class WsBinary(Fault):
    """The n-th frame (without ``frame``: every one) is a binary frame."""

    name: ClassVar[str] = "ws-binary"
    media = _FRAMES
    frame: int | None = at_least(1, None)

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        del medium
        number = 1
        for step in steps:
            if isinstance(step, Send):
                yield replace(step, binary=self.frame in (None, number))
                number += step.ends
            else:
                yield step
