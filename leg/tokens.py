"""What a token says about itself, and how a Codex access token is renewed. No I/O, no clock.

Signatures are never checked: the backend does that. The claims are only read to choose the right
host, the right account and the right moment for a refresh, so a forged claim harms nobody but its
author.

Sources: claims, lifetimes and the form of a refresh from the reference client (codex-cli 0.169.0
on loopback, 2026-11-22), claim shapes from wjsoj/cc-core (2026-08-14, a Codex login) and
SimonGino/portage (2026-10-08, a plan token).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from leg.errors import RefreshError

__all__ = [
    "CLIENT_ID",
    "REFRESH_MARGIN",
    "REFRESH_URL",
    "Claims",
    "RefreshedTokens",
    "TokenFamily",
    "is_header_safe",
    "needs_refresh",
    "parse_refreshed",
    "read_claims",
    "refresh_body",
    "token_family",
]

#: Where a Codex login is refreshed, and as which client. Both are constants of the reference
#: client: codex-cli 0.169.0 on loopback, 2026-11-22.
REFRESH_URL = "https://auth.openai.com/oauth/token"
CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann"

#: Seconds before its expiry at which an access token counts as stale: with 4 minutes left the
#: reference client refreshes, with 6 it does not (codex-cli 0.169.0 on loopback, 2026-11-22).
REFRESH_MARGIN = 300.0

#: Its second rule, for tokens whose expiry cannot be read (same source).
_REFRESH_AFTER = 8 * 24 * 3600.0

TokenFamily = Literal["codex", "plan", "claude", "anthropic-key", "platform-key", "opaque"]

_AUTH_CLAIM = "https://api.openai.com/auth"
_PLAN_SCOPE = "chatgpt.tokens.use.direct"
_PLAN_CLIENT = "oaiapp_"
# Beyond this an integer is no longer a time that any clock of ours could reach.
_MAX_TIME = 2**53


_QUOTES = frozenset("\"'")


def is_header_safe(value: str) -> bool:
    """Whether a value can stand in a header as it is: visible ASCII, at least one character.

    Whitespace inside a bearer is a pasted line break or an attempt to add a header, a quote is
    what an env file was meant to drop; they are refused rather than repaired.
    """
    return bool(value) and all("!" <= c <= "~" and c not in _QUOTES for c in value)


def read_claims(token: str) -> Mapping[str, object] | None:
    """The unverified claims of a JWT, or ``None`` if this is not one. Never raises.

    Like the reference client it wants three parts, none of them empty (openai/codex
    ``login/src/token_data.rs`` at 1245f8b0).
    """
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        return None
    payload = parts[1].rstrip("=")
    try:
        raw = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
        claims = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


@dataclass(frozen=True, slots=True)
class Claims:
    """Typed access to the claims that the leg has a use for; everything is optional in a token."""

    raw: Mapping[str, object] = field(repr=False)

    @classmethod
    def of(cls, token: str) -> Claims | None:
        """The claims of ``token``, or ``None`` if it is not a JWT."""
        raw = read_claims(token)
        return None if raw is None else cls(raw)

    @property
    def expires_at(self) -> int | None:
        """``exp`` in Unix seconds, or ``None`` if it is missing or not a time."""
        return _time(self.raw.get("exp"))

    @property
    def account_id(self) -> str | None:
        """The ChatGPT account (workspace) that the token was issued for."""
        return _text(self._auth().get("chatgpt_account_id"))

    @property
    def plan_type(self) -> str | None:
        """The plan at the time of issue (``plus``, ``pro``, …); unknown names are kept."""
        return _text(self._auth().get("chatgpt_plan_type"))

    @property
    def fedramp(self) -> bool:
        """Whether requests must carry ``x-openai-fedramp``."""
        return self._auth().get("chatgpt_account_is_fedramp") is True

    @property
    def scopes(self) -> tuple[str, ...]:
        """The granted scopes: ``scp`` (a list, Codex) or ``scope`` (a text, plan)."""
        for name in ("scp", "scope"):
            value = self.raw.get(name)
            if isinstance(value, str):
                return tuple(value.split())
            if isinstance(value, list):
                return tuple(entry for entry in value if isinstance(entry, str))
        return ()

    @property
    def audience(self) -> tuple[str, ...]:
        """``aud``, always as a tuple: it comes as a text and as a list of one."""
        value = self.raw.get("aud")
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list):
            return tuple(entry for entry in value if isinstance(entry, str))
        return ()

    @property
    def client_id(self) -> str | None:
        """The OAuth client that the token was issued to."""
        return _text(self.raw.get("client_id"))

    @property
    def is_plan(self) -> bool:
        """A plan token: the direct-use scope, or a client of that registration."""
        return _PLAN_SCOPE in self.scopes or (self.client_id or "").startswith(_PLAN_CLIENT)

    @property
    def is_codex(self) -> bool:
        """A Codex login. A plan token has the auth claim too, but nothing of ChatGPT in it."""
        ours = any(name.startswith("chatgpt_") for name in self._auth())
        return not self.is_plan and (ours or self.client_id == CLIENT_ID)

    def _auth(self) -> Mapping[str, object]:
        value = self.raw.get(_AUTH_CLAIM)
        return value if isinstance(value, dict) else {}


def token_family(token: str) -> TokenFamily:
    """What kind of token this is, from its form alone; ``opaque`` if the form does not tell."""
    claims = Claims.of(token)
    if claims is not None:
        if claims.is_plan:
            return "plan"
        return "codex" if claims.is_codex else "opaque"
    if token.startswith("sk-ant-oat"):
        return "claude"
    if token.startswith("sk-ant-"):
        return "anthropic-key"
    return "platform-key" if token.startswith("sk-") else "opaque"


def needs_refresh(
    claims: Claims | None,
    now: float,
    margin: float = REFRESH_MARGIN,
    *,
    last_refresh: float | None = None,
) -> bool:
    """Whether to refresh before the next request.

    An expiry that can be read decides alone: ``exp <= now + margin``. Otherwise the age of the
    last refresh does, if it is known: eight days. (codex-cli 0.169.0 on loopback, 2026-11-22.)
    """
    expires_at = None if claims is None else claims.expires_at
    if expires_at is not None:
        return expires_at <= now + margin
    return last_refresh is not None and last_refresh <= now - _REFRESH_AFTER


def refresh_body(refresh_token: str) -> dict[str, str]:
    """The JSON body of a refresh, to be posted to :data:`REFRESH_URL` without authorization.

    The reference client adds ``refresh_reason`` from 0.165 on; 0.161 and before did without
    (codex-cli on loopback, 2026-11-22), and so do we.
    """
    return {
        "client_id": CLIENT_ID,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }


@dataclass(frozen=True, slots=True)
class RefreshedTokens:
    """The answer to a refresh. What is ``None`` was not sent: the caller keeps what it has.

    Attributes:
        access_token: the new bearer; always usable in a header.
        refresh_token: the next refresh token; it must be stored, the one just used is spent.
        id_token: the new ID token.
        expires_in: lifetime of the access token in seconds; 864000 for a Codex login
            (wjsoj/cc-core, 2026-08-14).
        earliest_refresh_at: Unix seconds before which a refresh is unwanted; undocumented.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    expires_in: int | None = None
    earliest_refresh_at: int | None = None


