"""Requests of HTTP/1.1, read from a channel as they were sent: header case and order are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import h11

from harness.standin.bodies import BadRequest, Body
from harness.standin.channel import Channel
from harness.standin.limits import Limits
from harness.standin.sockets import TimedOut
from harness.standin.tls import OWN_NAMES
from harness.standin.values import Headers, Incoming

__all__ = ["RawRequest", "host_of", "incoming_of", "read_request"]

_ABSOLUTE: Final = re.compile(r"(?i:https?)://([^/?#]*)(.*)", re.DOTALL)
#: Which host a path belongs to, where a client was given the stand-in's own address. First match.
_HOSTS: Final = (
    ("/backend-api/", "chatgpt.com"),
    ("/oauth/", "auth.openai.com"),
    ("/api/accounts/", "auth.openai.com"),
    ("/.well-known/", "auth.openai.com"),
    ("/v1/messages", "api.anthropic.com"),
    ("/v1/", "api.openai.com"),
)


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request as it stands on the wire; its body unpacked."""

    method: str
    target: str
    headers: Headers
    version: str
    body: bytes = b""
    raw_body_length: int = 0

    def values(self, name: str) -> list[str]:
        """The comma-separated values of a header, lower case."""
        found = (value for key, value in self.headers if key.lower() == name)
        return [part.strip().lower() for value in found for part in value.split(",")]

    @property
    def keeps_alive(self) -> bool:
        """Whether the client may send another request on this connection."""
        return self.version == "1.1" and "close" not in self.values("connection")

    @property
    def is_upgrade(self) -> bool:
        """Whether it asks for a WebSocket."""
        return self.method == "GET" and "websocket" in self.values("upgrade")


def read_request(channel: Channel, limits: Limits) -> RawRequest | None:
    """The next request; ``None`` if the client has no more.

    Raises:
        BadRequest: it is malformed, or too large.
        ClientLeft, TimedOut, Stopped: as in :meth:`.Channel.recv`.
    """
    reader = _Reader(channel, limits)
    head = reader.next()
    if not isinstance(head, h11.Request):
        return None
    request = RawRequest(
        method=head.method.decode("ascii"),
        target=head.target.decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in head.headers.raw_items()
        ),
        version=head.http_version.decode("ascii"),
    )
    if request.version not in ("1.0", "1.1"):
        raise BadRequest(505, f"HTTP/{request.version} is not spoken here")
    body = Body(",".join(request.values("content-encoding")), limits.body)
    while isinstance(event := reader.next(), h11.Data):
        body.feed(bytes(event.data))
    if not isinstance(event, h11.EndOfMessage):
        raise BadRequest(400, "the request ends too early")
    reader.give_back()
    return RawRequest(
        request.method,
        request.target,
        request.headers,
        request.version,
        body.content(),
        body.raw_length,
    )


class _Reader:
    """The events of one request. A fresh parser for each: h11 need not know what is answered."""

    def __init__(self, channel: Channel, limits: Limits) -> None:
        self._channel = channel
        self._limits = limits
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head)
        self._begun = False

    def next(self) -> Any:
        while True:
            try:
                event = self._parser.next_event()
            except h11.RemoteProtocolError as error:
                raise BadRequest(error.error_status_hint, str(error)) from None
            if event is not h11.NEED_DATA:
                return event
            if self._parser.they_are_waiting_for_100_continue:
                self._channel.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                # Once is enough: h11 sees an answer only if it writes it.
                self._parser.client_is_waiting_for_100_continue = False
            self._feed()

    def _feed(self) -> None:
        seconds = self._limits.request_seconds if self._begun else self._limits.idle_seconds
        try:
            data = self._channel.recv(seconds)
        except TimedOut:
            if not self._begun:
                raise
            raise BadRequest(408, f"the request stopped for {seconds:g} seconds") from None
        self._begun = self._begun or bool(data)
        try:
            self._parser.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise BadRequest(error.error_status_hint, str(error)) from None

    def give_back(self) -> None:
        """Leave to the channel what came behind the request."""
        self._channel.unread(self._parser.trailing_data[0])


def host_of(authority: str) -> str:
    """The host in ``host:port``, lower case, without brackets."""
    authority = authority.rpartition("@")[2].lower()
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    # Some clients (httpcore 1.0.9) leave out the brackets of an IPv6 address.
    parts = authority.rpartition(":") if authority.count(":") > 1 else authority.partition(":")
    return parts[0]


def incoming_of(raw: RawRequest, tunnel: str | None, *, is_tls: bool) -> Incoming:
    """What a backend gets to see of it. ``tunnel`` is the host of the ``CONNECT`` around it."""
    target = raw.target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:
        host, target = host_of(absolute[1]), absolute[2] or "/"
    else:
        named = next((value for key, value in raw.headers if key.lower() == "host"), "")
        host = tunnel or host_of(named)
    path, _, query = target.partition("?")
    scheme: Literal["http", "https"] = "https" if is_tls else "http"
    return Incoming(
        method=raw.method,
        host=_real_host(path) or host if host in ("", *OWN_NAMES) else host,
        path=path,
        query=query,
        headers=raw.headers,
        body=raw.body,
        raw_body_length=raw.raw_body_length,
        scheme=scheme,
        transport="websocket" if raw.is_upgrade else "http",
    )


def _real_host(path: str) -> str | None:
    return next((host for prefix, host in _HOSTS if path.startswith(prefix)), None)
