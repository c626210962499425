"""Places in a JSON document, by names that hold for every answer of its kind.

A name is a JSON pointer with ``[]`` for the items of an array, and ``[type]`` for those told apart
by their ``type``: ``/models/[]/slug``, ``/content/[output_text]/text``. So is the one object that
stands for an item or a part of it: ``/item/[message]/role``. A key that is an id is ``{}``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

__all__ = ["is_there", "names_in", "nulled", "removed"]

#: Members that hold one of several kinds of object.
_UNIONS: Final = frozenset({"item", "part"})
#: A key that is another one in every answer.
_ID: Final = re.compile(r"[a-z]{1,12}_[0-9A-Za-z]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Spot(NamedTuple):
    name: str
    holder: Any
    key: Any


def names_in(document: Any) -> list[str]:
    """The name of every member and every item, each once, from the outside to the inside."""
    return list(dict.fromkeys(spot.name for spot in _walk(document, "")))


def is_there(document: Any, name: str, *, not_null: bool = False) -> bool:
    """Whether there is something at a place; with ``not_null``, something that is not null."""
    return any(
        spot.name == name and not (not_null and spot.holder[spot.key] is None)
        for spot in _walk(document, "")
    )


def removed(document: Any, name: str) -> Any:
    """The document without what stands at this place, wherever that is."""
    return _changed(document, name, _remove)


def nulled(document: Any, name: str) -> Any:
    """The document with null at this place, wherever that is."""
    return _changed(document, name, _null)


def _walk(value: Any, name: str) -> Iterator[_Spot]:
    if isinstance(value, dict):
        for key, member in value.items():
            below = f"{name}/{_token(key)}"
            yield _Spot(below, value, key)
            kind = _type_of(member) if key in _UNIONS else None
            yield from _walk(member, below if kind is None else f"{below}/[{kind}]")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            below = f"{name}/[{_type_of(item) or ''}]"
            yield _Spot(below, value, index)
            yield from _walk(item, below)


def _token(key: str) -> str:
    return "{}" if _ID.fullmatch(key) else key.replace("~", "~0").replace("/", "~1")


def _type_of(value: Any) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) and kind and "/" not in kind else None


def _changed(document: Any, name: str, change: Callable[[_Spot], None]) -> Any:
    document = copy.deepcopy(document)
    # The last ones first: what is removed from an array must not move what is still to be removed.
    for spot in [one for one in _walk(document, "") if one.name == name][::-1]:
        change(spot)
    return document


def _remove(spot: _Spot) -> None:
    del spot.holder[spot.key]


def _null(spot: _Spot) -> None:
    spot.holder[spot.key] = None
