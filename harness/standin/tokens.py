"""The token endpoints: refresh tokens that rotate and work once, access tokens that expire.

Tokens are made at run time and open nothing: JWTs without a signature, with the claims that
``schemas/auth`` and ``schemas/plan`` describe.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.standin.questions import Question
from leg.tokens import CLIENT_ID

__all__ = ["ACCOUNT", "Grant", "Issued", "TokenEndpoint", "unsigned_jwt"]

#: The account of a login that names none.
ACCOUNT: Final = "00000000-0000-4000-8000-000000000001"
_EMAIL: Final = "somebody@example.invalid"
_AUTH: Final = "https://api.openai.com/auth"
_PROFILE: Final = "https://api.openai.com/profile"
_API: Final = "https://api.openai.com/v1"
_CODEX_SCOPES: Final = (
    "openid profile email offline_access api.connectors.read api.connectors.invoke"
)
_PLAN_SCOPES: Final = (
    "chatgpt.tokens.use.direct email offline_access openid profile resource.invoke"
)


def unsigned_jwt(claims: Mapping[str, Any]) -> str:
    """A JWT whose signature signs nothing. The reference client wants it not to be empty."""
    parts = ({"alg": "none", "typ": "JWT"}, claims, "unsigned")
    raw = (json.dumps(part, separators=(",", ":")).encode() for part in parts)
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in raw)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a login was given for: all that its tokens say.

    Attributes:
        kind: ``codex`` or ``plan``.
        account_id: the ChatGPT account.
        plan_type: its plan.
        client_id: the OAuth client.
    """

    kind: str = "codex"
    account_id: str = ACCOUNT
    plan_type: str = "plus"
    client_id: str = CLIENT_ID


