"""Credential blobs: the JSON that a Codex login leaves behind, in all the shapes it travels in.

Accepted are the reference client's ``auth.json`` (``{"tokens": {…}}``), the same keys flat, and
both in camelCase; an optional ``base_url`` beside them (surrounding system, 2026-06). The fields
of ``auth.json`` are those of codex-cli 0.169.0 on loopback, 2026-11-22.

Every mistake is one :class:`~leg.errors.CredentialInvalid`, one line: the source, the field, what
is wrong, and how to mend it. No value of the blob is ever part of a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from leg.credentials import Credential, CredentialKind, check_base_url, refuse_misuse
from leg.errors import CredentialInvalid
from leg.tokens import Claims

__all__ = ["credential_from_blob", "parse_blob", "read_auth_json"]

#: More than any login writes (a few KB); a larger file is not one.
_MAX_BYTES = 1_000_000

_SPELLINGS = {
    "access_token": ("access_token", "accessToken"),
    "refresh_token": ("refresh_token", "refreshToken"),
    "id_token": ("id_token", "idToken"),
    "account_id": ("account_id", "accountId"),
    "base_url": ("base_url", "baseUrl"),
}

# auth_mode values of codex-cli 0.169.0 that hold no token for us, and what they hold.
_FOREIGN_MODES = {
    "agentIdentity": "an agent identity",
    "personalAccessToken": "a personal access token",
    "headers": "ready-made headers",
    "bedrockApiKey": "a Bedrock key",
    "bedrockAccessKeys": "Bedrock keys",
}
# The same, recognised by their field where the mode is left out.
_FOREIGN_FIELDS = {
    "agent_identity": "an agent identity",
    "personal_access_token": "a personal access token",
    "bedrock_api_key": "a Bedrock key",
    "bedrock_access_keys": "Bedrock keys",
}
_LOGIN = "run `codex login` with a ChatGPT account"


def read_auth_json(path: Path) -> str | None:
    """The text of an ``auth.json``, or ``None`` if there is no such file.

    Raises:
        CredentialInvalid: the file is there and cannot be read as text of a sensible size.
    """
    try:
        if path.exists() and not path.is_file():
            # A directory cannot be read, and a pipe would be waited for without end.
            raise CredentialInvalid(f"{path}: is not a file", hint=_LOGIN)
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        raise CredentialInvalid(
            f"{path}: cannot be read: {reason or type(error).__name__}",
            hint="check the path and its permissions",
        ) from None
    if len(raw) > _MAX_BYTES:
        raise CredentialInvalid(f"{path}: larger than 1 MB, this is no auth.json", hint=_LOGIN)
    text = _text_of(raw)
    if text is None:
        raise CredentialInvalid(f"{path}: is not UTF-8 text", hint=_LOGIN)
    return text


def parse_blob(text: str, source: str, *, account_id: str | None = None) -> Credential:
    """Read a blob given as JSON text.

    Args:
        text: the JSON.
        source: the variable or file it came from; becomes :attr:`Credential.source`.
        account_id: used if neither the blob nor its tokens name an account.

    Raises:
        CredentialInvalid: the blob cannot be read, or holds nothing that the leg can use.
        CredentialMisused: its access token is of another kind.
    """
    blob = _json_of(text.removeprefix("\ufeff"))
    if blob is _UNREADABLE:
        hint = "give the JSON of auth.json"
        if not text.lstrip().startswith("{"):
            hint += "; a bare token belongs in CODEX_OAUTH_TOKEN"
        raise CredentialInvalid(f"{source}: is not JSON", hint=hint)
    if not isinstance(blob, Mapping):
        raise CredentialInvalid(
            f"{source}: is JSON, but not an object", hint="give the whole of auth.json"
        )
    return credential_from_blob(blob, source, account_id=account_id)


def credential_from_blob(
    blob: Mapping[str, object], source: str, *, account_id: str | None = None
) -> Credential:
    """Read a blob given as an object; see :func:`parse_blob`.

    Without ``auth_mode`` the tokens win over an ``OPENAI_API_KEY`` beside them. The reference
    client prefers the key there; we do not, because that would bill a key where a subscription
    was meant.
    """
    mode = _text(blob, "auth_mode", source)
    if mode in _FOREIGN_MODES:
        raise _foreign(source, "auth_mode", _FOREIGN_MODES[mode])
    if mode not in (None, "apikey", "chatgpt", "chatgptAuthTokens"):
        raise CredentialInvalid(f"{source}: auth_mode: not a mode that is known", hint=_LOGIN)
    if mode == "apikey":
        return _platform_key(blob, source)
    tokens = blob.get("tokens")
    if tokens is not None and not isinstance(tokens, Mapping):
        raise CredentialInvalid(f"{source}: tokens: is not an object", hint=_LOGIN)
    reader = _Reader(source, [blob] if tokens is None else [tokens, blob])
    access_token = reader.get("access_token")
    if access_token is None:
        if mode is None:
            return _without_tokens(blob, source)
        raise CredentialInvalid(f"{source}: access_token: is missing", hint=_LOGIN)
    return _subscription(reader, access_token, account_id)


class _Reader:
    """Looks a field up under both spellings, in the token object before the blob around it."""

    def __init__(self, source: str, levels: list[Mapping[str, object]]) -> None:
        self.source = source
        self._levels = levels

    def get(self, name: str) -> str | None:
        for level in self._levels:
            for spelling in _SPELLINGS[name]:
                value = _text(level, spelling, self.source)
                if value is not None:
                    return value
        return None


def _subscription(reader: _Reader, access_token: str, fallback: str | None) -> Credential:
    source = reader.source
    id_token = reader.get("id_token")
    access = Claims.of(access_token) or Claims({})
    identity = Claims.of(id_token or "") or Claims({})
    account_id = reader.get("account_id") or access.account_id or identity.account_id or fallback
    if account_id is None:
        raise CredentialInvalid(
            f"{source}: account_id: is missing, and no token names an account",
            hint="add account_id to the blob, or set CODEX_ACCOUNT_ID",
        )
    base_url = reader.get("base_url")
    if base_url is not None:
        base_url = check_base_url(base_url, f"{source}: base_url", from_blob=True)
    credential = Credential(
        kind=CredentialKind.CODEX_SUBSCRIPTION,
        token=access_token,
        source=source,
        account_id=account_id,
        base_url=base_url,
        refresh_token=reader.get("refresh_token"),
        id_token=id_token,
        expires_at=access.expires_at,
        plan_type=access.plan_type or identity.plan_type,
        fedramp=access.fedramp or identity.fedramp,
    )
    refuse_misuse(credential)
    return credential


def _without_tokens(blob: Mapping[str, object], source: str) -> Credential:
    for name, what in _FOREIGN_FIELDS.items():
        if blob.get(name) is not None:
            raise _foreign(source, name, what)
    if blob.get("OPENAI_API_KEY") is not None:
        return _platform_key(blob, source)
    raise CredentialInvalid(
        f"{source}: access_token: is missing (looked in tokens and at the top)", hint=_LOGIN
    )


def _platform_key(blob: Mapping[str, object], source: str) -> Credential:
    key = _text(blob, "OPENAI_API_KEY", source)
    if key is None:
        raise CredentialInvalid(
            f"{source}: OPENAI_API_KEY: is missing, though this is an API-key login", hint=_LOGIN
        )
    credential = Credential(kind=CredentialKind.PLATFORM_KEY, token=key, source=source)
    refuse_misuse(credential)
    return credential


# These two raise nothing, because the errors of the decoders carry the whole input with them, and
# would be the context of ours.
_UNREADABLE = object()


def _json_of(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _text_of(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _foreign(source: str, name: str, what: str) -> CredentialInvalid:
    return CredentialInvalid(
        f"{source}: {name}: holds {what}, which the leg cannot use",
        hint=f"{_LOGIN}, or set OPENAI_API_KEY",
    )


def _text(level: Mapping[str, object], name: str, source: str) -> str | None:
    value = level.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise CredentialInvalid(f"{source}: {name}: is not a text", hint=_LOGIN)
    return value.strip() or None
