"""What can happen, as a closed vocabulary; and a refusal turned into the exception that says it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final

from leg.envelopes import Refusal, read_refusal
from leg.errors import AnswerError, LimitError, RequestRefused
from leg.refusal_table import classify

__all__ = ["OUTCOMES", "error_of_answer", "error_of_refusal"]

#: Every outcome a probe can name. ``ok`` is a value; each other one is an exception's ``outcome``.
OUTCOMES: Final = frozenset(
    """
    ok empty incomplete stream_cut stream_stalled stream_too_large stream_invalid
    unauthorized token_expired token_revoked missing_scope route_not_granted
    token_not_for_backend oauth_not_supported workspace_deactivated not_eligible
    refresh_expired refresh_reused refresh_invalidated refresh_refused
    usage_limit_reached usage_not_included insufficient_quota rate_limited
    unsupported_parameter store_must_be_false stream_must_be_true instructions_required
    system_role_refused input_must_be_list context_length_exceeded previous_response_not_found
    unsupported_capability content_refused request_refused not_found
    model_not_supported client_too_old model_not_found
    blocked region_not_supported server_error overloaded
    """.split()
)


def error_of_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    refresh: bool = False,
    now: float | None = None,
) -> AnswerError:
    """The exception for an answer that is not a success.

    Args:
        status: the HTTP status.
        headers: lower-case name → value.
        body: the whole body, decompressed.
        refresh: whether a token endpoint answered.
        now: Unix time, to turn a date in ``retry-after`` into seconds; default: the clock.
    """
    return error_of_refusal(read_refusal(status, headers, body), refresh=refresh, now=now)


def error_of_refusal(
    refusal: Refusal, *, refresh: bool = False, partial: str = "", now: float | None = None
) -> AnswerError:
    """The exception for a refusal whose envelope is off."""
    row = classify(refusal, refresh=refresh)
    found = row.text.search(refusal.text) if row.text else None
    fields = {k: v for k, v in found.groupdict().items() if v} if found else {}
    plan = refusal.body.get("plan_type")
    if isinstance(plan, str):
        fields["plan_type"] = plan
    if row.error is RequestRefused and refusal.param:
        fields.setdefault("parameter", refusal.param)
    retry_after = _retry_after(refusal, now)
    resets_at = _resets_at(refusal, now)
    retryable = row.retryable
    if row.error is LimitError and retryable is None:
        # A limit with a known end is worth waiting for; one without is not.
        retryable = resets_at is not None or retry_after is not None
    where = f"HTTP {refusal.status}" if refusal.status != 200 else "inside the stream"
    text = "" if refusal.page and "<" in refusal.text else refusal.text
    return row.error(
        f"{row.says} ({where}{': ' + text if text else ''})",
        status=refusal.status,
        code=refusal.codes[0] if refusal.codes else None,
        detail=refusal.text,
        request_id=refusal.headers.get("x-request-id") or refusal.headers.get("x-oai-request-id"),
        fields=fields,
        partial=partial,
        hint=row.hint,
        outcome=row.outcome,
        retryable=retryable,
        retry_after=retry_after,
        resets_at=resets_at,
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    # Beyond the year 9999 (or NaN) it is no time that a caller could wait for.
    return number if 0 <= number < 253402300800 else None


def _retry_after(refusal: Refusal, now: float | None) -> float | None:
    value = refusal.headers.get("retry-after")
    if value is not None:
        seconds = _number(value)
        if seconds is not None:
            return seconds
        # Imported when needed: it is slow, and hardly ever is the header a date.
        from email.utils import parsedate_to_datetime  # noqa: PLC0415

        try:
            at = parsedate_to_datetime(value).timestamp()
        except (ValueError, OverflowError):
            pass
        else:
            return max(0.0, at - (time.time() if now is None else now))
    # "Please try again in 11.054s": the only place where response.failed says it
    # (openai/codex codex-api/src/sse/responses.rs, unit test of 2025-08-12).
    found = re.search(
        r"try again in (\d+(?:\.\d+)?)\s*(ms|s|seconds?)\b", refusal.text, re.IGNORECASE
    )
    if found:
        return float(found[1]) / (1000 if found[2].lower() == "ms" else 1)
    return _number(refusal.body.get("resets_in_seconds"))


def _resets_at(refusal: Refusal, now: float | None) -> int | None:
    at = _number(refusal.body.get("resets_at"))
    if at is not None:
        return int(at)
    seconds = _number(refusal.body.get("resets_in_seconds"))
    if seconds is not None:
        return int((time.time() if now is None else now) + seconds)
    return None
