"""The scalars and keys of a JSON text, with their places: so that one is replaced and all else,
blanks and the order of members among it, stays as it was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # there, and documented nowhere
from typing import Any, Final

__all__ = ["NotWalkable", "Scalar", "scalars"]

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
#: Nothing that anybody sends lies deeper.
_MAX_DEPTH: Final = 100


class NotWalkable(ValueError):
    """The text is no JSON, or lies deeper than anything that is sent."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value that is no container, or one key.

    Attributes:
        start, end: where it stands in the text, quotes and all.
        value: it.
        way: the keys and indices that lead to it.
        around: the containers that lead to it, outermost first; of a key, the last is its object.
        is_key: whether it is a key; then it is also the last part of ``way``.
    """

    start: int
    end: int
    value: Any
    way: tuple[str | int, ...]
    around: tuple[Any, ...]
    is_key: bool = False


def scalars(text: str, value: Any) -> Iterator[Scalar]:
    """Every scalar and key of a JSON text, in order.

    Args:
        text: the text.
        value: what it means; of a key that stands twice, the last value.

    Raises:
        NotWalkable: it is no JSON, or too deep.
    """
    try:
        yield from _Walk(text).value(value, (), ())
    except (IndexError, StopIteration, json.JSONDecodeError) as error:
        raise NotWalkable(type(error).__name__) from None


class _Walk:
    """Goes through one text; ``at`` is where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._read = ""

    def value(
        self, value: Any, way: tuple[str | int, ...], around: tuple[Any, ...]
    ) -> Iterator[Scalar]:
        if len(way) > _MAX_DEPTH:
            raise NotWalkable("too deep")
        self._skip()
        start, first = self._at, self._text[self._at]
        if first == '"':
            end = self._end_of_text()
            yield Scalar(start, end, self._read, way, around)
        elif first == "{":
            yield from self._object(value, way, around)
        elif first == "[":
            yield from self._array(value, way, around)
        else:
            word = _WORD.match(self._text, start)
            if word is None:
                raise NotWalkable("not JSON")
            self._at = word.end()
            yield Scalar(start, self._at, json.loads(word[0]), way, around)

    def _end_of_text(self) -> int:
        self._read, self._at = scanstring(self._text, self._at + 1)
        return self._at

    def _object(
        self, value: Any, way: tuple[str | int, ...], around: tuple[Any, ...]
    ) -> Iterator[Scalar]:
        below = value if isinstance(value, dict) else {}
        inside = (*around, below)
        self._skip(1)
        while self._text[self._at] != "}":
            start, end = self._at, self._end_of_text()
            key = self._read
            yield Scalar(start, end, key, (*way, key), inside, is_key=True)
            self._skip()
            self._skip(1)
            yield from self.value(below.get(key), (*way, key), inside)
            self._next()
        self._at += 1

    def _array(
        self, value: Any, way: tuple[str | int, ...], around: tuple[Any, ...]
    ) -> Iterator[Scalar]:
        below = value if isinstance(value, list) else []
        inside = (*around, below)
        self._skip(1)
        index = 0
        while self._text[self._at] != "]":
            item = below[index] if index < len(below) else None
            yield from self.value(item, (*way, index), inside)
            index += 1
            self._next()
        self._at += 1

    def _next(self) -> None:
        self._skip()
        if self._text[self._at] == ",":
            self._skip(1)

    def _skip(self, first: int = 0) -> None:
        found = _BLANK.match(self._text, self._at + first)
        self._at = found.end() if found else self._at + first
