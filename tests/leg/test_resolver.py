"""Which stored credential is stamped for a persona: the policy, case by case."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.environment import find_credentials
from leg.errors import (
    ConfigurationError,
    CredentialInvalid,
    CredentialMissing,
    CredentialMisused,
)
from leg.models import resolve_model
from leg.resolver import HouseKey, Provider, RowKind, StoredCredential, resolve
from leg.tokens import token_family

from .fake_tokens import (
    ANTHROPIC_KEY,
    CLAUDE_TOKEN,
    NOW,
    OPAQUE,
    PLATFORM_KEY,
    blob,
    codex_token,
    plan_token,
)

_SECRETS: dict[tuple[Provider, RowKind], str] = {
    ("anthropic", "api_key"): ANTHROPIC_KEY,
    ("anthropic", "provider_oauth"): CLAUDE_TOKEN,
    ("openai", "api_key"): PLATFORM_KEY,
    ("openai", "provider_oauth"): json.dumps(blob()),
}
_HOUSE = "sk-" + "house-" + "h" * 24


def _row(
    name: str, provider: Provider, kind: RowKind, *, active: bool = False, at: float = 0
) -> StoredCredential:
    secret = _SECRETS.get((provider, kind), "")
    return StoredCredential(name, provider, kind, secret, active=active, created_at=at)


claude = _row("claude", "anthropic", "provider_oauth", at=1)
claude_old_active = _row("claude-active", "anthropic", "api_key", active=True, at=0)
claude_new = _row("claude-new", "anthropic", "api_key", at=9)
claude_relay = _row("claude-relay", "anthropic", "relay_managed", at=10)
subscription = _row("subscription", "openai", "provider_oauth", at=2)
subscription_active = _row("subscription-active", "openai", "provider_oauth", active=True)
key = _row("key", "openai", "api_key", at=3)
key_new = _row("key-new", "openai", "api_key", at=4)
relay = _row("relay", "openai", "relay_managed", at=5)

_HOUSE_OPENAI = HouseKey("openai", _HOUSE)


@pytest.mark.parametrize(
    ("rows", "model", "options", "row_id", "variable"),
    [
        # The persona's own family first.
        ([claude, key], "gpt-5.5", {}, "key", "OPENAI_API_KEY"),
        ([claude, key], "claude-opus-5-5", {}, "claude", "CLAUDE_CODE_OAUTH_TOKEN"),
        ([claude_new, key], "anthropic/x", {}, "claude-new", "ANTHROPIC_API_KEY"),
        # Bring your own key before the subscription for gpt, the subscription for codex.
        ([subscription, key], "gpt-5.5", {}, "key", "OPENAI_API_KEY"),
        ([subscription, key], "gpt-5.3-codex", {}, "subscription", "CODEX_OAUTH_TOKEN"),
        ([subscription], "gpt-5.5", {}, "subscription", "CODEX_OAUTH_TOKEN"),
        # The active row before all of that, then the newest.
        ([subscription_active, key], "gpt-5.5", {}, "subscription-active", "CODEX_OAUTH_TOKEN"),
        ([key, key_new], "gpt-5.5", {}, "key-new", "OPENAI_API_KEY"),
        ([claude_new, claude_old_active], "claude-x", {}, "claude-active", "ANTHROPIC_API_KEY"),
        # No family: every row is its own.
        ([key, claude], None, {}, "claude", "CLAUDE_CODE_OAUTH_TOKEN"),
        ([key, subscription], None, {}, "subscription", "CODEX_OAUTH_TOKEN"),
        # A runtime without the leg: the subscription is passed over.
        ([subscription, key], "gpt-5.3-codex", {"leg_enabled": False}, "key", "OPENAI_API_KEY"),
        # Cross-stamp, only when asked to and only if nothing of the own family works.
        (
            [subscription, claude],
            "gpt-5.5",
            {"leg_enabled": False, "cross_stamp": True},
            "claude",
            "CLAUDE_CODE_OAUTH_TOKEN",
        ),
        ([claude], "gpt-5.5", {"cross_stamp": True}, "claude", "CLAUDE_CODE_OAUTH_TOKEN"),
        ([claude, claude_new], "a-codex", {"cross_stamp": True}, "claude-new", "ANTHROPIC_API_KEY"),
        (
            [claude_new, claude_old_active, claude],
            "gpt-5.5",
            {"cross_stamp": True},
            "claude-active",
            "ANTHROPIC_API_KEY",
        ),
        (
            [claude_relay, claude],
            "gpt-5.5",
            {"cross_stamp": True},
            "claude",
            "CLAUDE_CODE_OAUTH_TOKEN",
        ),
        (
            [subscription, claude],
            "gpt-5.5",
            {"cross_stamp": True},
            "subscription",
            "CODEX_OAUTH_TOKEN",
        ),
        # The house key: chosen by a row, or when nothing else is there.
        ([relay], "gpt-5.5", {"house_key": _HOUSE_OPENAI}, "relay", "OPENAI_API_KEY"),
        ([relay, key], "gpt-5.5", {"house_key": _HOUSE_OPENAI}, "key", "OPENAI_API_KEY"),
        ([claude], "gpt-5.5", {"house_key": _HOUSE_OPENAI}, None, "OPENAI_API_KEY"),
        ([], None, {"house_key": _HOUSE_OPENAI}, None, "OPENAI_API_KEY"),
        (
            [subscription],
            "gpt-5.5",
            {"leg_enabled": False, "house_key": _HOUSE_OPENAI},
            None,
            "OPENAI_API_KEY",
        ),
        (
            [claude],
            "gpt-5.5",
            {"cross_stamp": True, "house_key": _HOUSE_OPENAI},
            "claude",
            "CLAUDE_CODE_OAUTH_TOKEN",
        ),
    ],
)
def test_the_policy_stamps(
    rows: list[StoredCredential],
    model: str | None,
    options: dict[str, Any],
    row_id: str | None,
    variable: str,
) -> None:
    stamp = resolve(rows, model, **options, now=NOW)
    assert stamp.row_id == row_id
    assert variable in stamp.env
    crossed = stamp.reason.startswith("cross-stamp")
    assert stamp.model == (None if crossed else model)
    assert all(secret not in repr(stamp) for secret in stamp.env.values())
    # What is stamped, the leg can use, for the model that is stamped with it.
    [credential] = find_credentials(stamp.env)
    assert resolve_model(stamp.model, credential.kind.leg, allow_unknown=True).slug


@pytest.mark.parametrize(
    ("rows", "model", "options", "error", "says"),
    [
        # The resolver's rule: a subscription is never stamped as a platform key.
        (
            [subscription],
            "gpt-5.5",
            {"leg_enabled": False},
            CredentialMisused,
            "insufficient_quota",
        ),
        (
            [subscription, claude],
            "gpt-5.5",
            {"leg_enabled": False},
            CredentialMisused,
            "row subscription",
        ),
        ([], "gpt-5.5", {}, CredentialMissing, "gpt-5.5"),
        ([claude], "gpt-5.5", {}, CredentialMissing, "no stored credential"),
        ([key], "claude-x", {"cross_stamp": True}, CredentialMissing, "no stored credential"),
        ([claude_relay], "gpt-5.5", {"cross_stamp": True}, CredentialMissing, "no stored"),
        ([], "claude-x", {"house_key": _HOUSE_OPENAI}, CredentialMissing, "no stored credential"),
        ([relay], "gpt-5.5", {}, CredentialMissing, "the relay has no openai key"),
        (
            [relay],
            "gpt-5.5",
            {"house_key": HouseKey("anthropic", ANTHROPIC_KEY)},
            CredentialMissing,
            "the relay has no openai key",
        ),
    ],
)
def test_the_policy_refuses(
    rows: list[StoredCredential],
    model: str | None,
    options: dict[str, Any],
    error: type[ConfigurationError],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        resolve(rows, model, **options)


@pytest.mark.parametrize(
    "row",
    [
        StoredCredential("1", "openai", "api_key", codex_token()),
        StoredCredential("1", "openai", "api_key", plan_token()),
        StoredCredential("1", "anthropic", "api_key", CLAUDE_TOKEN),
        StoredCredential("1", "anthropic", "provider_oauth", ANTHROPIC_KEY),
        StoredCredential(
            "1", "openai", "provider_oauth", json.dumps(blob(access_token=plan_token()))
        ),
    ],
)
def test_a_row_that_holds_a_token_of_another_kind_is_refused(row: StoredCredential) -> None:
    with pytest.raises(CredentialMisused, match="row 1"):
        resolve([row], None)


def test_a_house_key_that_is_a_subscription_token_is_refused() -> None:
    with pytest.raises(CredentialMisused, match="house key"):
        resolve([], "gpt-5.5", house_key=HouseKey("openai", codex_token()))


def test_an_expired_subscription_is_an_error_and_not_a_reason_to_bill_the_key() -> None:
    expired = json.dumps(blob(access_token=codex_token(exp=NOW - 1)))
    rows = [StoredCredential("old", "openai", "provider_oauth", expired), key]
    with pytest.raises(CredentialInvalid, match="row old: access_token: expired"):
        resolve(rows, "gpt-5.3-codex", now=NOW)
    assert resolve(rows, "gpt-5.5", now=NOW).row_id == "key"


_rows = st.builds(
    StoredCredential,
    id=st.text("abc", min_size=1),
    provider=st.sampled_from(["anthropic", "openai"]),
    kind=st.sampled_from(["api_key", "provider_oauth", "relay_managed"]),
    secret=st.sampled_from([*_SECRETS.values(), codex_token(), plan_token(), OPAQUE, ""]),
    active=st.booleans(),
    created_at=st.integers(0, 5),
)


@given(
    st.lists(_rows, max_size=5),
    st.sampled_from([None, "gpt-5.5", "gpt-5.3-codex", "claude-x", "o3"]),
    st.booleans(),
    st.booleans(),
    st.none() | st.just(_HOUSE_OPENAI),
)
def test_no_policy_ever_emits_a_subscription_as_a_platform_key(
    rows: list[StoredCredential],
    model: str | None,
    cross_stamp: bool,
    leg_enabled: bool,
    house_key: HouseKey | None,
) -> None:
    try:
        stamp = resolve(
            rows, model, cross_stamp=cross_stamp, leg_enabled=leg_enabled, house_key=house_key
        )
    except ConfigurationError as error:
        assert all(secret not in str(error) for secret in _SECRETS.values())
        return
    assert token_family(stamp.env.get("OPENAI_API_KEY", "")) in ("platform-key", "opaque")
    assert leg_enabled or "CODEX_OAUTH_TOKEN" not in stamp.env
    assert len(find_credentials(stamp.env)) == 1
