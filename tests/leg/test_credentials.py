"""Where credentials come from, what they may be used for, and that they never show a token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.leg.fake_tokens import (
    ACCOUNT,
    ANTHROPIC_KEY,
    CLAUDE_TOKEN,
    NOW,
    OPAQUE,
    PLATFORM_KEY,
    blob,
    codex_token,
    jwt,
    plan_token,
)
from hypothesis import given
from hypothesis import strategies as st

from leg.blob import credential_from_blob, parse_blob, read_auth_json
from leg.credentials import (
    Credential,
    CredentialKind,
    auth_headers,
    check_base_url,
    refuse_misuse,
)
from leg.environment import CREDENTIAL_VARIABLES, auth_json_path, find_credentials
from leg.errors import CredentialInvalid, CredentialMisused

CODEX = CredentialKind.CODEX_SUBSCRIPTION


# --- the environment -------------------------------------------------------------------------


def test_credentials_are_found_in_the_order_of_the_contract(tmp_path: Path) -> None:
    (tmp_path / "auth.json").write_text(json.dumps(blob()))
    env = {
        "OPENAI_API_KEY": PLATFORM_KEY,
        "CHATGPT_PLAN_TOKEN": plan_token(),
        "CODEX_OAUTH_TOKEN": codex_token(),
        "CODEX_OAUTH_CREDENTIAL": json.dumps(blob()),
        "CLAUDE_CODE_OAUTH_TOKEN": CLAUDE_TOKEN,
        "ANTHROPIC_API_KEY": ANTHROPIC_KEY,
        "CODEX_HOME": str(tmp_path),
    }
    found = find_credentials(env, codex_home=True)
    assert [credential.source for credential in found] == [
        *CREDENTIAL_VARIABLES,
        str(tmp_path / "auth.json"),
    ]
    assert [credential.kind for credential in found] == [
        CredentialKind.ANTHROPIC_KEY,
        CredentialKind.CLAUDE_SUBSCRIPTION,
        CODEX,
        CODEX,
        CredentialKind.PLAN,
        CredentialKind.PLATFORM_KEY,
        CODEX,
    ]


def test_an_empty_environment_holds_no_credential() -> None:
    assert find_credentials({}) == []
    assert find_credentials(dict.fromkeys(CREDENTIAL_VARIABLES, " \n")) == []


def test_surrounding_whitespace_is_dropped() -> None:
    [credential] = find_credentials({"OPENAI_API_KEY": f" {PLATFORM_KEY}\r\n"})
    assert credential.token == PLATFORM_KEY


@pytest.mark.parametrize("variable", CREDENTIAL_VARIABLES)
@pytest.mark.parametrize("value", ["a b", "a\r\nx-evil: 1", "a\0b", "tökén", "a\x7fb"])
def test_a_bearer_that_could_break_a_header_is_refused(variable: str, value: str) -> None:
    with pytest.raises(CredentialInvalid, match=variable):
        find_credentials({variable: value, "CODEX_ACCOUNT_ID": ACCOUNT})


@pytest.mark.parametrize("variable", ["CODEX_ACCOUNT_ID", "CHATGPT_ACCOUNT_ID"])
def test_an_account_id_that_could_break_a_header_is_refused(variable: str) -> None:
    with pytest.raises(CredentialInvalid, match=variable):
        find_credentials({"CODEX_OAUTH_TOKEN": codex_token(), variable: "a\nb"})


def test_the_account_comes_from_the_variables_before_the_claim() -> None:
    env = {"CODEX_OAUTH_TOKEN": codex_token("from-the-claim")}
    assert _account(env) == "from-the-claim"
    assert _account(env | {"CHATGPT_ACCOUNT_ID": "second"}) == "second"
    both = {"CODEX_ACCOUNT_ID": "first", "CHATGPT_ACCOUNT_ID": "second"}
    assert _account(env | both) == "first"
    assert _account(env | {"CODEX_ACCOUNT_ID": " ", "CHATGPT_ACCOUNT_ID": "second"}) == "second"


def test_an_opaque_codex_token_works_with_an_account_and_not_without() -> None:
    assert _account({"CODEX_OAUTH_TOKEN": OPAQUE, "CODEX_ACCOUNT_ID": ACCOUNT}) == ACCOUNT
    with pytest.raises(CredentialInvalid, match="set CODEX_ACCOUNT_ID"):
        find_credentials({"CODEX_OAUTH_TOKEN": OPAQUE})


def test_facts_of_a_codex_token_come_from_its_claims() -> None:
    [credential] = find_credentials({"CODEX_OAUTH_TOKEN": codex_token()})
    assert credential.expires_at == NOW + 3600
    assert credential.plan_type == "plus"
    assert not credential.fedramp


def test_a_broken_credential_is_an_error_even_if_another_would_do() -> None:
    with pytest.raises(CredentialInvalid, match="CODEX_OAUTH_CREDENTIAL"):
        find_credentials({"ANTHROPIC_API_KEY": ANTHROPIC_KEY, "CODEX_OAUTH_CREDENTIAL": "{"})


def _account(env: dict[str, str]) -> str | None:
    [credential] = find_credentials(env)
    return credential.account_id


# --- auth.json -------------------------------------------------------------------------------


def test_auth_json_is_read_only_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "auth.json").write_text(json.dumps(blob()))
    env = {"HOME": str(tmp_path)}
    assert find_credentials(env) == []
    [credential] = find_credentials(env, codex_home=True)
    assert credential.account_id == ACCOUNT


def test_a_missing_auth_json_is_no_error(tmp_path: Path) -> None:
    assert find_credentials({"CODEX_HOME": str(tmp_path)}, codex_home=True) == []
    assert auth_json_path({}).parts[-2:] == (".codex", "auth.json")


def test_an_auth_json_that_cannot_be_read_is_one_line_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.mkdir()
    _refused_in_one_line(path)
    path.rmdir()
    path.write_bytes(b"\xff\xfe{}")
    _refused_in_one_line(path)
    path.write_bytes(b" " * 1_000_001)
    _refused_in_one_line(path)
    path.write_text("{")
    with pytest.raises(CredentialInvalid, match="auth.json: is not JSON") as caught:
        find_credentials({"CODEX_HOME": str(tmp_path)}, codex_home=True)
    assert "\n" not in str(caught.value)


def _refused_in_one_line(path: Path) -> None:
    with pytest.raises(CredentialInvalid) as caught:
        read_auth_json(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


# --- blobs -----------------------------------------------------------------------------------


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
    env = {"CODEX_OAUTH_CREDENTIAL": json.dumps(none), "CODEX_ACCOUNT_ID": "given"}
    assert _account(env) == "given"


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
        _shows_no_secret(str(error))
        assert "\n" not in str(error)
        return
    assert credential.kind in (CODEX, CredentialKind.PLATFORM_KEY)
    if len(credential.token) > 12:  # a shorter one can be part of any text
        assert credential.token not in repr(credential)
    _assert_safe(auth_headers(credential))


@given(st.text())
def test_any_text_is_a_blob_or_invalid(text: str) -> None:
    with pytest.raises((CredentialInvalid, CredentialMisused)):
        parse_blob(text, "here")


def _shows_no_secret(text: str) -> None:
    for secret in (codex_token(), plan_token(), PLATFORM_KEY):
        assert secret not in text


# --- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "token", "expected"),
    [
        (CredentialKind.ANTHROPIC_KEY, ANTHROPIC_KEY, {"x-api-key": ANTHROPIC_KEY}),
        (
            CredentialKind.CLAUDE_SUBSCRIPTION,
            CLAUDE_TOKEN,
            {"authorization": f"Bearer {CLAUDE_TOKEN}", "anthropic-beta": "oauth-2025-04-20"},
        ),
        (CODEX, OPAQUE, {"authorization": f"Bearer {OPAQUE}", "chatgpt-account-id": ACCOUNT}),
        (CredentialKind.PLAN, OPAQUE, {"authorization": f"Bearer {OPAQUE}"}),
        (CredentialKind.PLATFORM_KEY, OPAQUE, {"authorization": f"Bearer {OPAQUE}"}),
    ],
)
def test_every_kind_has_exactly_one_auth_header(
    kind: CredentialKind, token: str, expected: dict[str, str]
) -> None:
    headers = auth_headers(Credential(kind, token, "here", account_id=ACCOUNT))
    assert dict(headers) == expected
    assert len([name for name, _ in headers if name in ("x-api-key", "authorization")]) == 1


def test_only_a_codex_subscription_is_marked_fedramp() -> None:
    for kind in CredentialKind:
        headers = dict(auth_headers(Credential(kind, OPAQUE, "here", fedramp=True)))
        assert ("x-openai-fedramp" in headers) == (kind is CODEX)


@given(st.sampled_from(CredentialKind), st.text(), st.none() | st.text())
def test_no_header_value_ever_holds_a_control_character(
    kind: CredentialKind, token: str, account: str | None
) -> None:
    try:
        credential = Credential(kind, token, "here", account_id=account)
    except CredentialInvalid:
        return
    _assert_safe(auth_headers(credential))


def _assert_safe(headers: tuple[tuple[str, str], ...]) -> None:
    for name, value in headers:
        assert name == name.lower()
        assert value.isascii()
        assert value.isprintable()


@given(st.sampled_from(CredentialKind), st.text(st.characters(codec="ascii"), min_size=13))
def test_a_credential_never_shows_its_secrets(kind: CredentialKind, secret: str) -> None:
    token = "".join(character for character in secret if "!" <= character <= "~") + "x" * 20
    credential = Credential(
        kind, token, "here", account_id=token, refresh_token=token, id_token=token
    )
    for shown in (repr(credential), str(credential), f"{credential}", repr([credential])):
        assert token not in shown


# --- misuse ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "token", "would", "instead"),
    [
        ("OPENAI_API_KEY", codex_token(), "insufficient_quota", "CODEX_OAUTH_TOKEN"),
        ("OPENAI_API_KEY", codex_token(), "api.responses.write", "CODEX_OAUTH_TOKEN"),
        ("OPENAI_API_KEY", plan_token(), "not a platform key", "CHATGPT_PLAN_TOKEN"),
        ("OPENAI_API_KEY", ANTHROPIC_KEY, "not issued for", "ANTHROPIC_API_KEY"),
        ("ANTHROPIC_API_KEY", CLAUDE_TOKEN, "anthropic-beta", "CLAUDE_CODE_OAUTH_TOKEN"),
        ("ANTHROPIC_API_KEY", PLATFORM_KEY, "not issued for", "OPENAI_API_KEY"),
        ("CLAUDE_CODE_OAUTH_TOKEN", ANTHROPIC_KEY, "x-api-key", "ANTHROPIC_API_KEY"),
        ("CODEX_OAUTH_TOKEN", PLATFORM_KEY, "not issued for", "OPENAI_API_KEY"),
        ("CODEX_OAUTH_TOKEN", plan_token(), "401 no_matching_rule", "CHATGPT_PLAN_TOKEN"),
        ("CHATGPT_PLAN_TOKEN", codex_token(), "401 Missing scopes", "CODEX_OAUTH_TOKEN"),
        ("CHATGPT_PLAN_TOKEN", PLATFORM_KEY, "not issued for", "OPENAI_API_KEY"),
    ],
)
def test_a_token_in_the_variable_of_another_kind_is_refused(
    variable: str, token: str, would: str, instead: str
) -> None:
    with pytest.raises(CredentialMisused) as caught:
        find_credentials({variable: token})
    message = str(caught.value)
    assert message.startswith(variable)
    assert would in message.replace("was not issued for", "not issued for")
    assert f"set {instead} instead" in message
    _shows_no_secret(message)


def test_a_blob_with_a_token_of_another_kind_is_refused() -> None:
    with pytest.raises(CredentialMisused, match="no_matching_rule"):
        credential_from_blob(blob(access_token=plan_token()), "here")
    with pytest.raises(CredentialMisused, match="insufficient_quota"):
        credential_from_blob({"auth_mode": "apikey", "OPENAI_API_KEY": codex_token()}, "here")


@pytest.mark.parametrize("kind", CredentialKind)
def test_an_opaque_token_is_given_the_benefit_of_the_doubt(kind: CredentialKind) -> None:
    refuse_misuse(Credential(kind, OPAQUE, "here"))


# --- base URLs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://chatgpt.com/backend-api/codex",
        "https://gov.chatgpt.com/backend-api/codex",
        "https://CHATGPT.com",
        "http://127.0.0.1:8080/x",
        "http://localhost:1",
        "http://[::1]:8080",
        "https://localhost",
    ],
)
def test_a_blob_may_name_chatgpt_and_loopback_hosts(url: str) -> None:
    assert check_base_url(url + "/", "here", from_blob=True) == url


@pytest.mark.parametrize("url", ["https://proxy.example.invalid/codex", "https://10.0.0.1:8443"])
def test_only_the_operator_may_name_another_host(url: str) -> None:
    assert check_base_url(url, "here", from_blob=False) == url
    with pytest.raises(CredentialInvalid, match="data must not send a bearer elsewhere"):
        check_base_url(url, "here", from_blob=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chatgpt.com",
        "//chatgpt.com",
        "ftp://chatgpt.com",
        "file:///etc/passwd",
        "http://chatgpt.com",
        "http://chatgpt.com.evil.invalid",
        "http://127.0.0.2",
        "http://127.0.0.1.evil.invalid",
        "https://",
        "https://user@chatgpt.com",
        "https://chatgpt.com@evil.invalid",
        "https://chatgpt.com?x",
        "https://chatgpt.com#x",
        "https://chatgpt.com:0",
        "https://chatgpt.com:99999",
        "https://chatgpt.com:x",
        "https://chat\tgpt.com",
        "https://chatgpt.com\\@evil.invalid",
        "https://ｃhatgpt.com",
        "https://[::1",
        "https://-chatgpt.com",
    ],
)
@pytest.mark.parametrize("from_blob", [True, False])
def test_a_base_url_that_is_not_safe_is_refused_whoever_names_it(url: str, from_blob: bool) -> None:
    with pytest.raises(CredentialInvalid, match=r"^here: the base URL"):
        check_base_url(url, "here", from_blob=from_blob)


@pytest.mark.parametrize("url", ["https://evilchatgpt.com", "https://chatgpt.com.evil.invalid"])
def test_a_host_that_only_looks_like_ours_is_another_host(url: str) -> None:
    with pytest.raises(CredentialInvalid, match="other than chatgpt.com"):
        check_base_url(url, "here", from_blob=True)


@given(st.text())
def test_any_text_is_a_url_for_a_bearer_or_invalid(url: str) -> None:
    try:
        checked = check_base_url(url, "here", from_blob=False)
    except CredentialInvalid:
        return
    assert checked.lower().startswith(("https://", "http://"))


def test_the_variable_redirects_codex_credentials_and_nothing_else() -> None:
    env = {
        "OPENAI_API_KEY": PLATFORM_KEY,
        "CHATGPT_PLAN_TOKEN": plan_token(),
        "CODEX_OAUTH_TOKEN": codex_token(),
        "CODEX_OAUTH_CREDENTIAL": json.dumps(blob() | {"base_url": "https://chatgpt.com/a"}),
        "CODEX_BACKEND_BASE_URL": " https://proxy.example.invalid/codex/ ",
    }
    for credential in find_credentials(env):
        wanted = "https://proxy.example.invalid/codex" if credential.kind is CODEX else None
        assert credential.base_url == wanted


def test_a_bad_base_url_is_refused_even_if_nothing_uses_it() -> None:
    with pytest.raises(CredentialInvalid, match="CODEX_BACKEND_BASE_URL"):
        find_credentials({"CODEX_BACKEND_BASE_URL": "http://chatgpt.com"})
