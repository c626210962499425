"""One connection from its first byte to its last: plain, TLS, a tunnel, requests, a WebSocket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from harness.standin.bodies import BadRequest
from harness.standin.channel import Channel, TlsFailed
from harness.standin.host import LOG, Host
from harness.standin.http1 import RawRequest, host_of, incoming_of, read_request
from harness.standin.plans import http_plan
from harness.standin.recording import Ended, Recorded
from harness.standin.sockets import ClientLeft, Stopped, TimedOut
from harness.standin.values import Incoming, Reply, WsReply, WsSession
from harness.standin.websocket import WebSocket
from harness.standin.wire import HttpWriter
from harness.standin.ws_socket import handshake

__all__ = ["Connection"]

#: The first byte of a TLS handshake. No request of HTTP begins with it.
_TLS_RECORD: Final = b"\x16"
#: A client may nest tunnels as deep as it likes; nobody does.
_MAX_TUNNELS: Final = 4


@dataclass(slots=True)
class Connection:
    """Serves one connection; never raises for anything that a client does."""

    host: Host
    channel: Channel
    tunnel: str | None = None
    _tunnels: int = 0

    def run(self) -> None:
        """Serve it until it ends."""
        try:
            self._maybe_tls(None)
            while self._serve_one():
                pass
        except (ClientLeft, TimedOut, Stopped):
            pass
        except TlsFailed as error:
            self.host.problem(f"no TLS with a client for {self.tunnel or 'this server'}: {error}")
        finally:
            self.channel.finish()

    def _maybe_tls(self, tunnel: str | None) -> None:
        """Speak TLS if the client begins with it: one port then does for both."""
        limits = self.host.limits
        first = self.channel.recv(limits.request_seconds if tunnel else limits.idle_seconds)
        self.channel.unread(first)
        if first.startswith(_TLS_RECORD):
            authority = self.host.authority
            context = authority.context(tunnel) if tunnel else authority.own
            self.channel.start_tls(context, limits.request_seconds)

    def _serve_one(self) -> bool:
        """Answer one request; whether there may be another."""
        try:
            raw = read_request(self.channel, self.host.limits)
            if raw is None:
                return False
            if raw.method == "CONNECT":
                return self._open_tunnel(raw)
            incoming = incoming_of(raw, self.tunnel, is_tls=self.channel.is_tls)
            if raw.is_upgrade:
                return self._upgrade(raw, incoming)
        except BadRequest as error:
            self._refuse(error)
            return False
        recorded = self.host.begin(incoming)
        return self._write(raw, recorded, self._ask(incoming))

    def _open_tunnel(self, raw: RawRequest) -> bool:
        """Answer ``CONNECT`` as if the host had been reached: it is reached here."""
        host = host_of(raw.target)
        self._tunnels += 1
        if not host or self._tunnels > _MAX_TUNNELS:
            raise BadRequest(400, f"no tunnel to {raw.target!r}")
        try:
            self.host.authority.context(host)
        except ValueError as error:
            raise BadRequest(400, str(error)) from None
        self.channel.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.tunnel = host
        self._maybe_tls(host)
        return True

    def _upgrade(self, raw: RawRequest, incoming: Incoming) -> bool:
        protocol, response = handshake(raw, self.host.limits)
        recorded = self.host.begin(incoming)
        opened = self._open(incoming)
        if isinstance(opened, Reply):
            return self._write(raw, recorded, opened)

        def turn(text: str, reply: WsReply) -> None:
            self.host.turn(recorded, text, reply)

        how: Ended = "cut"
        try:
            one = WebSocket(self.channel, protocol, recorded, self.host.limits, turn)
            how = one.run(response, opened)
        finally:
            self.host.end(recorded, how)
        return False

    def _write(self, raw: RawRequest, recorded: Recorded, reply: Reply) -> bool:
        recorded.replies(reply)
        writer = HttpWriter(
            self.channel,
            recorded,
            method=raw.method,
            version=raw.version,
            keep_alive=raw.keeps_alive,
            close=reply.close,
        )
        how: Ended = "cut"
        try:
            how = writer.write(http_plan(reply))
        finally:
            # Also when the writer fails: an exchange must not seem to go on for ever.
            self.host.end(recorded, how)
        return how == "eof" and writer.keeps_alive

    def _ask(self, incoming: Incoming) -> Reply:
        try:
            return self.host.backend.answer(incoming)
        except Exception as error:  # noqa: BLE001 — a fault of ours is an answer, not a hang
            return self._failed(incoming, error)

    def _open(self, incoming: Incoming) -> WsSession | Reply:
        try:
            return self.host.backend.open(incoming)
        except Exception as error:  # noqa: BLE001 — as above
            return self._failed(incoming, error)

    def _failed(self, incoming: Incoming, error: Exception) -> Reply:
        LOG.error("the backend failed on %s %s", incoming.method, incoming.path, exc_info=error)
        return _own_reply(500, f"the stand-in failed: {type(error).__name__}: {error}")

    def _refuse(self, error: BadRequest) -> None:
        self.host.problem(f"refused a request with {error.status}: {error}")
        reply = _own_reply(error.status, str(error))
        nobody = Recorded(0, Incoming("", "", ""))
        HttpWriter(
            self.channel, nobody, method="", version="1.1", keep_alive=False, close=True
        ).write(http_plan(reply))


def _own_reply(status: int, text: str) -> Reply:
    """An answer that no backend gives: it says who does."""
    body = json.dumps({"detail": f"codex-leg stand-in: {text}"}).encode()
    return Reply(status, (("content-type", "application/json"),), body, source="stand-in")
