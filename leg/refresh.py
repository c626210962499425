"""Spend a refresh token, when asked to. Nothing in the leg does so by itself.

A refresh token works once: whoever spends it without storing what comes back logs the Codex CLI
out (``refresh_token_reused``, openai/codex#6028, 2025-10-31). Storing is the caller's part.
"""

from __future__ import annotations

from collections.abc import Mapping

from leg._http import AsyncHttp, Http
from leg.limits import Limits
from leg.outcomes import error_of_answer
from leg.request import refresh_request
from leg.tokens import RefreshedTokens, parse_refreshed
from leg.wire import read_object

__all__ = ["refresh", "refresh_async"]


def _accept(status: int, headers: Mapping[str, str], body: bytes) -> RefreshedTokens:
    if not 200 <= status < 300:
        raise error_of_answer(status, headers, body, refresh=True)
    return parse_refreshed(read_object(body))


def refresh(refresh_token: str, *, limits: Limits | None = None) -> RefreshedTokens:
    """Spend this refresh token at ``auth.openai.com``; return the new tokens, to be stored.

    Raises:
        RefreshError: it was refused; only a new sign-in helps, unless ``retryable``.
        TransportError: no answer arrived; whether the token is spent is not known.
    """
    limits = limits or Limits()
    with Http(limits) as http:
        answer = http.send(refresh_request(refresh_token))
        return _accept(answer.status, answer.headers, answer.read())


async def refresh_async(refresh_token: str, *, limits: Limits | None = None) -> RefreshedTokens:
    """As :func:`refresh`."""
    limits = limits or Limits()
    async with AsyncHttp(limits) as http:
        answer = await http.send(refresh_request(refresh_token))
        return _accept(answer.status, answer.headers, await answer.read())
