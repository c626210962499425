"""A loopback server that plays a script: exact bytes, exact pauses, on a real socket."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Step = bytes | Callable[[], object]

#: A script step that breaks the connection with a reset instead of an orderly end.
RESET = b"\0reset"
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Received:
    """One request as it came in."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


@dataclass
class Loopback:
    url: str
    requests: list[Received] = field(default_factory=list)


@contextmanager
def serve(*script: Step) -> Iterator[Loopback]:
    """Play the script to every connection; callables are called in between, to wait or look."""
    listener = socket.create_server(("127.0.0.1", 0))
    loopback = Loopback(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                loopback.requests.append(_read_request(connection))
                _play(connection, script)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _play(connection: socket.socket, script: tuple[Step, ...]) -> None:
    try:
        for step in script:
            if step is RESET:
                # Linger of zero: close() sends RST.
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            if isinstance(step, bytes):
                connection.sendall(step)
            else:
                step()
    except OSError:
        pass  # the client has had enough: that is its right


def _read_request(connection: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = [(k, v.strip()) for k, _, v in (h.partition(":") for h in rest)]
    length = next((int(v) for k, v in headers if k.lower() == "content-length"), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return Received(line, headers, body)
