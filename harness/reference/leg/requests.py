"""What the leg asks: its own builders, with the values that a captured client had."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from harness.drift.snapshot import Fields
from harness.reference.canonical import Canonical, canonical
from harness.reference.run import ACCOUNT
from harness.reference.runs import HTTPS, MODEL_LIST, PROMPTS, SIDE_CALLS
from harness.reference.sent import Recording, Sent
from harness.reference.wire.calls import Call
from harness.reference.wire.captured import PLAIN, Vantage
from harness.reference.wire.places import body_places, header_places, query_places
from leg.credentials import Credential, CredentialKind
from leg.profiles import CODEX, PROTOCOL_VERSION
from leg.request import (
    Request,
    accounts_request,
    models_request,
    refresh_request,
    usage_request,
)
from leg.wire import Wire

__all__ = ["Asked", "leg_requests"]

#: A UUID, as the leg makes them itself where the caller gives none.
_SESSION: Final = "6f1d7a52-0c1e-4f0b-9f5f-2b6f0f4d1c11"
_NOTHING: Final = "opens-nothing"
_CALL_ID: Final = "call_0123456789abcdefghijklmn"
_TOOL: Final = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a place.",
    "strict": False,
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the leg.

    Attributes:
        name: what it is, in a word or two.
        surface: with which part of the backend.
        call: which call it is.
        fields: what it holds, by place, as in a capture.
        vantages: the runs that show the reference client asking the same, the likeliest first.
    """

    name: str
    surface: str
    call: Call
    fields: Fields
    vantages: tuple[Vantage, ...]


def leg_requests() -> Iterator[Asked]:
    """Each kind of request that the leg sends to the codex backend."""
    kind = CredentialKind.CODEX_SUBSCRIPTION
    credential = Credential(kind=kind, token=_NOTHING, source="here", account_id=ACCOUNT)
    yield _asked("turn", "responses", _turn(credential, PROMPTS[0]), PLAIN)
    tools = {"tools": [_TOOL]}
    yield _asked("tool call", "responses", _turn(credential, _items(), **tools), "tool-call")
    refresh = refresh_request(_NOTHING)
    yield _asked("refresh", "auth", refresh, "expired-token", "unauthorized", "refresh-reused")
    yield _asked("models", "models", models_request(CODEX, credential), MODEL_LIST)
    yield _asked("accounts", "accounts", accounts_request(credential), SIDE_CALLS)
    yield _asked("usage", "usage", usage_request(credential), SIDE_CALLS)


def _turn(credential: Credential, input: Any, **options: Any) -> Request:
    wire = Wire(credential)
    call = wire.call(input, session_id=_SESSION, request_id=_SESSION, options=options or None)
    return call.request


def _items() -> list[dict[str, Any]]:
    """A conversation in which a tool was called."""
    return [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": PROMPTS[0]}],
        },
        {
            "type": "function_call",
            "call_id": _CALL_ID,
            "name": "get_weather",
            "arguments": '{"place":"Paris"}',
        },
        {"type": "function_call_output", "call_id": _CALL_ID, "output": "sunny"},
    ]


def _asked(name: str, surface: str, request: Request, *runs: str) -> Asked:
    seen = _as_captured(request)
    body, echo = body_places(seen.body.encode())
    fields = {**header_places(seen.headers, echo), **query_places(seen.uri), **body}
    call = Call.of(seen.method, seen.uri)
    return Asked(name, surface, call, fields, tuple(f"{run}.{HTTPS}" for run in runs))


def _as_captured(request: Request) -> Canonical:
    """The request as a capture would have it: secrets, ids and this machine taken out."""
    parts = urlsplit(request.url)
    sent = Sent(
        endpoint="",
        method=request.method,
        host=parts.netloc,
        path=parts.path,
        query=parts.query,
        headers=request.headers,
        body=request.body,
        frames=(),
        status=None,
        source="",
        faults=(),
        websocket=False,
    )
    recording = Recording((sent,), (0,), {}, time.time())
    (found,) = canonical(recording, [sent], PROTOCOL_VERSION)
    return found
