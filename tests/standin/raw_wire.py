"""A client of bare sockets: it sees the bytes, their times, and how the connection ended."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.leg.fake_tokens import ACCOUNT, codex_token, plan_token

#: How much is read of an answer that has no end, and for how long.
MOST_BYTES = 128 * 1024 * 1024
MOST_SECONDS = 30.0
PATIENCE = 1.5
TAIL = 65536

FRESH = int(time.time()) + 3600
CLIENT = {
    "user-agent": "codex_exec/0.169.0 (Debian 12.0.0; x86_64) unknown",
    "originator": "codex_exec",
    "version": "0.169.0",
}
QUESTION: dict[str, Any] = {
    "model": "gpt-5.5",
    "stream": True,
    "store": False,
    "instructions": "Answer in one word.",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "PONG?"}]}
    ],
    "tools": [
        {
            "type": "function",
            "name": "exec_command",
            "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}},
        }
    ],
}
CODEX = "https://chatgpt.com/backend-api/codex"
WHAM = "https://chatgpt.com/backend-api/wham"


@dataclass(frozen=True)
class Asked:
    """A request that breaks no rule."""

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def bearer() -> dict[str, str]:
    token = codex_token(exp=FRESH)
    return {"authorization": f"Bearer {token}", "chatgpt-account-id": ACCOUNT, **CLIENT}


def sound_request(endpoint: str) -> Asked:
    """What the reference client, or a careful one, would ask an endpoint."""
    plan = {"authorization": f"Bearer {plan_token(exp=FRESH)}"}
    key = {"authorization": "Bearer sk-" + "x" * 24}
    refresh = {
        "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
        "grant_type": "refresh_token",
        "refresh_token": "rt-of-nobody",
    }
    platform = {"model": "gpt-5.5", "input": "PONG?"}
    chat = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "PONG?"}]}
    claude = {
        "authorization": "Bearer sk-ant-" + "oat01-" + "x" * 24,
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "oauth-2025-04-20",
    }
    message = {"model": "claude-opus-4-6", "max_tokens": 16, **chat, "stream": True}
    asked = {
        "responses": Asked("POST", f"{CODEX}/responses", QUESTION, bearer()),
        "compact": Asked("POST", f"{CODEX}/responses/compact", QUESTION, bearer()),
        "models": Asked("GET", f"{CODEX}/models?client_version=0.169.0", None, bearer()),
        "usage": Asked("GET", f"{WHAM}/usage", None, bearer()),
        "accounts": Asked("GET", f"{WHAM}/accounts/check", None, bearer()),
        "settings": Asked("GET", f"{WHAM}/settings/user", None, bearer()),
        "bundle": Asked("GET", f"{WHAM}/config/bundle", None, bearer()),
        "other": Asked("GET", "https://chatgpt.com/backend-api/ps/plugins/list", None, bearer()),
        "token": Asked("POST", "https://auth.openai.com/oauth/token", refresh, CLIENT),
        "plan-token": Asked(
            "POST", "https://auth.openai.com/api/accounts/oauth/token", refresh, CLIENT
        ),
        "discovery": Asked(
            "GET", "https://auth.openai.com/.well-known/openid-configuration", None, CLIENT
        ),
        "plan-responses": Asked("POST", "https://api.openai.com/v1/responses", QUESTION, plan),
        "plan-models": Asked("GET", "https://api.openai.com/v1/models", None, plan),
        "platform-responses": Asked("POST", "https://api.openai.com/v1/responses", platform, key),
        "platform-models": Asked("GET", "https://api.openai.com/v1/models", None, key),
        "chat-completions": Asked("POST", "https://api.openai.com/v1/chat/completions", chat, key),
        "messages": Asked("POST", "https://api.anthropic.com/v1/messages", message, claude),
    }
    asked["upgrade"] = asked["any"] = asked["responses"]
    return asked[endpoint]


@dataclass
class Answer:
    """What came.

    Attributes:
        pieces: each read, with the seconds since the request was sent.
        ended: ``complete`` (its framing says so), ``eof``, ``reset``, or ``open``.
    """

    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    ended: str = "open"

    @property
    def raw(self) -> bytes:
        return b"".join(data for _, data in self.pieces)

    @property
    def head(self) -> bytes:
        beginning = b""
        for _, data in self.pieces:
            beginning += data
            if b"\r\n\r\n" in beginning:
                break
        return beginning.partition(b"\r\n\r\n")[0]

    @property
    def status(self) -> int | None:
        line = self.head.split(b"\r\n", 1)[0].split()
        return int(line[1]) if len(line) > 1 and line[0] == b"HTTP/1.1" else None

    def header(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == name:
                return value.strip()
        return None

    @property
    def chunks(self) -> list[bytes] | None:
        """The chunks of the body; ``None`` if it is not chunked."""
        if self.header("transfer-encoding") != "chunked":
            return None
        raw, found = self.raw, []
        at = raw.index(b"\r\n\r\n") + 4
        while (end := raw.find(b"\r\n", at)) >= 0:
            size = int(raw[at:end], 16)
            found.append(raw[end + 2 : end + 2 + size])
            at = end + 2 + size + 2
        return found

    @property
    def body(self) -> bytes:
        chunks = self.chunks
        return self.raw.partition(b"\r\n\r\n")[2] if chunks is None else b"".join(chunks)

    @property
    def is_complete(self) -> bool:
        """Whether the framing says that this is all."""
        if self.chunks is not None:
            return self.raw.endswith(b"0\r\n\r\n")
        length = self.header("content-length")
        if length is not None:
            return len(self.body) == int(length)
        return self.ended == "eof" and self.status is not None


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def request_bytes(asked: Asked, *extra: str) -> bytes:
    body = b"" if asked.body is None else json.dumps(asked.body).encode()
    parts = urlsplit(asked.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{asked.method} {target} HTTP/1.1", f"Host: {parts.netloc}", *extra]
    lines += [f"{name}: {value}" for name, value in asked.headers.items()]
    if asked.body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def ask(
    url: str, asked: Asked, patience: float = PATIENCE, seconds: float = MOST_SECONDS
) -> Answer:
    """Send one request, and read until it is complete, ends, or nothing comes any more.

    Args:
        url: where.
        asked: what.
        patience: how long nothing may come.
        seconds: how long to read at most, whatever comes.
    """
    with connect(url) as connection:
        connection.sendall(request_bytes(asked))
        return read(connection, patience, seconds)


def read(
    connection: socket.socket,
    patience: float,
    seconds: float = MOST_SECONDS,
    is_over: Callable[[Answer, bytes], bool] | None = None,
) -> Answer:
    """Read until it is over, ends, or nothing comes any more."""
    is_over = is_over or http_is_over
    answer = Answer()
    start = time.monotonic()
    tail, total = b"", 0
    while total < MOST_BYTES and time.monotonic() - start < seconds:
        connection.settimeout(patience)
        try:
            data = connection.recv(65536)
        except TimeoutError:
            break
        except ConnectionResetError:
            answer.ended = "reset"
            break
        if not data:
            answer.ended = "eof"
            break
        total += len(data)
        answer.pieces.append((time.monotonic() - start, data))
        tail = (tail + data)[-TAIL:]
        if is_over(answer, tail):
            answer.ended = "complete"
            break
    return answer


def http_is_over(answer: Answer, tail: bytes) -> bool:
    # Reparsing a large answer after every piece would take for ever.
    ends = tail.endswith(b"\r\n0\r\n\r\n")
    return (ends or answer.header("transfer-encoding") != "chunked") and answer.is_complete


def never(_: Answer, __: bytes) -> bool:
    """Of a WebSocket only silence or a close says that nothing more comes."""
    return False


def terminal_came(_: Answer, tail: bytes) -> bool:
    """A frame that ends a response, whole: nothing is behind it."""
    return re.search(rb'"type":"(?:response[.](?:completed|failed|incomplete))"', tail) is not (
        None
    ) and tail.endswith(b"}")


@dataclass(frozen=True)
class Frame:
    """One frame of a WebSocket as its header says, whether or not all of it came."""

    opcode: int
    fin: bool
    length: int
    payload: bytes

    @property
    def close_code(self) -> int | None:
        return int.from_bytes(self.payload[:2], "big") if self.opcode == 8 else None


def ask_websocket(
    url: str,
    question: Any,
    *,
    after: float = 0.0,
    is_over: Callable[[Answer, bytes], bool] = never,
) -> tuple[Answer, list[Frame]]:
    """Open a WebSocket, send one ``response.create`` after a while, read until silence or the end.

    Gives the answer to the handshake with no frames if that is refused, else what came behind it.
    """
    asked = Asked("GET", f"{CODEX}/responses", None, bearer())
    upgrade = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
    )
    with connect(url) as connection:
        connection.sendall(request_bytes(asked, *upgrade))
        head = read_head(connection)
        if head.status != 101:
            return head, []
        early = head.raw.partition(b"\r\n\r\n")[2]
        time.sleep(after)
        connection.sendall(masked(json.dumps({"type": "response.create", **question}).encode()))
        answer = read(connection, PATIENCE, is_over=is_over)
        return answer, frames_of(early + answer.raw)


def read_head(connection: socket.socket) -> Answer:
    """The answer to a handshake: all of a refusal, at least the head of a 101."""

    def is_over(answer: Answer, _: bytes) -> bool:
        accepted = answer.status == 101 and b"\r\n\r\n" in answer.raw
        return accepted or answer.is_complete

    return read(connection, PATIENCE, is_over=is_over)


def masked(payload: bytes) -> bytes:
    length = len(payload)
    size = (
        bytes([0x80 | length])
        if length < 126
        else b"\xfe" + length.to_bytes(2, "big")
        if length < 65536
        else b"\xff" + length.to_bytes(8, "big")
    )
    # A mask of zeros is a mask.
    return b"\x81" + size + bytes(4) + payload


def frames_of(raw: bytes) -> list[Frame]:
    found, at = [], 0
    while at + 2 <= len(raw):
        opcode, fin, length = raw[at] & 0x0F, bool(raw[at] & 0x80), raw[at + 1] & 0x7F
        at += 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            length = int.from_bytes(raw[at : at + wide], "big")
            at += wide
        found.append(Frame(opcode, fin, length, raw[at : at + length]))
        at += length
    return found


def messages_of(frames: Sequence[Frame]) -> list[bytes]:
    """The messages in frames that carry one: fragments are put together."""
    found: list[bytes] = []
    for frame in frames:
        if frame.opcode in (1, 2):
            found.append(frame.payload)
        elif frame.opcode == 0 and found:
            found[-1] += frame.payload
    return found
