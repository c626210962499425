"""Carries out the plan of an HTTP answer on a channel."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Final

from harness.standin.channel import Channel
from harness.standin.recording import Ended, Recorded
from harness.standin.sockets import ClientLeft, Stopped, TimedOut
from harness.standin.steps import (
    Close,
    Head,
    Reset,
    Send,
    Split,
    Stall,
    Step,
    Steps,
    Wait,
    pieces,
)

__all__ = ["HttpWriter", "write_split"]

_REASONS: Final[Mapping[int, str]] = {one.value: one.phrase for one in http.HTTPStatus}
_BODILESS: Final = frozenset({204, 304})


def write_split(channel: Channel, data: bytes, split: Split | None) -> None:
    """Write bytes in the pieces that the split asks for."""
    for number, piece in enumerate(pieces(data, split)):
        if number and split:
            channel.wait(split.pause)
        channel.send(piece)


class HttpWriter:
    """Writes one answer: its head, then its body in whatever framing is true of it."""

    def __init__(
        self,
        channel: Channel,
        recorded: Recorded,
        *,
        method: str,
        version: str,
        keep_alive: bool,
        close: bool,
    ) -> None:
        """``close``: the end of a body whose length is not known is the end of the connection."""
        self._channel = channel
        self._recorded = recorded
        self._bodiless = method == "HEAD"
        self._chunks_allowed = version == "1.1" and not close
        self.keeps_alive = keep_alive and not close
        self._chunked = False
        self._left: int | None = None

    def write(self, plan: Steps) -> Ended:
        """Write it; says how it ended. Only after ``eof`` is the connection good for more."""
        try:
            for step in plan:
                ended = self._take(step)
                if ended is not None:
                    return ended
            return self._end()
        except ClientLeft:
            return "client-left"
        except TimedOut:
            return "timeout"
        except Stopped:
            return "stopped"

    def _take(self, step: Step) -> Ended | None:
        match step:
            case Head():
                self._head(step)
            case Send():
                self._body(step)
            case Wait(seconds):
                self._channel.wait(seconds)
            case Stall(seconds):
                self._channel.wait(seconds, until_gone=True)
            case Close():
                self._channel.finish()
                return "cut"
            case Reset():
                self._channel.reset()
                return "reset"
            case _:
                raise TypeError(f"not a step of HTTP: {step!r}")
        return None

    def _head(self, head: Head) -> None:
        if head.status in _BODILESS:
            self._bodiless = True
            framing = []
        elif head.length is not None:
            framing = [("content-length", str(head.length))]
            self._left = head.length
        elif self._chunks_allowed:
            framing = [("transfer-encoding", "chunked")]
            self._chunked = True
        else:
            framing = []
            self.keeps_alive = False
        if not self.keeps_alive:
            framing.append(("connection", "close"))
        headers = (*head.headers, *framing)
        self._recorded.answered(head.status, headers)
        lines = [f"HTTP/1.1 {head.status} {_REASONS.get(head.status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        write_split(
            self._channel,
            ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"),
            head.split,
        )

    def _body(self, step: Send) -> None:
        if self._bodiless:
            return
        for number, piece in enumerate(pieces(step.data, step.split)):
            if number and step.split:
                self._channel.wait(step.split.pause)
            # A chunk of no bytes would be the last one.
            if piece:
                self._channel.send(
                    b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece
                )
                self._recorded.wrote(piece)
        if self._left is not None:
            self._left -= len(step.data)

    def _end(self) -> Ended:
        if self._chunked and not self._bodiless:
            self._channel.send(b"0\r\n\r\n")
        if self._left and not self._bodiless:
            # A fault has made it longer or shorter than was promised.
            self.keeps_alive = False
            return "cut"
        return "eof"
