"""Standing between a client and the stand-in, and changing what the client gets to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from harness.reference.gate import endpoint_of
from harness.standin.questions import parse_frame
from harness.standin.values import Backend, Headers, Incoming, Reply, WsReply, WsSession

__all__ = ["Meddled", "Meddler", "Nothing", "surface_of"]

#: What a request is for, in the words of the scenarios → the surface that its answer belongs to.
_SURFACES: Final[Mapping[str, str]] = {
    "responses": "responses",
    "compact": "responses",
    "upgrade": "responses-ws",
    "models": "models",
    "usage": "usage",
    "accounts": "accounts",
    "token": "auth",
}


def surface_of(incoming: Incoming) -> str:
    """The surface of the contract that a request is for; ``other`` for one that has none."""
    return _SURFACES.get(endpoint_of(incoming), "other")


class Meddler(Protocol):
    """A change of answers. Used by many threads."""

    def answer(self, incoming: Incoming, reply: Reply) -> Reply:
        """The answer to a request over HTTP, or the refusal of a handshake."""
        ...

    def upgrade(self, incoming: Incoming, session: WsSession) -> WsSession | Reply:
        """What a handshake leads to that would be accepted."""
        ...

    def upgraded(self, headers: Headers) -> Headers:
        """The headers of an accepted handshake."""
        ...

    def frames(self, reply: WsReply, *, warming: bool) -> WsReply:
        """The answer to a frame; ``warming``: to one that only warms the connection up."""
        ...

    def to_json(self) -> Mapping[str, Any]:
        """What another process makes the same change from."""
        ...


class Nothing:
    """Changes nothing; what changes one thing only is made from it."""

    def answer(self, incoming: Incoming, reply: Reply) -> Reply:
        """As it is."""
        del incoming
        return reply

    def upgrade(self, incoming: Incoming, session: WsSession) -> WsSession | Reply:
        """As it is."""
        del incoming
        return session

    def upgraded(self, headers: Headers) -> Headers:
        """As they are."""
        return headers

    def frames(self, reply: WsReply, *, warming: bool) -> WsReply:
        """As they are."""
        del warming
        return reply

    def to_json(self) -> Mapping[str, Any]:
        """Its name."""
        return {"meddler": "nothing"}


class Meddled:
    """A backend, with somebody between it and its clients."""

    def __init__(self, backend: Backend, meddler: Meddler) -> None:
        self._backend, self._meddler = backend, meddler

    def answer(self, incoming: Incoming) -> Reply:
        """The answer to one HTTP request."""
        return self._meddler.answer(incoming, self._backend.answer(incoming))

    def open(self, incoming: Incoming) -> WsSession | Reply:
        """Accept an upgrade, or refuse it."""
        opened = self._backend.open(incoming)
        if isinstance(opened, Reply):
            return self._meddler.answer(incoming, opened)
        opened = self._meddler.upgrade(incoming, opened)
        return opened if isinstance(opened, Reply) else _Session(opened, self._meddler)


class _Session:
    def __init__(self, session: WsSession, meddler: Meddler) -> None:
        self._session, self._meddler = session, meddler

    @property
    def headers(self) -> Headers:
        """The headers of the 101."""
        return self._meddler.upgraded(self._session.headers)

    def frame(self, text: str) -> WsReply:
        """The answer to one text frame."""
        warming = (parse_frame(text) or {}).get("generate") is False
        return self._meddler.frames(self._session.frame(text), warming=warming)
