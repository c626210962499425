"""Requests as plain values: built here from plain values, sent elsewhere."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from leg._version import __version__
from leg.credentials import Credential, CredentialKind, auth_headers
from leg.errors import RequestInvalid
from leg.profiles import CODEX, PROTOCOL_VERSION, Profile
from leg.tokens import REFRESH_URL, refresh_body

__all__ = [
    "DEFAULT_INSTRUCTIONS",
    "ORIGINATOR",
    "Request",
    "accounts_request",
    "models_request",
    "refresh_request",
    "response_body",
    "response_request",
    "usage_request",
]

Headers = tuple[tuple[str, str], ...]
Input = str | Sequence[Mapping[str, Any]]

#: The vendor asks third-party harnesses to name themselves in originator and user agent
#: (NousResearch/hermes-agent#90162, 2026-08-19); the leg never claims to be the Codex CLI.
ORIGINATOR: Final = "codex-leg"
#: The codex backend refuses a request without instructions (``probes/codex/instructions-*``).
DEFAULT_INSTRUCTIONS: Final = "You are a helpful assistant."


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``repr`` shows no header value and no body: both can hold secrets."""

    method: str
    url: str
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


def user_agent() -> str:
    """``codex-leg/VERSION (OS; ARCH) python/VERSION``."""
    system = f"{platform.system() or 'unknown'}; {platform.machine() or 'unknown'}"
    return f"{ORIGINATOR}/{__version__} ({system}) python/{platform.python_version()}"


def base_url(profile: Profile, credential: Credential) -> str:
    """Where this profile's endpoints are: the operator may move the codex backend, nothing else."""
    if profile is CODEX and credential.base_url:
        return credential.base_url.rstrip("/")
    return profile.base_url


