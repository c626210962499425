"""Ask a token endpoint, when asked to. Nothing in the leg does so by itself.

A refresh token works once: whoever spends it without storing what comes back logs the Codex CLI
out (``refresh_token_reused``, openai/codex#6028, 2025-10-31). Storing is the caller's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leg.errors import LegError
from leg.limits import Limits
from leg.outcomes import error_of_answer
from leg.redaction import redacted
from leg.request import Request, refresh_request
from leg.tokens import RefreshedTokens, parse_refreshed
from leg.wire import read_object

__all__ = ["ask_token_endpoint", "refresh", "refresh_async"]


def refresh(refresh_token: str, *, limits: Limits | None = None) -> RefreshedTokens:
    """Spend this refresh token at ``auth.openai.com``; return the new tokens, to be stored.

    Raises:
        RefreshError: it was refused; only a new sign-in helps, unless ``retryable``.
        TransportError: no answer arrived; whether the token is spent is not known.
    """
    payload = ask_token_endpoint(refresh_request(refresh_token), refresh_token, limits=limits)
    return parse_refreshed(payload)


async def refresh_async(refresh_token: str, *, limits: Limits | None = None) -> RefreshedTokens:
    """As :func:`refresh`."""
    from leg._http import AsyncHttp  # noqa: PLC0415 — see leg.client

    async with AsyncHttp(limits or Limits()) as http:
        answer = await http.send(refresh_request(refresh_token))
        if not 200 <= answer.status < 300:
            body = await answer.read_refusal()
            raise _refused(answer.status, answer.headers, body, refresh_token)
        return parse_refreshed(read_object(await answer.read()))


def ask_token_endpoint(
    request: Request, *secrets: str, limits: Limits | None = None
) -> dict[str, Any]:
    """Send a request to a token endpoint; refusals mean there what :class:`RefreshError` says.

    No error shows one of the ``secrets``, should the endpoint repeat it.
    """
    from leg._http import Http  # noqa: PLC0415 — see leg.client

    with Http(limits or Limits()) as http:
        answer = http.send(request)
        if not 200 <= answer.status < 300:
            raise _refused(answer.status, answer.headers, answer.read_refusal(), *secrets)
        return read_object(answer.read())


def _refused(status: int, headers: Mapping[str, str], body: bytes, *secrets: str) -> LegError:
    return redacted(error_of_answer(status, headers, body, refresh=True), *secrets)
