"""Which credentials the environment holds: the leg's side of the env contract.

The order is the contract (surrounding system, 2026-06; the plan token since the vendor's own path
of 2026-09-29): an Anthropic key, a Claude subscription, a Codex subscription, a plan token, a
platform key, and last, only when asked for, the file that a Codex login leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from leg.blob import parse_blob, read_auth_json
from leg.credentials import (
    Credential,
    CredentialKind,
    check_base_url,
    check_header_value,
    refuse_misuse,
)
from leg.errors import CredentialInvalid
from leg.tokens import Claims

__all__ = ["CREDENTIAL_VARIABLES", "auth_json_path", "find_credentials"]

#: The variables that hold a credential, in the order in which they are looked at.
CREDENTIAL_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CODEX_OAUTH_CREDENTIAL",
    "CODEX_OAUTH_TOKEN",
    "CHATGPT_PLAN_TOKEN",
    "OPENAI_API_KEY",
)

_BASE_URL = "CODEX_BACKEND_BASE_URL"

_SIMPLE = {
    "ANTHROPIC_API_KEY": CredentialKind.ANTHROPIC_KEY,
    "CLAUDE_CODE_OAUTH_TOKEN": CredentialKind.CLAUDE_SUBSCRIPTION,
    "CHATGPT_PLAN_TOKEN": CredentialKind.PLAN,
    "OPENAI_API_KEY": CredentialKind.PLATFORM_KEY,
}


def find_credentials(env: Mapping[str, str], *, codex_home: bool = False) -> list[Credential]:
    """Every credential that ``env`` holds, in the order of the contract; ``[]`` if none.

    A blank value counts as unset; surrounding whitespace is dropped. What is set and cannot be
    used is an error even if another credential would do: the operator meant it.

    Args:
        env: usually ``os.environ``.
        codex_home: also read ``auth.json`` below ``CODEX_HOME`` (default ``~/.codex``), if there.

    Raises:
        CredentialInvalid: a value cannot be read; the message names variable or file, and field.
        CredentialMisused: a token stands in the variable of another kind.
    """
    found = []
    for variable in CREDENTIAL_VARIABLES:
        value = _value(env, variable)
        if value is not None:
            found.append(_read(env, variable, value))
    if codex_home:
        found.extend(_from_codex_home(env))
    return list(_redirected(found, _value(env, _BASE_URL)))


def auth_json_path(env: Mapping[str, str]) -> Path:
    """Where a Codex login keeps its tokens: ``$CODEX_HOME/auth.json``, else ``~/.codex/…``."""
    configured = _value(env, "CODEX_HOME")
    if configured is not None:
        return Path(configured).expanduser() / "auth.json"
    home = _value(env, "HOME")
    return (Path(home) if home else Path.home()) / ".codex" / "auth.json"


def _read(env: Mapping[str, str], variable: str, value: str) -> Credential:
    if variable == "CODEX_OAUTH_CREDENTIAL":
        return parse_blob(value, variable, account_id=_account_id(env))
    claims = Claims.of(value) or Claims({})
    kind = _SIMPLE.get(variable, CredentialKind.CODEX_SUBSCRIPTION)
    ours = kind is CredentialKind.CODEX_SUBSCRIPTION
    credential = Credential(
        kind=kind,
        token=value,
        source=variable,
        account_id=(_account_id(env) or claims.account_id) if ours else None,
        expires_at=claims.expires_at,
        plan_type=claims.plan_type,
        fedramp=ours and claims.fedramp,
    )
    # First the kind: "no account id" would be the wrong mend for a token of another kind.
    refuse_misuse(credential)
    if ours and credential.account_id is None:
        raise CredentialInvalid(
            f"{variable}: the token names no account", hint="set CODEX_ACCOUNT_ID"
        )
    return credential


def _account_id(env: Mapping[str, str]) -> str | None:
    for variable in ("CODEX_ACCOUNT_ID", "CHATGPT_ACCOUNT_ID"):
        value = _value(env, variable)
        if value is not None:
            check_header_value(value, variable, "the account id")
            return value
    return None


def _from_codex_home(env: Mapping[str, str]) -> Iterator[Credential]:
    path = auth_json_path(env)
    text = read_auth_json(path)
    if text is not None:
        yield parse_blob(text, str(path))


def _redirected(found: list[Credential], base_url: str | None) -> Iterator[Credential]:
    # Checked even if nothing uses it: a mistake in it is better known before it matters.
    if base_url is not None:
        base_url = check_base_url(base_url, _BASE_URL, from_blob=False)
    for credential in found:
        if base_url is not None and credential.kind is CredentialKind.CODEX_SUBSCRIPTION:
            yield replace(credential, base_url=base_url)
        else:
            yield credential


def _value(env: Mapping[str, str], name: str) -> str | None:
    return env.get(name, "").strip() or None
