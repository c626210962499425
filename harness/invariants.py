"""Whether values keep the invariants that their schemas declare: what no shape can see.

A shape knows that ``reset_at`` is a time; that it lies ahead of the answer, and no further than its
window is long, stands in the schema (``x-invariants`` with a ``check``, see ``docs/contract.md``).
A check whose places are not all there is not made: whether they have to be there, the schemas say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from harness.contract import Invariant, Schemas, read_invariant
from harness.drift.findings import Finding, finding
from harness.drift.normaliser import normaliser_of
from harness.drift.snapshot import parent_of
from harness.exchange import Event, Exchange
from harness.invariant_checks import Breach, Surroundings, breaches_of
from harness.pointers import generalised

__all__ = ["Breach", "InvariantJudge", "Invariants", "Surroundings", "folded", "invariants_of"]

_PREFIX: Final = "invariant/"


#: An invariant, the value that it speaks about, and the pointer to it.
_Place = tuple[Invariant, Any, str]


class _Ways(NamedTuple):
    """Where it goes on from a schema to invariants: by name, for any other key, for any item."""

    members: dict[str, dict[str, Any]]
    named: frozenset[str]
    extra: dict[str, Any] | None
    items: dict[str, Any] | None

    def parts(self, value: Any) -> Iterator[tuple[str, dict[str, Any], Any]]:
        """The parts of a value that it goes on to: the token of each, its schema, itself."""
        if isinstance(value, dict):
            for key, schema in self.members.items():
                if key in value:
                    yield _escaped(key), schema, value[key]
            if self.extra is not None:
                for key, part in value.items():
                    if key not in self.named:
                        yield _escaped(key), self.extra, part
        elif isinstance(value, list) and self.items is not None:
            for index, part in enumerate(value):
                yield str(index), self.items, part


class Invariants:
    """The invariants of all schemas, each found when a value first comes to its place."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._reached: dict[int, bool] = {}
        self._read: dict[int, tuple[Invariant, ...]] = {}
        self._roots: dict[str, tuple[str, Any] | None] = {}
        self._ways: dict[int, _Ways] = {}

    def breaches(self, path: str, value: Any, around: Surroundings) -> list[Breach]:
        """The invariants of a schema, and of all schemas below it, that a value does not keep."""
        root = self._root(path)
        if root is None:
            return []
        places: list[_Place] = []
        self._walk(*root, value, "", places)
        found: dict[tuple[str, str, str], Breach] = {}
        for one, here, pointer in places:
            for breach in breaches_of(one, here, around):
                plan = normaliser_of(self._schemas).plan(path)
                where = generalised(value, pointer + breach.pointer, plan)
                key = (one.name, where, str(breach.found))
                # The same place is reached once for every schema that speaks about it.
                found.setdefault(
                    key,
                    Breach(breach.kind, one.name, where, breach.found, breach.message),
                )
        return list(found.values())

    def speak_of(self, path: str) -> bool:
        """Whether there is any invariant of what a schema describes."""
        return self._root(path) is not None

    def _root(self, path: str) -> tuple[str, Any] | None:
        """The document and the schema of a path; ``None`` if that leads to no invariant."""
        if path not in self._roots:
            base, schema = self._schemas.resolve("", path)
            leads = isinstance(schema, dict) and self._leads_to_one(base, schema)
            self._roots[path] = (base, schema) if leads else None
        return self._roots[path]

    def _walk(
        self, base: str, schema: dict[str, Any], value: Any, pointer: str, into: list[_Place]
    ) -> None:
        """Collect each invariant that speaks about a value or a part of it, with that part.

        The schema leads to one; what does not is not gone into.
        """
        into += [(one, value, pointer) for one in self._invariants(schema)]
        for other_base, other in self._same_place(base, schema, value):
            if isinstance(other, dict) and self._leads_to_one(other_base, other):
                self._walk(other_base, other, value, pointer, into)
        for key, below, part in self._ways_of(base, schema).parts(value):
            self._walk(base, below, part, f"{pointer}/{key}", into)

    def _ways_of(self, base: str, schema: dict[str, Any]) -> _Ways:
        """Where it goes on from a schema to invariants."""
        found = self._ways.get(id(schema))
        if found is None:

            def leading(below: Any) -> dict[str, Any] | None:
                leads = isinstance(below, dict) and self._leads_to_one(base, below)
                return below if leads else None

            known = schema.get("properties", {})
            led = {key: leading(below) for key, below in known.items()}
            found = self._ways[id(schema)] = _Ways(
                {key: below for key, below in led.items() if below is not None},
                frozenset(known),
                leading(schema.get("additionalProperties")),
                leading(schema.get("items")),
            )
        return found

    def _same_place(
        self, base: str, schema: Mapping[str, Any], value: Any
    ) -> Iterator[tuple[str, Any]]:
        """The other schemas that speak about the value that this one speaks about."""
        if "$ref" in schema:
            yield self._schemas.resolve(base, schema["$ref"])
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield base, part
        if "if" in schema:
            yield base, schema.get("then" if _is_of(schema["if"], value) else "else")

    def _invariants(self, schema: Mapping[str, Any]) -> tuple[Invariant, ...]:
        found = self._read.get(id(schema))
        if found is None:
            read = (read_invariant(entry) for entry in schema.get("x-invariants", ()))
            found = self._read[id(schema)] = tuple(one for one in read if one is not None)
        return found

    def _leads_to_one(self, base: str, schema: dict[str, Any]) -> bool:
        """Whether a schema, or any that it leads to, has an invariant to check."""
        known = self._reached.get(id(schema))
        if known is not None:
            return known
        seen: dict[int, tuple[str, dict[str, Any]]] = {}
        ahead = [(base, schema)]
        while ahead:
            place = ahead.pop()
            if id(place[1]) in seen:
                continue
            seen[id(place[1])] = place
            if self._invariants(place[1]):
                self._reached[id(schema)] = True
                return True
            ahead += [(b, s) for b, s in self._below(*place) if isinstance(s, dict)]
        self._reached.update(dict.fromkeys(seen, False))
        return False

    def _below(self, base: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        if "$ref" in schema:
            yield self._schemas.resolve(base, schema["$ref"])
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield base, part
        for keyword in ("then", "else", "items", "additionalProperties"):
            yield base, schema.get(keyword)
        for part in schema.get("properties", {}).values():
            yield base, part


@lru_cache(maxsize=8)
def invariants_of(schemas: Schemas) -> Invariants:
    """The invariants of one set of schemas; looked for once."""
    return Invariants(schemas)


class InvariantJudge:
    """What one exchange after another does against the invariants, as findings."""

    def __init__(
        self,
        schemas: Schemas,
        surface: str,
        locate: Callable[[Event | None, str], str | None] | None = None,
    ) -> None:
        """``locate`` tells the place in a file of a pointer in an event, or in the body."""
        self._invariants = invariants_of(schemas)
        self._surface = surface
        self._locate = locate
        self._around = Surroundings()
        self._told: set[tuple[str, str]] = set()

    def knows(self, path: str) -> bool:
        """Whether there is any invariant of what a schema describes."""
        return self._invariants.speak_of(path)

    def begin(self, exchange: Exchange) -> None:
        """From here on the values of this exchange are judged."""
        self._around = Surroundings.of(exchange)
        self._told.clear()

    def broken(
        self,
        path: str,
        value: Any,
        prefix: str = "",
        *,
        direction: str = "response",
        event: Event | None = None,
    ) -> Iterator[Finding]:
        """What a value does against the invariants of its schema.

        What many events of a stream repeat is found once, in the first of them.
        """
        for one in self._invariants.breaches(path, value, self._around):
            pointer = prefix + one.pointer
            if (one.name, pointer) in self._told:
                continue
            self._told.add((one.name, pointer))
            place = " ".join(part for part in (event and event.type, pointer) if part)
            yield finding(
                f"invariant/{one.kind}",
                f"{place or 'the value'}: {one.message}",
                surface=self._surface,
                direction=direction,
                event=event.type if event else None,
                pointer=pointer,
                before=one.name,
                after=one.found,
                where=self._locate(event, one.pointer) if self._locate else None,
            )


def folded(found: Iterable[Finding]) -> list[Finding]:
    """The findings of one exchange, with those of invariants told once for each object.

    Numbers that belong together break several invariants at a time, and what is wrong with one of
    them otherwise does so, too: what follows stands in ``explains`` of the first.
    """
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: one.rule.startswith(_PREFIX)):
        around = parent_of(one.pointer)
        cause = None
        if one.rule.startswith(_PREFIX):
            cause = next(
                (at for at, each in enumerate(kept) if _is_around(each, one, around)), None
            )
        if cause is None:
            kept.append(one)
        else:
            told = " ".join(part for part in (one.rule, one.event, one.pointer) if part)
            kept[cause] = replace(kept[cause], explains=(*kept[cause].explains, told))
    return kept


def _is_around(other: Finding, one: Finding, around: str) -> bool:
    """Whether another finding is about the same object, or the same value that is no echo."""
    if (other.event, other.direction) != (one.event, one.direction):
        return False
    # One value that nothing else knows any more is repeated in several places.
    is_same_value = other.rule == one.rule == f"{_PREFIX}echo" and other.after == one.after
    return is_same_value or around in (other.pointer, parent_of(other.pointer))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _is_of(condition: Any, value: Any) -> bool:
    """Whether a value meets a condition on its members, as our schemas write them."""
    if not isinstance(condition, dict) or not isinstance(value, dict):
        return False
    return all(key in value for key in condition.get("required", ())) and all(
        value[key] in (rule.get("enum") or [rule.get("const")])
        for key, rule in condition.get("properties", {}).items()
        if key in value
    )
