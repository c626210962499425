"""The other side of the env contract: what a cloud resolver should put into the environment.

Two things, both pure. :func:`credential_env` turns one subscription blob into the variables that
the leg reads, and refuses what could not work. :func:`resolve` is the policy of the surrounding
system (2026-06), modelled so that it can be tested: which of a user's stored credentials is
stamped for a persona.

The rule above all others: a subscription token is never emitted as ``OPENAI_API_KEY``. It would
look configured and then answer ``insufficient_quota`` on every call (probes of 2026-06-04), which
is worse than an honest "no credential".
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from leg.blob import credential_from_blob, parse_blob
from leg.credentials import Credential, CredentialKind, refuse_misuse
from leg.errors import CredentialInvalid, CredentialMissing, CredentialMisused
from leg.models import Family, family_of
from leg.tokens import Claims

__all__ = [
    "HouseKey",
    "Provider",
    "RowKind",
    "Stamp",
    "StoredCredential",
    "credential_env",
    "resolve",
]

Provider = Literal["anthropic", "openai"]
RowKind = Literal["api_key", "provider_oauth", "relay_managed"]


def credential_env(
    blob: str | Mapping[str, object], *, now: float | None = None, source: str = "blob"
) -> dict[str, str]:
    """The variables to emit for a Codex subscription blob.

    ``CODEX_OAUTH_TOKEN`` and ``CODEX_ACCOUNT_ID``, and ``CODEX_BACKEND_BASE_URL`` if the blob has
    a ``base_url``; never ``OPENAI_API_KEY``. The refresh token is not among them: the resolver
    refreshes before it stamps, the runtime only consumes. What the leg reads from the result
    authenticates exactly as the blob would (tested as a property).

    Args:
        blob: JSON text or object; the shapes of :func:`leg.blob.parse_blob`.
        now: Unix seconds, by which an expired access token is refused; default: the clock.
        source: what to call the blob in messages.

    Raises:
        CredentialInvalid: it cannot work: unreadable, no access token, no account, expired, an
            API key, or a fedramp mark that the variables cannot carry. The message says which.
        CredentialMisused: its token is of another kind.
    """
    if isinstance(blob, str):
        credential = parse_blob(blob, source)
    elif not isinstance(blob, Mapping):
        raise CredentialInvalid(
            f"{source}: is {type(blob).__name__}", hint="give JSON text, or the object itself"
        )
    else:
        credential = credential_from_blob(blob, source)
    if credential.kind is not CredentialKind.CODEX_SUBSCRIPTION:
        raise CredentialInvalid(
            f"{source}: holds an API key, not a subscription", hint="emit it as OPENAI_API_KEY"
        )
    now = time.time() if now is None else now
    if credential.expires_at is not None and credential.expires_at <= now:
        raise CredentialInvalid(
            f"{source}: access_token: expired {int(now) - credential.expires_at} s ago",
            hint="refresh it before it is stamped",
        )
    claims = Claims.of(credential.token)
    if credential.fedramp and not (claims and claims.fedramp):
        raise CredentialInvalid(
            f"{source}: the account is a fedramp one, but only the id_token says so, and the "
            "variables have no place for it",
            hint="emit the whole blob as CODEX_OAUTH_CREDENTIAL",
        )
    env = {"CODEX_OAUTH_TOKEN": credential.token}
    if credential.account_id is not None:
        env["CODEX_ACCOUNT_ID"] = credential.account_id
    if credential.base_url is not None:
        env["CODEX_BACKEND_BASE_URL"] = credential.base_url
    return env


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A row of the credential store.

    Attributes:
        id: the row's id.
        provider: whose it is.
        kind: ``api_key`` (brought by the user), ``provider_oauth`` (a connected subscription), or
            ``relay_managed`` (the user chose the house key; the row holds no secret).
        secret: the key, the token, or the Codex blob as JSON text.
        active: whether the user has selected it.
        created_at: when it was stored; any unit that sorts.
    """

    id: str
    provider: Provider
    kind: RowKind
    secret: str = field(default="", repr=False)
    active: bool = False
    created_at: float = 0


