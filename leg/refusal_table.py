"""The table that tells which refusal means what: data, each row from observed answers.

It is read from the top; the first row that fits decides. Codes are matched before text, because
texts are shared: "not supported when using Codex with a ChatGPT account" has meant a retired model,
a plan and a too-old client (razzant/claudexor#339, 2026-09-22). ``{"detail": text}`` answers have
nothing but their text; those rows match on it. The sources of each row are those of the probe of
the same outcome below ``probes/``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from leg.envelopes import Refusal
from leg.errors import (
    AnswerError,
    AuthError,
    Blocked,
    LimitError,
    ModelUnavailable,
    RefreshError,
    RequestRefused,
    ServerError,
)

__all__ = ["REFRESH_TABLE", "TABLE", "Row", "classify"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what a refusal must look like, and what it then means.

    ``codes`` fits if the refusal has one of them, ``status`` if its status is among these, ``text``
    if the pattern is found in its text (named groups become fields of the error). What is ``None``
    is not asked; so is ``header``: a name, and the value it must have.
    """

    outcome: str
    error: type[AnswerError]
    says: str
    codes: frozenset[str] | None = None
    status: frozenset[int] | None = None
    text: re.Pattern[str] | None = None
    header: tuple[str, str] | None = None
    hint: str = ""
    retryable: bool | None = None

    def fits(self, refusal: Refusal) -> bool:
        """Whether this row describes the refusal."""
        if self.codes is not None and self.codes.isdisjoint(refusal.codes):
            return False
        if self.status is not None and refusal.status not in self.status:
            return False
        if self.header is not None and refusal.headers.get(self.header[0]) != self.header[1]:
            return False
        return self.text is None or self.text.search(refusal.text) is not None


def _row(
    outcome: str,
    error: type[AnswerError],
    says: str,
    *,
    codes: str | None = None,
    status: tuple[int, ...] | None = None,
    text: str | None = None,
    **more: Any,
) -> Row:
    return Row(
        outcome,
        error,
        says,
        codes=frozenset(codes.split()) if codes else None,
        status=frozenset(status) if status else None,
        text=re.compile(text, re.IGNORECASE) if text else None,
        **more,
    )


SIGN_IN = "sign in again"
REFRESH_TABLE: Final = (
    _row("refresh_expired", RefreshError, "the refresh token has expired",
         codes="refresh_token_expired", hint=SIGN_IN),
    _row("refresh_reused", RefreshError, "the refresh token was already used",
         codes="refresh_token_reused",
         hint="another process refreshed this login: read its stored tokens again, or sign in"),
    _row("refresh_invalidated", RefreshError, "the refresh token was revoked",
         codes="refresh_token_invalidated", hint=SIGN_IN),
    _row("region_not_supported", Blocked, "this country or region is not served",
         codes="unsupported_country_region_territory"),
    _row("rate_limited", LimitError, "too many refreshes", status=(429,), retryable=True),
    _row("server_error", ServerError, "the sign-in service failed",
         status=tuple(range(500, 600))),
    _row("refresh_refused", RefreshError, "the refresh was refused", hint=SIGN_IN),
)  # fmt: skip

_LIMITS: Final = (
    _row("usage_limit_reached", LimitError, "the usage limit of the plan is reached",
         codes="usage_limit_reached subscription_sharing_usage_limit_exceeded"),
    # Waiting helps here, and in a plain throttle; only this header tells them apart
    # (``probes/anthropic/usage-limit``).
    _row("usage_limit_reached", LimitError, "the usage limit of the plan is reached",
         status=(429,), header=("anthropic-ratelimit-unified-status", "rejected")),
    # The word "Error" and nothing else: this model is not served to a subscription token
    # (anthropics/claude-code#40515, 2026-03); waiting never helps.
    _row("request_refused", RequestRefused, "the request is not served to this token",
         codes="rate_limit_error invalid_request_error", text=r"^error$",
         hint="a Claude subscription token is served some models only"),
    _row("usage_not_included", LimitError, "the plan does not include this",
         codes="usage_not_included"),
    _row("insufficient_quota", LimitError, "the account has no quota to bill this to",
         codes="insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded "
         "project_spend_limit_exceeded"),
)  # fmt: skip

_MODELS: Final = (
    _row("client_too_old", ModelUnavailable, "the model needs a newer client",
         text=r"the '(?P<model>[^']+)' model requires a newer version of codex"),
    _row("model_not_supported", ModelUnavailable, "the model is not offered to this account",
         text=r"the '(?P<model>[^']+)' model is not supported when using codex"),
    _row("model_not_supported", ModelUnavailable, "the model has no lite mode",
         text=r"model is not supported when using x-openai-internal-codex-responses-lite"),
    _row("model_not_found", ModelUnavailable, "the model does not exist",
         status=(404,), text=r"model not found:? (?P<model>\S+)"),
    _row("model_not_found", ModelUnavailable, "the model does not exist",
         codes="not_found_error", text=r"model: (?P<model>\S+)"),
    _row("model_not_found", ModelUnavailable, "the model does not exist",
         codes="model_not_found"),
)  # fmt: skip

