"""The places of the values of an exchange."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contract import Schemas

from .oracle import Said, json_type, said_about

__all__ = ["Document", "Site", "Way", "edited", "label_of", "types_of", "value_at", "walk"]

Way = tuple[str | int, ...]

_TOLD_APART_BY = ("item", "part", "content_block", "delta")


@dataclass(frozen=True)
class Document:
    """One JSON value of an exchange: the payload of an event, the body of an answer or a request.

    Attributes:
        half: ``response`` or ``request``.
        index: the number of its block in the stream, or ``None`` for a body.
        label: the type of the event, with that of its item in brackets; ``None`` for a body.
        schema: the path of the schema that describes it, if there is one.
    """

    half: str
    index: int | None
    label: str | None
    value: Any
    schema: str | None


@dataclass(frozen=True)
class Site:
    """One place of one document.

    Attributes:
        way: how to get there.
        pointer: the place as a finding names it, all items alike: ``/response/output/[]/id``.
        value: what stands there.
        said: what the schemas say about it.
        others: what stands at the same place elsewhere in documents of the same label.
        parents: how many objects could have it, in documents of the same label.
        above: what the schemas say about what is around it.
    """

    document: Document
    way: Way
    pointer: str
    value: Any
    said: Said
    above: Said | None
    others: tuple[Any, ...] = ()
    parents: int = 1

    @property
    def name(self) -> str:
        return str(self.way[-1])

    @property
    def is_only(self) -> bool:
        """Whether it is the one value of its kind."""
        return not self.others

    @property
    def is_always(self) -> bool:
        """Whether every object that could have it, has it."""
        return len(self.others) + 1 == self.parents


def label_of(payload: Any) -> str:
    """The type of an event, with that of its item in brackets."""
    for member in _TOLD_APART_BY:
        value = payload.get(member)
        if isinstance(value, dict) and isinstance(value.get("type"), str):
            return f"{payload['type']}({value['type']})"
    return str(payload["type"])


def walk(
    schemas: Schemas, document: Document, value: Any = None, way: Way = (), pointer: str = ""
) -> Iterator[tuple[Way, str, Any, bool]]:
    """Every place: way, pointer, value, and whether it is a member of an object that is no map."""
    if not way:
        value = document.value
    said = said_about(schemas, document.schema, document.value, way)
    is_member = bool(way) and isinstance(way[-1], str)
    yield way, pointer, value, is_member and not pointer.endswith("}")
    if said.is_blob:
        return
    if isinstance(value, dict):
        for key, below in value.items():
            token = "{}" if said.is_map else key.replace("~", "~0").replace("/", "~1")
            yield from walk(schemas, document, below, (*way, key), f"{pointer}/{token}")
    elif isinstance(value, list):
        for at, below in enumerate(value):
            kind = below.get("type", "?") if said.by_type and isinstance(below, dict) else ""
            yield from walk(schemas, document, below, (*way, at), f"{pointer}/[{kind}]")


def value_at(value: Any, way: Way) -> Any:
    for token in way:
        value = value[token]
    return value


def edited(value: Any, way: Way, change: Any) -> Any:
    """A copy of a value in which ``change(holder, key)`` has edited one place."""
    copied = copy.deepcopy(value)
    holder = value_at(copied, way[:-1])
    change(holder, way[-1])
    return copied


def types_of(values: Sequence[Any]) -> set[str]:
    """The JSON types of values."""
    return {json_type(one) for one in values}
