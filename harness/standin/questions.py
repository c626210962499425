"""A request as the backend's rules and answers see it: which endpoint, whose token, which client.

What is read off a request here are its *facts*. Rules are JSON Schemas, and some of what they ask
(is this model retired, is that client too old) no schema can find out by itself.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

from harness.standin.values import Incoming
from leg.models import model_row
from leg.tokens import Claims, token_family

__all__ = ["LITE_HEADER", "Question", "parse_frame", "read_version", "route"]

LITE_HEADER: Final = "x-openai-internal-codex-responses-lite"
#: The same over the WebSocket, whose handshake does not carry it (codex-cli 0.169.0, 2026-11-22).
_LITE_KEY: Final = "ws_request_header_x_openai_internal_codex_responses_lite"

_CHATGPT: Final[Mapping[str, str]] = {
    "POST /backend-api/codex/responses": "responses",
    "POST /backend-api/codex/responses/compact": "compact",
    "GET /backend-api/codex/models": "models",
    "GET /backend-api/codex/usage": "usage",
    "GET /backend-api/wham/usage": "usage",
    "GET /backend-api/wham/accounts/check": "accounts",
    "GET /backend-api/wham/settings/user": "settings",
    "GET /backend-api/wham/config/bundle": "bundle",
}
_AUTH: Final[Mapping[str, str]] = {
    "POST /oauth/token": "token",
    "POST /api/accounts/oauth/token": "plan-token",
    "GET /.well-known/openid-configuration": "discovery",
}
_PLATFORM: Final[Mapping[str, str]] = {
    "POST /v1/responses": "platform-responses",
    "GET /v1/models": "platform-models",
    "POST /v1/chat/completions": "chat-completions",
}
_PLAN: Final[Mapping[str, str]] = {
    "POST /v1/responses": "plan-responses",
    "GET /v1/models": "plan-models",
}
_ANTHROPIC: Final[Mapping[str, str]] = {"POST /v1/messages": "messages"}

#: Names under which the reference client goes (codex-cli 0.42 to 0.169 on loopback, 2026-11-22;
#: wjsoj/cc-core captures, 2026-08 and 2026-09).
_REFERENCE: Final = re.compile(
    r"(?:codex_exec|codex_cli_rs|codex-tui|codex_vscode|Codex Desktop)(?:/(\S+)|$)"
)
_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:\D|$)")


def read_version(text: str | None) -> int | None:
    """A version as one number that can be compared: 0.169.2 is 169002."""
    found = _VERSION.match(text or "")
    if found is None:
        return None
    major, minor, patch = (min(int(part), 999) for part in found.groups())
    return (major * 1000 + minor) * 1000 + patch


def route(incoming: Incoming, family: str) -> str:
    """The endpoint that a request is for, in the words of the scenarios."""
    key = f"{incoming.method} {incoming.path.rstrip('/') or '/'}"
    host = incoming.host
    if host == "chatgpt.com" or host.endswith(".chatgpt.com"):
        if incoming.transport == "websocket":
            at_home = incoming.path.rstrip("/") == "/backend-api/codex/responses"
            return "upgrade" if at_home else "other"
        return _CHATGPT.get(key, "other")
    if host == "api.openai.com" and incoming.transport == "http":
        found = _PLAN.get(key) if family == "plan" else None
        return found or _PLATFORM.get(key, "other")
    tables = {"auth.openai.com": _AUTH, "api.anthropic.com": _ANTHROPIC}
    return tables.get(host, {}).get(key, "other")


def _family(incoming: Incoming) -> tuple[str, Claims | None]:
    scheme, _, token = (incoming.header("authorization") or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        return "none", None
    if token.startswith("at-"):
        # A personal access token: opaque, and taken as it is (codex-cli 0.169.0, 2026-11-22).
        return "personal", None
    return token_family(token), Claims.of(token)


@dataclass(frozen=True)
class Question:
    """One request, or one frame of a WebSocket.

    Attributes:
        incoming: the request; of a frame, the handshake of its connection.
        endpoint: what it is for, in the words of the scenarios.
        transport: ``http`` or ``websocket``; the handshake itself counts as ``websocket``.
        body: its body; ``{}`` if that is no JSON object and no form.
        bearer: what kind of token it carries; ``none`` without one.
        now: Unix time.
    """

    incoming: Incoming
    endpoint: str
    transport: str
    body: Mapping[str, Any] = field(repr=False)
    bearer: str
    claims: Claims | None = field(repr=False)
    now: float

    @classmethod
    def of_request(cls, incoming: Incoming, *, now: float | None = None) -> Question:
        """The question that a request asks."""
        family, claims = _family(incoming)
        endpoint = route(incoming, family)
        body = _body(incoming)
        at = time.time() if now is None else now
        return cls(incoming, endpoint, incoming.transport, body, family, claims, at)

    def with_frame(self, body: Mapping[str, Any], *, now: float | None = None) -> Question:
        """The question that a frame asks on the connection that this one has opened."""
        at = time.time() if now is None else now
        return Question(self.incoming, "responses", "websocket", body, self.bearer, self.claims, at)

    @property
    def model(self) -> str | None:
        """The model that it names."""
        model = self.body.get("model")
        return model if isinstance(model, str) else None

    @property
    def account(self) -> str | None:
        """The account that it names, or that its token was issued for."""
        named = self.incoming.header("chatgpt-account-id")
        return named or (self.claims.account_id if self.claims else None)

    @property
    def plan_type(self) -> str | None:
        """The plan that its token was issued for."""
        return self.claims.plan_type if self.claims else None

    @property
    def is_lite(self) -> bool:
        """Whether it says that it is a lite request."""
        metadata = self.body.get("client_metadata")
        inside = metadata.get(_LITE_KEY) if isinstance(metadata, dict) else None
        return "true" in (self.incoming.header(LITE_HEADER), inside)

    @property
    def token(self) -> str:
        """The bearer itself, or ``""``."""
        return (self.incoming.header("authorization") or "").partition(" ")[2].strip()

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters behind the question mark."""
        return dict(parse_qsl(self.incoming.query, keep_blank_values=True))

    @cached_property
    def document(self) -> dict[str, Any]:
        """What the schema of a rule is about."""
        headers = {name.lower(): value for name, value in self.incoming.headers}
        return {
            "method": self.incoming.method,
            "host": self.incoming.host,
            "path": self.incoming.path,
            "query": self.query,
            "headers": headers,
            "body": self.body,
            "facts": self._facts(),
        }

    def _facts(self) -> dict[str, Any]:
        client = _REFERENCE.match(self.incoming.header("user-agent") or "")
        names_itself = _REFERENCE.match(self.incoming.header("originator") or "")
        version = read_version(self.incoming.header("version"))
        if version is None and client is not None:
            version = read_version(client[1])
        expires = self.claims.expires_at if self.claims else None
        facts: dict[str, Any] = {
            "bearer": self.bearer,
            "expired": expires is not None and expires <= self.now,
            "lite": self.is_lite,
            "reference": client is not None or names_itself is not None,
            "too_old": False,
        }
        if version is not None:
            facts["client_version"] = version
        if self.model is not None:
            row = model_row(self.model)
            known = row is not None and row.slug == self.model and "codex" in row.legs
            facts["model"] = row.legs["codex"].status if row is not None and known else "unknown"
            least = read_version(row.minimal_client_version) if row is not None else None
            facts["too_old"] = version is not None and least is not None and version < least
        return facts


def _body(incoming: Incoming) -> dict[str, Any]:
    if not incoming.body:
        return {}
    found = incoming.json()
    if isinstance(found, dict):
        return found
    if found is None and b"=" in incoming.body:
        # The token endpoints read forms and JSON alike (onecli/onecli#434, 2026-07-19).
        return dict(parse_qsl(incoming.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {}


def parse_frame(text: str) -> dict[str, Any] | None:
    """The object in one frame; ``None`` if it holds none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
