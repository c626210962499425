"""The text of a response, once: pieces while it comes, the finished item when it is there.

The same text arrives as deltas, as a finished part and as a finished item. Adding up two of the
three is how other legs answer ``PONGPONG``; so each message has one place here, whichever way an
event names it (by ``output_index``, by ``item_id``, or not at all).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leg.events import ItemDone, TextDelta, TextDone

__all__ = ["Texts"]


@dataclass(slots=True)
class _Message:
    """One message: its parts as they come, and its text once the item is finished."""

    index: int | None
    parts: dict[int, list[str]] = field(default_factory=dict)
    finished: str | None = None

    def text(self) -> str:
        # An item that repeats nothing of what was streamed takes nothing away either.
        return self.finished or "".join("".join(self.parts[at]) for at in sorted(self.parts))


@dataclass(slots=True)
class Texts:
    """The texts of all messages of one response, in the order in which they began."""

    _messages: list[_Message] = field(default_factory=list)
    _by_index: dict[int, _Message] = field(default_factory=dict)
    _by_id: dict[str, _Message] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._messages)

    def joined(self) -> str:
        """All of it, so far."""
        return "".join(message.text() for message in self._messages)

    def piece(self, event: TextDelta, delta: str) -> None:
        """The next piece of a part."""
        self._part(event).append(delta)

    def whole_part(self, event: TextDone) -> None:
        """A finished part: it says better than its pieces what it is."""
        self._part(event)[:] = [event.text]

    def whole_item(self, event: ItemDone) -> None:
        """A finished item; only messages hold text."""
        if event.item.get("type") != "message":
            return
        index, item_id = _index(event.data), event.item.get("id")
        found = self._find(index, item_id if isinstance(item_id, str) else "")
        if found is None:
            # Named in no way that its pieces were: then it is the first that is still open.
            found = self._first_open(index)
        if found is None:
            found = self._new(index, item_id if isinstance(item_id, str) else "")
        found.finished = _text_of(event.item)

    def _part(self, event: TextDelta | TextDone) -> list[str]:
        index = _index(event.data)
        message = self._find(index, event.item_id)
        if message is None:
            message = self._new(index, event.item_id)
        at = event.data.get("content_index")
        return message.parts.setdefault(at if isinstance(at, int) else 0, [])

    def _find(self, index: int | None, item_id: str) -> _Message | None:
        if index is not None and index in self._by_index:
            return self._by_index[index]
        if item_id in self._by_id:
            return self._by_id[item_id]
        if index is None and not item_id:
            return self._first_open(None)
        return None

    def _first_open(self, index: int | None) -> _Message | None:
        for message in self._messages:
            elsewhere = None not in (index, message.index) and index != message.index
            if message.finished is None and not elsewhere:
                return message
        return None

    def _new(self, index: int | None, item_id: str) -> _Message:
        message = _Message(index)
        self._messages.append(message)
        if index is not None:
            self._by_index[index] = message
        if item_id:
            self._by_id[item_id] = message
        return message


def _index(data: Mapping[str, Any]) -> int | None:
    value = data.get("output_index")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text_of(item: Mapping[str, Any]) -> str:
    content = item.get("content")
    if not isinstance(content, list):
        return ""
    parts = (p for p in content if isinstance(p, dict) and p.get("type") == "output_text")
    return "".join(p["text"] for p in parts if isinstance(p.get("text"), str))
