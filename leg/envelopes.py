"""What a refusal says, whichever of the backend's envelopes it comes in.

Seen so far (sources with each cassette below ``cassettes/``): ``{"detail": text}``,
``{"detail": {"code"|"error_code": …}}``, ``{"error": {…}}``, the same with a ``status`` beside it,
``{"error": text}`` and a bare ``{"code", "message"}`` (token endpoints), Anthropic's
``{"type": "error", "error": {…}}``, a WebSocket frame with ``status`` or ``status_code``, and pages
that are not JSON at all. Members are unreliable: a type may be null, a code may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Refusal", "read_refusal", "refusal_of_error"]

MAX_DETAIL = 1000


@dataclass(frozen=True, slots=True)
class Refusal:
    """The facts of one refusal, envelope taken off.

    Attributes:
        status: the HTTP status; 200 inside a stream.
        headers: lower-case name → value of the answer's headers.
        codes: every machine-readable word of the body (code, type), lower case, best first.
        text: its human-readable text, at most 1,000 characters.
        param: the field of the request it complains about, or ``None``.
        body: the members of the innermost object, for what only one outcome needs.
        page: whether the body is not JSON (a page, or plain text).
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    text: str = ""
    param: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    page: bool = False


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Take the envelope off an answer that is not a success. Never raises."""
    try:
        # ValueError covers bad JSON, bad UTF-8 and integers of absurd length.
        payload = json.loads(body)
    except (ValueError, RecursionError):
        text = _readable(body[: 4 * MAX_DETAIL].decode("utf-8", errors="replace"))
        return Refusal(status, headers, text=text, page=True)
    if not isinstance(payload, dict):
        return Refusal(status, headers, text=_readable(str(payload)))
    detail = payload.get("detail")
    if isinstance(detail, str):
        return Refusal(status, headers, text=_readable(detail), body=payload)
    if isinstance(detail, list):
        # FastAPI's own form for a request that its model refuses: [{"loc": …, "msg": …}].
        words = [one["msg"] for one in detail if isinstance(one, dict) and "msg" in one]
        return Refusal(status, headers, text=_readable("; ".join(map(str, words))), body=payload)
    if isinstance(detail, dict):
        return refusal_of_error(detail, status=status, headers=headers)
    error = payload.get("error")
    if isinstance(error, dict):
        return refusal_of_error(error, status=status, headers=headers)
    if isinstance(error, str):
        # OAuth's own form (RFC 6749, section 5.2): a word, and perhaps a description.
        flat = {"code": error, "message": payload.get("error_description")}
        return refusal_of_error(flat, status=status, headers=headers)
    return refusal_of_error(payload, status=status, headers=headers)


def refusal_of_error(
    error: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Refusal:
    """The refusal in an ``error`` object: of a body, an ``error`` event, a failed response."""
    words = (error.get("code"), error.get("error_code"), error.get("type"))
    codes = tuple(dict.fromkeys(w.lower() for w in words if isinstance(w, str) and w))
    # A frame was seen whose error has its sentence under detail (router-for-me/CLIProxyAPI#1901,
    # 2026-03-06).
    text, param = error.get("message") or error.get("detail"), error.get("param")
    return Refusal(
        status=status,
        headers=headers or {},
        codes=codes,
        text=_readable(text) if isinstance(text, str) else "",
        param=param if isinstance(param, str) else None,
        body=error,
    )


def _readable(text: str) -> str:
    """One line without control characters: it ends up in messages, logs and terminals."""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * MAX_DETAIL])
    return " ".join(line.split())[:MAX_DETAIL]
