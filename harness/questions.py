"""A probe's question as the leg would ask it: the leg's own builders, given what the probe names.

Where a probe says ``via: send`` the question is deliberately one that the leg would never ask; then
it is sent as it stands, with nothing but the credential added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import leg
from harness.contract import Probe
from leg.messages import messages_body, messages_request
from leg.profiles import CODEX, PLAN, PLATFORM
from leg.request import (
    accounts_request,
    models_request,
    refresh_request,
    response_body,
    response_request,
    usage_request,
    user_agent,
)

__all__ = ["CREDENTIALS", "REDACTED", "credential_of", "question", "question_differs"]

#: What stands for a refresh token, in probes and cassettes.
REDACTED: Final = "REDACTED"
_SESSION: Final = "00000000-0000-4000-8000-000000000000"


def _stand_in(kind: leg.CredentialKind, account_id: str | None = None) -> leg.Credential:
    token = f"{kind.value}-{REDACTED}"
    return leg.Credential(kind=kind, token=token, source="the probe", account_id=account_id)


#: One credential of each kind that a probe can name. No token in them was ever issued.
CREDENTIALS: Final[Mapping[str, leg.Credential]] = {
    "codex-subscription": _stand_in(leg.CredentialKind.CODEX_SUBSCRIPTION, REDACTED),
    "plan": _stand_in(leg.CredentialKind.PLAN),
    "claude-subscription": _stand_in(leg.CredentialKind.CLAUDE_SUBSCRIPTION),
    "platform-key": _stand_in(leg.CredentialKind.PLATFORM_KEY),
    "bogus": _stand_in(leg.CredentialKind.CODEX_SUBSCRIPTION, REDACTED),
}
#: What ``CODEX_BACKEND_BASE_URL`` puts another address in the place of.
_BACKEND: Final = CODEX.base_url.removesuffix("/codex")
_PROFILES: Final = {"responses": CODEX, "plan": PLAN, "platform": PLATFORM}


def credential_of(probe: Probe) -> leg.Credential | None:
    """The stand-in for the credential that the probe names; ``None`` for ``none``."""
    return CREDENTIALS.get(probe.credential)


def question(probe: Probe, credential: leg.Credential | None = None) -> leg.Request:
    """The request that asks this probe.

    Args:
        probe: the probe.
        credential: what to ask it with; by default, the stand-in for what the probe names.

    Raises:
        leg.ConfigurationError: the leg's own builder refuses to ask it.
    """
    asked, credential = probe.request, credential or credential_of(probe)
    if asked.via == "refresh":
        return refresh_request(REDACTED)
    if asked.via == "stream" and credential is not None:
        return _responses(probe, credential)
    if asked.via == "messages" and credential is not None:
        messages = asked.body["messages"]
        body = messages_body(
            model=asked.body["model"],
            prompt=messages[0]["content"],
            instructions=asked.body.get("system"),
            max_tokens=asked.body.get("max_tokens"),
        )
        return messages_request(credential, body)
    if asked.via == "get" and credential is not None:
        return _get(probe, credential)
    return _as_it_stands(probe, credential)


def _responses(probe: Probe, credential: leg.Credential) -> leg.Request:
    profile = _PROFILES[probe.surface]
    options = dict(probe.request.body)
    model, given = options.pop("model"), options.pop("input")
    instructions = options.pop("instructions", None)
    key = options.pop("prompt_cache_key", None)
    for fixed in profile.fixed:
        options.pop(fixed, None)
    body = response_body(
        profile,
        model=model,
        input=given,
        instructions=instructions,
        prompt_cache_key=key,
        options=options,
    )
    return response_request(
        profile, credential, body, session_id=key or _SESSION, request_id=_SESSION
    )


def _get(probe: Probe, credential: leg.Credential) -> leg.Request:
    if probe.surface == "usage":
        return usage_request(credential)
    if probe.surface == "accounts":
        return accounts_request(credential)
    built = models_request(PLAN if probe.surface == "plan" else CODEX, credential)
    # The catalogue differs by client_version: what was answered was answered to the probe's.
    return leg.Request(built.method, _with_query_of(built.url, probe.request.url), built.headers)


def _with_query_of(url: str, other: str) -> str:
    query = urlsplit(other).query
    return url.partition("?")[0] + (f"?{query}" if query else "")


def _as_it_stands(probe: Probe, credential: leg.Credential | None) -> leg.Request:
    asked = probe.request
    headers = dict(asked.headers)
    if credential is not None:
        # The one auth header and the account. A beta header is part of the question.
        for name, value in leg.auth_headers(credential):
            if name != "anthropic-beta":
                headers.setdefault(name, value)
    # Whoever asks says who it is; identity, because what is compressed comes in blocks.
    headers.setdefault("accept-encoding", "identity")
    headers.setdefault("user-agent", user_agent())
    body = b""
    if asked.form is not None:
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
        body = urlencode(asked.form).encode()
    elif asked.body is not None:
        headers.setdefault("content-type", "application/json")
        body = json.dumps(asked.body, ensure_ascii=False, separators=(",", ":")).encode()
    return leg.Request(asked.method, _moved(asked.url, credential), tuple(headers.items()), body)


def _moved(url: str, credential: leg.Credential | None) -> str:
    """The address where a credential says that the backend is."""
    if credential is None or not credential.base_url or not url.startswith(f"{_BACKEND}/"):
        return url
    return credential.base_url.removesuffix("/codex") + url.removeprefix(_BACKEND)


def question_differs(probe: Probe, request: leg.Request) -> list[tuple[str, Any, Any]]:
    """Where the leg's request is not the one that the probe declares: (pointer, declared, sent)."""
    asked = probe.request
    found: list[tuple[str, Any, Any]] = []
    if request.method != asked.method:
        found.append(("/method", asked.method, request.method))
    if request.url != asked.url:
        found.append(("/url", asked.url, request.url))
    for name, value in asked.headers.items():
        if request.header(name) != value:
            found.append((f"/header/{name.lower()}", value, request.header(name)))
    if asked.form is None and (asked.body is not None or request.body):
        sent = json.loads(request.body) if request.body else None
        found.extend(_members("/body", asked.body, sent))
    return found


def _members(pointer: str, declared: Any, sent: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(declared, dict) or not isinstance(sent, dict):
        return [] if declared == sent else [(pointer, declared, sent)]
    missing = object()
    pairs = (
        (f"{pointer}/{name}", declared.get(name, missing), sent.get(name, missing))
        for name in sorted({*declared, *sent})
    )
    return [
        (where, None if one is missing else one, None if other is missing else other)
        for where, one, other in pairs
        if one != other
    ]
