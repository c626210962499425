"""What happened: every exchange with its bytes, its times, and how it ended; within bounds."""

from __future__ import annotations

import threading
import time
from array import array
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from harness.standin.faults import Fault
from harness.standin.limits import Limits
from harness.standin.values import Headers, Incoming, Reply

__all__ = ["Direction", "Ended", "Exchanges", "Recorded", "RecordedFrame"]

#: How an exchange ended. ``eof``: complete. ``cut``: the stand-in ended the connection before the
#: answer was complete. ``reset``: it broke the connection. ``closed``: the stand-in closed the
#: WebSocket. ``client-left``: the client ended the connection. ``timeout``: it was silent, or read
#: nothing, for too long. ``stopped``: the stand-in was stopped.
Ended = Literal["eof", "cut", "reset", "closed", "client-left", "timeout", "stopped"]
Direction = Literal["client", "server"]

#: Offsets of so many writes are kept of one answer.
_MAX_CHUNKS = 100_000
#: Frames of one WebSocket.
_MAX_FRAMES = 100_000


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One message of a WebSocket.

    Attributes:
        direction: who sent it.
        offset: milliseconds since the request of the upgrade was there.
        data: its bytes, as far as they are kept.
        size: how many they were.
        binary: whether it was a binary one.
    """

    direction: Direction
    offset: float
    data: bytes
    size: int
    binary: bool = False

    @property
    def text(self) -> str:
        """Its data as text."""
        return self.data.decode("utf-8", "replace")


class Recorded:
    """One exchange, from the moment that its request was there.

    It is filled while the exchange goes on; ``ended`` is ``None`` until it is over.

    Attributes:
        number: counted from 1.
        incoming: the request. A body over the bound is cut off.
        started: when its last byte was there, in seconds since 1970.
        status: of the answer; ``None`` before its head was written.
        headers: of the answer, as written.
        source: the probe or the rule that the answer comes from.
        faults: the faults of the answer.
        is_stream: whether the answer was an event stream.
        frames: of a WebSocket, both directions, in order.
        ended: how it ended.
        close_code: the code that a WebSocket was closed with, by either side.
        is_cut: whether not everything of it was kept.
    """

    def __init__(self, number: int, incoming: Incoming, kept_body: int = 2**62) -> None:
        self.number = number
        self.is_cut = len(incoming.body) > kept_body
        if self.is_cut:
            incoming = replace(incoming, body=incoming.body[:kept_body], _json=[])
        self.incoming = incoming
        self.started = time.time()
        self.status: int | None = None
        self.headers: Headers = ()
        self.source = ""
        self.faults: tuple[Fault, ...] = ()
        self.is_stream = False
        self.frames: list[RecordedFrame] = []
        self.ended: Ended | None = None
        self.close_code: int | None = None
        self._kept_body = kept_body
        self._clock = time.monotonic()
        self._shared: bytes | None = None
        self._own = bytearray()
        self._written = 0
        self._offsets, self._sizes = array("d"), array("Q")

    def __repr__(self) -> str:
        one = self.incoming
        what = f"{one.method} {one.host}{one.path}"
        return f"<Recorded {self.number}: {what} → {self.status}, {self.ended or 'going on'}>"

    @property
    def body(self) -> bytes:
        """The body of the answer, as far as it was written, and is kept."""
        if self._shared is not None:
            return self._shared[: min(self._written, self._kept_body)]
        return bytes(self._own)

    @property
    def written(self) -> int:
        """How many bytes of the body were written."""
        return self._written

    @property
    def chunks(self) -> tuple[tuple[float, int], ...]:
        """Each write of the body: milliseconds since the request was there, bytes."""
        return tuple(zip(self._offsets, self._sizes, strict=True))

    @property
    def kept(self) -> int:
        """How many bytes it holds, about."""
        frames = sum(len(frame.data) + 100 for frame in self.frames)
        return len(self.incoming.body) + len(self.body) + 16 * len(self._offsets) + frames

    def replies(self, reply: Reply) -> None:
        """This is what is going to be answered."""
        self.source, self.faults, self.is_stream = reply.source, reply.faults, reply.stream
        # Without faults the bytes on the wire are the reply's own: two hundred connections that
        # stream one body hold it once.
        self._shared = None if reply.faults else reply.body

    def answered(self, status: int, headers: Headers) -> None:
        """The head is about to be written."""
        self.status, self.headers = status, headers

    def wrote(self, piece: bytes) -> None:
        """A piece of the body was written."""
        self._written += len(piece)
        if self._shared is None:
            self._own += piece[: max(0, self._kept_body - len(self._own))]
        self.is_cut = self.is_cut or self._written > self._kept_body
        if len(self._sizes) < _MAX_CHUNKS:
            self._offsets.append(self.elapsed())
            self._sizes.append(len(piece))

    def frame(self, direction: Direction, data: bytes, *, size: int, binary: bool = False) -> None:
        """A message was received, or sent; ``data`` may be its beginning only."""
        kept = data[: self._kept_body]
        self.is_cut = self.is_cut or len(kept) < size or len(self.frames) >= _MAX_FRAMES
        if len(self.frames) < _MAX_FRAMES:
            self.frames.append(RecordedFrame(direction, self.elapsed(), kept, size, binary))

    def elapsed(self) -> float:
        """Milliseconds since the request was there."""
        return round((time.monotonic() - self._clock) * 1000, 3)


class Exchanges:
    """The exchanges of one run: the newest, as many as the limits allow."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: deque[Recorded] = deque()
        # What each one held when it ended: of those that go on, nothing is counted.
        self._sizes: dict[int, int] = {}
        self._changed = threading.Condition()
        self._count = 0

    def begin(self, incoming: Incoming) -> Recorded:
        """Remember a request that has just come in."""
        with self._changed:
            self._count += 1
            recorded = Recorded(self._count, incoming, self._limits.kept_body)
            self._all.append(recorded)
            self._forget()
            return recorded

    def end(self, recorded: Recorded) -> None:
        """It is over."""
        with self._changed:
            self._sizes[recorded.number] = recorded.kept
            self._forget()
            self._changed.notify_all()

    def _forget(self) -> None:
        limits = self._limits
        while len(self._all) > 1 and (
            len(self._all) > limits.kept or sum(self._sizes.values()) > limits.kept_total
        ):
            self._sizes.pop(self._all.popleft().number, None)

    def list(self) -> list[Recorded]:
        """All that are remembered, oldest first; those that go on among them."""
        with self._changed:
            return list(self._all)

    def wait(self, seconds: float) -> bool:
        """Wait until no request is being answered; whether that came to be.

        An open WebSocket is not a request that is being answered.
        """
        with self._changed:
            return self._changed.wait_for(self._is_quiet, seconds)

    def _is_quiet(self) -> bool:
        return all(one.number in self._sizes or one.status == 101 for one in self._all)
