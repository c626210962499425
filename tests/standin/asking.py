"""Requests for the backend half of the stand-in: good ones, and what a test changes in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from harness.standin.questions import Question
from harness.standin.tokens import Grant, TokenEndpoint
from harness.standin.values import Incoming, Reply

NOW = 1_795_000_000.0
ACCOUNT = "00000000-0000-4000-8000-00000000000a"
ENDPOINTS = {
    "responses": ("POST", "chatgpt.com", "/backend-api/codex/responses"),
    "upgrade": ("GET", "chatgpt.com", "/backend-api/codex/responses"),
    "compact": ("POST", "chatgpt.com", "/backend-api/codex/responses/compact"),
    "models": ("GET", "chatgpt.com", "/backend-api/codex/models"),
    "usage": ("GET", "chatgpt.com", "/backend-api/wham/usage"),
    "accounts": ("GET", "chatgpt.com", "/backend-api/wham/accounts/check"),
    "settings": ("GET", "chatgpt.com", "/backend-api/wham/settings/user"),
    "bundle": ("GET", "chatgpt.com", "/backend-api/wham/config/bundle"),
    "token": ("POST", "auth.openai.com", "/oauth/token"),
    "plan-token": ("POST", "auth.openai.com", "/api/accounts/oauth/token"),
    "discovery": ("GET", "auth.openai.com", "/.well-known/openid-configuration"),
    "plan-responses": ("POST", "api.openai.com", "/v1/responses"),
    "plan-models": ("GET", "api.openai.com", "/v1/models"),
    "platform-responses": ("POST", "api.openai.com", "/v1/responses"),
    "platform-models": ("GET", "api.openai.com", "/v1/models"),
    "chat-completions": ("POST", "api.openai.com", "/v1/chat/completions"),
    "messages": ("POST", "api.anthropic.com", "/v1/messages"),
    "other": ("GET", "chatgpt.com", "/backend-api/ps/plugins/installed"),
}
LITE = "x-openai-internal-codex-responses-lite"
CALL_ID = "call_" + "0" * 24


def token(kind: str = "codex", *, lifetime: int = 3600) -> str:
    """A bearer of this kind, made at run time."""
    if kind == "platform-key":
        return "sk-" + "proj-" + "z" * 24
    if kind == "claude":
        return "sk-ant-" + "oat01-" + "x" * 24
    if kind == "personal":
        return "at-" + "p" * 24
    if kind == "opaque":
        return "opaque." + "w" * 24
    grant = Grant(kind, account_id=ACCOUNT, client_id="oaiapp_Example" if kind == "plan" else "app")
    return TokenEndpoint(clock=lambda: NOW).login(grant, lifetime=lifetime).access_token


def message(text: str = "Say hello.", role: str = "user") -> dict[str, Any]:
    return {
        "type": "message",
        "role": role,
        "content": [{"type": "input_text", "text": text}],
    }


def body(**changes: Any) -> dict[str, Any]:
    """A body that every rule is content with; ``...`` takes a field out."""
    whole = {
        "model": "gpt-6.1-sol",
        "instructions": "You are a helpful assistant.",
        "input": [message()],
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "00000000-0000-4000-8000-000000000000",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def lite_body(**changes: Any) -> dict[str, Any]:
    """What codex-cli 0.169.0 sends for a turn (capture on loopback, 2026-11-22), shortened."""
    metadata = {"session_id": "s", "thread_id": "t", "turn_id": "u", "x-codex-window-id": "t:0"}
    tool = {"type": "custom", "name": "exec", "format": {"type": "grammar", "syntax": "lark"}}
    return body(
        **{
            "instructions": ...,
            "input": [
                {"type": "additional_tools", "id": "at_1", "role": "developer", "tools": [tool]},
                {**message("You are Codex.", "developer"), "id": "msg_1"},
                {**message(), "id": "msg_2"},
            ],
            "tool_choice": "auto",
            "parallel_tool_calls": False,
            "reasoning": {"effort": "medium", "context": "all_turns"},
            "text": {"verbosity": "low"},
            "client_metadata": metadata,
            **changes,
        }
    )


BODIES: Mapping[str, Mapping[str, Any]] = {
    "responses": body(),
    "compact": {"model": "gpt-6.1-sol", "input": [message()], "instructions": "Be brief."},
    "plan-responses": body(),
    "platform-responses": {"model": "gpt-5.5", "input": "Say ok."},
    "chat-completions": {"model": "gpt-5.5", "messages": [{"role": "user", "content": "ok"}]},
    "messages": {
        "model": "claude-haiku-4-5",
        "max_tokens": 16,
        "messages": [{"role": "user", "content": "Say hello."}],
    },
    "token": {"client_id": "app", "grant_type": "refresh_token", "refresh_token": "rt"},
    "plan-token": {
        "client_id": "oaiapp_A",
        "grant_type": "refresh_token",
        "refresh_token": "rt",
        "resource": "https://api.openai.com/v1",
    },
}
BEARERS: Mapping[str, str | None] = {
    **dict.fromkeys(ENDPOINTS, "codex"),
    "token": None,
    "plan-token": None,
    "discovery": None,
    "plan-responses": "plan",
    "plan-models": "plan",
    "platform-responses": "platform-key",
    "platform-models": "platform-key",
    "chat-completions": "platform-key",
    "messages": "claude",
}


def ask(
    endpoint: str = "responses",
    *,
    body: Any = None,
    bearer: str | None = "",
    headers: Mapping[str, str | None] | None = None,
    query: Mapping[str, str] | None = None,
    form: bool = False,
    path: str = "",
    host: str = "",
) -> Incoming:
    """A request that is right, but for what is given. ``bearer=None`` sends none."""
    method, its_host, its_path = ENDPOINTS[endpoint]
    kind = BEARERS[endpoint] if bearer == "" else bearer
    sent: dict[str, str | None] = {"chatgpt-account-id": ACCOUNT}
    if kind is not None:
        value = token("codex", lifetime=-10) if kind == "expired" else ""
        value = value or (token("plan", lifetime=-10) if kind == "plan-expired" else token(kind))
        sent["authorization"] = f"Bearer {value}"
    if endpoint == "messages":
        sent["anthropic-beta"] = "oauth-2025-04-20"
    if query is None and endpoint in ("models", "plan-models"):
        query = {"client_version": "0.169.0"}
    document = BODIES.get(endpoint) if body is None else body
    data = b""
    if document is not None and method == "POST":
        data = urlencode(document).encode() if form else json.dumps(document).encode()
    sent |= headers or {}
    return Incoming(
        method,
        host or its_host,
        path or its_path,
        urlencode(query or {}),
        tuple((name, value) for name, value in sent.items() if value is not None),
        data,
        len(data),
        transport="websocket" if endpoint == "upgrade" else "http",
    )


def question(endpoint: str = "responses", **given: Any) -> Question:
    """The question that such a request asks."""
    return Question.of_request(ask(endpoint, **given), now=NOW)


def frame(**changes: Any) -> str:
    """A frame with a good body, but for what is given."""
    return json.dumps({"type": "response.create", **body(**changes)})


def payload(reply: Reply) -> Any:
    """The JSON in an answer."""
    return json.loads(reply.body)


def header(reply: Reply, name: str) -> str | None:
    """A header of an answer."""
    return next((value for key, value in reply.headers if key == name), None)


def events(reply: Reply) -> list[dict[str, Any]]:
    """The events of an answer."""
    lines = reply.body.decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
