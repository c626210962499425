"""Listens in on the leg: each exchange with its bytes, their times, and how it ended.

What is kept here is raw: tokens stand in it. Nothing but :mod:`.scrub` may make a text of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from leg._watching import Ending, RawHeaders, watched

__all__ = ["Taken", "Tee", "listening"]


@dataclass(slots=True)
class Taken:
    """One exchange as it was on the wire. ``repr`` shows nothing of it.

    Attributes:
        method: of the request.
        url: where it went.
        sent_headers: of the request, in order and case.
        sent: the body of the request.
        asked_at: Unix seconds.
        status: of the answer; ``None`` if none came.
        headers: of the answer, in order and case.
        pieces: of its body, as they came off the wire, before any content-encoding is undone:
            milliseconds since the request was sent, bytes.
        ended: how the body ended; ``None`` if there was no answer, or nobody read it.
    """

    method: str = field(repr=False)
    url: str = field(repr=False)
    sent_headers: RawHeaders = field(repr=False)
    sent: bytes = field(repr=False)
    asked_at: float = field(repr=False)
    status: int | None = None
    headers: RawHeaders = field(default=(), repr=False)
    pieces: list[tuple[float, bytes]] = field(default_factory=list, repr=False)
    ended: Ending | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header of the answer."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Tee:
    """A :class:`leg._watching.Watcher` that keeps what it sees. For one thread."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self._clock = time.monotonic()

    def asks(self, method: str, url: str, headers: RawHeaders, body: bytes) -> None:
        """See :class:`~leg._watching.Watcher`; so for all of them."""
        self.taken.append(Taken(method, url, headers, body, time.time()))
        self._clock = time.monotonic()

    def answers(self, status: int, headers: RawHeaders) -> None:
        """The head of the answer is here."""
        self.taken[-1].status, self.taken[-1].headers = status, headers

    def arrives(self, piece: bytes) -> None:
        """A piece of the body came."""
        offset = (time.monotonic() - self._clock) * 1000
        self.taken[-1].pieces.append((round(offset, 1), piece))

    def ends(self, how: Ending) -> None:
        """The body came to its end."""
        self.taken[-1].ended = how


@contextmanager
def listening() -> Iterator[Tee]:
    """Keep all that the leg asks and is answered in this block, one after the other."""
    tee = Tee()
    with watched(tee):
        yield tee
