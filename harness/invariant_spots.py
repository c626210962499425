"""Where the invariants of schemas stand, so that only the parts of a value are visited that matter.

A value is spoken of by several schemas at once (``$ref``, ``allOf``, ``if``). What all of them say
of one place is put together once, as a :class:`Spot`; what leads to no invariant is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.contract import Invariant, Schemas, read_invariant
from harness.drift.snapshot import escape

__all__ = ["Spots"]

#: An invariant, the value that it speaks about, and the pointer to it.
Place = tuple[Invariant, Any, str]
#: A schema, and the document that its references are resolved in.
_Source = tuple[str, Mapping[str, Any]]


class _Spot:
    """What schemas say of one place.

    Attributes:
        invariants: those of the value itself.
        members: what is below these keys: the key, the part of the pointer, the spot.
        extra: what is below all other keys: those that are named, and the spot.
        items: what each item of a list is.
        conditions: what else holds if the value meets a condition, and if it does not.
    """

    __slots__ = ("conditions", "extra", "invariants", "items", "members")

    def __init__(self) -> None:
        self.invariants: list[Invariant] = []
        self.members: list[tuple[str, str, _Spot]] = []
        self.extra: list[tuple[frozenset[str], _Spot]] = []
        self.items: list[_Spot] = []
        self.conditions: list[tuple[Any, _Spot | None, _Spot | None]] = []

    def visit(self, value: Any, pointer: str, into: list[Place]) -> None:
        """Collect each invariant that speaks about a value or a part of it, with that part."""
        into += [(one, value, pointer) for one in self.invariants]
        for condition, then, otherwise in self.conditions:
            other = then if _is_of(condition, value) else otherwise
            if other is not None:
                other.visit(value, pointer, into)
        for token, spot, part in self._parts(value):
            spot.visit(part, f"{pointer}/{token}", into)

    def _parts(self, value: Any) -> Iterator[tuple[str, _Spot, Any]]:
        """The parts of a value that it goes on to: the token of each, its spot, itself."""
        if isinstance(value, dict):
            for key, token, spot in self.members:
                if key in value:
                    yield token, spot, value[key]
            for named, spot in self.extra:
                for key, part in value.items():
                    if key not in named:
                        yield escape(key), spot, part
        elif isinstance(value, list):
            for spot in self.items:
                for index, part in enumerate(value):
                    yield str(index), spot, part


class Spots:
    """The spots of all schemas, each made when it is first asked for."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._roots: dict[str, _Spot | None] = {}
        self._made: dict[int, _Spot] = {}
        self._reached: dict[int, bool] = {}

    def speaking_of(self, path: str, value: Any) -> list[Place]:
        """Each invariant of a schema, and of all below it, that speaks of a part of a value."""
        found: list[Place] = []
        root = self.root(path)
        if root is not None:
            root.visit(value, "", found)
        return found

    def root(self, path: str) -> _Spot | None:
        """The spot of a schema, named by its path; ``None`` if that leads to no invariant."""
        if path not in self._roots:
            self._roots[path] = self._spot(*self._schemas.resolve("", path))
        return self._roots[path]

    def _spot(self, base: str, schema: Any) -> _Spot | None:
        if not isinstance(schema, dict) or not self._leads_to_one(base, schema):
            return None
        found = self._made.get(id(schema))
        if found is None:
            # Known before it is filled: schemas can contain themselves.
            found = self._made[id(schema)] = _Spot()
            for source in self._same_place(base, schema):
                self._fill(found, *source)
        return found

    def _fill(self, spot: _Spot, base: str, schema: Mapping[str, Any]) -> None:
        spot.invariants += _invariants(schema)
        known = schema.get("properties", {})
        for key, below in known.items():
            if (made := self._spot(base, below)) is not None:
                spot.members.append((key, escape(key), made))
        if (made := self._spot(base, schema.get("additionalProperties"))) is not None:
            spot.extra.append((frozenset(known), made))
        if (made := self._spot(base, schema.get("items"))) is not None:
            spot.items.append(made)
        if "if" in schema:
            then, otherwise = (self._spot(base, schema.get(word)) for word in ("then", "else"))
            spot.conditions.append((schema["if"], then, otherwise))

    def _same_place(self, base: str, schema: Any) -> list[_Source]:
        """The schemas that speak about the value that this one speaks about, whatever it is."""
        found: dict[int, _Source] = {}
        ahead = [(base, schema)]
        while ahead:
            source = ahead.pop()
            if isinstance(source[1], dict) and id(source[1]) not in found:
                found[id(source[1])] = source
                ahead += reversed(list(self._others(*source)))
        return list(found.values())

    def _others(self, base: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        if "$ref" in schema:
            yield self._schemas.resolve(base, schema["$ref"])
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield base, part

    def _leads_to_one(self, base: str, schema: Mapping[str, Any]) -> bool:
        """Whether a schema, or any that it leads to, has an invariant to check."""
        known = self._reached.get(id(schema))
        if known is not None:
            return known
        seen: dict[int, _Source] = {}
        ahead: list[_Source] = [(base, schema)]
        while ahead:
            source = ahead.pop()
            if id(source[1]) in seen:
                continue
            seen[id(source[1])] = source
            if _invariants(source[1]):
                self._reached[id(schema)] = True
                return True
            ahead += [(b, s) for b, s in self._below(*source) if isinstance(s, dict)]
        self._reached.update(dict.fromkeys(seen, False))
        return False

    def _below(self, base: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        yield from self._others(base, schema)
        for keyword in ("then", "else", "items", "additionalProperties"):
            yield base, schema.get(keyword)
        for part in schema.get("properties", {}).values():
            yield base, part


def _invariants(schema: Mapping[str, Any]) -> list[Invariant]:
    read = (read_invariant(entry) for entry in schema.get("x-invariants", ()))
    return [one for one in read if one is not None]


def _is_of(condition: Any, value: Any) -> bool:
    """Whether a value meets a condition on its members, as our schemas write them."""
    if not isinstance(condition, dict) or not isinstance(value, dict):
        return False
    return all(key in value for key in condition.get("required", ())) and all(
        value[key] in (rule.get("enum") or [rule.get("const")])
        for key, rule in condition.get("properties", {}).items()
        if key in value
    )
