"""What a credential may be used for, where it may be sent, and that it never shows a token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.blob import credential_from_blob
from leg.credentials import (
    Credential,
    CredentialKind,
    auth_headers,
    check_base_url,
    refuse_misuse,
)
from leg.environment import find_credentials
from leg.errors import CredentialInvalid, CredentialMisused
from leg.tokens import is_header_safe

from .fake_tokens import (
    ACCOUNT,
    ANTHROPIC_KEY,
    CLAUDE_TOKEN,
    OPAQUE,
    PLATFORM_KEY,
    assert_no_secret,
    assert_safe,
    blob,
    codex_token,
    plan_token,
)

CODEX = CredentialKind.CODEX_SUBSCRIPTION


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
    assert_safe(auth_headers(credential))


@given(st.sampled_from(CredentialKind), st.text(st.characters(codec="ascii"), min_size=13))
def test_a_credential_never_shows_its_secrets(kind: CredentialKind, secret: str) -> None:
    token = "".join(character for character in secret if is_header_safe(character)) + "x" * 20
    credential = Credential(
        kind, token, "here", account_id=token, refresh_token=token, id_token=token
    )
    for shown in (repr(credential), str(credential), f"{credential}", repr([credential])):
        assert token not in shown


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
    assert_no_secret(message)


def test_a_blob_with_a_token_of_another_kind_is_refused() -> None:
    with pytest.raises(CredentialMisused, match="no_matching_rule"):
        credential_from_blob(blob(access_token=plan_token()), "here")
    with pytest.raises(CredentialMisused, match="insufficient_quota"):
        credential_from_blob({"auth_mode": "apikey", "OPENAI_API_KEY": codex_token()}, "here")


@pytest.mark.parametrize("kind", CredentialKind)
def test_an_opaque_token_is_given_the_benefit_of_the_doubt(kind: CredentialKind) -> None:
    refuse_misuse(Credential(kind, OPAQUE, "here"))


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
    with pytest.raises(CredentialInvalid, match=r"other than chatgpt\.com"):
        check_base_url(url, "here", from_blob=True)


@given(st.text())
def test_any_text_is_a_url_for_a_bearer_or_invalid(url: str) -> None:
    try:
        checked = check_base_url(url, "here", from_blob=False)
    except CredentialInvalid:
        return
    assert checked.lower().startswith(("https://", "http://"))