def parse_refreshed(payload: object) -> RefreshedTokens:
    """Read the JSON of a refresh that was answered with 200.

    Raises:
        RefreshError: no usable ``access_token``. The reference client takes an empty 200 for a
            success and refreshes without end (0.169.0 on loopback, 2026-11-22: 1912 refreshes in
            70 seconds); here it is an error.
    """
    if not isinstance(payload, Mapping):
        raise _unusable("is not a JSON object")
    tokens: dict[str, str | None] = {}
    for name in ("access_token", "refresh_token", "id_token"):
        value = payload.get(name)
        if value is None or value == "":
            tokens[name] = None
        elif isinstance(value, str) and is_header_safe(value):
            tokens[name] = value
        else:
            raise _unusable(f"holds no usable {name}")
    access_token = tokens["access_token"]
    if access_token is None:
        raise _unusable("holds no access_token")
    return RefreshedTokens(
        access_token=access_token,
        refresh_token=tokens["refresh_token"],
        id_token=tokens["id_token"],
        expires_in=_time(payload.get("expires_in")),
        earliest_refresh_at=_time(payload.get("earliest_refresh_at")),
    )


def _unusable(what: str) -> RefreshError:
    return RefreshError(
        f"the token endpoint answered 200, but the answer {what}",
        hint="sign in again if a second try ends the same way",
        status=200,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: object) -> int | None:
    # bool is an int, and JSON knows 1e999: neither is a time.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < _MAX_TIME else None
