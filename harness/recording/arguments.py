"""The arguments of calls, without what they say: still JSON, and still the sum of their pieces.

They come in deltas of any size, then whole. The whole is masked once, character by character, and
each delta becomes the piece of the mask that stands where the delta stood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable
from typing import Any, Final

from harness.events import Event
from harness.recording.json_text import NotWalkable, scalars

__all__ = ["Arguments"]

_DONE: Final = "response.function_call_arguments.done"
_DIGIT: Final = re.compile(r"[0-9]")


class Arguments:
    """Those of one answer, in the order in which it is read."""

    def __init__(
        self, events: Iterable[Event], own: Container[str], expected: Container[str]
    ) -> None:
        """Learn what is whole.

        Args:
            events: of the stream.
            own: texts of the probe: its parameters keep their names.
            expected: arguments that the probe expects, and which may stand as they are.
        """
        self._own = own
        self._expected = expected
        self._masks: dict[str, str] = {}
        self._whole: dict[str, str] = {}
        self._read: dict[str, int] = {}
        for event in events:
            payload = event.payload
            if isinstance(payload, dict) and payload.get("type") == _DONE:
                whole, item = payload.get("arguments"), payload.get("item_id")
                if isinstance(whole, str) and isinstance(item, str):
                    self._whole[item] = whole

    def whole(self, value: str) -> str:
        """What stands for arguments that are whole; of the same length."""
        if value not in self._masks:
            self._masks[value] = value if value in self._expected else self._masked(value)
        return self._masks[value]

    def piece(self, value: str, item: Any) -> str:
        """What stands for the next piece of the arguments of a call; of the same length."""
        whole = self._whole.get(item) if isinstance(item, str) else None
        if whole is None:
            return "x" * len(value)
        at = self._read.get(item, 0)
        self._read[item] = at + len(value)
        piece = self.whole(whole)[at : at + len(value)]
        return piece + "x" * (len(value) - len(piece))

    def _masked(self, value: str) -> str:
        try:
            return self._json(value, json.loads(value))
        except (ValueError, RecursionError, NotWalkable):
            return "x" * len(value)

    def _json(self, text: str, value: Any) -> str:
        parts: list[str] = []
        at = 0
        for one in scalars(text, value):
            old = text[one.start : one.end]
            if isinstance(one.value, str):
                kept = one.is_key and one.value in self._own
                new = old if kept else f'"{"x" * (len(old) - 2)}"'
            elif isinstance(one.value, bool) or one.value is None:
                new = old
            else:
                new = _DIGIT.sub("1", old)
            parts += [text[at : one.start], new]
            at = one.end
        return "".join([*parts, text[at:]])
