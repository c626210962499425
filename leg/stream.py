"""The bytes of one answer to events and a result, without touching a socket.

The two clients differ in how they wait for bytes, and in nothing else: everything in between is
here, once.
"""

from __future__ import annotations

from collections.abc import Iterator

from leg.envelopes import read_refusal
from leg.errors import StreamCut, StreamError, StreamTooLarge
from leg.events import Event, parse_event
from leg.limits import Limits
from leg.outcomes import error_of_refusal
from leg.result import Assembler, Result
from leg.sse import SSEDecoder

__all__ = ["StreamReader"]

#: Of an answer without events, so much is kept to see what it is instead.
HEAD = 4096


class StreamReader:
    """Reads one ``text/event-stream`` answer.

    Args:
        limits: bounds on its size.
        max_tokens: see :class:`leg.result.Assembler`.

    Attributes:
        done: whether the rest of the stream need not be read: its terminal event has arrived, or
            the limit of tokens is reached.
    """

    def __init__(self, limits: Limits | None = None, *, max_tokens: int | None = None) -> None:
        self._limits = limits or Limits()
        self._decoder = SSEDecoder(self._limits)
        self._assembler = Assembler(max_tokens=max_tokens)
        self._received = 0
        self._head = bytearray()
        self._events = 0

    streams = True

    @property
    def done(self) -> bool:
        return self._assembler.finished

    @property
    def text(self) -> str:
        """The text so far."""
        return self._assembler.text

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes; give the events that they complete, the terminal one last.

        Raises:
            StreamTooLarge: the stream is over one of its limits; ``partial`` holds the text so far.
        """
        self._received += len(chunk)
        if not self._events and len(self._head) < HEAD:
            self._head += chunk[:HEAD]
        try:
            if self._limits.total is not None and self._received > self._limits.total:
                raise StreamTooLarge(f"the stream is larger than {self._limits.total} bytes")
            found = self._decoder.feed(chunk)
        except StreamError as error:
            error.partial = self.text
            raise
        for raw in found:
            if self.done:
                return
            event = parse_event(raw.data)
            self._events += 1
            self._assembler.feed(event)
            yield event

    def result(self) -> Result:
        """The result, once ``done`` or when the bytes are over; see :meth:`Assembler.result`."""
        if not self._received and not self.done:
            raise StreamCut("the stream ended before its first byte")
        if not self._events:
            refusal = read_refusal(200, {}, bytes(self._head))
            if refusal.codes or (refusal.text and not refusal.page) or "<" in refusal.text:
                # A refusal or a challenge page, for all that the status says.
                raise error_of_refusal(refusal)
        return self._assembler.result()
