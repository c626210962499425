"""What the connections of one stand-in share, and who is told what happens on them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.standin.cassettes import NotRecordable, write_cassette
from harness.standin.limits import Limits
from harness.standin.recording import Ended, Exchanges, Recorded
from harness.standin.redaction import Redactor
from harness.standin.tls import Authority
from harness.standin.values import Backend, Incoming, WsReply

__all__ = ["LOG", "Host", "Observer"]

LOG: Final = logging.getLogger("harness.standin")


class Observer:
    """Told what happens, by one thread at a time. Override what you want to see."""

    def exchange(self, recorded: Recorded) -> None:
        """An exchange is over."""

    def turn(self, recorded: Recorded, text: str, reply: WsReply) -> None:
        """A frame of a WebSocket is about to be answered."""

    def problem(self, text: str) -> None:
        """Something came that was no request; one line."""


@dataclass
class Host:
    """Shared by all connections; every method may be called from any thread."""

    backend: Backend
    authority: Authority
    limits: Limits
    observer: Observer
    record: Path | None
    exchanges: Exchanges
    redactor: Redactor = field(default_factory=Redactor)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, incoming: Incoming) -> Recorded:
        """A request is there."""
        return self.exchanges.begin(incoming)

    def end(self, recorded: Recorded, how: Ended) -> None:
        """Its exchange is over."""
        recorded.ended = how
        with self._lock:
            self._record(recorded)
            self._tell(lambda: self.observer.exchange(recorded))
        self.exchanges.end(recorded)

    def turn(self, recorded: Recorded, text: str, reply: WsReply) -> None:
        """A frame is about to be answered."""
        with self._lock:
            self._tell(lambda: self.observer.turn(recorded, text, reply))

    def problem(self, text: str) -> None:
        """Something came that was no request."""
        LOG.warning("%s", text)
        with self._lock:
            self._tell(lambda: self.observer.problem(text))

    def _record(self, recorded: Recorded) -> None:
        if self.record is None:
            return
        try:
            write_cassette(self.record, recorded, self.redactor)
        except (OSError, NotRecordable) as error:
            text = f"exchange {recorded.number} is not recorded: {error}"
            LOG.warning("%s", text)
            self._tell(lambda: self.observer.problem(text))

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception:
            # Whoever looks on must not be able to break what they look at.
            LOG.exception("the observer failed")
