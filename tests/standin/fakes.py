"""A backend that answers as it is told, and a client that sees bytes."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.standin.faults import Fault, parse_fault
from harness.standin.server import StandIn
from harness.standin.values import Headers, Incoming, Reply, WsReply, WsSession

EVENT_STREAM = (("content-type", "text/event-stream"),)


def sse(*payloads: Mapping[str, Any]) -> bytes:
    """An event stream as the backend writes it."""
    return b"".join(f"event: {one['type']}\ndata: {compact(one)}\n\n".encode() for one in payloads)


def compact(payload: Any) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


CREATED = {"type": "response.created", "sequence_number": 0}
DELTA = {"type": "response.output_text.delta", "delta": "grün, ja", "sequence_number": 1}
COMPLETED = {"type": "response.completed", "sequence_number": 2}
ANSWER = sse(CREATED, DELTA, COMPLETED)
FRAMES = tuple(compact(one) for one in (CREATED, DELTA, COMPLETED))


def faults(*given: Mapping[str, Any]) -> tuple[Fault, ...]:
    return tuple(parse_fault(one) for one in given)


STREAM = Reply(200, EVENT_STREAM, ANSWER, stream=True, source="test/answer")


@dataclass
class FakeSession:
    reply: Callable[[str], WsReply]
    headers: Headers = ()

    def frame(self, text: str) -> WsReply:
        return self.reply(text)


@dataclass
class FakeBackend:
    """Answers everything with one reply; remembers what it was asked."""

    reply: Reply | Callable[[Incoming], Reply] = STREAM
    session: WsSession | Reply = field(default_factory=lambda: Reply(426, source="test/426"))
    asked: list[Incoming] = field(default_factory=list)

    def answer(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        return self.reply if isinstance(self.reply, Reply) else self.reply(incoming)

    def open(self, incoming: Incoming) -> WsSession | Reply:
        self.asked.append(incoming)
        return self.session


def streams(*given: Mapping[str, Any], body: bytes = ANSWER) -> FakeBackend:
    """A backend whose answer is an event stream with these faults."""
    return FakeBackend(Reply(200, EVENT_STREAM, body, stream=True, faults=faults(*given)))


def speaks(*given: Mapping[str, Any], frames: tuple[str, ...] = FRAMES, **more: Any) -> FakeBackend:
    """A backend that answers every frame of a WebSocket with these frames and faults."""
    reply = WsReply(frames, faults(*given), **more)
    return FakeBackend(session=FakeSession(lambda _: reply))


GET = b"GET /backend-api/codex/models HTTP/1.1\r\nHost: chatgpt.com\r\n\r\n"


@dataclass
class Seen:
    """What a client saw: every read with its time, and how the connection ended."""

    reads: list[tuple[float, bytes]]
    ended: str

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.reads)

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


def raw(stand_in: StandIn, *sent: bytes, until: bytes | None = None, patience: float = 10) -> Seen:
    """Send bytes, read until the end (or until these bytes came)."""
    reads: list[tuple[float, bytes]] = []
    host, _, port = stand_in.url.removeprefix("http://").partition(":")
    started = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=patience) as client:
        for data in sent:
            client.sendall(data)
        try:
            while data := client.recv(65536):
                reads.append((time.monotonic() - started, data))
                if until is not None and until in b"".join(one for _, one in reads):
                    return Seen(reads, "open")
        except ConnectionResetError:
            return Seen(reads, "reset")
        except TimeoutError:
            return Seen(reads, "silent")
    return Seen(reads, "end")


def unchunk(body: bytes) -> tuple[list[bytes], bool]:
    """The chunks of a body, and whether the last one says that it is the last."""
    chunks: list[bytes] = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return chunks, rest == b"\r\n"
        chunks.append(rest[:length])
        body = rest[length + 2 :]
    return chunks, False
