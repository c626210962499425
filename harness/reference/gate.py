"""A backend whose answers can be kept back, to see what a client does meanwhile.

What a client waits for before its first turn is not to be read off the order of its calls: that
depends on the machine and on the day. It is found out by keeping one answer back: either the turn
comes all the same, or it does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from harness.standin.questions import Question, parse_frame
from harness.standin.values import Backend, Headers, Incoming, Reply, WsReply, WsSession

__all__ = ["MODEL", "PRIMARY", "Call", "Gate", "call_of", "endpoint_of"]

#: What a model is asked through.
MODEL: Final = frozenset(
    {"responses", "plan-responses", "platform-responses", "chat-completions", "messages"}
)
#: What belongs to a turn itself, and comes in an order that the client gives it. Everything else is
#: a side call.
PRIMARY: Final = MODEL | {"upgrade", "compact", "token", "plan-token"}


class Call(NamedTuple):
    """What one call is, without its content."""

    method: str
    host: str
    path: str


def call_of(incoming: Incoming) -> Call:
    """Which call a request is."""
    return Call(incoming.method, incoming.host, incoming.path)


def endpoint_of(incoming: Incoming) -> str:
    """What a request is for, in the words of the scenarios."""
    return Question.of_request(incoming, now=0.0).endpoint


class Gate:
    """Stands before a backend. Used by many threads; those that are kept back wait here."""

    def __init__(self, backend: Backend, keeps: Callable[[Incoming], bool]) -> None:
        """Keep back the answers that ``keeps`` says of a request, or of the handshake of a frame.

        A frame that only warms the connection up, and the handshake itself, are never kept back.
        """
        self._backend = backend
        self._keeps = keeps
        self._changed = threading.Condition()
        self._round = 0
        self._is_open = False
        #: The first request for a turn has come.
        self.turn_came = threading.Event()
        #: How many answers are kept back now.
        self.waiting = 0
        #: How many requests and frames have come.
        self.count = 0

    def let_go(self) -> None:
        """Give what is kept back now; what comes later is kept back again."""
        with self._changed:
            self._round += 1
            self.waiting = 0
            self._changed.notify_all()

    def release(self) -> None:
        """Let everything through, from now on."""
        with self._changed:
            self._is_open = True
        self.let_go()

    def answer(self, incoming: Incoming) -> Reply:
        """The answer to one request, sooner or later."""
        is_turn = endpoint_of(incoming) in MODEL
        self._note(is_turn=is_turn)
        reply = self._backend.answer(incoming)
        self._wait(incoming)
        return reply

    def open(self, incoming: Incoming) -> WsSession | Reply:
        """Accept an upgrade, or refuse it."""
        self._note(is_turn=False)
        opened = self._backend.open(incoming)
        return opened if isinstance(opened, Reply) else _Session(self, opened, incoming)

    def frame(self, session: WsSession, incoming: Incoming, text: str) -> WsReply:
        """The answer to one frame, sooner or later."""
        sent = parse_frame(text) or {}
        is_turn = sent.get("type") == "response.create" and sent.get("generate") is not False
        self._note(is_turn=is_turn)
        reply = session.frame(text)
        if is_turn:
            self._wait(incoming)
        return reply

    def _note(self, *, is_turn: bool) -> None:
        with self._changed:
            self.count += 1
        if is_turn:
            self.turn_came.set()

    def _wait(self, incoming: Incoming) -> None:
        if not self._keeps(incoming):
            return
        with self._changed:
            if self._is_open:
                return
            self.waiting += 1
            now = self._round
            self._changed.wait_for(lambda: self._round != now)


class _Session:
    """A WebSocket behind a gate."""

    def __init__(self, gate: Gate, session: WsSession, incoming: Incoming) -> None:
        self._gate, self._session, self._incoming = gate, session, incoming

    @property
    def headers(self) -> Headers:
        """The headers of the 101."""
        return self._session.headers

    def frame(self, text: str) -> WsReply:
        """The answer to one text frame."""
        return self._gate.frame(self._session, self._incoming, text)
