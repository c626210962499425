"""Exchanges as a tee would have taken them, without a wire."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Sequence
from typing import Any

import leg
from harness.contract import Contract
from harness.questions import question
from harness.recording.asking import Asked
from harness.recording.tee import Taken
from harness.replay import Replayed

NOW = 1_795_000_000.0
STREAM = (("Content-Type", "text/event-stream; charset=utf-8"),)
JSON = (("Content-Type", "application/json"),)


@functools.cache
def contract() -> Contract:
    return Contract()


def asked(
    probe_id: str = "codex/streamed-text",
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = STREAM,
    body: bytes | Sequence[bytes] = b"",
    heard: Replayed | None = None,
    ended: str = "eof",
    asked_at: float | None = None,
) -> Asked:
    """An exchange of this probe, with this answer."""
    probe = contract().pair(probe_id).probe
    request = question(probe)
    pieces = [body] if isinstance(body, bytes) else list(body)
    taken = Taken(
        request.method,
        request.url,
        (("Host", "chatgpt.com"), *request.headers),
        request.body,
        time.time() if asked_at is None else asked_at,
        status,
        tuple(headers),
        [(10.0 * n, piece) for n, piece in enumerate(pieces, 1)],
        ended,  # type: ignore[arg-type]
    )
    streamed = b"text/event-stream" in b"".join(value.encode() for _, value in headers)
    return Asked(probe, heard or Replayed("ok", "ok", request=request), taken, streamed)


def event(payload: dict[str, Any], name: str | None = None) -> bytes:
    """One event of a stream."""
    kind = name or payload["type"]
    return f"event: {kind}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


def credential(account: str = "0b7d0f5e-3c9a-4f0e-9d55-1a2b3c4d5e6f") -> leg.Credential:
    """One that was never issued, of an account that is nobody's."""
    from harness.standin.tokens import Grant, TokenEndpoint

    issued = TokenEndpoint().login(Grant(account_id=account))
    return leg.find_credentials({"CODEX_OAUTH_CREDENTIAL": json.dumps(issued.auth_json())})[0]
