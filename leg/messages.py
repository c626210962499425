"""The Anthropic leg: one Messages request, one message back, as a result of the same kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from leg.credentials import Credential, CredentialKind, auth_headers
from leg.errors import CredentialMisused, RequestInvalid, StreamInvalid, StreamTooLarge
from leg.events import Event
from leg.limits import Limits
from leg.request import Request, json_bytes, user_agent
from leg.result import FinishReason, Result, ToolCall, Usage

__all__ = ["MESSAGES_URL", "MessageReader", "messages_body", "messages_request"]

MESSAGES_URL: Final = "https://api.anthropic.com/v1/messages"
ANTHROPIC_VERSION: Final = "2023-06-01"
#: The Messages API requires max_tokens; this is what a caller gets who names none.
DEFAULT_MAX_TOKENS: Final = 4096
_KINDS: Final = frozenset({CredentialKind.ANTHROPIC_KEY, CredentialKind.CLAUDE_SUBSCRIPTION})


def messages_body(
    *, model: str, prompt: str, instructions: str | None = None, max_tokens: int | None = None
) -> dict[str, Any]:
    """The body of ``POST /v1/messages`` for one prompt.

    Raises:
        RequestInvalid: the prompt is empty.
    """
    if not prompt.strip():
        raise RequestInvalid("the prompt is empty")
    body: dict[str, Any] = {"model": model, "max_tokens": max_tokens or DEFAULT_MAX_TOKENS}
    if instructions:
        body["system"] = instructions
    body["messages"] = [{"role": "user", "content": prompt}]
    return body


def messages_request(credential: Credential, body: Mapping[str, Any]) -> Request:
    """The request: a key as ``x-api-key``, a subscription token as bearer with its beta header.

    Raises:
        CredentialMisused: the credential is not one of Anthropic's.
    """
    if credential.kind not in _KINDS:
        raise CredentialMisused(
            f"the credential from {credential.source} ({credential.kind.value}) is not one of "
            "Anthropic's: set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN"
        )
    return Request(
        "POST",
        MESSAGES_URL,
        (
            *auth_headers(credential),
            ("anthropic-version", ANTHROPIC_VERSION),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", user_agent()),
            ("content-type", "application/json"),
        ),
        json_bytes(body),
    )


class MessageReader:
    """Reads one message; the same interface as :class:`leg.stream.StreamReader`, without events."""

    done = False
    streams = False

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes.

        Raises:
            StreamTooLarge: the message is over the limit for one answer.
        """
        self._size += len(chunk)
        if self._limits.total is not None and self._size > self._limits.total:
            raise StreamTooLarge(f"the answer is larger than {self._limits.total} bytes")
        self._chunks.append(chunk)
        return iter(())

    def result(self) -> Result:
        """The message.

        Raises:
            StreamInvalid: the body is not a message.
        """
        try:
            message = json.loads(b"".join(self._chunks))
        except (ValueError, RecursionError) as error:
            raise StreamInvalid("the answer is not JSON") from error
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, list):
            raise StreamInvalid("the answer is not a message: it has no list 'content'")
        blocks = tuple(block for block in content if isinstance(block, dict))
        stopped: FinishReason = (
            "max_tokens" if message.get("stop_reason") == "max_tokens" else "completed"
        )
        return Result(
            text="".join(_text(b) for b in blocks),
            tool_calls=tuple(_call(b) for b in blocks if b.get("type") == "tool_use"),
            items=blocks,
            finish_reason=stopped,
            usage=_usage(message.get("usage")),
            response_id=_string(message, "id"),
            model=_string(message, "model"),
        )


def _text(block: Mapping[str, Any]) -> str:
    return _string(block, "text") or "" if block.get("type") == "text" else ""


def _call(block: Mapping[str, Any]) -> ToolCall:
    return ToolCall(
        name=_string(block, "name") or "",
        arguments=json.dumps(block.get("input", {}), ensure_ascii=False),
        call_id=_string(block, "id") or "",
    )


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    into, out = _count(value, "input_tokens"), _count(value, "output_tokens")
    cached = _count(value, "cache_read_input_tokens")
    return Usage(into, out, into + out, cached_tokens=cached)


def _count(usage: Mapping[str, Any], name: str) -> int:
    number = usage.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _string(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None
