"""Pointers that can lead to several places: ``[]`` is any item of a list, ``{}`` any member."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

__all__ = ["places", "values_at"]


def places(value: Any, pointer: str) -> list[tuple[str, Any]]:
    """Every place that a pointer leads to; ``[]`` is any item, ``{}`` any member."""
    tokens, keys = _tokens(pointer)
    if keys is not None:  # as nearly all are: it leads to one place, or to none
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return []
            value = value[key]
        return [(pointer, value)]
    found = [("", value)]
    for token in tokens:
        found = [(f"{at}/{name}", below) for at, one in found for name, below in _below(one, token)]
    return found


def values_at(value: Any, pointer: str) -> list[Any]:
    """What stands at every place that a pointer leads to."""
    tokens, keys = _tokens(pointer)
    if keys is None:
        found = [value]
        for token in tokens:
            found = [below for one in found for _, below in _below(one, token)]
        return found
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return []
        value = value[key]
    return [value]


@lru_cache(maxsize=1024)
def _tokens(pointer: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The parts of a pointer; and the keys that they are, if none of them stands for several."""
    tokens = tuple(pointer.split("/")[1:])
    if "[]" in tokens or "{}" in tokens:
        return tokens, None
    return tokens, tuple(one.replace("~1", "/").replace("~0", "~") for one in tokens)


def _below(value: Any, token: str) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [(str(i), one) for i, one in enumerate(value)] if token == "[]" else []  # noqa: S105
    if not isinstance(value, Mapping):
        return []
    if token == "{}":  # noqa: S105 - a part of a pointer
        return [(k.replace("~", "~0").replace("/", "~1"), one) for k, one in value.items()]
    key = token.replace("~1", "/").replace("~0", "~")
    return [(token, value[key])] if key in value else []
