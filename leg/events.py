"""Events of a response, typed: what the backend streams, whichever transport carries it.

The type of an event is its JSON member ``type``, never the ``event:`` line of the transport
(codex-cli 0.169.0 on loopback, 2026-11-22). A type that is not known here is kept as a plain
:class:`Event`; data that is not an object with a type is kept as :class:`Unreadable`. Neither is
fatal: the backend adds event types without notice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "ArgumentsDelta",
    "Event",
    "Failure",
    "ItemAdded",
    "ItemDone",
    "ReasoningDelta",
    "Terminal",
    "TextDelta",
    "TextDone",
    "Unreadable",
    "parse_event",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Any event.

    Attributes:
        type: its type, for instance ``response.in_progress``.
        data: the whole payload, as the backend sent it.
    """

    type: str
    data: Mapping[str, Any]

    @property
    def sequence_number(self) -> int | None:
        """Its place in the stream, counted from 0; ``None`` where the backend sends none."""
        value = self.data.get("sequence_number")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def response(self) -> Mapping[str, Any]:
        """The response object that it carries; empty if it carries none."""
        return _mapping(self.data.get("response"))


@dataclass(frozen=True, slots=True)
class TextDelta(Event):
    """``response.output_text.delta``: the next piece of the answer's text."""

    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class TextDone(Event):
    """``response.output_text.done``: one finished text part, whole."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta(Event):
    """``response.reasoning_summary_text.delta`` or ``response.reasoning_text.delta``."""

    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class ArgumentsDelta(Event):
    """``response.function_call_arguments.delta`` or ``response.custom_tool_call_input.delta``."""

    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class ItemAdded(Event):
    """``response.output_item.added``: an item (message, reasoning, call) begins."""

    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ItemDone(Event):
    """``response.output_item.done``: an item is whole. This, not the deltas, is the content."""

    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Terminal(Event):
    """``response.completed``, ``.failed`` or ``.incomplete``: nothing of this response follows."""


@dataclass(frozen=True, slots=True)
class Failure(Event):
    """``error``: over HTTPS followed by ``response.failed``; over WebSocket it stands alone."""

    error: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable(Event):
    """Data that is not a JSON object with a ``type``; ``type`` is ``""``, ``text`` is the data."""

    text: str


_TERMINALS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})
_REASONING: Final = frozenset(
    {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}
)
_ARGUMENTS: Final = frozenset(
    {"response.function_call_arguments.delta", "response.custom_tool_call_input.delta"}
)


def parse_event(text: str) -> Event:
    """One event from the JSON text of its ``data`` (SSE) or of its frame (WebSocket).

    Never raises: what cannot be read is :class:`Unreadable`.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Unreadable("", {}, text)
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        return Unreadable("", {}, text)
    return _typed(data["type"], data)


def _typed(kind: str, data: Mapping[str, Any]) -> Event:
    if kind == "response.output_text.delta":
        return TextDelta(kind, data, _string(data, "item_id"), _string(data, "delta"))
    if kind == "response.output_text.done":
        return TextDone(kind, data, _string(data, "item_id"), _string(data, "text"))
    if kind in _REASONING:
        return ReasoningDelta(kind, data, _string(data, "item_id"), _string(data, "delta"))
    if kind in _ARGUMENTS:
        return ArgumentsDelta(kind, data, _string(data, "item_id"), _string(data, "delta"))
    if kind == "response.output_item.added":
        return ItemAdded(kind, data, _mapping(data.get("item")))
    if kind == "response.output_item.done":
        return ItemDone(kind, data, _mapping(data.get("item")))
    if kind in _TERMINALS:
        return Terminal(kind, data)
    if kind == "error":
        # Nested over HTTPS; a flat form is in the public API's documentation.
        return Failure(kind, data, _mapping(data.get("error")) or data)
    return Event(kind, data)


def _string(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
