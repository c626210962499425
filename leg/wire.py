"""What a call is before it is sent: the one place where credential, model and wire come together.

Both clients take a :class:`Call` from here, send its request and pour the bytes of the answer into
its reader. They know of no wire.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from leg.credentials import Credential, CredentialKind
from leg.errors import EmptyAnswer, RequestInvalid, StreamInvalid
from leg.events import Event
from leg.limits import Limits
from leg.messages import MessageReader, messages_body, messages_request
from leg.models import Leg, resolve_model
from leg.profiles import profile_for
from leg.request import Input, Request, response_body, response_request
from leg.result import Result
from leg.stream import StreamReader
from leg.tokens import is_header_safe

__all__ = ["Call", "Reader", "Wire", "read_object", "text_or_error"]

_ANTHROPIC = frozenset({CredentialKind.ANTHROPIC_KEY, CredentialKind.CLAUDE_SUBSCRIPTION})


class Reader(Protocol):
    """Takes the bytes of an answer, gives its events, and in the end its result."""

    @property
    def streams(self) -> bool:
        """Whether events are what it waits for, rather than one body."""

    @property
    def done(self) -> bool:
        """Whether the rest of the answer need not be read."""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes."""

    def result(self) -> Result:
        """The result, when the bytes are over."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request and the reader of its answer."""

    request: Request
    reader: Reader


@dataclass(frozen=True, slots=True)
class Wire:
    """Builds calls for one credential.

    Attributes:
        credential: decides the backend: its profile, or Anthropic's Messages.
        model: used when a call names none; ``None`` for the backend's default.
        limits: bounds on each answer.
        allow_unknown_models: let slugs pass that the table does not know.
    """

    credential: Credential
    model: str | None = None
    limits: Limits = field(default_factory=Limits)
    allow_unknown_models: bool = False

    def call(
        self,
        input: Input,
        *,
        session_id: str,
        request_id: str,
        model: str | None = None,
        instructions: str | None = None,
        max_tokens: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Call:
        """The call that asks this.

        Raises:
            RequestInvalid: the input, the model or an option is not one that the backend takes.
        """
        if max_tokens is not None and (type(max_tokens) is not int or max_tokens < 1):
            raise RequestInvalid(f"max_tokens is {max_tokens!r}: it must be a whole number from 1")
        for name, value in (("session_id", session_id), ("request_id", request_id)):
            if not is_header_safe(value):
                raise RequestInvalid(f"{name} goes into a header: use visible ASCII, no blanks")
        if self.credential.kind in _ANTHROPIC:
            return self._messages(input, model, instructions, max_tokens, options)
        profile = profile_for(self.credential)
        body = response_body(
            profile,
            model=self._slug(model, profile.name),
            input=input,
            instructions=instructions,
            prompt_cache_key=session_id,
            options=options,
        )
        request = response_request(
            profile, self.credential, body, session_id=session_id, request_id=request_id
        )
        return Call(request, StreamReader(self.limits, max_tokens=max_tokens))

    def _messages(
        self,
        input: Input,
        model: str | None,
        instructions: str | None,
        max_tokens: int | None,
        options: Mapping[str, Any] | None,
    ) -> Call:
        if not isinstance(input, str) or options:
            raise RequestInvalid(
                "the Anthropic leg takes one prompt, as text, and no options: it serves complete()"
            )
        body = messages_body(
            model=self._slug(model, "anthropic"),
            prompt=input,
            instructions=instructions,
            max_tokens=max_tokens,
        )
        return Call(messages_request(self.credential, body), MessageReader(self.limits))

    def _slug(self, model: str | None, leg: Leg) -> str:
        resolved = resolve_model(model or self.model, leg, allow_unknown=self.allow_unknown_models)
        for warning in resolved.warnings:
            warnings.warn(warning, UserWarning, stacklevel=5)
        return resolved.slug


def read_object(body: bytes) -> dict[str, Any]:
    """The one JSON object that a body holds.

    Raises:
        StreamInvalid: it holds something else.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise StreamInvalid("the answer is not JSON") from error
    if not isinstance(value, dict):
        raise StreamInvalid("the answer is not a JSON object")
    return value


def text_or_error(result: Result) -> str:
    """The text of a result; an empty one is an error.

    Raises:
        EmptyAnswer: the answer holds no text.
    """
    if result.text:
        return result.text
    refusals = [refusal for item in result.items for refusal in _refusals(item)]
    if refusals:
        raise EmptyAnswer(f"the model refused: {refusals[0][:1000]}", retryable=False)
    calls = ", ".join(call.name for call in result.tool_calls)
    raise EmptyAnswer(
        f"the answer of {result.model or 'the model'} holds no text"
        + (f", only calls of: {calls}" if calls else ""),
        hint="use respond() or stream() to see its items" if calls else "",
    )


def _refusals(item: Mapping[str, Any]) -> Iterator[str]:
    content = item.get("content")
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(part.get("refusal"), str):
            yield part["refusal"]