_TOKENS: Final = (
    # The three 401s that tell the tokens apart (README, "Two paths").
    _row("missing_scope", AuthError, "the token lacks a scope",
         text=r"missing scopes: (?P<scope>[\w.:-]*\w)",
         hint="a Codex token does not work on the public API; use the codex backend, a plan token "
         "or a platform key"),
    _row("route_not_granted", AuthError, "a plan token is not allowed on this route",
         codes="hardened_oauth_rule_missing subscription_sharing_route_not_supported "
         "subscription_sharing_v2_route_not_supported"),
    _row("token_not_for_backend", AuthError, "a plan token does not work on the codex backend",
         codes="no_matching_rule", hint="send it to https://api.openai.com/v1 (profile plan)"),
    _row("oauth_not_supported", AuthError, "the bearer was sent without its beta header",
         status=(401,), text=r"oauth authentication is (currently )?not supported"
         r"|x-api-key header is required",
         hint="send anthropic-beta: oauth-2025-04-20"),
    _row("token_expired", AuthError, "the access token has expired",
         codes="token_expired invalid_token", hint="refresh it"),
    _row("token_expired", AuthError, "the access token has expired",
         status=(401,), text=r"token (has|is) expired", hint="refresh it"),
    _row("token_revoked", AuthError, "the login was revoked",
         codes="token_revoked token_invalidated", hint=SIGN_IN),
    _row("workspace_deactivated", AuthError, "the workspace is deactivated",
         codes="deactivated_workspace"),
    _row("not_eligible", AuthError, "the account is not one that this token may use",
         codes="invalid_workspace_selected", hint="check the account id"),
    _row("region_not_supported", Blocked, "this workspace is not served in this region",
         status=(401,), text=r"not authorized in this region"),
    _row("not_eligible", AuthError, "this user or workspace may not use the plan here",
         codes="subscription_sharing_user_not_eligible subscription_sharing_v2_user_not_eligible "
         "subscription_sharing_v2_client_not_enabled"),
)  # fmt: skip

_REQUESTS: Final = (
    _row("unsupported_parameter", RequestRefused, "a field of the request is not accepted",
         status=(400,), text=r"^unsupported parameter: (?P<parameter>\S+)"),
    # The same in the other envelope: of a member of an item that was sent back
    # (openai/codex#10832, 2026-02-06), and in a frame (superset-sh/superset#1898, 2026-02-27).
    _row("unsupported_parameter", RequestRefused, "a field of the request is not accepted",
         codes="unknown_parameter unsupported_parameter"),
    _row("store_must_be_false", RequestRefused, "store must be false",
         status=(400,), text=r"^store must be set to false"),
    _row("stream_must_be_true", RequestRefused, "stream must be true",
         status=(400,), text=r"^stream must be set to true"),
    _row("instructions_required", RequestRefused, "instructions are missing or not accepted",
         status=(400,), text=r"^instructions are (required|not valid)"),
    _row("system_role_refused", RequestRefused, "a system message is not accepted",
         status=(400,), text=r"^system messages are not allowed",
         hint="use instructions, or the role developer"),
    _row("input_must_be_list", RequestRefused, "input must be a list",
         status=(400,), text=r"^input must be a list"),
    _row("context_length_exceeded", RequestRefused, "the input is longer than the model's context",
         codes="context_length_exceeded"),
    _row("previous_response_not_found", RequestRefused, "the previous response is not known",
         codes="previous_response_not_found",
         hint="send the whole input: nothing is stored, and chaining works on one WebSocket only"),
    _row("unsupported_capability", RequestRefused, "a plan token may not use this input or tool",
         codes="subscription_sharing_unsupported_capability"),
    _row("content_refused", RequestRefused, "the content was refused by a policy",
         codes="cyber_policy bio_policy misalignment_policy_violation content_filter "
         "content_policy_violation"),
    _row("request_refused", RequestRefused, "the request is not valid", codes="invalid_prompt"),
    # 404 as well, and yet the address is right: nothing is stored, so nothing can be referred to
    # (``probes/codex/item-not-persisted``).
    _row("request_refused", RequestRefused, "an item of the input is not known",
         text=r"^item with id '[^']*' not found", hint="send items without their ids"),
)  # fmt: skip

_GENERAL: Final = (
    _row("overloaded", ServerError, "the backend is overloaded",
         codes="server_is_overloaded overloaded_error slow_down"),
    _row("server_error", ServerError, "the backend failed",
         codes="server_error subscription_sharing_usage_unavailable "
         "subscription_sharing_user_unavailable"),
    _row("rate_limited", LimitError, "the rate limit is reached",
         codes="rate_limit_exceeded rate_limit_error", retryable=True),
    _row("region_not_supported", Blocked, "this country or region is not served",
         codes="unsupported_country_region_territory"),
    _row("unauthorized", AuthError, "the credential is not accepted", status=(401,)),
    _row("rate_limited", LimitError, "too many requests", status=(429,), retryable=True),
    _row("overloaded", ServerError, "the backend is overloaded", status=(529,)),
    _row("server_error", ServerError, "the backend failed", status=tuple(range(500, 600))),
    _row("not_found", RequestRefused, "there is nothing at this address", status=(404, 405, 410)),
    _row("request_refused", RequestRefused, "the backend redirects, and no redirect is followed",
         status=tuple(range(300, 400)), hint="a bearer is sent to no host but its own"),
    _row("request_refused", RequestRefused, "the request was refused",
         status=tuple(range(400, 500))),
    # Inside a stream (status 200) an unknown code is treated as the reference client does: as a
    # failure that another try may get past (codex-cli 0.169.0 on loopback, 2026-11-22).
    _row("server_error", ServerError, "the response failed"),
)  # fmt: skip

_BLOCKED = _row("blocked", Blocked, "something in front of the backend answered")
TABLE: Final = _LIMITS + _MODELS + _TOKENS + _REQUESTS + _GENERAL


def classify(refusal: Refusal, *, refresh: bool = False) -> Row:
    """The row of the table that says what this refusal means."""
    if refusal.page and refusal.status in (200, 403, 404) and "<" in refusal.text:
        return _BLOCKED
    return next(row for row in (REFRESH_TABLE if refresh else TABLE) if row.fits(refusal))
