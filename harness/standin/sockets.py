"""Sockets that never block for good: whatever waits, waits for the stand-in to stop as well.

So a thread that serves a client which has gone quiet ends at once when it is told to.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from contextlib import suppress
from typing import Final

__all__ = ["READ_SIZE", "ClientLeft", "PlainSocket", "Stop", "Stopped", "TimedOut"]

READ_SIZE: Final = 65536
#: That the peer will send no more, seen without reading what it has sent. Linux only; elsewhere
#: only a connection that is gone altogether is seen.
_GONE: Final[int] = getattr(select, "POLLRDHUP", 0)
_BROKEN: Final = select.POLLERR | select.POLLHUP | select.POLLNVAL
#: How long a client may take to acknowledge an orderly end, and how much of what it still sends is
#: read meanwhile: a client that is refused in the middle of a body is to read the refusal.
_LINGER_SECONDS: Final = 1.0
_LINGER_BYTES: Final = 16 * 1024 * 1024


class ClientLeft(Exception):
    """The client closed or reset the connection."""


class TimedOut(Exception):
    """The client neither sent nor read anything for too long."""


class Stopped(Exception):
    """The stand-in is being stopped."""


class Stop:
    """A flag that can be waited for together with a socket."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.is_set = False

    def fileno(self) -> int:
        """A descriptor that is readable as soon as the flag is set, and ever after."""
        return self._read

    def set(self) -> None:
        """Set it, once and for all."""
        if not self.is_set:
            self.is_set = True
            os.write(self._write, b"x")

    def close(self) -> None:
        """Give the descriptors back. Nobody may wait for it any more."""
        os.close(self._read)
        os.close(self._write)


class PlainSocket:
    """A connected socket. Deadlines are in terms of :func:`time.monotonic`."""

    def __init__(self, connection: socket.socket, stop: Stop, *, write_seconds: float) -> None:
        self._socket = connection
        self._socket.settimeout(0)
        with suppress(OSError):
            # Each write is to leave as it is: what was split would be glued together otherwise.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stop = stop
        self._write_seconds = write_seconds

    def recv(self, deadline: float) -> bytes:
        """The next bytes; ``b""`` when the client has sent its last.

        Raises:
            TimedOut: none came.
            ClientLeft: the connection was reset.
            Stopped: the stand-in is being stopped.
        """
        while True:
            try:
                return self._socket.recv(READ_SIZE)
            except (BlockingIOError, InterruptedError):
                if not self._poll(select.POLLIN, deadline):
                    raise TimedOut from None
            except OSError:
                raise ClientLeft from None

    def send(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            TimedOut: the client reads nothing.
            ClientLeft: nobody is there to read.
            Stopped: the stand-in is being stopped.
        """
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except (BlockingIOError, InterruptedError):
                if not self._poll(select.POLLOUT, time.monotonic() + self._write_seconds):
                    raise TimedOut from None
            except OSError:
                raise ClientLeft from None

    def wait(self, seconds: float, *, until_gone: bool = False) -> None:
        """Wait; with ``until_gone``, no longer than the client stays.

        A client that has only closed its own direction has left when ``until_gone``: it sends
        nothing that anybody waits for.

        Raises:
            ClientLeft: the connection is gone.
            Stopped: the stand-in is being stopped.
        """
        if self._poll(_GONE if until_gone else 0, time.monotonic() + seconds):
            raise ClientLeft

    def finish(self) -> None:
        """Close it so that the client gets all that was written."""
        with suppress(OSError, ClientLeft, TimedOut, Stopped):
            self._socket.shutdown(socket.SHUT_WR)
            # Closing with unread bytes would send an RST, which takes the answer with it.
            deadline, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
            while left > 0 and (data := self.recv(deadline)):
                left -= len(data)
        self._socket.close()

    def reset(self) -> None:
        """Break it: what was not yet delivered is lost, and the client gets an RST."""
        with suppress(OSError):
            # A linger time of zero is what makes close() send the RST.
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()

    def _poll(self, events: int, deadline: float) -> bool:
        """Whether the socket is ready (or broken) before the deadline."""
        poll = select.poll()
        poll.register(self._socket, events)
        poll.register(self._stop, select.POLLIN)
        left = max(0.0, deadline - time.monotonic())
        # Rounded up: poll counts milliseconds, and must not spin through the last one.
        found = dict(poll.poll(int(left * 1000 + 0.999)))
        if found.pop(self._stop.fileno(), 0):
            raise Stopped
        return any(mask & (events | _BROKEN) for mask in found.values())
