"""A refusal, whichever way it comes: what it says, and what the leg makes of it.

An answer of another class than 2xx is one; so is a stream that was begun with 200 and ends with an
``error`` or with ``response.failed``. The words for what it means are those of
:data:`leg.outcomes.OUTCOMES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from harness.events import NOT_JSON
from harness.exchange import Event, Exchange
from leg.envelopes import read_refusal
from leg.errors import AnswerError, LegError
from leg.events import parse_event
from leg.outcomes import error_of_answer
from leg.result import Assembler

__all__ = ["refusal_of"]

#: Types of events that say that a stream has failed.
_FAILURES: Final = ("error", "response.failed")
_NUMBER: Final = re.compile(r"\[\d+\]")


def refusal_of(exchange: Exchange, surface: str) -> dict[str, Any] | None:
    """What a refusal says, or ``None`` if the exchange is none.

    Args:
        exchange: the exchange.
        surface: the surface that it is with.

    Returns:
        ``{"status", "envelope", "code", "type", "param", "outcome"}``. ``status`` is the number of
        the HTTP answer (of a stream that fails, too), or ``None`` if it is not known; ``envelope``
        names what is around the facts: ``error{}`` for an object below ``error``, ``detail`` for a
        text below it, ``page``, ``event error``; ``code``, ``type`` and ``param`` are words, or
        ``None``; ``outcome`` is one of :data:`leg.outcomes.OUTCOMES`.
    """
    if exchange.failed:
        return _of_answer(exchange, surface)
    if exchange.is_stream:
        for turn, runs in zip(exchange.turns, exchange.runs, strict=True):
            if any(_has_failed(run[0].payload) for run in runs):
                refusal = _of_turn(turn, exchange.status)
                if refusal is not None:
                    return refusal
    return None


def _of_answer(exchange: Exchange, surface: str) -> dict[str, Any]:
    status = exchange.status or 0
    headers = {name.lower(): value for name, value in exchange.headers}
    refusal = read_refusal(status, headers, exchange.body)
    error = error_of_answer(
        status, headers, exchange.body, refresh=_asks_for_tokens(exchange, surface), now=0
    )
    return _facts(status, envelope_of(exchange), refusal.body, error)


def _asks_for_tokens(exchange: Exchange, surface: str) -> bool:
    """Whether a token endpoint answered: its refusals mean other things."""
    if surface == "auth" or exchange.request is None:
        return surface == "auth"
    return exchange.request.url.partition("?")[0].endswith("/oauth/token")


def envelope_of(exchange: Exchange) -> str:
    """What is around the facts in the body of a refusal."""
    if not exchange.body.strip():
        return "empty"
    payload = exchange.payload()
    if payload is NOT_JSON:
        return "page" if exchange.body.lstrip()[:1] == b"<" else "text"
    if not isinstance(payload, dict):
        return "json"
    for name in ("detail", "error"):
        inner = payload.get(name)
        if isinstance(inner, dict | list | str):
            return name + {dict: "{}", list: "[]"}.get(type(inner), "")
    return "{}"


def _has_failed(payload: Any) -> bool:
    if not isinstance(payload, dict):
        return False
    response = payload.get("response")
    is_failed = isinstance(response, dict) and response.get("status") == "failed"
    return is_failed or payload.get("type") in _FAILURES


def _of_turn(events: Sequence[Event], status: int | None) -> dict[str, Any] | None:
    """What the leg makes of one answer of a stream, if that is a refusal."""
    assembler = Assembler()
    for event in events:
        assembler.feed(parse_event(event.data))
    try:
        assembler.result()
    except AnswerError as error:
        payloads = [event.payload for event in events if _has_failed(event.payload)]
        told = " ".join(dict.fromkeys(f"event {one.get('type')}" for one in payloads))
        return _facts(status, told, _said(payloads), error)
    except LegError:
        return None  # it was cut, or cannot be read: that is no answer at all
    return None


def _said(payloads: list[Any]) -> dict[str, Any]:
    """The members of all error objects; the later ones decide."""
    said: dict[str, Any] = {}
    for payload in payloads:
        response = payload.get("response")
        outer = response if isinstance(response, dict) else payload
        error = outer.get("error")
        if isinstance(error, dict):
            said |= {name: value for name, value in error.items() if value is not None}
        elif payload.get("type") == "error":
            said |= {name: value for name, value in payload.items() if name != "type"}
    return said


def _facts(
    status: int | None, envelope: str, body: Mapping[str, Any], error: AnswerError
) -> dict[str, Any]:
    param = error.fields.get("parameter") or body.get("param")
    return {
        "status": status,
        "envelope": envelope,
        "code": _word(body.get("code")) or _word(body.get("error_code")),
        "type": _word(body.get("type")),
        "param": _NUMBER.sub("[]", param) if isinstance(param, str) else None,
        "outcome": error.outcome,
    }


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
