"""Captured releases for tests, made of as little as shows a thing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from harness.contract import Contract, Frame, Interaction, Provenance, RecordedRequest, Release
from harness.reference.history import History, read_history
from harness.reference.wire.captured import Captured, Reader

__all__ = ["URL", "beside", "captured", "history", "socket", "turn"]

URL = "https://chatgpt.com/backend-api/codex/responses"
SESSION = "00000000-0000-7000-8000-000000000001"
HEADERS = {
    "session-id": SESSION,
    "originator": "codex_exec",
    "authorization": "Bearer REDACTED-token-1",
    "content-type": "application/json",
}
MESSAGE = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "say PONG"}],
}
BODY: dict[str, Any] = {
    "model": "gpt-6-astra",
    "instructions": "text:100:0123456789ab",
    "input": [MESSAGE],
    "reasoning": {"effort": "low"},
    "store": False,
    "stream": True,
}
_NOBODY = Provenance("captured", "2026-01-01", "codex-cli", None, None, {})


def _made(base: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """The base with these members; ``None`` takes one away."""
    return {name: value for name, value in {**base, **edits}.items() if value is not None}


def _interaction(
    method: str, url: str, headers: Mapping[str, str], body: str, **more: Any
) -> Interaction:
    request = RecordedRequest(method, url, {k: (v,) for k, v in headers.items()}, body)
    return Interaction(request, more.pop("status", 200), {}, "", _NOBODY, **more)


def turn(*, headers: Mapping[str, Any] | None = None, **body: Any) -> Interaction:
    """A turn over HTTPS, with other headers and members than usual."""
    return _interaction("POST", URL, _made(HEADERS, headers or {}), json.dumps(_made(BODY, body)))


def socket(*frames: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> Interaction:
    """A turn over a WebSocket; each frame with other members than usual."""
    texts = [json.dumps({"type": "response.create", **_made(BODY, one)}) for one in frames or ({},)]
    return _interaction(
        "GET",
        URL.replace("https", "wss"),
        _made(HEADERS, headers or {}),
        "",
        status=101,
        frames=tuple(Frame("client", 0.0, text) for text in texts),
    )


def beside(
    url: str,
    *,
    method: str = "GET",
    waited_for: bool | None = None,
    headers: Mapping[str, Any] | None = None,
) -> Interaction:
    """A call beside the turn."""
    named = _made({"authorization": "Bearer REDACTED-token-1"}, headers or {})
    return _interaction(method, url, named, "", waited_for=waited_for)


def captured(
    version: str,
    runs: Mapping[str, Sequence[Interaction]] | None = None,
    *,
    transports: tuple[str, ...] | None = None,
    date: str | None = "2026-01-01",
) -> Captured:
    """A release of which these runs were captured; a plain turn over HTTPS by default."""
    runs = {"plain.https": [turn()]} if runs is None else runs
    seen = {name.rpartition(".")[2] for name in runs}
    has = transports or tuple(name for name in ("https", "websocket") if name in seen)
    release = Release(version, date, None, None, "a table", "0" * 64, has)
    return Reader(Contract()).captured(release, version, runs)


@cache
def history() -> History:
    """The history that comes with the contract, read once."""
    return read_history(Contract())
