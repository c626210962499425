"""One connection's bytes, plain or through TLS.

TLS goes through memory, so that it can begin in the middle of a connection: behind a ``CONNECT``,
inside other TLS even, and with bytes that have been read already.
"""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from typing import Protocol

from harness.standin.sockets import READ_SIZE, ClientLeft, PlainSocket, Stopped, TimedOut

__all__ = ["Channel", "TlsFailed"]


class TlsFailed(Exception):
    """The client and the stand-in did not agree on TLS; ``str()`` says why."""


class _Stream(Protocol):
    def recv(self, deadline: float) -> bytes: ...
    def send(self, data: bytes) -> None: ...


class _Tls:
    """TLS on top of another stream."""

    def __init__(self, below: _Stream, context: ssl.SSLContext, already_read: bytes) -> None:
        self._below = below
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._in.write(already_read)
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)

    def handshake(self, deadline: float) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._below.recv(deadline)
                if not data:
                    raise ClientLeft from None
                self._in.write(data)
            except ssl.SSLError as error:
                with suppress(ClientLeft, TimedOut):
                    # The alert tells the client what it did wrong.
                    self._flush()
                raise TlsFailed(error.reason or str(error)) from None
            else:
                self._flush()
                return

    def recv(self, deadline: float) -> bytes:
        while True:
            try:
                return self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                self._flush()
                self._feed(self._below.recv(deadline))
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError:
                raise ClientLeft from None

    def send(self, data: bytes) -> None:
        # In slices, so that a large body is not held twice.
        for start in range(0, len(data), READ_SIZE):
            try:
                self._tls.write(data[start : start + READ_SIZE])
            except ssl.SSLError:
                raise ClientLeft from None
            self._flush()

    def close_notify(self) -> None:
        """Say that this is the end: without it, a client has to take the end for an attack."""
        with suppress(ssl.SSLError):
            # It raises SSLWantRead while it waits for the client's; that one is not needed.
            self._tls.unwrap()
        self._flush()

    def _feed(self, data: bytes) -> None:
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    def _flush(self) -> None:
        if self._out.pending:
            self._below.send(self._out.read())


class Channel:
    """The bytes of one connection."""

    def __init__(self, connection: PlainSocket) -> None:
        self._socket = connection
        self._layers: list[_Tls] = []
        self._top: _Stream = connection
        self._unread = b""
        self._is_open = True

    @property
    def is_tls(self) -> bool:
        """Whether there is TLS on it."""
        return bool(self._layers)

    def recv(self, seconds: float) -> bytes:
        """The next bytes; ``b""`` when the client has sent its last.

        Raises:
            TimedOut: none came for so long.
            ClientLeft: the connection was reset.
            Stopped: the stand-in is being stopped.
        """
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        return self._top.recv(time.monotonic() + seconds)

    def unread(self, data: bytes) -> None:
        """Put bytes back: they are the next that :meth:`recv` gives."""
        self._unread = data + self._unread

    def send(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            TimedOut: the client reads nothing.
            ClientLeft: nobody is there to read.
            Stopped: the stand-in is being stopped.
        """
        self._top.send(data)

    def start_tls(self, context: ssl.SSLContext, seconds: float) -> None:
        """Put TLS on top.

        Raises:
            TlsFailed: the handshake failed, most often because the client does not trust the CA.
            TimedOut, ClientLeft, Stopped: as in :meth:`recv`.
        """
        layer = _Tls(self._top, context, self._unread)
        self._unread = b""
        layer.handshake(time.monotonic() + seconds)
        self._layers.append(layer)
        self._top = layer

    def wait(self, seconds: float, *, until_gone: bool = False) -> None:
        """Wait; with ``until_gone``, no longer than the client stays.

        Raises:
            ClientLeft: the connection is gone.
            Stopped: the stand-in is being stopped.
        """
        self._socket.wait(seconds, until_gone=until_gone)

    def finish(self) -> None:
        """End the connection in an orderly way: the client gets all that was written."""
        if not self._is_open:
            return
        self._is_open = False
        with suppress(ClientLeft, TimedOut, Stopped):
            for layer in reversed(self._layers):
                layer.close_notify()
        self._socket.finish()

    def reset(self) -> None:
        """Break the connection: what was not yet delivered is lost, and the client gets an RST."""
        if self._is_open:
            self._is_open = False
            self._socket.reset()
