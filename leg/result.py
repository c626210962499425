"""Events to one result: the text once, the calls, the usage; and a refusal to call half a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from leg.envelopes import refusal_of_error
from leg.errors import LegError, ResponseIncomplete, StreamCut, StreamInvalid
from leg.events import Event, Failure, ItemDone, Terminal, TextDelta, TextDone, Unreadable
from leg.outcomes import error_of_refusal
from leg.texts import Texts

__all__ = ["Assembler", "Result", "ToolCall", "Usage"]

FinishReason = Literal["completed", "max_tokens"]

#: Bytes of UTF-8 that one token is taken to stand for, at the least, when the leg itself enforces
#: ``max_tokens`` ("one token generally corresponds to ~4 characters of text for common English
#: text", platform.openai.com/tokenizer). Each delta counts as at least one token besides.
BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for. ``arguments`` is JSON text, not yet parsed."""

    name: str
    arguments: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as counted by the backend."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One whole answer.

    Attributes:
        text: the text of all its messages, in order; ``""`` if it only calls tools.
        tool_calls: the calls it asks for.
        items: its output items, as the backend sent them.
        finish_reason: ``completed``, or ``max_tokens`` if the leg stopped it at that limit
            (then ``usage`` and whatever had not arrived are missing).
        usage: ``None`` if the backend sent none.
        response_id, model: as the backend names them; ``None`` if it does not.
        unknown_events: the types that this leg did not know, each once.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()
    finish_reason: FinishReason = "completed"
    usage: Usage | None = None
    response_id: str | None = None
    model: str | None = None
    unknown_events: tuple[str, ...] = ()


