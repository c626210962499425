"""Tokens that look real to a parser and open nothing: built at run time, alg none."""

from __future__ import annotations

import base64
import json
from typing import Any

AUTH_CLAIM = "https://api.openai.com/auth"
NOW = 1_795_000_000
ACCOUNT = "00000000-0000-4000-8000-000000000001"

# Spelled in two halves: nothing in this file has the shape of a key.
CLAUDE_TOKEN = "sk-ant-" + "oat01-" + "x" * 24
ANTHROPIC_KEY = "sk-ant-" + "api03-" + "y" * 24
PLATFORM_KEY = "sk-" + "proj-" + "z" * 24
OPAQUE = "opaque." + "w" * 24


def _segment(value: object) -> str:
    raw = json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwt(claims: dict[str, Any]) -> str:
    """A JWT with a signature that signs nothing (the reference client wants it not empty)."""
    return ".".join([_segment({"alg": "none"}), _segment(claims), _segment("unsigned")])


def codex_token(account: str | None = ACCOUNT, *, exp: int | None = NOW + 3600, **auth: Any) -> str:
    """Shaped like the access token of a Codex login (wjsoj/cc-core, 2026-08-14)."""
    auth = {"chatgpt_plan_type": "plus", "chatgpt_account_id": account, **auth}
    return jwt(
        {
            "aud": ["https://api.openai.com/v1"],
            "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
            "scp": ["openid", "offline_access", "api.connectors.read"],
            "exp": exp,
            AUTH_CLAIM: {name: value for name, value in auth.items() if value is not None},
        }
    )


def plan_token(*, exp: int = NOW + 3600) -> str:
    """Shaped like a plan token (SimonGino/portage, 2026-10-08): it has the auth claim too."""
    return jwt(
        {
            "aud": "https://api.openai.com/v1",
            "client_id": "oaiapp_Example01",
            "scope": "openid offline_access resource.invoke chatgpt.tokens.use.direct",
            "exp": exp,
            AUTH_CLAIM: {"per_user_salt": "…", "encrypted_auth_metadata": "…"},
        }
    )


def blob(**changes: Any) -> dict[str, Any]:
    """An auth.json as the reference client writes it; ``changes`` go into its tokens."""
    tokens = {
        "id_token": jwt({"aud": ["app_EMoamEEZ73f0CkXaXp7hrann"], "email": "a@example.invalid"}),
        "access_token": codex_token(),
        "refresh_token": "rt." + "r" * 24,
        "account_id": ACCOUNT,
    }
    tokens.update(changes)
    return {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {name: value for name, value in tokens.items() if value is not None},
        "last_refresh": "2026-11-22T08:00:00.000000000Z",
    }


def assert_no_secret(text: str) -> None:
    """No token of this module is part of the text."""
    for secret in (codex_token(), plan_token(), PLATFORM_KEY):
        assert secret not in text


def assert_safe(headers: tuple[tuple[str, str], ...]) -> None:
    """Lower-case names, and values that a header can hold."""
    for name, value in headers:
        assert name == name.lower()
        assert value.isascii()
        assert value.isprintable()
