"""Reading and writing single events, in the form that the medium wants."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from harness.exchange import NOT_JSON, parse_json
from harness.standin.steps import Medium, Send

__all__ = ["TERMINAL", "event", "event_type", "is_terminal", "payload_of"]

#: The events behind which the reference client stops to read (reference.md 4.2 and 5.4).
TERMINAL: Final = frozenset(
    {"response.completed", "response.failed", "response.incomplete", "error"}
)
#: Whether it is worth to parse an event: a thousand deltas are not.
_MAYBE: Final = re.compile(rb'"(?:response\.(?:completed|failed|incomplete)|error)"')
_DATA: Final = re.compile(rb"^data:[ ]?([^\r\n]*)", re.MULTILINE)


def payload_of(data: bytes, medium: Medium) -> Any:
    """The JSON in one event or frame, or :data:`NOT_JSON`."""
    if medium == "stream":
        # A line may end with CR alone, which MULTILINE does not know.
        data = b"\n".join(_DATA.findall(data.replace(b"\r", b"\n")))
    return parse_json(data) if data else NOT_JSON


def event_type(data: bytes, medium: Medium) -> str | None:
    """The ``type`` in one event or frame."""
    payload = payload_of(data, medium)
    found = payload.get("type") if isinstance(payload, dict) else None
    return found if isinstance(found, str) else None


def is_terminal(data: bytes, medium: Medium) -> bool:
    """Whether a response ends with this event."""
    return bool(_MAYBE.search(data)) and event_type(data, medium) in TERMINAL


def event(payload: Any, medium: Medium) -> Send:
    """One event as the backend writes it: compact JSON, its type in the ``event:`` line too."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    if medium == "stream":
        text = f"event: {payload['type']}\ndata: {text}\n\n"
    return Send(text.encode())