@dataclass(frozen=True, slots=True)
class Issued:
    """The tokens of one login. ``repr`` shows none of them."""

    access_token: str
    refresh_token: str
    id_token: str
    grant: Grant
    expires_in: int
    earliest_refresh_at: int

    def __repr__(self) -> str:
        return f"Issued({self.grant.kind}, {self.grant.account_id})"

    def auth_json(self) -> dict[str, Any]:
        """The ``auth.json`` of the reference client with these tokens."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())
        return {
            "auth_mode": "chatgpt",
            "OPENAI_API_KEY": None,
            "tokens": {
                "id_token": self.id_token,
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "account_id": self.grant.account_id,
            },
            "last_refresh": now,
        }


@dataclass(slots=True)
class _Known:
    grant: Grant
    expires_at: float
    spent: bool = False


class TokenEndpoint:
    """The state behind ``/oauth/token``. Used by many threads.

    A refresh token that was never seen is accepted once, so that any ``auth.json`` will do.
    """

    def __init__(
        self,
        *,
        lifetime: int = 864_000,
        plan_lifetime: int = 3_600,
        refresh_lifetime: float = 30 * 24 * 3600.0,
        clock: Callable[[], float] = time.time,
        accept_unknown: bool = True,
    ) -> None:
        """Start without any login.

        Args:
            lifetime: seconds that an access token of a Codex login lives (ten days:
                wjsoj/cc-core, 2026-08-14).
            plan_lifetime: the same for a plan token (an hour: SimonGino/portage, 2026-10-08).
            refresh_lifetime: seconds that a refresh token lives without being used (30 days for a
                plan; for a Codex login nobody has published it).
            clock: gives Unix time.
            accept_unknown: take refresh tokens that were never issued here.
        """
        self._lifetimes = {"codex": lifetime, "plan": plan_lifetime}
        self._refresh_lifetime = refresh_lifetime
        self._clock = clock
        self._accept_unknown = accept_unknown
        self._refresh: dict[bytes, _Known] = {}
        self._refreshed: dict[bytes, int] = {}
        self._newcomer = Grant()
        self._lock = threading.Lock()

    def login(self, grant: Grant | None = None, *, lifetime: int | None = None) -> Issued:
        """Tokens as a sign-in gives them; a negative ``lifetime`` makes one that has expired."""
        grant = grant or Grant()
        now = int(self._clock())
        lives = self._lifetimes[grant.kind] if lifetime is None else lifetime
        issued = Issued(
            access_token=unsigned_jwt(_access_claims(grant, now, lives)),
            refresh_token=f"rt_{secrets.token_urlsafe(64)}",
            id_token=unsigned_jwt(_id_claims(grant, now, lives)),
            grant=grant,
            expires_in=lives,
            # 54 to 55 minutes of an hour for a plan token (SimonGino/portage, 2026-10-08).
            earliest_refresh_at=now + lives * 9 // 10,
        )
        with self._lock:
            known = _Known(grant, now + self._refresh_lifetime)
            self._refresh[_digest(issued.refresh_token)] = known
        return issued

    def notice(self, question: Question) -> None:
        """Remember whose login this is: a refresh token that was never seen is taken for theirs."""
        if question.bearer == "codex" and question.account:
            plan = question.plan_type or self._newcomer.plan_type
            self._newcomer = Grant(account_id=question.account, plan_type=plan)

    @property
    def refreshes(self) -> int:
        """How many access tokens have been given for something."""
        with self._lock:
            return len(self._refreshed)

    def refreshed(self, access_token: str, since: int = 0) -> bool:
        """Whether this access token was given for something, after the first ``since`` of them."""
        with self._lock:
            return self._refreshed.get(_digest(access_token), 0) > since

    def answer(self, question: Question) -> tuple[str, Issued | None]:
        """The id of the probe that answers, and the tokens that go into its body.

        That the request names a client, and a refresh token at all, the rulebook has seen to.
        """
        body = question.body
        kind = "plan" if question.endpoint == "plan-token" else "codex"
        if body.get("grant_type") == "authorization_code":
            probe = "plan/code-exchange" if kind == "plan" else "auth/refresh-ok"
            return probe, self._given(self._grant_of(question, kind))
        token = body.get("refresh_token")
        if body.get("grant_type") != "refresh_token" or not isinstance(token, str):
            return "codex/not-found", None
        with self._lock:
            refused, known = self._spend(token, kind)
        if refused:
            return refused, None
        grant = known.grant if known else self._grant_of(question, kind)
        return ("plan/refresh" if kind == "plan" else "auth/refresh-ok"), self._given(grant)

    def _given(self, grant: Grant) -> Issued:
        issued = self.login(grant)
        with self._lock:
            self._refreshed[_digest(issued.access_token)] = len(self._refreshed) + 1
        return issued

    def _spend(self, token: str, kind: str) -> tuple[str, _Known | None]:
        """Use a refresh token up: the probe that refuses it, or ``""``, and what is known of it."""
        key, now = _digest(token), self._clock()
        known = self._refresh.get(key)
        if known is None:
            if not self._accept_unknown:
                return "auth/refresh-bogus-token", None
            self._refresh[key] = _Known(Grant(kind), now, spent=True)
            return "", None
        if known.grant.kind != kind:
            # Issued to another client (RFC 6749, section 6).
            return "auth/refresh-invalid-token", known
        if known.spent:
            return "auth/refresh-token-reused", known
        if known.expires_at <= now:
            return "auth/refresh-token-expired", known
        known.spent = True
        return "", known

    def _grant_of(self, question: Question, kind: str) -> Grant:
        client = question.body.get("client_id")
        name = client if isinstance(client, str) else CLIENT_ID
        if kind == "plan":
            return Grant(kind, client_id=name)
        return replace(self._newcomer, client_id=name)


def _digest(token: str) -> bytes:
    # The tokens themselves are not kept: nothing has to be able to print them.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _access_claims(grant: Grant, now: int, lifetime: int) -> dict[str, Any]:
    times = {"iat": now, "nbf": now, "exp": now + lifetime, "jti": str(uuid.uuid4())}
    if grant.kind == "plan":
        return {
            "iss": "https://auth.openai.com",
            "sub": f"user-{_short(grant)}",
            "aud": _API,
            "client_id": grant.client_id,
            "scope": _PLAN_SCOPES,
            **times,
            _AUTH: {
                "per_user_salt": secrets.token_urlsafe(12),
                "encrypted_auth_metadata": secrets.token_urlsafe(24),
            },
        }
    return {
        "aud": [_API],
        "client_id": grant.client_id,
        **times,
        _AUTH: {**_identity(grant), "localhost": True, **_residency()},
        _PROFILE: {"email": _EMAIL, "email_verified": True},
        "iss": "https://auth.openai.com",
        "pwd_auth_time": now * 1000,
        "scp": _CODEX_SCOPES.split(),
        "session_id": f"authsess_{secrets.token_urlsafe(12)}",
        "sl": True,
        "sub": f"auth0|{_short(grant)}",
    }


def _id_claims(grant: Grant, now: int, lifetime: int) -> dict[str, Any]:
    claims = {
        "aud": [grant.client_id],
        "auth_time": now,
        "email": _EMAIL,
        "email_verified": True,
        "exp": now + lifetime,
        "iat": now,
        "iss": "https://auth.openai.com",
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "sub": f"auth0|{_short(grant)}",
    }
    return claims if grant.kind == "plan" else {**claims, _AUTH: _identity(grant)}


def _identity(grant: Grant) -> dict[str, Any]:
    user = f"user-{_short(grant)}"
    return {
        "chatgpt_account_id": grant.account_id,
        "chatgpt_account_user_id": f"{user}__{grant.account_id}",
        "chatgpt_plan_type": grant.plan_type,
        "chatgpt_user_id": user,
        "user_id": user,
    }


def _residency() -> dict[str, str]:
    return {
        "chatgpt_compute_residency": "no_constraint",
        "chatgpt_data_residency": "no_constraint",
    }


def _short(grant: Grant) -> str:
    return hashlib.sha256(grant.account_id.encode()).hexdigest()[:24]