@dataclass(slots=True)
class Assembler:
    """Takes events one by one and gives the result when there is one.

    A message's text is taken from its finished item; only while that is missing from what its
    deltas said. Never both: that is how other legs answer ``PONGPONG``.

    Args:
        max_tokens: stop after about so many tokens of text. The backend refuses
            ``max_output_tokens`` (400), so this is enforced here.
    """

    max_tokens: int | None = None
    finished: bool = False
    _items: list[Mapping[str, Any]] = field(default_factory=list)
    _texts: Texts = field(default_factory=Texts)
    _unknown: dict[str, None] = field(default_factory=dict)
    _terminal: Terminal | None = None
    _failure: Failure | None = None
    _first: Mapping[str, Any] = field(default_factory=dict)
    _deltas: int = 0
    _bytes: int = 0
    _events: int = 0
    _stopped: bool = False

    def feed(self, event: Event) -> None:
        """Take the next event. Events behind the terminal one are not looked at."""
        if self.finished:
            return
        self._events += not isinstance(event, Unreadable)
        if not self._first:
            self._first = event.response
        if isinstance(event, TextDelta):
            self._add_delta(event)
        elif isinstance(event, TextDone):
            self._texts.whole_part(event)
        elif isinstance(event, ItemDone):
            self._items.append(event.item)
            self._texts.whole_item(event)
        elif isinstance(event, Terminal):
            self._terminal, self.finished = event, True
        elif isinstance(event, Failure):
            self._failure = event
            # Over WebSocket the error frame carries its status and nothing follows it.
            self.finished = "status" in event.data or "status_code" in event.data
        elif type(event) is Event and event.type not in _KNOWN:
            self._unknown.setdefault(event.type)

    def _add_delta(self, event: TextDelta) -> None:
        delta = event.delta
        if self.max_tokens is not None:
            self._deltas += 1
            if self._deltas > self.max_tokens:
                self._stopped = self.finished = True
                return
            room = self.max_tokens * BYTES_PER_TOKEN - self._bytes
            self._bytes += len(delta.encode("utf-8", errors="replace"))
            if self._bytes > self.max_tokens * BYTES_PER_TOKEN:
                self._stopped = self.finished = True
                delta = _cut(delta, room)
        self._texts.piece(event, delta)

    @property
    def text(self) -> str:
        """The text so far."""
        return self._texts.joined()

    def result(self) -> Result:
        """The result, once ``finished`` or when the stream is over.

        Raises:
            StreamCut: the stream ended before its terminal event; ``partial`` holds the text.
            StreamInvalid: it held no event at all, or its terminal event is not usable.
            ResponseIncomplete: the backend stopped early (``response.incomplete``).
            AnswerError: the backend failed the response (``response.failed``, ``error``).
        """
        if self._stopped:
            return self._build("max_tokens", self._first, self.text)
        if self._terminal is None:
            raise self._no_terminal()
        response = self._terminal.response
        # The status is believed before the name of the event, should the two ever differ.
        kind = {"failed": "response.failed", "incomplete": "response.incomplete"}.get(
            str(response.get("status")), self._terminal.type
        )
        if kind == "response.failed":
            raise self._failed(response)
        if kind == "response.incomplete":
            raise self._incomplete(response)
        if not isinstance(response.get("id"), str):
            # The reference client takes this for a dropped stream too (0.169.0, 2026-11-22).
            raise StreamInvalid("response.completed without a response id", partial=self.text)
        if not self._texts and not self._items:
            self._adopt_terminal_output(response)
        text = self.text
        if self.max_tokens is not None:
            # A text that came whole, without deltas, is over the limit only now.
            cut = _cut(text, self.max_tokens * BYTES_PER_TOKEN)
            if cut != text:
                return self._build("max_tokens", response, cut)
        return self._build("completed", response, text)

    def _adopt_terminal_output(self, response: Mapping[str, Any]) -> None:
        # Filled in 2025, [] since 2026-04; then, and only then, nothing else has said it.
        output = response.get("output")
        for item in output if isinstance(output, list) else ():
            if isinstance(item, dict):
                self._items.append(item)
                self._texts.whole_item(ItemDone("response.output_item.done", {}, item))

    def _build(self, reason: FinishReason, response: Mapping[str, Any], text: str) -> Result:
        return Result(
            text=text,
            tool_calls=_tool_calls(self._items),
            items=tuple(self._items),
            finish_reason=reason,
            usage=_usage(response.get("usage")),
            response_id=_optional(response, "id"),
            model=_optional(response, "model"),
            unknown_events=tuple(self._unknown),
        )

    def _no_terminal(self) -> LegError:
        if self._failure is not None:
            return self._error_of(self._failure.error)
        if not self._events:
            return StreamInvalid("the answer holds no event of this protocol")
        return StreamCut(
            f"the stream ended after {self._events} events, before its terminal event",
            partial=self.text,
        )

    def _failed(self, response: Mapping[str, Any]) -> LegError:
        error = response.get("error")
        nested = self._failure.error if self._failure is not None else {}
        # The error event says more (type, param); the failed response decides where they differ.
        merged = {**nested, **(error if isinstance(error, dict) else {})}
        return self._error_of(merged)

    def _error_of(self, error: Mapping[str, Any]) -> LegError:
        data = self._failure.data if self._failure is not None else {}
        status = data.get("status", data.get("status_code"))
        headers = data.get("headers")
        refusal = refusal_of_error(
            error,
            status=status if isinstance(status, int) else 200,
            headers={k.lower(): str(v) for k, v in headers.items()}
            if isinstance(headers, dict)
            else {},
        )
        return error_of_refusal(refusal, partial=self.text)

    def _incomplete(self, response: Mapping[str, Any]) -> LegError:
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        reason = reason if isinstance(reason, str) else "unknown"
        return ResponseIncomplete(
            f"the backend stopped the response early: {reason}", reason=reason, partial=self.text
        )


#: Event types without a class of their own that are known all the same (nothing to keep of them).
_KNOWN = frozenset(
    """
    response.created response.in_progress response.queued response.metadata
    response.content_part.added response.content_part.done
    response.reasoning_summary_part.added response.reasoning_summary_part.done
    response.reasoning_summary_text.done response.reasoning_text.done
    response.function_call_arguments.done response.custom_tool_call_input.done
    keepalive codex.rate_limits codex.response.metadata responsesapi.websocket_timing
    """.split()
)


def _cut(text: str, size: int) -> str:
    """At most ``size`` bytes of the text, never half a character."""
    raw = text.encode("utf-8", errors="replace")
    return text if len(raw) <= size else raw[:size].decode("utf-8", errors="ignore")


def _tool_calls(items: Sequence[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    calls = (i for i in items if i.get("type") in ("function_call", "custom_tool_call"))
    return tuple(
        ToolCall(
            name=str(call.get("name") or ""),
            arguments=str(call.get("arguments", call.get("input")) or ""),
            call_id=str(call.get("call_id") or ""),
        )
        for call in calls
    )


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    return Usage(
        input_tokens=_count(value, "input_tokens"),
        output_tokens=_count(value, "output_tokens"),
        total_tokens=_count(value, "total_tokens"),
        cached_tokens=_count(value.get("input_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(value.get("output_tokens_details"), "reasoning_tokens"),
    )


def _count(value: Any, key: str) -> int:
    number = value.get(key) if isinstance(value, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _optional(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None
