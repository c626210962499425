"""A credential blob is read in every shape it travels in, or refused in one line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.blob import credential_from_blob, parse_blob
from leg.credentials import (
    Credential,
    CredentialKind,
    auth_headers,
)
from leg.errors import CredentialInvalid, CredentialMisused

from .fake_tokens import (
    ACCOUNT,
    NOW,
    PLATFORM_KEY,
    assert_no_secret,
    assert_safe,
    blob,
    codex_token,
    jwt,
    plan_token,
)

CODEX = CredentialKind.CODEX_SUBSCRIPTION


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("camel", [True, False])
def test_a_blob_is_read_in_every_shape_it_travels_in(nested: bool, camel: bool) -> None:
    tokens = blob()["tokens"] | {"base_url": "https://chatgpt.com/backend-api/codex/"}
    fields = {(_camel(name) if camel else name): value for name, value in tokens.items()}
    credential = parse_blob(json.dumps({"tokens": fields} if nested else fields), "here")
    assert credential == Credential(
        kind=CODEX,
        token=tokens["access_token"],
        source="here",
        account_id=ACCOUNT,
        base_url="https://chatgpt.com/backend-api/codex",
        refresh_token=tokens["refresh_token"],
        id_token=tokens["id_token"],
        expires_at=NOW + 3600,
        plan_type="plus",
    )


def test_base_url_may_stand_beside_the_tokens() -> None:
    credential = credential_from_blob(blob() | {"baseUrl": "http://127.0.0.1:8080/x"}, "here")
    assert credential.base_url == "http://127.0.0.1:8080/x"


def test_the_account_of_a_blob_has_four_places_to_come_from() -> None:
    id_token = jwt({"https://api.openai.com/auth": {"chatgpt_account_id": "from-id"}})
    token = codex_token(None)
    both = {"access_token": codex_token("from-access"), "id_token": id_token}
    assert credential_from_blob(blob(**both), "here").account_id == ACCOUNT
    assert credential_from_blob(blob(**both, account_id=None), "here").account_id == "from-access"
    one = {"access_token": token, "id_token": id_token, "account_id": None}
    assert credential_from_blob(blob(**one), "here").account_id == "from-id"
    none = blob(access_token=token, account_id=None)
    assert credential_from_blob(none, "here", account_id="given").account_id == "given"
    with pytest.raises(CredentialInvalid, match="here: account_id: is missing"):
        credential_from_blob(none, "here")


def test_fedramp_is_believed_from_either_token() -> None:
    id_token = jwt({"https://api.openai.com/auth": {"chatgpt_account_is_fedramp": True}})
    assert credential_from_blob(blob(id_token=id_token), "here").fedramp
    access = codex_token(chatgpt_account_is_fedramp=True)
    assert credential_from_blob(blob(access_token=access), "here").fedramp


@pytest.mark.parametrize(
    "changes",
    [
        {"auth_mode": "apikey", "OPENAI_API_KEY": PLATFORM_KEY},
        {"auth_mode": "apikey", "OPENAI_API_KEY": PLATFORM_KEY, "tokens": blob()["tokens"]},
        {"OPENAI_API_KEY": PLATFORM_KEY},
        {"OPENAI_API_KEY": PLATFORM_KEY, "tokens": None},
    ],
)
def test_an_api_key_login_is_a_platform_key(changes: dict[str, Any]) -> None:
    credential = credential_from_blob(changes, "here")
    assert credential.kind is CredentialKind.PLATFORM_KEY
    assert credential.token == PLATFORM_KEY


@pytest.mark.parametrize("mode", ["chatgpt", "chatgptAuthTokens", None])
def test_tokens_win_over_a_key_beside_them_so_that_nothing_is_billed_by_surprise(
    mode: str | None,
) -> None:
    both = blob() | {"auth_mode": mode, "OPENAI_API_KEY": PLATFORM_KEY}
    assert credential_from_blob(both, "here").kind is CODEX


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "here: is not JSON"),
        ("{", "here: is not JSON"),
        ("[" * 100_000, "here: is not JSON"),
        ("1" * 5_000, "here: is not JSON"),
        (codex_token(), "CODEX_OAUTH_TOKEN"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ("{}", "access_token: is missing"),
        ('{"tokens": []}', "tokens: is not an object"),
        ('{"tokens": {}}', "access_token: is missing"),
        ('{"auth_mode": "chatgpt", "OPENAI_API_KEY": "x"}', "access_token: is missing"),
        ('{"auth_mode": "apikey"}', "OPENAI_API_KEY: is missing"),
        ('{"auth_mode": "apikey", "OPENAI_API_KEY": 5}', "OPENAI_API_KEY: is not a text"),
        ('{"auth_mode": "new"}', "auth_mode: not a mode"),
        ('{"auth_mode": 5}', "auth_mode: is not a text"),
        ('{"auth_mode": "agentIdentity"}', "an agent identity"),
        ('{"auth_mode": "personalAccessToken"}', "a personal access token"),
        ('{"agent_identity": {}}', "an agent identity"),
        ('{"personal_access_token": "at-x"}', "a personal access token"),
        ('{"bedrock_api_key": {}}', "a Bedrock key"),
        ('{"access_token": 5}', "access_token: is not a text"),
        ('{"access_token": "x", "account_id": ["y"]}', "account_id: is not a text"),
        ('{"access_token": "x", "account_id": "y z"}', "the account id"),
        ('{"access_token": "x y", "account_id": "z"}', "the token"),
        ('{"access_token": "x", "account_id": "y", "base_url": "ftp://x"}', "base_url"),
    ],
)
def test_a_malformed_blob_is_one_line_with_source_field_and_mend(text: str, says: str) -> None:
    with pytest.raises(CredentialInvalid) as caught:
        parse_blob(text, "here")
    assert caught.value.message.startswith("here")
    assert caught.value.hint
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


_names = st.sampled_from(
    """auth_mode OPENAI_API_KEY tokens access_token accessToken account_id accountId id_token
    refresh_token base_url baseUrl agent_identity""".split()
)
_leaves = (
    st.none()
    | st.integers()
    | st.text()
    | st.sampled_from(
        ["chatgpt", "apikey", codex_token(), plan_token(), PLATFORM_KEY, "https://chatgpt.com"]
    )
)
_blobs = st.dictionaries(_names, _leaves | st.dictionaries(_names, _leaves, max_size=6), max_size=8)


@given(_blobs)
def test_any_blob_becomes_a_safe_credential_or_one_of_two_errors(raw: dict[str, Any]) -> None:
    try:
        credential = parse_blob(json.dumps(raw), "here")
    except (CredentialInvalid, CredentialMisused) as error:
        assert_no_secret(str(error))
        assert "\n" not in str(error)
        return
    assert credential.kind in (CODEX, CredentialKind.PLATFORM_KEY)
    if len(credential.token) > 12:  # a shorter one can be part of any text
        assert credential.token not in repr(credential)
    assert_safe(auth_headers(credential))


@given(st.text())
def test_any_text_is_a_blob_or_invalid(text: str) -> None:
    with pytest.raises((CredentialInvalid, CredentialMisused)):
        parse_blob(text, "here")


def test_the_error_of_a_broken_blob_does_not_carry_the_blob_along() -> None:
    with pytest.raises(CredentialInvalid) as caught:
        parse_blob(json.dumps(blob())[:-1], "here")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
