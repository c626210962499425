"""What tokens say about themselves, and when and how they are refreshed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.errors import RefreshError
from leg.tokens import (
    CLIENT_ID,
    REFRESH_URL,
    Claims,
    is_header_safe,
    needs_refresh,
    parse_refreshed,
    read_claims,
    refresh_body,
    token_family,
)

from .fake_tokens import (
    ACCOUNT,
    ANTHROPIC_KEY,
    AUTH_CLAIM,
    CLAUDE_TOKEN,
    NOW,
    OPAQUE,
    PLATFORM_KEY,
    codex_token,
    jwt,
    plan_token,
)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_claims_of_a_codex_login_are_read() -> None:
    claims = Claims.of(codex_token(chatgpt_account_is_fedramp=True))
    assert claims is not None
    assert claims.account_id == ACCOUNT
    assert claims.plan_type == "plus"
    assert claims.expires_at == NOW + 3600
    assert claims.fedramp
    assert claims.scopes == ("openid", "offline_access", "api.connectors.read")
    assert claims.audience == ("https://api.openai.com/v1",)
    assert claims.client_id == CLIENT_ID


def test_claims_of_a_plan_token_are_read_though_scope_and_audience_are_texts() -> None:
    claims = Claims.of(plan_token())
    assert claims is not None
    assert "chatgpt.tokens.use.direct" in claims.scopes
    assert claims.audience == ("https://api.openai.com/v1",)
    assert claims.account_id is None
    assert not claims.fedramp


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b", "a.b.c", "a..c", "a.é.c", "a.e30.", ".e30.c", "a.W10.c", "a.e3!0.c"],
)
def test_what_is_not_a_jwt_has_no_claims(token: str) -> None:
    assert read_claims(token) is None


def test_deeply_nested_claims_are_refused_and_do_not_crash() -> None:
    nested = "[" * 100_000
    import base64

    payload = base64.urlsafe_b64encode(nested.encode()).decode().rstrip("=")
    assert read_claims(f"a.{payload}.c") is None


@given(st.text())
def test_read_claims_never_raises(token: str) -> None:
    read_claims(token)
    token_family(token)


@given(
    st.dictionaries(st.sampled_from(["exp", "scp", "scope", "aud", "client_id", AUTH_CLAIM]), _json)
)
def test_claims_of_any_shape_are_read_without_raising(raw: dict[str, object]) -> None:
    claims = Claims(raw)
    assert claims.expires_at is None or claims.expires_at >= 0
    assert all(isinstance(scope, str) for scope in claims.scopes + claims.audience)
    assert claims.account_id is None or isinstance(claims.account_id, str)
    assert not (claims.is_plan and claims.is_codex)
    needs_refresh(claims, NOW)


@pytest.mark.parametrize("exp", [True, "1795000000", None, -1, float("inf"), float("nan"), 10**400])
def test_an_expiry_that_is_no_time_is_none(exp: object) -> None:
    assert Claims({"exp": exp}).expires_at is None


@pytest.mark.parametrize(
    ("token", "family"),
    [
        (codex_token(), "codex"),
        (jwt({"client_id": CLIENT_ID}), "codex"),
        (jwt({AUTH_CLAIM: {"chatgpt_user_id": "user-1"}}), "codex"),
        (plan_token(), "plan"),
        (jwt({"client_id": "oaiapp_1"}), "plan"),
        (jwt({"scp": ["chatgpt.tokens.use.direct"]}), "plan"),
        (jwt({"sub": "someone else's"}), "opaque"),
        (jwt({AUTH_CLAIM: {"per_user_salt": "…"}}), "opaque"),
        (CLAUDE_TOKEN, "claude"),
        (ANTHROPIC_KEY, "anthropic-key"),
        ("sk-ant-" + "x", "anthropic-key"),
        (PLATFORM_KEY, "platform-key"),
        (OPAQUE, "opaque"),
        ("", "opaque"),
    ],
)
def test_the_form_of_a_token_tells_its_family(token: str, family: str) -> None:
    assert token_family(token) == family


def test_claims_do_not_show_themselves() -> None:
    assert ACCOUNT not in repr(Claims.of(codex_token()))


def test_a_token_is_stale_five_minutes_before_its_end() -> None:
    # codex-cli 0.169.0 on loopback, 2026-11-22: 4 minutes refresh, 6 do not.
    assert needs_refresh(Claims({"exp": NOW + 240}), NOW)
    assert needs_refresh(Claims({"exp": NOW + 300}), NOW)
    assert not needs_refresh(Claims({"exp": NOW + 360}), NOW)
    assert needs_refresh(Claims({"exp": NOW + 360}), NOW, margin=400)


def test_without_an_expiry_the_last_refresh_decides_after_eight_days() -> None:
    day = 24 * 3600
    assert needs_refresh(None, NOW, last_refresh=NOW - 9 * day)
    assert not needs_refresh(None, NOW, last_refresh=NOW - 7 * day)
    assert not needs_refresh(None, NOW)
    assert not needs_refresh(Claims({"exp": NOW + day}), NOW, last_refresh=NOW - 9 * day)


def test_a_refresh_carries_exactly_the_three_fields() -> None:
    assert REFRESH_URL == "https://auth.openai.com/oauth/token"
    assert refresh_body("rt.1") == {
        "client_id": CLIENT_ID,
        "grant_type": "refresh_token",
        "refresh_token": "rt.1",
    }


def test_the_tokens_of_a_refresh_are_read_and_the_rest_is_ignored() -> None:
    answer = {
        "access_token": codex_token(),
        "refresh_token": "rt.2",
        "id_token": None,
        "token_type": "Bearer",
        "expires_in": 864000,
        "earliest_refresh_at": 1787593575,
        "scope": "openid profile email",
        "oai_is": "…",
    }
    refreshed = parse_refreshed(answer)
    assert refreshed.access_token == answer["access_token"]
    assert refreshed.refresh_token == "rt.2"
    assert refreshed.id_token is None
    assert (refreshed.expires_in, refreshed.earliest_refresh_at) == (864000, 1787593575)
    assert answer["access_token"] not in repr(refreshed)
    assert "rt.2" not in str(refreshed)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        None,
        "ok",
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "a b"},
        {"access_token": "a\nb"},
        {"id_token": "a.b.c", "refresh_token": "rt.2"},
        {"access_token": "a", "refresh_token": ["rt.2"]},
    ],
)
def test_a_200_without_a_usable_access_token_is_an_error(payload: object) -> None:
    with pytest.raises(RefreshError) as caught:
        parse_refreshed(payload)
    assert caught.value.status == 200
    assert caught.value.outcome == "refresh_refused"
    assert "rt.2" not in str(caught.value)


@given(_json)
def test_any_answer_to_a_refresh_is_read_or_refused(payload: object) -> None:
    try:
        refreshed = parse_refreshed(json.loads(json.dumps(payload)))
    except RefreshError:
        return
    assert is_header_safe(refreshed.access_token)
