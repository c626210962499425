"""Whoever wants to see exchanges as they are on the wire, without a type of the HTTP library.

Private: it is there for the recorder, which must see what the leg sees, before anything is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol

__all__ = ["Ending", "RawHeaders", "Watcher", "watched", "watcher"]

RawHeaders = tuple[tuple[str, str], ...]
#: ``eof``: the body is whole. ``reset``: the connection broke. ``stalled``: nothing came for too
#: long. ``left``: we ended it before it was over.
Ending = Literal["eof", "reset", "stalled", "left"]


class Watcher(Protocol):
    """Is told of every exchange of the synchronous clients; must not raise."""

    def asks(self, method: str, url: str, headers: RawHeaders, body: bytes) -> None:
        """A request is about to be sent; names of headers in their case and order."""

    def answers(self, status: int, headers: RawHeaders) -> None:
        """The head of its answer is here; names of headers in their case and order."""

    def arrives(self, piece: bytes) -> None:
        """A piece of the body came, as it was on the wire: nothing is decoded yet."""

    def ends(self, how: Ending) -> None:
        """The body came to its end. Said once for each answer."""


_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def watcher() -> Watcher | None:
    """Who watches, if anybody does."""
    return _watcher.get()


@contextmanager
def watched(by: Watcher) -> Iterator[None]:
    """Let ``by`` see all exchanges that begin in this block (of this thread)."""
    token = _watcher.set(by)
    try:
        yield
    finally:
        _watcher.reset(token)
