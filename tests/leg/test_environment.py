"""Which credentials the environment and a Codex home hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leg.blob import read_auth_json
from leg.credentials import (
    CredentialKind,
)
from leg.environment import CREDENTIAL_VARIABLES, auth_json_path, find_credentials
from leg.errors import CredentialInvalid

from .fake_tokens import (
    ACCOUNT,
    ANTHROPIC_KEY,
    CLAUDE_TOKEN,
    NOW,
    OPAQUE,
    PLATFORM_KEY,
    blob,
    codex_token,
    plan_token,
)

CODEX = CredentialKind.CODEX_SUBSCRIPTION


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


def test_the_account_variable_serves_a_blob_that_names_none() -> None:
    without = blob(access_token=codex_token(None), account_id=None)
    variables = {"CODEX_ACCOUNT_ID": "given"}
    assert _account(variables | {"CODEX_OAUTH_CREDENTIAL": json.dumps(without)}) == "given"
    assert _account(variables | {"CODEX_OAUTH_CREDENTIAL": json.dumps(blob())}) == ACCOUNT


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
    with pytest.raises(CredentialInvalid, match=r"auth\.json: is not JSON") as caught:
        find_credentials({"CODEX_HOME": str(tmp_path)}, codex_home=True)
    assert "\n" not in str(caught.value)


def _refused_in_one_line(path: Path) -> None:
    with pytest.raises(CredentialInvalid) as caught:
        read_auth_json(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


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


def test_a_home_of_the_codex_cli_may_be_written_with_a_tilde(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert auth_json_path({"CODEX_HOME": "~/codex"}) == tmp_path / "codex" / "auth.json"


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "CODEX_OAUTH_TOKEN"])
def test_a_value_with_its_quotes_on_is_refused(variable: str) -> None:
    with pytest.raises(CredentialInvalid, match="quotes"):
        find_credentials({variable: '"opaque-token"', "CODEX_ACCOUNT_ID": "a"})
