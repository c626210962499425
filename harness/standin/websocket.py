"""A WebSocket connection: messages in, the backend's replies out, with whatever goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

from websockets.http11 import Response
from websockets.server import ServerProtocol

from harness.standin.channel import Channel
from harness.standin.host import LOG
from harness.standin.limits import Limits
from harness.standin.plans import FRAMING, ws_plan
from harness.standin.recording import Ended, Recorded
from harness.standin.sockets import ClientLeft, Stopped, TimedOut
from harness.standin.steps import (
    Close,
    Limit,
    Oversized,
    Reset,
    Send,
    Stall,
    Step,
    Wait,
    WsClose,
    pieces,
)
from harness.standin.values import WsReply, WsSession
from harness.standin.ws_socket import Over, WsSocket

__all__ = ["Turn", "WebSocket"]

#: Told of every message that was answered: the message, and the reply.
Turn = Callable[[str, WsReply], None]


class _LimitReached(Exception):
    """The connection is as old as it may get; this frame says so."""

    def __init__(self, frame: bytes) -> None:
        super().__init__()
        self.frame = frame


class WebSocket:
    """One connection whose handshake is valid, and whose upgrade the backend accepts."""

    def __init__(
        self,
        channel: Channel,
        protocol: ServerProtocol,
        recorded: Recorded,
        limits: Limits,
        turn: Turn,
    ) -> None:
        self._channel = channel
        self._socket = WsSocket(channel, protocol, recorded, limits)
        self._recorded = recorded
        self._turn = turn
        self._opened = time.monotonic()
        self._limit: tuple[float, bytes] | None = None

    def run(self, response: Response, session: WsSession) -> Ended:
        """Accept it, and serve it until it ends."""
        try:
            for name, value in session.headers:
                if name.lower() not in FRAMING:
                    response.headers[name] = value
            self._socket.accept(response)
            while True:
                self._serve(session)
        except Over as over:
            return over.how
        except ClientLeft:
            return "client-left"
        except TimedOut:
            return "timeout"
        except Stopped:
            # As a server says that is going away. Nobody waits for the answer now.
            self._socket.close(1001, "")
            return "stopped"
        finally:
            self._socket.keep_outgoing()
            self._channel.finish()

    def _serve(self, session: WsSession) -> None:
        """Answer one message."""
        message, binary = self._socket.receive()
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self._close(1007, "not UTF-8")
        if binary:
            # The reference client sends text only; what the backend would say is not known.
            self._close(1003, "binary")
        try:
            self._look_at_the_clock()
            reply = self._ask(session, text)
            self._turn(text, reply)
            for step in ws_plan(reply):
                self._take(step)
        except _LimitReached as reached:
            self._socket.end_message()
            self._socket.send([reached.frame], 0, ends=True, binary=False)

    def _ask(self, session: WsSession, text: str) -> WsReply:
        try:
            return session.frame(text)
        except Exception:  # noqa: BLE001 — a fault of ours is an answer, not a hang
            LOG.exception("the backend failed on a frame")
            self._close(1011, "the stand-in failed")

    def _take(self, step: Step) -> None:
        match step:
            case Send(data, ends, split, binary):
                # A client that has closed must not be sent the rest of an endless stream.
                self._wait(0)
                pause = split.pause if split else 0
                self._socket.send(pieces(data, split), pause, ends=ends, binary=binary)
            case Wait(seconds):
                self._wait(seconds)
            case Oversized(size):
                self._wait(0)
                self._socket.send_oversized(size)
            case Limit(seconds, frame):
                self._limit = (self._opened + seconds, frame)
                self._look_at_the_clock()
            case WsClose(code, reason):
                self._close(code, reason)
            case Stall(seconds):
                self._socket.wait(seconds)
            case Close():
                raise Over("cut")
            case Reset():
                self._channel.reset()
                raise Over("reset")
            case _:
                raise TypeError(f"not a step of a WebSocket: {step!r}")

    def _wait(self, seconds: float) -> None:
        if self._limit is not None:
            seconds = min(seconds, max(0.0, self._limit[0] - time.monotonic()))
        self._socket.wait(seconds)
        self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        if self._limit is not None and time.monotonic() >= self._limit[0]:
            raise _LimitReached(self._limit[1])

    def _close(self, code: int, reason: str) -> NoReturn:
        if code == 1006:
            # Nobody can send this code: it is what a client calls an end without a close frame.
            self._recorded.close_code = code
            raise Over("cut")
        self._socket.close(code, reason)
        raise Over("closed")
