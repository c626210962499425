"""When something was seen first and last, and with which version of the client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from harness.exchange import Sighting

__all__ = ["Span", "joined", "span_of"]


class Span(NamedTuple):
    """The first and the last time that something was seen."""

    first: Sighting
    last: Sighting

    def to_json(self) -> dict[str, Any]:
        """``{"first": {"date", "client"}, "last": {"date", "client"}}``; no client, no member."""
        return {
            name: {key: text for key, text in one._asdict().items() if text}
            for name, one in zip(self._fields, self, strict=True)
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Span | None:
        """The span in a row; ``None`` if it has none."""
        if "first" not in row:
            return None
        return cls(
            *(Sighting(row[name]["date"], row[name].get("client", "")) for name in cls._fields)
        )


_DIGITS: Final = re.compile(r"(\d+)")


@lru_cache(maxsize=4096)
def _rank(one: Sighting) -> tuple[Any, ...]:
    """By date, then by version: 0.99 came before 0.169."""
    parts = _DIGITS.split(one.client)
    return (one.date, [int(part) if part.isdecimal() else -1 for part in parts], parts)


@lru_cache(maxsize=4096)
def span_of(seen: Sighting | None) -> Span | None:
    """The span of one sighting; the same object each time."""
    return None if seen is None else Span(seen, seen)


def joined(one: Span | None, other: Span | None) -> Span | None:
    """What covers both. The order does not matter, nor how several are grouped."""
    if other is None or one is other:
        return one
    if one is None:
        return other
    first = one.first if _rank(one.first) <= _rank(other.first) else other.first
    last = one.last if _rank(one.last) >= _rank(other.last) else other.last
    return one if (first, last) == one else Span(first, last)
