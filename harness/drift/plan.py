"""The normaliser that a schema declares, compiled: what to keep of the value at each place.

A plan is the sum of all schemas that speak about one place, through ``$ref``, ``allOf`` and
``if``/``then`` on the type. Plans are made when they are first needed, so that recursive schemas
and parts that no value ever reaches cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

from .kinds import KINDS, is_word, kind_atom, literal, type_atom

__all__ = ["NOTHING", "Compiler", "Plan", "Resolver", "types_of"]

Leaf = tuple[str, Mapping[str, Any]]
#: What makes an atom of a value of one type: the atom itself, where they all have the same.
Maker = str | Callable[[Any], str]

#: One value of each JSON type that is no container.
_EXAMPLES: Final[Mapping[type, Any]] = {
    type(None): None,
    bool: True,
    int: 1,
    float: 1.5,
    str: "x",
}
#: Where the atom depends on the value, by kind; ``""`` is a set of values.
_VARYING: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(("id", "count", "url", "scope", "token"), (str,)),
    **dict.fromkeys(("time", "limit"), (str, int, float)),
    "": (bool, int, str),
}


class Resolver(Protocol):
    """Who can follow a ``$ref``: :class:`harness.contract.Schemas`."""

    def resolve(self, base: str, reference: str) -> tuple[str, Any]:
        """The document and the schema that a reference in the document ``base`` leads to."""
        ...


class Plan:
    """What is known about the value at one place.

    Attributes:
        kinds: the declared kind of a value, by JSON type; ``"*"`` for any type.
        closed: whether its values are a closed set (``enum``, ``const``).
        open: whether its values are an open set (``x-values``).
        number: whether a whole number there is a number like any other.
        is_map: whether its keys are volatile.
        by_type: whether objects there are told apart by their ``type``.
        layouts: what :mod:`.imprints` remembers of the objects that it met here.
        words: the values that schemas list for this place, closed or open.
    """

    __slots__ = (
        "_compiler",
        "_extra",
        "_items",
        "_leaves",
        "_made",
        "_makers",
        "_members",
        "_variants",
        "by_type",
        "closed",
        "is_map",
        "kinds",
        "layouts",
        "number",
        "open",
        "words",
    )

    def __init__(self, compiler: Compiler | None, leaves: tuple[Leaf, ...]) -> None:
        self._compiler = compiler
        self._leaves = leaves
        self._made: dict[str, Plan] = {}
        self._members: dict[str, list[Leaf]] = {}
        self._items: list[Leaf] = []
        self._extra: list[Leaf] = []
        self._variants: dict[str, list[Leaf]] = {}
        self._makers: dict[type, Maker] = {}
        self.layouts: dict[Any, Any] = {}
        self.kinds: dict[str, str] = {}
        self.words: set[Any] = set()
        self.closed = self.open = self.number = self.is_map = False
        for base, schema in leaves:
            self._read(base, schema)
        if self.kinds:
            # A value with a kind is volatile, whatever values have been listed for it.
            self.closed = self.open = False
        self.by_type = bool(self._variants)

    def _read(self, base: str, schema: Mapping[str, Any]) -> None:
        declared = schema.get("type", ())
        types = (declared,) if isinstance(declared, str) else tuple(declared)
        self.number = self.number or "number" in types
        kind = schema.get("x-kind")
        if kind in KINDS:
            for name in types or ("*",):
                self.kinds.setdefault(name, kind)
        self.closed = self.closed or "enum" in schema or "const" in schema
        self.open = self.open or "x-values" in schema
        listed = [*schema.get("enum", ()), *schema.get("x-values", ()), schema.get("const")]
        self.words.update(one for one in listed if isinstance(one, str))
        self.is_map = self.is_map or schema.get("x-map") is True
        for key, value in _mapping(schema.get("properties")).items():
            self._members.setdefault(key, []).append((base, value))
        for target, keyword in ((self._items, "items"), (self._extra, "additionalProperties")):
            if isinstance(schema.get(keyword), Mapping):
                target.append((base, schema[keyword]))
        consts = types_of(schema.get("if"))
        for const in consts:
            self._variants.setdefault(const, []).append((base, schema.get("then", {})))

    def scalar(self, value: Any) -> str:
        """The atom of a value that is no object and no array."""
        kind = self._kind(type_atom(value))
        if kind is not None:
            return kind_atom(kind, value, number=self.number)
        if self.closed or self.open:
            word = literal(value, is_open=not self.closed)
            if word is not None:
                return word
        return type_atom(value, number=self.number)

    def _kind(self, name: str) -> str | None:
        if name == "null":
            return None
        kind = self.kinds.get(name) or self.kinds.get("*")
        return self.kinds.get("number") if kind is None and name == "integer" else kind

    def kind_of(self, value: Any) -> str | None:
        """The declared kind of a value, if its schema names one."""
        return self._kind(type_atom(value))

    @property
    def members(self) -> frozenset[str]:
        """The names that schemas give to what is below."""
        return frozenset(self._members)

    @property
    def is_silent(self) -> bool:
        """Whether no schema says what the texts at this place are."""
        return not (self.kinds or self.closed or self.open)

    def is_blob(self, name: str) -> bool:
        """Whether values of a JSON type are not looked into."""
        return bool(self.kinds) and (self.kinds.get(name) or self.kinds.get("*")) == "blob"

    @property
    def makers(self) -> Mapping[type, Maker]:
        """By type, what makes the atom of a value; none for a container that is looked into.

        What they make is :meth:`scalar`, but that a short word no schema describes is kept: two
        values that a shape counts differently never get the same.
        """
        if not self._makers:
            self._makers = {kind: self._maker(kind, one) for kind, one in _EXAMPLES.items()}
            for kind, name in ((dict, "object"), (list, "array")):
                if self.is_blob(name):
                    self._makers[kind] = f"blob({name})"
        return self._makers

    def _maker(self, of: type, example: Any) -> Maker:
        kind = self._kind(type_atom(example))
        is_set = kind is None and (self.closed or self.open)
        if of in _VARYING.get(kind or ("" if is_set else "none"), ()):
            return lru_cache(maxsize=1024)(self.scalar)
        atom = self.scalar(example)
        return _word_or_string if atom == "string" and self.is_silent else atom

    def is_name(self, key: str) -> bool:
        """Whether a key of an object there is the name of a member, and not one of a map."""
        return not self.is_map and (key in self._members or not self._extra)

    def member(self, key: str) -> Plan:
        """The plan for the value below a key of an object (or of a map)."""
        made = self._made.get(key)
        if made is None:
            leaves = self._members.get(key)
            if leaves is None:
                return self._make("{}", self._extra)
            made = self._make(key, leaves, prefix=".")
        return made

    @property
    def items(self) -> Plan:
        """The plan for each item of an array."""
        return self._make("[]", self._items)

    @property
    def values(self) -> Plan:
        """The plan for each value of a map."""
        return self._make("{}", self._extra)

    def variant(self, kind: Any) -> Plan:
        """The plan for an object of this ``type``: the common part and its own."""
        if not isinstance(kind, str) or kind not in self._variants:
            return self
        name = f"={kind}"
        made = self._made.get(name)
        if made is None and self._compiler is not None:
            own = [*self._leaves, *self._variants[kind]]
            made = self._made[name] = self._compiler.compile(own, variants=False)
        return made or self

    def _make(self, name: str, leaves: list[Leaf], prefix: str = "") -> Plan:
        made = self._made.get(prefix + name)
        if made is None:
            if not leaves or self._compiler is None:
                made = NOTHING
            else:
                made = self._compiler.compile(leaves)
            self._made[prefix + name] = made
        return made


class Compiler:
    """Makes plans from the schemas of one :class:`Resolver`, each once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._plans: dict[tuple[object, ...], Plan] = {}
        self._roots: dict[str, Plan] = {}

    def plan(self, path: str | None) -> Plan:
        """The plan of one schema, named by its path; of none, the plan that knows nothing."""
        if path is None:
            return NOTHING
        found = self._roots.get(path)
        if found is None:
            base, schema = self._resolver.resolve("", path)
            found = self._roots[path] = self.compile([(base, schema)])
        return found

    def compile(self, leaves: Iterable[Leaf], *, variants: bool = True) -> Plan:
        """One plan for everything that all these schemas say about a place."""
        collected: list[Leaf] = []
        seen: set[int] = set()
        for base, schema in leaves:
            self._collect(base, schema, collected, seen)
        if not variants:
            collected = [(base, _without_if(schema)) for base, schema in collected]
            return Plan(self, tuple(collected))
        # The schemas live as long as their owner, so that their addresses name them.
        key = tuple(id(schema) for _, schema in collected)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = Plan(self, tuple(collected))
        return found

    def _collect(self, base: str, schema: Any, into: list[Leaf], seen: set[int]) -> None:
        if not isinstance(schema, Mapping) or id(schema) in seen:
            return
        seen.add(id(schema))
        into.append((base, schema))
        if isinstance(schema.get("$ref"), str):
            self._collect(*self._resolver.resolve(base, schema["$ref"]), into, seen)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                self._collect(base, part, into, seen)
        if "if" in schema and not types_of(schema["if"]):
            for keyword in ("then", "else"):
                self._collect(base, schema.get(keyword), into, seen)


def _word_or_string(value: str) -> str:
    return f"={value}" if is_word(value) else "string"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _without_if(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "if" not in schema:
        return schema
    return {key: value for key, value in schema.items() if key != "if"}


def types_of(condition: Any) -> tuple[str, ...]:
    """The values of ``type`` that a condition asks for; empty if it asks for something else."""
    wanted = _mapping(_mapping(_mapping(condition).get("properties")).get("type"))
    values = wanted.get("enum", [wanted["const"]] if "const" in wanted else [])
    return tuple(value for value in values if isinstance(value, str))


#: The plan of a value that no schema speaks about.
NOTHING: Final = Plan(None, ())
