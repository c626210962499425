"""Which schema a place in an event belongs to: the same member is one place, whatever carries it.

``/response/foo`` of ``response.created`` and of ``response.completed`` are both the member ``/foo``
of ``responses/response.json``; an item and its members are the same in ``output_item.done`` and in
the terminal output. Nothing of it is stored: it follows from the schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from harness.contract import Schemas

from .labels import TOLD_APART_BY
from .plan import types_of
from .snapshot import ANY_KEY, unescape

__all__ = ["Owner", "owner_of"]

#: Nothing that a schema describes lies deeper, and a pointer may come from anywhere.
_MAX_DEPTH: Final = 64


class Owner(NamedTuple):
    """A place as the schemas name it.

    Attributes:
        schema: the path of the schema that describes what is around the place, such as
            ``responses/item.json`` (with its fragment where that is a part of a document);
            ``""`` outside of events.
        rest: the pointer from the root of that schema's value.
    """

    schema: str
    rest: str


class _Leaf(NamedTuple):
    """One schema that speaks about a value. ``base`` is the document that it stands in."""

    owner: Owner
    base: str
    schema: Any

    def place(self, token: str) -> Owner:
        return Owner(self.owner.schema, f"{self.owner.rest}/{token}")


@lru_cache(maxsize=65536)
def owner_of(schemas: Schemas, surface: str, event: str | None, pointer: str) -> Owner:
    """Whose member a place of an event is.

    Args:
        schemas: those of the contract.
        surface: the surface that the event comes from.
        event: its label in a shape: its type, with the type of its item in brackets where that
            tells events apart. ``None``: not in an event; such a place belongs to nobody else.
        pointer: the place, as in a shape (``/response/output/[message]/id``).

    Raises:
        ContractError: there is no such surface.
    """
    folder = next((one.events for one in schemas.endpoints(surface) if one.events), None)
    if event is None or folder is None:
        return Owner("", pointer)
    kind, _, apart = event.partition("(")
    path = schemas.event(folder, kind)
    base, schema = schemas.resolve("", path or f"{folder}/unknown.json")
    root = _Leaf(Owner(path or f"{folder}/{event}", ""), base, schema)
    leaves, owner = _speaking(schemas, [root], kind), root.owner
    for depth, token in enumerate(pointer.split("/")[1 : _MAX_DEPTH + 1]):
        owner = _declaring(leaves, token)
        kind = unescape(token[1:-1]) if token.startswith("[") else ""
        if depth == 0 and token in TOLD_APART_BY:
            kind = apart[:-1]
        leaves = _speaking(schemas, _below(leaves, token), kind) or [_Leaf(owner, "", {})]
    return owner


def _declaring(leaves: list[_Leaf], token: str) -> Owner:
    """The owner of what stands below a token: the schema that names it, else the nearest one."""
    nearest = leaves[0]
    for leaf in leaves:
        # Of several documents the last is the one that the others refer to.
        nearest = nearest if leaf.owner.rest else leaf
    naming = (leaf for leaf in reversed(leaves) if _child(leaf, token) is not None)
    return next(naming, nearest).place(token)


def _child(leaf: _Leaf, token: str) -> Any | None:
    """The schema that a leaf has for an item, for any value of a map, or for a member."""
    if not isinstance(leaf.schema, Mapping):
        return None
    if token[:1] == "[":
        return leaf.schema.get("items")
    if token == ANY_KEY:
        return leaf.schema.get("additionalProperties")
    return leaf.schema.get("properties", {}).get(unescape(token))


def _below(leaves: list[_Leaf], token: str) -> Iterable[_Leaf]:
    for leaf in leaves:
        schema = _child(leaf, token)
        if schema is not None:
            yield _Leaf(leaf.place(token), leaf.base, schema)


def _speaking(schemas: Schemas, leaves: Iterable[_Leaf], kind: str) -> list[_Leaf]:
    """All schemas that speak about one value of this type, the most particular last."""
    own: list[_Leaf] = []
    common: list[_Leaf] = []
    for leaf in leaves:
        _collect(schemas, leaf, kind, common, own)
    return common + own


def _collect(schemas: Schemas, leaf: _Leaf, kind: str, into: list[_Leaf], own: list[_Leaf]) -> None:
    owner, base, schema = leaf
    if not isinstance(schema, Mapping) or any(one.schema is schema for one in (*into, *own)):
        return
    into.append(leaf)
    if isinstance(schema.get("$ref"), str):
        path, found = schemas.resolve(base, schema["$ref"])
        _, mark, fragment = schema["$ref"].partition("#")
        _collect(schemas, _Leaf(Owner(path + mark + fragment, ""), path, found), kind, into, own)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            _collect(schemas, _Leaf(owner, base, part), kind, into, own)
    if "if" in schema:
        types = types_of(schema["if"])
        if kind in types:
            _collect(schemas, _Leaf(owner, base, schema.get("then")), kind, own, own)
        for keyword in () if types else ("then", "else"):
            _collect(schemas, _Leaf(owner, base, schema.get(keyword)), kind, into, own)
