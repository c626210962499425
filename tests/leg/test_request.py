"""Requests: what each profile needs, nothing that it refuses, one auth header, no secret shown."""

import json
from typing import Any

import pytest

import leg
from leg.credentials import CredentialKind
from leg.messages import messages_body, messages_request
from leg.profiles import CODEX, PLAN, PLATFORM
from leg.request import (
    accounts_request,
    models_request,
    refresh_request,
    response_body,
    response_request,
    usage_request,
)

TOKEN = "opaque-test-token"


def credential(kind: str, **more: Any) -> leg.Credential:
    if kind == "codex-subscription":
        more = {"account_id": "acct", **more}
    return leg.Credential(kind=CredentialKind(kind), token=TOKEN, source="the test", **more)


def request(profile: leg.Profile, kind: str, **more: Any) -> leg.Request:
    body = response_body(profile, model="m", input="hi", prompt_cache_key="s")
    return response_request(profile, credential(kind, **more), body, session_id="s", request_id="r")


def test_the_codex_body_is_what_the_backend_needs_and_no_more() -> None:
    assert response_body(CODEX, model="m", input="hi", prompt_cache_key="s") == {
        "model": "m",
        "instructions": "You are a helpful assistant.",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
        ],
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "s",
    }


def test_tools_bring_their_choice_along() -> None:
    tool = {"type": "function", "name": "f", "parameters": {}}
    body = response_body(CODEX, model="m", input="hi", options={"tools": [tool]})
    assert (body["tools"], body["tool_choice"], body["parallel_tool_calls"]) == (
        [tool],
        "auto",
        True,
    )
    without = response_body(
        CODEX, model="m", input="hi", options={"tools": [], "tool_choice": "auto"}
    )
    assert "tools" not in without
    assert "tool_choice" not in without


@pytest.mark.parametrize("profile", [CODEX, PLAN], ids=["codex", "plan"])
@pytest.mark.parametrize(
    "field",
    ["max_output_tokens", "temperature", "previous_response_id", "store", "stream", "metadata",
     "prompt_cache_options", "background", "user", "max_tokens"],
)  # fmt: skip
def test_a_field_that_the_backend_refuses_is_refused_before_it_is_sent(
    profile: leg.Profile, field: str
) -> None:
    with pytest.raises(leg.RequestInvalid, match=field):
        response_body(profile, model="m", input="hi", options={field: 1})


def test_a_cache_key_of_the_callers_own_is_kept() -> None:
    body = response_body(
        CODEX, model="m", input="hi", prompt_cache_key="s", options={"prompt_cache_key": "mine"}
    )
    assert body["prompt_cache_key"] == "mine"


@pytest.mark.parametrize("wrong", [b"x", {"role": "user"}, 5, [5], ["x"]])
def test_an_input_of_another_type_is_refused(wrong: Any) -> None:
    with pytest.raises(leg.RequestInvalid, match="a list of items"):
        response_body(CODEX, model="m", input=wrong)


@pytest.mark.parametrize("field", ["tools", "include"])
def test_a_text_where_a_list_belongs_is_refused(field: str) -> None:
    with pytest.raises(leg.RequestInvalid, match=f"{field} must be a list"):
        response_body(CODEX, model="m", input="hi", options={field: "abc"})


@pytest.mark.parametrize("value", [float("nan"), "a\ud800b", object()])
def test_what_json_cannot_hold_is_refused_and_not_repeated(value: Any) -> None:
    body = response_body(CODEX, model="m", input="hi", options={"text": {"x": value}})
    with pytest.raises(leg.RequestInvalid, match="JSON") as caught:
        response_request(
            CODEX, credential("codex-subscription"), body, session_id="s", request_id="r"
        )
    assert "ud800" not in str(caught.value)


@pytest.mark.parametrize("empty", ["", "  \n", []])
def test_an_empty_input_is_refused(empty: Any) -> None:
    with pytest.raises(leg.RequestInvalid):
        response_body(CODEX, model="m", input=empty)


