"""What a resolver emits for a subscription blob, and what it refuses to emit."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.blob import credential_from_blob
from leg.credentials import CredentialKind, auth_headers
from leg.environment import find_credentials
from leg.errors import (
    ConfigurationError,
    CredentialInvalid,
    CredentialMisused,
)
from leg.resolver import credential_env
from leg.selection import select

from .fake_tokens import (
    ACCOUNT,
    NOW,
    OPAQUE,
    PLATFORM_KEY,
    blob,
    codex_token,
    jwt,
    plan_token,
)


def test_a_blob_becomes_the_variables_that_the_leg_reads() -> None:
    tokens = blob()["tokens"]
    env = {"CODEX_OAUTH_TOKEN": tokens["access_token"], "CODEX_ACCOUNT_ID": ACCOUNT}
    assert credential_env(blob(), now=NOW) == env
    assert credential_env(json.dumps(blob()), now=NOW) == env
    url = {"base_url": "https://chatgpt.com/backend-api/codex/"}
    assert credential_env(blob() | url, now=NOW) == env | {
        "CODEX_BACKEND_BASE_URL": "https://chatgpt.com/backend-api/codex"
    }


def test_the_account_is_taken_from_the_claim_where_the_blob_has_none() -> None:
    assert credential_env(blob(account_id=None), now=NOW)["CODEX_ACCOUNT_ID"] == ACCOUNT


@pytest.mark.parametrize(
    ("given_blob", "says"),
    [
        ("{", "row 7: is not JSON"),
        ({}, "access_token: is missing"),
        ({"tokens": {"refresh_token": "rt.1"}}, "access_token: is missing"),
        (blob(access_token=OPAQUE, account_id=None), "account_id: is missing"),
        (blob(access_token=codex_token(exp=NOW)), "expired 0 s ago"),
        (blob(access_token=codex_token(exp=NOW - 90)), "expired 90 s ago"),
        ({"auth_mode": "apikey", "OPENAI_API_KEY": PLATFORM_KEY}, "holds an API key"),
        ({"auth_mode": "agentIdentity"}, "agent identity"),
        (blob() | {"base_url": "https://evil.invalid"}, "data must not send a bearer elsewhere"),
        (
            blob(
                id_token=jwt({"https://api.openai.com/auth": {"chatgpt_account_is_fedramp": True}})
            ),
            "fedramp",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(given_blob: Any, says: str) -> None:
    with pytest.raises(CredentialInvalid) as caught:
        credential_env(given_blob, now=NOW, source="row 7")
    assert str(caught.value).startswith("row 7")
    assert says in str(caught.value)
    assert caught.value.hint


def test_a_plan_token_is_not_passed_off_as_a_codex_one() -> None:
    with pytest.raises(CredentialMisused, match="no_matching_rule"):
        credential_env(blob(access_token=plan_token()))


_fedramp = jwt({"https://api.openai.com/auth": {"chatgpt_account_is_fedramp": True}})
_blobs = st.fixed_dictionaries(
    {"access_token": st.sampled_from([codex_token(), codex_token(None), OPAQUE, plan_token()])},
    optional={
        "account_id": st.none() | st.text(st.characters(codec="ascii")),
        "id_token": st.sampled_from([_fedramp, jwt({}), "x"]),
        "refresh_token": st.text(),
        "base_url": st.sampled_from(
            ["https://chatgpt.com/x/", "http://[::1]:1", "https://e.invalid"]
        ),
    },
)


@given(_blobs, st.booleans(), st.none() | st.sampled_from(["gpt-5.5", "claude-x", "a-codex"]))
def test_what_the_resolver_emits_the_leg_reads_as_the_same_credential(
    tokens: dict[str, Any], nested: bool, model: str | None
) -> None:
    given_blob: dict[str, Any] = {"tokens": tokens} if nested else tokens
    try:
        env = credential_env(given_blob)
    except ConfigurationError:
        return
    assert set(env) <= {"CODEX_OAUTH_TOKEN", "CODEX_ACCOUNT_ID", "CODEX_BACKEND_BASE_URL"}
    read = select(find_credentials(env), model)
    meant = credential_from_blob(given_blob, "blob")
    assert read.kind is meant.kind is CredentialKind.CODEX_SUBSCRIPTION
    assert auth_headers(read) == auth_headers(meant)
    assert (read.base_url, read.expires_at) == (meant.base_url, meant.expires_at)


def test_a_blob_that_has_expired_by_the_clock_is_refused_with_its_mend() -> None:
    with pytest.raises(
        CredentialInvalid, match=r"expired 6\d s ago \(refresh it before it is stamped"
    ):
        credential_env(blob(access_token=codex_token(exp=int(time.time()) - 60)))
    fresh = codex_token(exp=int(time.time()) + 60)
    assert credential_env(blob(access_token=fresh))["CODEX_OAUTH_TOKEN"] == fresh
