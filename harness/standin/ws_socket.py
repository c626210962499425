"""The messages of a WebSocket on a channel, in and out, fragment by fragment if need be."""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from harness.standin.bodies import BadRequest
from harness.standin.channel import Channel
from harness.standin.http1 import RawRequest
from harness.standin.limits import Limits
from harness.standin.recording import Ended, Recorded
from harness.standin.sockets import ClientLeft, Stopped, TimedOut

__all__ = ["Over", "WsSocket", "handshake"]

#: How long a client may take to answer a close frame.
_CLOSE_SECONDS: Final = 2.0
_BLOCK: Final = b"x" * 65536
#: What the handshake consists of. The rest of the headers is the backend's business.
_HANDSHAKE: Final = ("host", "connection", "upgrade", "origin")
#: First byte of a text frame that is whole; second byte that says: eight bytes of length follow.
_WHOLE_TEXT, _LONG = 0x81, 127


class Over(Exception):
    """The connection has ended, or is to end."""

    def __init__(self, how: Ended) -> None:
        super().__init__(how)
        self.how = how


def handshake(raw: RawRequest, limits: Limits) -> tuple[ServerProtocol, Response]:
    """The protocol of a connection, and the 101 that accepts it, not yet sent.

    Raises:
        BadRequest: it is no handshake.
    """
    # Without parameters the answer is the one that was seen live: plain permessage-deflate.
    protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()], max_size=limits.body)
    lines = ["GET / HTTP/1.1"]
    for name, value in raw.headers:
        if name.lower() in _HANDSHAKE or name.lower().startswith("sec-websocket-"):
            lines.append(f"{name}: {value}")
    protocol.receive_data(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    for request in protocol.events_received():
        if isinstance(request, Request):
            response = protocol.accept(request)
            if response.status_code == 101:
                return protocol, response
    raise BadRequest(400, f"no handshake of a WebSocket: {protocol.handshake_exc}")


class WsSocket:
    """One connection whose handshake is valid."""

    def __init__(
        self, channel: Channel, protocol: ServerProtocol, recorded: Recorded, limits: Limits
    ) -> None:
        self._channel = channel
        self._protocol = protocol
        self._recorded = recorded
        self._limits = limits
        self._messages: deque[tuple[bytes, bool]] = deque()
        self._incoming: list[bytes] = []
        self._incoming_binary = False
        self._outgoing: list[bytes] = []
        self._outgoing_binary = False

    def accept(self, response: Response) -> None:
        """Send the 101."""
        self._recorded.answered(101, tuple(response.headers.raw_items()))
        self._protocol.send_response(response)
        self._flush()

    def receive(self) -> tuple[bytes, bool]:
        """The next message, and whether it is binary.

        Raises:
            Over: there is none any more.
            ClientLeft, TimedOut, Stopped: as in :meth:`.Channel.recv`.
        """
        while not self._messages:
            self._read(self._limits.idle_seconds)
        return self._messages.popleft()

    def wait(self, seconds: float) -> None:
        """Wait, and answer pings meanwhile; with 0, just look what has come.

        Raises:
            Over, ClientLeft, Stopped: the client has gone, or the stand-in is to.
        """
        deadline = time.monotonic() + seconds
        with suppress(TimedOut):
            while True:
                self._read(max(0.0, deadline - time.monotonic()))

    def _read(self, seconds: float) -> None:
        data = self._channel.recv(seconds)
        if not data:
            raise ClientLeft
        self._protocol.receive_data(data)
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        # Either side's close, or a client that breaks the protocol.
        if self._protocol.state is not State.OPEN:
            closed = self._protocol.close_rcvd or self._protocol.close_sent
            self._recorded.close_code = closed.code if closed else None
            raise Over("client-left" if self._protocol.close_rcvd else "closed")

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._incoming_binary = frame.opcode is Opcode.BINARY
        self._incoming.append(bytes(frame.data))
        if frame.fin:
            message = b"".join(self._incoming)
            self._incoming.clear()
            binary = self._incoming_binary
            self._recorded.frame("client", message, size=len(message), binary=binary)
            self._messages.append((message, binary))

    def send(self, parts: Iterable[bytes], pause: float, *, ends: bool, binary: bool) -> None:
        """Send a message, or a part of one, in one fragment for each part."""
        waiting: bytes | None = None
        # One behind, because only the last fragment says that it is the last.
        for part in parts:
            if waiting is not None:
                self._fragment(waiting, fin=False, binary=binary)
                self.wait(pause)
            waiting = part
        self._fragment(waiting or b"", fin=ends, binary=binary)

    def _fragment(self, data: bytes, *, fin: bool, binary: bool) -> None:
        if self._outgoing:
            self._protocol.send_continuation(data, fin)
        elif binary:
            self._protocol.send_binary(data, fin)
        else:
            self._protocol.send_text(data, fin)
        self._outgoing.append(data)
        self._outgoing_binary = binary
        if fin:
            # Before it leaves: who has received it may look for it at once.
            self.keep_outgoing()
        self._flush()

    def end_message(self) -> None:
        """End a message that was begun, so that another one can follow."""
        if self._outgoing:
            self._fragment(b"", fin=True, binary=self._outgoing_binary)

    def keep_outgoing(self) -> None:
        """Record what was sent of a message: all of it, or what came before the end."""
        if self._outgoing:
            data = b"".join(self._outgoing)
            self._outgoing.clear()
            self._recorded.frame("server", data, size=len(data), binary=self._outgoing_binary)

    def send_oversized(self, size: int) -> None:
        """Send one text frame of so many bytes, without ever holding it."""
        start, end = b'{"type":"response.codex_leg_unknown","padding":"', b'"}'
        self._recorded.frame("server", start, size=size)
        self._channel.send(struct.pack("!BBQ", _WHOLE_TEXT, _LONG, size) + start)
        left = size - len(start) - len(end)
        while left > 0:
            self._channel.send(_BLOCK[:left])
            left -= len(_BLOCK)
        self._channel.send(end)

    def close(self, code: int, reason: str) -> None:
        """Close it, and give the client the time to answer."""
        self._recorded.close_code = code
        with suppress(ClientLeft, TimedOut, Stopped):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(code, reason)
                self._flush()
            deadline = time.monotonic() + _CLOSE_SECONDS
            while self._protocol.close_rcvd is None:
                data = self._channel.recv(max(0.0, deadline - time.monotonic()))
                if not data:
                    return
                self._protocol.receive_data(data)
                self._protocol.events_received()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            # An empty one stands for the end of the connection, which comes by itself.
            if data:
                self._channel.send(data)