def test_a_system_message_and_empty_instructions_are_refused_with_their_mend() -> None:
    with pytest.raises(leg.RequestInvalid, match="developer"):
        response_body(CODEX, model="m", input=[{"role": "system", "content": "x"}])
    with pytest.raises(leg.RequestInvalid, match="leave them out"):
        response_body(CODEX, model="m", input="hi", instructions="")


def test_each_profile_goes_to_its_own_host() -> None:
    assert request(CODEX, "codex-subscription").url.startswith(
        "https://chatgpt.com/backend-api/codex/"
    )
    assert request(PLAN, "plan").url == "https://api.openai.com/v1/responses"
    assert request(PLATFORM, "platform-key").url == "https://api.openai.com/v1/responses"


def test_only_the_codex_backend_can_be_moved() -> None:
    moved = request(CODEX, "codex-subscription", base_url="http://127.0.0.1:9/backend-api/codex")
    assert moved.url == "http://127.0.0.1:9/backend-api/codex/responses"
    assert request(PLAN, "plan", base_url="https://evil.example").url.startswith(
        "https://api.openai.com"
    )


WRONG = [
    (CODEX, "plan", "no_matching_rule"),
    (CODEX, "platform-key", "Codex login"),
    (PLAN, "codex-subscription", "Missing scopes: api.responses.write"),
    (PLATFORM, "codex-subscription", "insufficient_quota"),
    (PLATFORM, "claude-subscription", "another service"),
]


@pytest.mark.parametrize(("profile", "kind", "why"), WRONG)
def test_a_token_for_another_host_is_refused_before_it_is_sent(
    profile: leg.Profile, kind: str, why: str
) -> None:
    with pytest.raises(leg.CredentialMisused, match=why):
        request(profile, kind)


def test_anthropic_refuses_what_is_not_its_own() -> None:
    body = messages_body(model="m", prompt="hi")
    with pytest.raises(leg.CredentialMisused, match="ANTHROPIC_API_KEY"):
        messages_request(credential("codex-subscription"), body)
    with pytest.raises(leg.CredentialMisused, match="no_matching_rule"):
        usage_request(credential("plan"))


def every_request() -> list[leg.Request]:
    body = messages_body(model="m", prompt="hi")
    codex = credential("codex-subscription")
    return [
        request(CODEX, "codex-subscription"),
        request(PLAN, "plan"),
        request(PLATFORM, "platform-key"),
        messages_request(credential("claude-subscription"), body),
        messages_request(credential("anthropic-key"), body),
        models_request(CODEX, codex),
        models_request(PLAN, credential("plan")),
        usage_request(codex),
        accounts_request(codex),
        refresh_request("rt-test"),
    ]


@pytest.mark.parametrize("built", every_request(), ids=lambda r: f"{r.method} {r.url}")
def test_there_is_at_most_one_auth_header_and_the_leg_names_itself(built: leg.Request) -> None:
    names = [name.lower() for name, _ in built.headers]
    auth = [name for name in names if name in ("authorization", "x-api-key")]
    assert len(auth) == (0 if built.url.endswith("/oauth/token") else 1)
    assert len(names) == len(set(names))
    assert (built.header("User-Agent") or "").startswith("codex-leg/")
    assert "codex_cli" not in str(built.headers)


@pytest.mark.parametrize("built", every_request(), ids=lambda r: f"{r.method} {r.url}")
def test_a_request_shows_neither_headers_nor_body(built: leg.Request) -> None:
    assert TOKEN not in repr(built)
    assert "rt-test" not in repr(built)


def test_a_refresh_is_json_with_the_client_id() -> None:
    built = refresh_request("rt-test")
    assert built.url == "https://auth.openai.com/oauth/token"
    assert json.loads(built.body) == {
        "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
        "grant_type": "refresh_token",
        "refresh_token": "rt-test",
    }


def test_the_catalogue_is_asked_for_with_a_client_version() -> None:
    codex = models_request(CODEX, credential("codex-subscription"))
    assert codex.url.endswith("/codex/models?client_version=" + leg.profiles.PROTOCOL_VERSION)
    assert (
        models_request(PLATFORM, credential("platform-key")).url
        == "https://api.openai.com/v1/models"
    )
