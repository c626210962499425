"""Listening on loopback: one thread that accepts, and one for each connection."""

from __future__ import annotations

import errno
import select
import socket
import threading
import time
from collections.abc import Sequence
from typing import Final

from harness.standin.channel import Channel
from harness.standin.connection import Connection
from harness.standin.host import LOG, Host
from harness.standin.sockets import PlainSocket, Stop

__all__ = ["LOOPBACK", "Listener", "StandInError"]

LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 1024
#: How long stop() waits for its threads. They wake up at once; only a backend can hold them up.
_STOP_SECONDS: Final = 10.0


class StandInError(Exception):
    """The stand-in cannot do what it is asked to; ``str()`` is one line for a person."""


class Listener:
    """Accepts connections on some ports until it is stopped."""

    def __init__(self, ports: Sequence[int]) -> None:
        """Open the ports; 0 is any that is free.

        Raises:
            StandInError: one of them is taken, or is not ours to use.
        """
        self._sockets: list[socket.socket] = []
        for port in ports:
            try:
                self._sockets.append(_listen(port))
            except StandInError:
                self._close()
                raise
        self.ports = tuple(one.getsockname()[1] for one in self._sockets)
        self._stop = Stop()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._acceptor: threading.Thread | None = None

    def start(self, host: Host) -> None:
        """Serve whoever comes."""
        self._acceptor = threading.Thread(
            target=self._accept, args=(host,), name="standin-accept", daemon=True
        )
        self._acceptor.start()

    def stop(self) -> None:
        """Close every port and every connection, and end every thread."""
        self._stop.set()
        deadline = time.monotonic() + _STOP_SECONDS
        if self._acceptor is not None:
            # First, so that no new thread is started after the others were looked for.
            self._acceptor.join(_STOP_SECONDS)
        with self._lock:
            threads = [*self._threads, self._acceptor]
        for one in threads:
            if one is not None:
                one.join(max(0.0, deadline - time.monotonic()))
        left = sum(one is not None and one.is_alive() for one in threads)
        self._close()
        if left:
            # The flag stays open: its descriptor must not be given to somebody else.
            LOG.error("%d threads of the stand-in did not end", left)
        else:
            self._stop.close()

    def _close(self) -> None:
        for one in self._sockets:
            one.close()

    def _accept(self, host: Host) -> None:
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        for one in self._sockets:
            poll.register(one, select.POLLIN)
        by_number = {one.fileno(): one for one in self._sockets}
        while not self._stop.is_set:
            for number, _ in poll.poll():
                if number in by_number:
                    self._accept_one(by_number[number], host)

    def _accept_one(self, listener: socket.socket, host: Host) -> None:
        try:
            connection, _ = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                # It stays readable: without a pause this would be a busy loop.
                host.problem(f"cannot accept a connection: {error.strerror}")
                time.sleep(0.05)
            return
        if len(self._threads) >= host.limits.connections:
            connection.close()
            host.problem(f"turned a client away: {len(self._threads)} are here already")
            return
        thread = threading.Thread(
            target=self._serve, args=(connection, host), name="standin-connection", daemon=True
        )
        with self._lock:
            self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:
            self._forget(thread)
            connection.close()
            host.problem(f"cannot serve a connection: {error}")

    def _serve(self, connection: socket.socket, host: Host) -> None:
        channel = Channel(
            PlainSocket(connection, self._stop, write_seconds=host.limits.write_seconds)
        )
        try:
            Connection(host, channel).run()
        except Exception:  # noqa: BLE001 — whatever it is, it concerns this client only
            LOG.exception("a connection failed; the others go on")
        finally:
            channel.reset()
            self._forget(threading.current_thread())

    def _forget(self, thread: threading.Thread) -> None:
        with self._lock:
            self._threads.discard(thread)


def _listen(port: int) -> socket.socket:
    if not 0 <= port <= 0xFFFF:
        raise StandInError(f"{port} is no port: 0 to 65535")
    try:
        listener = socket.create_server((LOOPBACK, port), backlog=_BACKLOG)
    except OSError as error:
        why = {
            errno.EADDRINUSE: "is taken; choose another one, or 0 for any that is free",
            errno.EACCES: "is not yours to use; choose one above 1023",
        }.get(error.errno or 0, f"cannot be used: {error.strerror}")
        raise StandInError(f"port {port} on {LOOPBACK} {why}") from None
    # A client that is gone before it is accepted must not hold up the others.
    listener.settimeout(0)
    return listener
