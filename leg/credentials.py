"""A credential: one token, what kind it is, where it came from, and the headers it makes.

A credential can only be built if its token and its account fit into a header, and it never shows
a token when it is printed. What it may be used for is decided by its kind and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from leg.errors import CredentialInvalid, CredentialMisused
from leg.tokens import TokenFamily, is_header_safe, token_family

if TYPE_CHECKING:
    from leg.models import Leg

__all__ = [
    "Credential",
    "CredentialKind",
    "auth_headers",
    "check_base_url",
    "check_header_value",
    "refuse_misuse",
]

#: The beta that makes the Messages API accept an OAuth token; refused without it (issue of the
#: surrounding system, 2026-06).
CLAUDE_OAUTH_BETA = "oauth-2025-04-20"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]*::?[0-9a-f:]*")


class CredentialKind(StrEnum):
    """The five kinds. Each belongs to exactly one host and one way to authenticate."""

    CODEX_SUBSCRIPTION = "codex-subscription"
    PLAN = "plan"
    CLAUDE_SUBSCRIPTION = "claude-subscription"
    ANTHROPIC_KEY = "anthropic-key"
    PLATFORM_KEY = "platform-key"

    @property
    def leg(self) -> Leg:
        """The leg that speaks for this kind."""
        return _LEGS[self]


_LEGS: dict[CredentialKind, Leg] = {
    CredentialKind.CODEX_SUBSCRIPTION: "codex",
    CredentialKind.PLAN: "plan",
    CredentialKind.CLAUDE_SUBSCRIPTION: "anthropic",
    CredentialKind.ANTHROPIC_KEY: "anthropic",
    CredentialKind.PLATFORM_KEY: "platform",
}


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to be let in.

    Attributes:
        kind: what the token is, and so where it may be sent.
        token: the secret that goes into the one auth header.
        source: the variable or file it came from, for messages.
        account_id: the ChatGPT account; always there for ``codex-subscription``.
        base_url: where to send requests instead of the usual place; ``codex-subscription`` only.
        refresh_token: to renew ``token`` with, if it came along.
        id_token: the ID token, if it came along.
        expires_at: Unix seconds, read from the token; ``None`` if it does not say.
        plan_type: the plan that the token names.
        fedramp: whether requests must be marked ``x-openai-fedramp``.

    Raises:
        CredentialInvalid: the token or the account cannot stand in a header.
    """

    kind: CredentialKind
    token: str = field(repr=False)
    source: str
    account_id: str | None = field(default=None, repr=False)
    base_url: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    plan_type: str | None = None
    fedramp: bool = False

    def __post_init__(self) -> None:
        check_header_value(self.token, self.source, "the token")
        if self.account_id is not None:
            check_header_value(self.account_id, self.source, "the account id")


def check_header_value(value: str, source: str, what: str) -> None:
    """Raise :class:`~leg.errors.CredentialInvalid` unless ``value`` can stand in a header."""
    if not is_header_safe(value):
        raise CredentialInvalid(
            f"{source}: {what} is empty or holds whitespace, quotes, control or non-ASCII "
            "characters",
            hint="copy it again, as one line without blanks or quotes",
        )


def auth_headers(credential: Credential) -> tuple[tuple[str, str], ...]:
    """The headers that authenticate: exactly one of ``x-api-key`` and ``authorization``.

    With it go the headers without which the token is not accepted: the account for the codex
    backend (codex-cli 0.169.0 on loopback, 2026-11-22), the OAuth beta for a Claude subscription.
    Names are lower case; no value holds a control character.
    """
    if credential.kind is CredentialKind.ANTHROPIC_KEY:
        return (("x-api-key", credential.token),)
    headers = [("authorization", f"Bearer {credential.token}")]
    if credential.kind is CredentialKind.CLAUDE_SUBSCRIPTION:
        headers.append(("anthropic-beta", CLAUDE_OAUTH_BETA))
    if credential.kind is CredentialKind.CODEX_SUBSCRIPTION:
        if credential.account_id is not None:
            headers.append(("chatgpt-account-id", credential.account_id))
        if credential.fedramp:
            headers.append(("x-openai-fedramp", "true"))
    return tuple(headers)


# ---------------------------------------------------------------------------------------------
# A token of one kind never goes to the host of another

_FAMILY: dict[CredentialKind, TokenFamily] = {
    CredentialKind.CODEX_SUBSCRIPTION: "codex",
    CredentialKind.PLAN: "plan",
    CredentialKind.CLAUDE_SUBSCRIPTION: "claude",
    CredentialKind.ANTHROPIC_KEY: "anthropic-key",
    CredentialKind.PLATFORM_KEY: "platform-key",
}

