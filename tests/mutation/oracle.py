"""What the schemas say about a place of one value, read from the JSON Schemas themselves.

Written apart from the engine, and on purpose: what mutation testing expects must not come from
what it tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.contract import Schemas

__all__ = ["UNSAID", "Said", "breaks", "json_type", "said_about"]

Way = tuple[str | int, ...]
Leaf = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Said:
    """What is said about one place.

    Attributes:
        kind: its ``x-kind``, if it has one for the value there.
        closed, is_open: whether its values are a closed set (``enum``, ``const``), or an open one.
        is_map: whether its keys are volatile (``x-map``).
        is_blob: whether nobody looks inside.
        by_type: whether the items of a list there are told apart by their ``type``.
        is_known: whether any schema speaks about it.
        whole: whether a number there is a whole one, by the schemas.
        nullable: whether the schemas say that it may be null.
        catalogue: what a list of models there is made of (``x-catalogue``).
        types: the JSON types besides null that the schemas let it have; empty if they say nothing.
    """

    kind: str | None
    closed: bool
    is_open: bool
    is_map: bool
    is_blob: bool
    by_type: bool
    is_known: bool
    whole: bool
    nullable: bool = False
    catalogue: Mapping[str, Any] | None = None
    types: frozenset[str] = frozenset()


#: Of a place that no schema speaks about.
UNSAID = Said(None, False, False, False, False, False, False, False)


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object" if isinstance(value, dict) else "array"


def said_about(schemas: Schemas, path: str | None, value: Any, way: Way) -> Said:
    """What the schema at ``path`` says about a place of a value that it describes."""
    leaves = [] if path is None else list(_speaking(schemas, schemas.resolve("", path), value))
    for token in way:
        below = value[token]
        leaves = [
            one
            for leaf in leaves
            for child in _child(leaf, token, leaves)
            for one in _speaking(schemas, child, below)
        ]
        value = below
    return _said(schemas, leaves, value)


def _speaking(schemas: Schemas, leaf: tuple[str, Any], value: Any) -> Iterator[Leaf]:
    base, schema = leaf
    if not isinstance(schema, Mapping):
        return
    yield base, schema
    if "$ref" in schema:
        yield from _speaking(schemas, schemas.resolve(base, schema["$ref"]), value)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _speaking(schemas, (base, part), value)
    if "if" in schema and _holds(schema["if"], value):
        yield from _speaking(schemas, (base, schema.get("then")), value)


def _holds(condition: Mapping[str, Any], value: Any) -> bool:
    wanted = condition.get("properties", {}).get("type", {})
    words = wanted.get("enum", [wanted.get("const")])
    return isinstance(value, dict) and value.get("type") in words and value.get("type") is not None


def _child(leaf: Leaf, token: str | int, all_leaves: list[Leaf]) -> Iterator[tuple[str, Any]]:
    base, schema = leaf
    if isinstance(token, int):
        if "items" in schema:
            yield base, schema["items"]
    elif token in schema.get("properties", {}):
        yield base, schema["properties"][token]
    elif isinstance(schema.get("additionalProperties"), Mapping) and not any(
        token in one.get("properties", {}) for _, one in all_leaves
    ):
        yield base, schema["additionalProperties"]


def _said(schemas: Schemas, leaves: list[Leaf], value: Any) -> Said:
    kinds = [one for _, one in leaves if "x-kind" in one]
    mine = [one["x-kind"] for one in kinds if _is_for(one, value)]
    items = [
        part for base, one in leaves for _, part in _speaking_all(schemas, (base, one.get("items")))
    ]
    return Said(
        kind=mine[0] if mine else None,
        closed=not kinds and any("enum" in one or "const" in one for _, one in leaves),
        is_open=not kinds and any("x-values" in one for _, one in leaves),
        is_map=any(one.get("x-map") is True for _, one in leaves),
        is_blob="blob" in mine,
        by_type=any("if" in one and _asks_type(one["if"]) for one in items),
        is_known=bool(leaves),
        whole=not any("number" in one.get("type", ()) for _, one in leaves),
        nullable=_is_nullable([one for _, one in leaves]),
        catalogue=next((one["x-catalogue"] for _, one in leaves if "x-catalogue" in one), None),
        types=_types([one for _, one in leaves]),
    )


def _types(schemas: list[Mapping[str, Any]]) -> frozenset[str]:
    """The types that all schemas allow which name any, without null; whole numbers are numbers."""
    said = [
        frozenset([one["type"]] if isinstance(one["type"], str) else one["type"])
        for one in schemas
        if "type" in one
    ]
    both = frozenset.intersection(*said) if said else frozenset[str]()
    return frozenset({"integer": "number"}.get(one, one) for one in both) - {"null"}


def _is_nullable(schemas: list[Mapping[str, Any]]) -> bool:
    """Whether any schema names null among the types of a value, or its values; and none forbids."""
    said: list[bool] = []
    for one in schemas:
        if "const" in one or "enum" in one:
            said.append(None in one.get("enum", (one.get("const"),)))
        elif "type" in one:
            said.append("null" in ([one["type"]] if isinstance(one["type"], str) else one["type"]))
    return bool(said) and all(said)


def _asks_type(condition: Mapping[str, Any]) -> bool:
    wanted = condition.get("properties", {}).get("type", {})
    return "const" in wanted or "enum" in wanted


def _speaking_all(schemas: Schemas, leaf: tuple[str, Any]) -> Iterator[Leaf]:
    base, schema = leaf
    if not isinstance(schema, Mapping):
        return
    yield base, schema
    if "$ref" in schema:
        yield from _speaking_all(schemas, schemas.resolve(base, schema["$ref"]))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _speaking_all(schemas, (base, part))


def _is_for(schema: Mapping[str, Any], value: Any) -> bool:
    types = schema.get("type")
    if types is None:
        return True
    types = [types] if isinstance(types, str) else types
    mine = {json_type(value)} | ({"integer"} if json_type(value) == "number" else set())
    return not mine.isdisjoint(types)


class _Judged:
    """Verdicts of the JSON Schema validator, remembered."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._known = lru_cache(maxsize=20000)(self._count)

    def _count(self, path: str, text: str) -> int:
        return sum(1 for _ in self._schemas.validator(path).iter_errors(json.loads(text)))

    def count(self, path: str, value: Any) -> int:
        return self._known(path, json.dumps(value, sort_keys=True))


@lru_cache(maxsize=4)
def _judged(schemas: Schemas) -> _Judged:
    return _Judged(schemas)


def breaks(schemas: Schemas, path: str | None, before: Any, after: Any) -> bool:
    """Whether a value keeps its schema, and the edited one does not, as the validator says."""
    if path is None:
        return False
    judged = _judged(schemas)
    return judged.count(path, after) > judged.count(path, before)