@dataclass(frozen=True, slots=True)
class HouseKey:
    """The relay's own API key for one provider."""

    provider: Provider
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a deployed persona gets.

    Attributes:
        env: the variables to set; they hold secrets and are not shown.
        model: the persona's model, or ``None`` where the credential is of another family: the
            runtime then uses that family's default model.
        row_id: the row it came from; ``None`` for the house key without a row.
        reason: why this one, in a few words.
    """

    env: Mapping[str, str] = field(repr=False)
    model: str | None
    row_id: str | None
    reason: str


_KEY_VARIABLE: dict[Provider, str] = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
_KEY_KIND = {
    "anthropic": CredentialKind.ANTHROPIC_KEY,
    "openai": CredentialKind.PLATFORM_KEY,
}

# Which of a family's own rows is preferred, the user's selection being equal. The subscription
# comes first where the persona asks for codex, the key where it asks for plain gpt.
_ORDER: dict[Family | None, tuple[tuple[Provider, RowKind], ...]] = {
    "anthropic": (
        ("anthropic", "api_key"),
        ("anthropic", "provider_oauth"),
        ("anthropic", "relay_managed"),
    ),
    "codex": (("openai", "provider_oauth"), ("openai", "api_key"), ("openai", "relay_managed")),
    "openai": (("openai", "api_key"), ("openai", "provider_oauth"), ("openai", "relay_managed")),
    None: (
        ("anthropic", "api_key"),
        ("anthropic", "provider_oauth"),
        ("openai", "provider_oauth"),
        ("openai", "api_key"),
        ("anthropic", "relay_managed"),
        ("openai", "relay_managed"),
    ),
}


def resolve(
    rows: Iterable[StoredCredential],
    persona_model: str | None,
    *,
    cross_stamp: bool = False,
    house_key: HouseKey | None = None,
    leg_enabled: bool = True,
    now: float | None = None,
) -> Stamp:
    """Choose the credential that is stamped for a persona.

    1. A row of the persona's own family: the active one; else subscription or brought key, as
       the family prefers; else the newest. For a persona without a family every row is its own.
    2. If asked to (``cross_stamp``): a connected Anthropic row for an OpenAI-family persona, the
       active one before the newest; the model is left to that family's default.
    3. The relay's house key, if it is of the family.

    An OpenAI subscription is emitted as the leg's variables. Where the runtime has no leg yet
    (``leg_enabled=False``) it is passed over for 2. and 3., and refused if nothing is left. Any
    other row that cannot work is an error at once: paying with the next one instead would be a
    surprise on a bill. (Surrounding system, 2026-06.)

    Args:
        rows: the user's stored credentials, in any order.
        persona_model: the persona's model, with or without prefix.
        cross_stamp: whether an Anthropic row may stand in.
        house_key: the relay's own key, if it has one to give.
        leg_enabled: whether the runtime reads the leg's variables.
        now: Unix seconds, by which an expired subscription is refused; default: the clock.

    Raises:
        CredentialMisused: only a subscription is left, and it would have to be a platform key.
        CredentialInvalid: the chosen row cannot be read or has expired.
        CredentialMissing: there is nothing to stamp.
    """
    rows = list(rows)
    family = family_of(persona_model)
    own, passed_over = _own_row(rows, family, leg_enabled=leg_enabled)
    if own is not None:
        which = "active" if own.active else "preferred"
        reason = f"the {which} row of the persona's family"
        return Stamp(_env_of(own, house_key, now), persona_model, own.id, reason)
    stand_in = _stand_in(rows) if cross_stamp and family in ("codex", "openai") else None
    if stand_in is not None:
        env = _env_of(stand_in, house_key, now)
        return Stamp(env, None, stand_in.id, "cross-stamp: Anthropic stands in for OpenAI")
    if house_key is not None and house_key.provider in {entry[0] for entry in _ORDER[family]}:
        env = _key_env(house_key.provider, house_key.secret, "house key")
        return Stamp(env, persona_model, None, "the relay's house key")
    if passed_over is not None:
        raise CredentialMisused(
            f"row {passed_over.id}: a ChatGPT subscription would have to be stamped as "
            "OPENAI_API_KEY: configured, then insufficient_quota on every call",
            hint="enable the leg in the runtime, connect Anthropic, or bring a platform key",
        )
    raise CredentialMissing(
        f"there is no stored credential for {persona_model or 'this persona'}",
        hint="connect a subscription or bring an API key",
    )


def _own_row(
    rows: list[StoredCredential], family: Family | None, *, leg_enabled: bool
) -> tuple[StoredCredential | None, StoredCredential | None]:
    """The row of the family to use, and the subscription that had to be passed over for it."""
    passed_over: StoredCredential | None = None
    for row in _ranked(rows, _ORDER[family]):
        if row.kind != "provider_oauth" or row.provider != "openai" or leg_enabled:
            return row, passed_over
        passed_over = row
    return None, passed_over


def _ranked(
    rows: list[StoredCredential], order: tuple[tuple[Provider, RowKind], ...]
) -> list[StoredCredential]:
    own = [row for row in rows if (row.provider, row.kind) in order]
    return sorted(
        own,
        key=lambda row: (not row.active, order.index((row.provider, row.kind)), -row.created_at),
    )


def _stand_in(rows: list[StoredCredential]) -> StoredCredential | None:
    """The connected Anthropic row for a cross-stamp: the active one, else the newest."""
    connected = [row for row in rows if row.provider == "anthropic" and row.kind != "relay_managed"]
    return max(connected, key=lambda row: (row.active, row.created_at), default=None)


def _env_of(row: StoredCredential, house_key: HouseKey | None, now: float | None) -> dict[str, str]:
    source = f"row {row.id}"
    if row.kind == "relay_managed":
        if house_key is None or house_key.provider != row.provider:
            raise CredentialMissing(
                f"{source}: is relay-managed, but the relay has no {row.provider} key",
                hint="give the house key, or select another credential",
            )
        return _key_env(row.provider, house_key.secret, "house key")
    if row.kind == "api_key":
        return _key_env(row.provider, row.secret, source)
    if row.provider == "openai":
        return credential_env(row.secret, now=now, source=source)
    token = row.secret.strip()
    refuse_misuse(Credential(CredentialKind.CLAUDE_SUBSCRIPTION, token, source))
    return {"CLAUDE_CODE_OAUTH_TOKEN": token}


def _key_env(provider: Provider, secret: str, source: str) -> dict[str, str]:
    """An API key under its variable, after making sure that it is one."""
    key = secret.strip()
    refuse_misuse(Credential(_KEY_KIND[provider], key, source))
    return {_KEY_VARIABLE[provider]: key}