def response_body(
    profile: Profile,
    *,
    model: str,
    input: Input,
    instructions: str | None = None,
    prompt_cache_key: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of ``POST /responses``, in the order in which the reference client writes it.

    Args:
        profile: decides which fields are allowed and which are fixed.
        model: a slug of the backend (see :func:`leg.resolve_model`).
        input: a text (one user message), or a list of input items.
        instructions: required by codex and plan, hence a default there.
        prompt_cache_key: groups requests that share a beginning.
        options: further fields of the request; ``None`` values are left out.

    Raises:
        RequestInvalid: a field that the backend refuses, a system message, or no input at all.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    for name in given:
        if name not in profile.fields:
            raise RequestInvalid(_why_not(name, profile))
    if instructions is None and profile.needs_instructions:
        instructions = DEFAULT_INSTRUCTIONS
    if profile.needs_instructions and not instructions:
        raise RequestInvalid(
            f"instructions are empty: the {profile.name} backend refuses that; leave them out to "
            "send the default"
        )
    for name in ("tools", "include"):
        if not isinstance(given.get(name, []), list | tuple):
            raise RequestInvalid(f"{name} must be a list, not {type(given[name]).__name__}")
    prompt_cache_key = given.pop("prompt_cache_key", prompt_cache_key)
    include = list(dict.fromkeys([*profile.include, *given.pop("include", ())]))
    # Without tools there is nothing to choose, and nothing to call in parallel.
    names = ("tools", "tool_choice", "parallel_tool_calls")
    tools, choice, parallel = (given.pop(name, None) for name in names)
    calls = (
        {
            "tools": list(tools),
            "tool_choice": "auto" if choice is None else choice,
            "parallel_tool_calls": True if parallel is None else parallel,
        }
        if tools
        else {}
    )
    body = {
        "model": model,
        "instructions": instructions,
        "input": _items(input, profile),
        **calls,
        **given,
        **profile.fixed,
        "include": include or None,
        "prompt_cache_key": prompt_cache_key,
    }
    return {name: value for name, value in body.items() if value is not None}


def _why_not(name: str, profile: Profile) -> str:
    if name in profile.fixed:
        return f"{name} is always {json.dumps(profile.fixed[name])} on the {profile.name} profile"
    mend = {
        "max_output_tokens": "pass max_tokens: the leg enforces it by stopping the stream",
        "max_tokens": "pass max_tokens to the call itself, not among the options",
        "previous_response_id": "nothing is stored: send the whole input",
        "temperature": "leave it out",
    }.get(name, f"the accepted ones are: {', '.join(sorted(profile.fields))}")
    return (
        f"the {profile.name} backend refuses the field {name} (400 Unsupported parameter): {mend}"
    )


def _items(value: Input, profile: Profile) -> list[Any]:
    if isinstance(value, str):
        if not value.strip():
            raise RequestInvalid("the prompt is empty")
        content = [{"type": "input_text", "text": value}]
        return [{"type": "message", "role": "user", "content": content}]
    if not isinstance(value, list | tuple) or not all(isinstance(i, Mapping) for i in value):
        raise RequestInvalid(
            f"the input is {type(value).__name__}: give a text, or a list of items (objects)"
        )
    items = list(value)
    if not items:
        raise RequestInvalid("the input holds no item")
    if profile.needs_instructions and any(item.get("role") == "system" for item in items):
        raise RequestInvalid(
            f"the {profile.name} backend refuses the role system: use instructions, or the role "
            "developer"
        )
    return items


def response_request(
    profile: Profile,
    credential: Credential,
    body: Mapping[str, Any],
    *,
    session_id: str,
    request_id: str,
) -> Request:
    """``POST /responses`` with this body and the one auth header of the credential.

    Raises:
        CredentialMisused: the profile does not take this kind of credential.
    """
    profile.check(credential)
    named: Headers = ()
    if profile.name != "platform":
        # The session keeps its cache on one machine of the backend; the request id is what the
        # backend's support asks for.
        named = (
            ("originator", ORIGINATOR),
            ("session-id", session_id),
            ("x-client-request-id", request_id),
        )
    return Request(
        "POST",
        f"{base_url(profile, credential)}/responses",
        (
            *_headers(credential, accept="text/event-stream"),
            *named,
            ("content-type", "application/json"),
        ),
        json_bytes(body),
    )


def json_bytes(body: Mapping[str, Any]) -> bytes:
    """The body as it is sent.

    Raises:
        RequestInvalid: it holds what JSON cannot (NaN, a lone surrogate, an object of Python's).
    """
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        # Not the error's own words: they may repeat what the request holds.
        raise RequestInvalid(
            f"the request cannot be written as JSON ({type(error).__name__}): it holds a value "
            "that JSON does not know, or a text with half a character"
        ) from None


def models_request(profile: Profile, credential: Credential) -> Request:
    """``GET /models``: the catalogue; which models are in it depends on ``client_version``."""
    profile.check(credential)
    query = "" if profile.name == "platform" else f"?client_version={PROTOCOL_VERSION}"
    return _get(credential, f"{base_url(profile, credential)}/models{query}")


def usage_request(credential: Credential) -> Request:
    """``GET /backend-api/wham/usage``: what is left of the plan."""
    return _get(credential, f"{_wham(credential)}/usage")


def accounts_request(credential: Credential) -> Request:
    """``GET /backend-api/wham/accounts/check``: which workspaces there are, and where."""
    return _get(credential, f"{_wham(credential)}/accounts/check")


def refresh_request(refresh_token: str) -> Request:
    """``POST https://auth.openai.com/oauth/token``: spends this refresh token, which works once."""
    return Request(
        "POST",
        REFRESH_URL,
        (
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", user_agent()),
            ("originator", ORIGINATOR),
            ("content-type", "application/json"),
        ),
        json.dumps(refresh_body(refresh_token), separators=(",", ":")).encode(),
    )


def _wham(credential: Credential) -> str:
    CODEX.check(credential)
    return base_url(CODEX, credential).removesuffix("/codex") + "/wham"


def _get(credential: Credential, url: str) -> Request:
    headers = _headers(credential, accept="application/json")
    if credential.kind is CredentialKind.CODEX_SUBSCRIPTION:
        headers = (*headers, ("originator", ORIGINATOR))
    return Request("GET", url, headers)


def _headers(credential: Credential, *, accept: str) -> Headers:
    # Identity, because a compressed stream arrives in blocks, not event by event.
    return (
        *auth_headers(credential),
        ("accept", accept),
        ("accept-encoding", "identity"),
        ("user-agent", user_agent()),
    )