_NAMES: dict[TokenFamily, tuple[str, str]] = {
    "codex": ("a ChatGPT subscription token (Codex login)", "CODEX_OAUTH_TOKEN"),
    "plan": ("a ChatGPT plan token", "CHATGPT_PLAN_TOKEN"),
    "claude": ("a Claude subscription token", "CLAUDE_CODE_OAUTH_TOKEN"),
    "anthropic-key": ("an Anthropic API key", "ANTHROPIC_API_KEY"),
    "platform-key": ("an OpenAI platform key", "OPENAI_API_KEY"),
}

# What was observed when it was tried. Where nothing was, the general sentence below is used.
_OBSERVED: dict[tuple[TokenFamily, CredentialKind], str] = {
    # The three probes of 2026-06-04 and the ticket that came of them.
    ("codex", CredentialKind.PLATFORM_KEY): (
        "every chat completion would be answered with insufficient_quota, and every call of "
        "/v1/responses with Missing scopes: api.responses.write"
    ),
    # openai/codex#31412 (2026-07-07) and others: a Codex login never holds the scope.
    ("codex", CredentialKind.PLAN): (
        "every call would be answered with 401 Missing scopes: api.responses.write"
    ),
    # A plan token on chatgpt.com/backend-api/codex, third-party observation, 2026-10.
    ("plan", CredentialKind.CODEX_SUBSCRIPTION): (
        "every call would be answered with 401 no_matching_rule"
    ),
    # graff ADR 0221 (2026-09-30): chat completions are outside of the grant.
    ("plan", CredentialKind.PLATFORM_KEY): (
        "it is not a platform key: its grant covers /v1/responses and /v1/models only"
    ),
    # The contract that works (surrounding system, 2026-06): Bearer and the beta, not x-api-key.
    ("claude", CredentialKind.ANTHROPIC_KEY): (
        f"it is only accepted as Authorization: Bearer with anthropic-beta: {CLAUDE_OAUTH_BETA}, "
        "never as x-api-key"
    ),
    ("anthropic-key", CredentialKind.CLAUDE_SUBSCRIPTION): (
        "it is only accepted as x-api-key, never as Authorization: Bearer"
    ),
}


def refuse_misuse(credential: Credential) -> None:
    """Refuse a token whose form says that it belongs elsewhere. Opaque tokens pass.

    Raises:
        CredentialMisused: says what would have happened, and which variable to set instead.
    """
    family = token_family(credential.token)
    if family in ("opaque", _FAMILY[credential.kind]):
        return
    what, variable = _NAMES[family]
    wanted, _ = _NAMES[_FAMILY[credential.kind]]
    consequence = _OBSERVED.get(
        (family, credential.kind), "it would be sent to a host that it was not issued for"
    )
    raise CredentialMisused(
        f"{credential.source} holds {what}, where {wanted} belongs: {consequence}",
        hint=f"set {variable} instead",
    )


# ---------------------------------------------------------------------------------------------
# Where a bearer may be sent


def check_base_url(url: str, source: str, *, from_blob: bool) -> str:
    """A base URL that a bearer may be sent to, without its trailing slash.

    ``https``, or ``http`` on a loopback host; no user, query or fragment. A blob is data, and
    data must not redirect a secret: its URL may name ``chatgpt.com``, a host below it, or a
    loopback host. Only the operator's own variable may name another host.

    Raises:
        CredentialInvalid: names the source, what is wrong, and the mend.
    """
    if not is_header_safe(url) or "\\" in url:
        raise _bad_url(source, "holds blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_url(source, "is not a URL") from None
    if _HOST.fullmatch(host) is None or port == 0:
        raise _bad_url(source, "has no usable host")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise _bad_url(source, "must not hold a user, a query or a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise _bad_url(source, "must be https (http on a loopback host only)")
    ours = host == "chatgpt.com" or host.endswith(".chatgpt.com") or host in _LOOPBACK
    if from_blob and not ours:
        raise _bad_url(
            source,
            "names a host other than chatgpt.com: a blob is data, and data must not send a "
            "bearer elsewhere",
            "if the host is meant, name it in CODEX_BACKEND_BASE_URL yourself",
        )
    return url.rstrip("/")


def _bad_url(
    source: str,
    what: str,
    hint: str = "use a form like https://chatgpt.com/backend-api/codex, or leave it out",
) -> CredentialInvalid:
    return CredentialInvalid(f"{source}: the base URL {what}", hint=hint)
