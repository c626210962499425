"""What the contract says about a place or an event of a shape: whether it has to be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.contract import Endpoint, Schemas
from harness.grammar import Grammar

from .kinds import type_atom
from .labels import TOLD_APART_BY
from .owners import owner_of
from .plan import types_of
from .snapshot import Snapshot, parse_field, unescape

__all__ = ["Demands"]

#: The part of a pointer for any value of a map.
_ANY_KEY: Final = "{}"
#: The member of an event that holds the response so far.
_RESPONSE: Final = "response"

#: No schema describes what lies deeper, and a pointer may come from anywhere.
_MAX_DEPTH: Final = 64

#: A schema, and the document that it stands in.
Leaf = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Demands:
    """What the schemas and the grammar of one endpoint want; without an endpoint, nothing.

    Attributes:
        schemas: those of the contract.
        surface: the surface that the endpoint belongs to.
        endpoint: where the exchanges went, or ``None`` if the contract has no such place.
        grammar: of the order of its events, if there is one.
    """

    schemas: Schemas
    surface: str
    endpoint: Endpoint | None
    grammar: Grammar | None

    @classmethod
    def of(cls, schemas: Schemas, surface: str, snapshot: Snapshot) -> Demands:
        """The demands on exchanges like those of a snapshot.

        Raises:
            ContractError: there is no such surface.
        """
        endpoint = _endpoint(schemas, surface, snapshot)
        grammar = None
        if endpoint is not None and endpoint.order is not None:
            grammar = Grammar.from_data(schemas.document(endpoint.order))
        return cls(schemas, surface, endpoint, grammar)

    def requires(self, event: str | None, pointer: str, *, refused: bool = False) -> bool:
        """Whether a schema wants this place of an answer, provided that what is above is there."""
        path, way = self._root(event, pointer, refused=refused)
        if path is None or not way:
            return False
        name = unescape(way[-1])
        leaves = self._leaves(event, path, way[:-1])
        return any(name in schema.get("required", ()) for _, schema in leaves)

    def allows_null(self, event: str | None, pointer: str, *, refused: bool = False) -> bool:
        """Whether the schemas say of this place of an answer that it may be null."""
        return self.allows({"null"}, event, pointer, refused=refused)

    def allows(
        self, types: Iterable[str], event: str | None, pointer: str, *, refused: bool = False
    ) -> bool:
        """Whether the schemas say of this place of an answer that it may be of these JSON types."""
        path, way = self._root(event, pointer, refused=refused)
        if path is None:
            return False
        leaves = self._leaves(event, path, way)
        for kind in types:
            said = [_takes(schema, kind) for _, schema in leaves]
            if True not in said or False in said:
                return False
        return True

    def is_one_of(self, event: str | None, pointer: str) -> bool:
        """Whether an invariant names all the values that a place of an answer can have."""
        path, way = self._root(event, pointer, refused=False)
        if path is None or not way:
            return False
        checks = (
            one.get("check", {}).get("value", {})
            for _, schema in self._leaves(event, path, way[:-1])
            for one in schema.get("x-invariants", ())
        )
        return any("in" in one and one.get("at") == f"/{way[-1]}" for one in checks)

    def is_asked_for(self, event: str | None, pointer: str) -> bool:
        """Whether a response repeats at this place what the client wrote in its request."""
        head, _, rest = pointer.lstrip("/").partition("/")
        asked = None if self.endpoint is None else self.endpoint.request
        if event is None or head != _RESPONSE or not rest or asked is None:
            return False
        leaves = _speaking(self.schemas, self.schemas.resolve("", asked), "")
        name = unescape(rest.partition("/")[0])
        return any(name in schema.get("properties", {}) for _, schema in leaves)

    def _leaves(self, event: str | None, path: str, way: list[str]) -> list[Leaf]:
        """All schemas that speak about the value at the end of a way."""
        kind, _, apart = (event or "").partition("(")
        root = self.schemas.resolve("", path)
        leaves = list(_speaking(self.schemas, root, kind))
        for depth, token in enumerate(way):
            if token.startswith("["):
                kind = unescape(token[1:-1])
            else:
                kind = apart.removesuffix(")") if depth == 0 and token in TOLD_APART_BY else ""
            below = [one for leaf in leaves for one in _below(leaf, token)]
            leaves = [one for leaf in below for one in _speaking(self.schemas, leaf, kind)]
        return leaves

    def _root(
        self, event: str | None, pointer: str, *, refused: bool
    ) -> tuple[str | None, list[str]]:
        """The schema around a place, and the way from there."""
        way = pointer.split("/")[1 : _MAX_DEPTH + 1]
        if self.endpoint is None or not way:
            return None, []
        if event is not None:
            if self.endpoint.events is None:
                return None, []
            return self.schemas.event(self.endpoint.events, event.partition("(")[0]), way
        body = self.endpoint.error if refused else self.endpoint.ok
        return {"header": self.endpoint.headers, "body": body}.get(way[0]), way[1:]

    def knows_event(self, label: str) -> bool:
        """Whether a schema or the grammar describes events of this type."""
        kind = label.partition("(")[0]
        if self.endpoint is None or self.endpoint.events is None:
            return False
        return self.schemas.event(self.endpoint.events, kind) is not None

    def requires_event(self, label: str) -> bool:
        """Whether a stream cannot do without events of this type."""
        kind, grammar = label.partition("(")[0], self.grammar
        if grammar is None:
            return False
        role = grammar.roles.get(kind)
        return kind in grammar.first or (role is not None and role[1] in ("opens", "closes"))

    def ends_item(self, label: str) -> bool:
        """Whether events of a label end an item of one type: a whole one, with all it holds."""
        kind, _, item = label.partition("(")
        if self.grammar is None or not item:
            return False
        bracket = self.grammar.brackets.get(self.grammar.output[1])
        return bracket is not None and kind == bracket.closes

    def owner(self, event: str | None, pointer: str) -> tuple[str, str]:
        """The member of which schema a place of an event is."""
        return owner_of(self.schemas, self.surface, event, pointer)


def _endpoint(schemas: Schemas, surface: str, snapshot: Snapshot) -> Endpoint | None:
    sent: Mapping[str, str] = snapshot.get("request", {})
    known = schemas.endpoints(surface)
    if "/url" in sent and "/method" in sent:
        return next((one for one in known if _is_at(one, sent)), None)
    is_stream = "events" in snapshot
    return next((one for one in known if (one.events is not None) == is_stream), None)


def _is_at(endpoint: Endpoint, sent: Mapping[str, str]) -> bool:
    urls, methods = (parse_field(sent[place]).atoms for place in ("/url", "/method"))
    # The address of a WebSocket has a scheme of its own; the contract has one for both.
    known = {endpoint.url, endpoint.url.replace("https://", "wss://", 1)}
    return not known.isdisjoint(urls) and f'"{endpoint.method}"' in methods


def _speaking(schemas: Schemas, leaf: Leaf, kind: str) -> Iterator[Leaf]:
    """All schemas that hold for one value, which has this ``type`` (``""``: none is known)."""
    base, schema = leaf
    if not isinstance(schema, Mapping):
        return
    yield leaf
    if isinstance(schema.get("$ref"), str):
        yield from _speaking(schemas, schemas.resolve(base, schema["$ref"]), kind)
    for part in schema.get("allOf", ()):
        yield from _speaking(schemas, (base, part), kind)
    if "if" in schema and kind in types_of(schema["if"]):
        yield from _speaking(schemas, (base, schema.get("then", {})), kind)


def _below(leaf: Leaf, token: str) -> Iterable[Leaf]:
    base, schema = leaf
    if token.startswith("["):
        child = schema.get("items")
    elif token == _ANY_KEY:
        child = schema.get("additionalProperties")
    else:
        child = schema.get("properties", {}).get(unescape(token))
    return [] if child is None else [(base, child)]


def _takes(schema: Mapping[str, Any], kind: str) -> bool | None:
    """Whether one schema lets a value be of a JSON type; ``None`` if it says nothing about that."""
    if "const" in schema:
        return type_atom(schema["const"]) == kind
    if "enum" in schema:
        return kind in map(type_atom, schema["enum"])
    if "type" in schema:
        said = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        return kind in said or (kind == "number" and "integer" in said)
    ways = [_takes(one, kind) for word in ("anyOf", "oneOf") for one in schema.get(word, ())]
    return any(ways) if ways else None
