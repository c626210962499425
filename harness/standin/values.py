"""What crosses the border between the network half of the stand-in and its backend.

The network half (server, connection, wire) knows sockets and nothing of the contract; the backend
knows the contract and nothing of sockets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from harness.exchange import NOT_JSON, parse_json
from harness.standin.faults import Fault

__all__ = ["Backend", "Headers", "Incoming", "Reply", "WsReply", "WsSession"]

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it came in.

    Attributes:
        method: as sent.
        host: the host that was asked for, lower case, without a port: that of the ``CONNECT``, of
            the absolute form, or of the ``Host`` header; for a request to the stand-in's own
            address, the host whose path it is.
        path: the path without the query, as sent.
        query: what stands behind the question mark, or ``""``.
        headers: as sent, in order, case kept.
        body: its content, with the content encoding (zstd, gzip, deflate) taken off.
        raw_body_length: how many bytes the body had on the wire.
        scheme: ``https`` if it came through TLS.
        transport: ``websocket`` if it asks for an upgrade to a WebSocket.
    """

    method: str
    host: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    raw_body_length: int = 0
    scheme: Literal["http", "https"] = "https"
    transport: Literal["http", "websocket"] = "http"
    # Parsed once: the rulebook looks at it once for each of its rules.
    _json: list[Any] = field(default_factory=list, repr=False, compare=False)

    def header(self, name: str) -> str | None:
        """The value of the first header of this name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self) -> Any | None:
        """The body as JSON; ``None`` if it is not JSON. Do not change what you get."""
        if not self._json:
            found = parse_json(self.body)
            self._json.append(None if found is NOT_JSON else found)
        return self._json[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, before its faults.

    Attributes:
        status: the HTTP status.
        headers: in this order and case. Those that frame the body (``content-length``,
            ``transfer-encoding``, ``content-encoding``, ``connection``, …) are left out and written
            by the wire, because they must be true of these bytes.
        body: all of it. Share it between replies where you can: it is never copied whole.
        stream: whether it is an event stream, which is sent event by event, chunked.
        faults: what goes wrong, applied in this order.
        source: the probe or the rule that it comes from; for the log.
        close: whether the connection ends with it. A stream is then not chunked: its end is the
            end of the connection.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    stream: bool = False
    faults: tuple[Fault, ...] = ()
    source: str = ""
    close: bool = False


@dataclass(frozen=True, slots=True)
class WsReply:
    """What is answered to one frame of a WebSocket.

    Attributes:
        frames: text frames, in order.
        faults: what goes wrong, applied in this order.
        close_code: the code to close the connection with afterwards; ``None`` keeps it open.
        source: the probe or the rule that it comes from; for the log.
    """

    frames: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    close_code: int | None = None
    source: str = ""


class WsSession(Protocol):
    """One WebSocket connection, as the backend sees it. Used by one thread at a time."""

    @property
    def headers(self) -> Headers:
        """The headers of the 101, beside those of the handshake itself."""

    def frame(self, text: str) -> WsReply:
        """The answer to one text frame."""


class Backend(Protocol):
    """Answers requests. Called from many threads at once; it must not block."""

    def answer(self, incoming: Incoming) -> Reply:
        """The answer to one HTTP request."""

    def open(self, incoming: Incoming) -> WsSession | Reply:
        """Accept an upgrade to a WebSocket, or refuse it with an answer (426, 401, …)."""
