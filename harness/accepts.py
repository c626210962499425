"""What a JSON Schema lets through, place by place: so that two schemas can be compared.

A place is a pointer as in findings: ``/body/input/[message]/role``. Of ``anyOf`` and its like, a
place lets through what any branch does; an item told apart by its type has a place of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from harness.contract import Schemas
from harness.drift.plan import types_of
from harness.drift.snapshot import escape

__all__ = ["FREE", "LIMITS", "LOWER", "Accepts", "accepts"]

#: Keywords of size. A larger value of the first kind, or a smaller one of the second, takes less.
LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LIMITS: Final = (*LOWER, *UPPER)
#: Deeper than any request; recursive schemas end before.
_MAX_DEPTH: Final = 24


@dataclass(slots=True)
class Accepts:
    """What is let through at one place. A member that is ``None`` or empty lets everything through.

    Attributes:
        origin: where in the schemas this is said: the same for places that share a schema.
        required: whether something has to be there.
        types: the types of JSON.
        values: the closed set of values, as JSON.
        listed: values of an open set that are known to be taken (``x-values``), as JSON.
        refused: values that are refused, as JSON.
        forbidden: whether nothing may be there.
        names: the names that members may have, where no others may.
        limits: sizes, by keyword.
        pattern: what texts have to look like.
    """

    origin: str = ""
    required: bool = False
    types: frozenset[str] | None = None
    values: frozenset[str] | None = None
    listed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    forbidden: bool = False
    names: frozenset[str] | None = None
    limits: dict[str, float] = field(default_factory=dict)
    pattern: str | None = None


#: A place that nothing is said about.
FREE: Final = Accepts()


class _Leaf(NamedTuple):
    """A schema and where it stands."""

    base: str
    origin: str
    schema: Any

    def at(self, *path: str) -> _Leaf:
        """A schema within it."""
        inner = self.schema
        for part in path:
            inner = inner.get(part, {}) if isinstance(inner, Mapping) else {}
        return _Leaf(self.base, "/".join((self.origin, *path)), inner)

    @property
    def mapping(self) -> Mapping[str, Any]:
        return self.schema if isinstance(self.schema, Mapping) else {}


def accepts(
    schemas: Schemas, schema: Mapping[str, Any], *, base: str = "", prefix: str = ""
) -> dict[str, Accepts]:
    """What a schema lets through, by place.

    Args:
        schemas: where its references lead.
        schema: the schema.
        base: the document that it stands in.
        prefix: the pointer of the value that it is about.

    Raises:
        ContractError: a reference leads nowhere.
    """
    walk = _Walk(schemas, schema)
    walk.place(prefix, [_Leaf(base, f"{base}#", schema)], required=False, above=())
    return walk.found


class _Walk:
    """Goes through a schema, along what it says of members and items."""

    def __init__(self, schemas: Schemas, root: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._root = root
        self.found: dict[str, Accepts] = {}

    def place(
        self, pointer: str, leaves: Iterable[_Leaf], *, required: bool, above: tuple[str, ...]
    ) -> None:
        """One place, and all below it."""
        said = [one for leaf in leaves for one in self._said(leaf)]
        if not said:
            return
        here = _said_here(said)
        here.required = required
        # A second way to the same place (another branch, another variant) lets more through.
        known = self.found.get(pointer)
        self.found[pointer] = here if known is None else _either(known, here)
        origins = tuple(leaf.origin for leaf in said)
        if pointer.count("/") > _MAX_DEPTH or any(one in above for one in origins):
            return
        self._below(pointer, said, (*above, *origins))

    def _said(self, leaf: _Leaf, seen: frozenset[str] = frozenset()) -> Iterator[_Leaf]:
        """Everything that holds at once: the schema itself, what it refers to, its ``allOf``."""
        if leaf.origin in seen:
            return
        seen |= {leaf.origin}
        yield leaf
        schema = leaf.mapping
        if isinstance(schema.get("$ref"), str):
            yield from self._said(self._target(leaf, schema["$ref"]), seen)
        for index, part in enumerate(schema.get("allOf", ())):
            yield from self._said(_Leaf(leaf.base, f"{leaf.origin}/allOf/{index}", part), seen)
        if "if" in schema and not types_of(schema["if"]):
            for keyword in ("then", "else"):
                if keyword in schema:
                    yield from self._said(leaf.at(keyword), seen)

    def _target(self, leaf: _Leaf, reference: str) -> _Leaf:
        file, _, fragment = reference.partition("#")
        if not file and not leaf.base:
            # Within a schema that is in no document of its own, such as a rule's.
            return _Leaf("", "#", self._root).at(*fragment.split("/")[1:])
        document, target = self._schemas.resolve(leaf.base, reference)
        return _Leaf(document, f"{document}#{fragment}", target)

    def _below(self, pointer: str, said: list[_Leaf], above: tuple[str, ...]) -> None:
        wanted = {name for leaf in said for name in leaf.mapping.get("required", ())}
        names = dict.fromkeys(
            name for leaf in said for name in (*leaf.mapping.get("properties", ()), *wanted)
        )
        for name in names:
            leaves = [
                leaf.at("properties", name)
                for leaf in said
                if name in leaf.mapping.get("properties", ())
            ]
            # Wanted, and not described any further.
            leaves = leaves or [_Leaf("", f"{said[0].origin}/required/{name}", {})]
            self.place(f"{pointer}/{escape(name)}", leaves, required=name in wanted, above=above)
        for leaf in said:
            for name in _forbidden(leaf.mapping):
                place = self.found.setdefault(f"{pointer}/{escape(name)}", Accepts(leaf.origin))
                place.forbidden = True
            self._branches(pointer, leaf, above)
        items = [leaf.at("items") for leaf in said if "items" in leaf.mapping]
        if items:
            self._items(pointer, items, above)

    def _branches(self, pointer: str, leaf: _Leaf, above: tuple[str, ...]) -> None:
        """What stands below one of several branches need not be there."""
        for keyword in ("anyOf", "oneOf"):
            for index, part in enumerate(leaf.mapping.get(keyword, ())):
                branch = _Leaf(leaf.base, f"{leaf.origin}/{keyword}/{index}", part)
                self._optional(pointer, [*self._said(branch)], above)
        refused = leaf.mapping.get("not")
        if isinstance(refused, Mapping) and refused.get("properties"):
            self._refused(pointer, leaf.at("not"))

    def _optional(self, pointer: str, said: list[_Leaf], above: tuple[str, ...]) -> None:
        for leaf in said:
            for name in leaf.mapping.get("properties", ()):
                inner = leaf.at("properties", name)
                self.place(f"{pointer}/{escape(name)}", [inner], required=False, above=above)
            if "items" in leaf.mapping:
                self._items(pointer, [leaf.at("items")], above)

    def _refused(self, pointer: str, leaf: _Leaf) -> None:
        """``not: {required: [role], properties: {role: {const: system}}}``: a value is refused."""
        for name, schema in leaf.mapping["properties"].items():
            values = _values(schema) if isinstance(schema, Mapping) else None
            if values:
                place = self.found.setdefault(f"{pointer}/{escape(name)}", Accepts(leaf.origin))
                place.refused |= values

    def _items(self, pointer: str, items: list[_Leaf], above: tuple[str, ...]) -> None:
        self.place(f"{pointer}/[]", items, required=False, above=above)
        for leaf in [one for item in items for one in self._said(item)]:
            for kind in types_of(leaf.mapping.get("if")):
                variant = leaf.at("then")
                self.place(f"{pointer}/[{escape(kind)}]", [variant], required=False, above=above)


def _said_here(said: list[_Leaf]) -> Accepts:
    """What all these schemas let through at once."""
    here = Accepts(said[0].origin)
    for leaf in said:
        if leaf.schema is False:
            here.forbidden = True
        schema = leaf.mapping
        here.types = _both(here.types, _declared(schema))
        here.values = _both(here.values, _values(schema))
        here.listed |= _json(schema.get("x-values", ()))
        refused = schema.get("not")
        if isinstance(refused, Mapping):
            here.refused |= _values(refused) or frozenset()
        here.names = _both(here.names, _names(schema))
        for keyword in LIMITS:
            if isinstance(schema.get(keyword), int | float):
                here.limits[keyword] = schema[keyword]
        here.pattern = schema.get("pattern", here.pattern)
    return here


def _declared(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """The types that a schema allows, its branches included."""
    own = schema.get("type")
    types = None if own is None else frozenset([own] if isinstance(own, str) else own)
    return _both(types, _of_branches(schema, _declared))


def _values(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """The closed set of values that a schema allows, its branches included."""
    own = _json([schema["const"]]) if "const" in schema else None
    own = _both(own, _json(schema["enum"]) if "enum" in schema else None)
    return _both(own, _of_branches(schema, _values))


def _of_branches(schema: Mapping[str, Any], of: Any) -> frozenset[str] | None:
    for keyword in ("anyOf", "oneOf"):
        branches = [of(one) for one in schema.get(keyword, ()) if isinstance(one, Mapping)]
        if branches and None not in branches:
            return frozenset().union(*branches)
    return None


def _names(schema: Mapping[str, Any]) -> frozenset[str] | None:
    names = schema.get("propertyNames")
    closed = frozenset(names["enum"]) if isinstance(names, Mapping) and "enum" in names else None
    if schema.get("additionalProperties") is False and "patternProperties" not in schema:
        closed = _both(closed, frozenset(schema.get("properties", ())))
    return closed


def _forbidden(schema: Mapping[str, Any]) -> Iterator[str]:
    """Members that may not be there: ``not: {required: [X]}``, ``propertyNames: {not: enum}``."""
    refused = schema.get("not")
    if isinstance(refused, Mapping) and refused.keys() == {"required"}:
        yield from refused["required"]
    names = schema.get("propertyNames")
    if isinstance(names, Mapping) and isinstance(names.get("not"), Mapping):
        yield from names["not"].get("enum", ())


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _either(one: Accepts, other: Accepts) -> Accepts:
    """What one of two ways lets through."""

    def union(name: str) -> frozenset[str] | None:
        first, second = getattr(one, name), getattr(other, name)
        return None if first is None or second is None else first | second

    return Accepts(
        origin=one.origin,
        required=one.required and other.required,
        types=union("types"),
        values=union("values"),
        listed=one.listed | other.listed,
        refused=one.refused & other.refused,
        forbidden=one.forbidden and other.forbidden,
        names=union("names"),
        limits={k: v for k, v in one.limits.items() if other.limits.get(k) == v},
        pattern=one.pattern if one.pattern == other.pattern else None,
    )


def _json(values: Iterable[Any]) -> frozenset[str]:
    return frozenset(json.dumps(one, ensure_ascii=False, sort_keys=True) for one in values)
