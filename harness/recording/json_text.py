"""The scalars and keys of a JSON text, with their places: so that one is replaced and all else,
blanks and the order of members among it, stays as it was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring
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
        yield from _value(text, _skip(text, 0), value, (), ())
    except (IndexError, StopIteration, json.JSONDecodeError) as error:
        raise NotWalkable(type(error).__name__) from None


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


class _End:
    """Where a value ended, handed back by the generators."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


def _value(
    text: str, at: int, value: Any, way: tuple[str | int, ...], around: tuple[Any, ...]
) -> Iterator[Scalar]:
    end = _End(at)
    yield from _walk(text, at, value, way, around, end)


def _walk(
    text: str,
    at: int,
    value: Any,
    way: tuple[str | int, ...],
    around: tuple[Any, ...],
    end: _End,
) -> Iterator[Scalar]:
    if len(way) > _MAX_DEPTH:
        raise NotWalkable("too deep")
    first = text[at]
    if first == '"':
        found, end.at = scanstring(text, at + 1)
        yield Scalar(at, end.at, found, way, around)
    elif first == "{":
        yield from _object(text, at, value, way, around, end)
    elif first == "[":
        yield from _array(text, at, value, way, around, end)
    else:
        word = _WORD.match(text, at)
        if word is None:
            raise NotWalkable("not JSON")
        end.at = word.end()
        yield Scalar(at, end.at, json.loads(word[0]), way, around)


def _object(
    text: str,
    at: int,
    value: Any,
    way: tuple[str | int, ...],
    around: tuple[Any, ...],
    end: _End,
) -> Iterator[Scalar]:
    below = value if isinstance(value, dict) else {}
    inside = (*around, below)
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, after = scanstring(text, at + 1)
        yield Scalar(at, after, key, (*way, key), inside, is_key=True)
        at = _skip(text, _skip(text, after) + 1)
        yield from _walk(text, at, below.get(key), (*way, key), inside, end)
        at = _skip(text, end.at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    end.at = at + 1


def _array(
    text: str,
    at: int,
    value: Any,
    way: tuple[str | int, ...],
    around: tuple[Any, ...],
    end: _End,
) -> Iterator[Scalar]:
    below = value if isinstance(value, list) else []
    inside = (*around, below)
    at, index = _skip(text, at + 1), 0
    while text[at] != "]":
        item = below[index] if index < len(below) else None
        yield from _walk(text, at, item, (*way, index), inside, end)
        index += 1
        at = _skip(text, end.at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    end.at = at + 1
