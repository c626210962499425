"""Counts of what stood at each place of many values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from .findings import Evidence
from .kinds import kind_atom, literal, type_atom
from .plan import Plan
from .snapshot import Field, escape

__all__ = ["Node", "scalar_atom"]

#: Deeper values are not looked into: no answer of a backend is, and recursion has an end.
MAX_DEPTH: Final = 64


class Node:
    """Counts of everything that stood at one place.

    Attributes:
        seen: how many values.
        atoms: how many of them had which form.
        objects: how many of them had keys.
        keys: what stood below each key.
        parts: what stood below "any item" (``[]``, ``[type]``) and "any key" (``{}``).
    """

    __slots__ = ("atoms", "keys", "objects", "parts", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self.objects = 0
        self.atoms: Counter[str] = Counter()
        self.keys: dict[str, Node] = {}
        self.parts: dict[str, Node] = {}

    def key(self, name: str) -> Node:
        """The node below a key."""
        node = self.keys.get(name)
        if node is None:
            node = self.keys[name] = Node()
        return node

    def part(self, token: str) -> Node:
        """The node below "any item" or "any key"."""
        node = self.parts.get(token)
        if node is None:
            node = self.parts[token] = Node()
        return node

    def add(self, atom: str) -> None:
        """Count one value that is nothing but its form."""
        self.seen += 1
        self.atoms[atom] += 1

    def observe(self, plan: Plan, value: Any, depth: int = 0) -> None:
        """Count one JSON value, and all below it, as its schemas say."""
        if depth > MAX_DEPTH:
            self.add("deep")
        elif isinstance(value, dict):
            self._observe_object(plan, value, depth)
        elif isinstance(value, list):
            self._observe_array(plan, value, depth)
        else:
            self.add(scalar_atom(plan, value))

    def _observe_object(self, plan: Plan, value: dict[str, Any], depth: int) -> None:
        if _is_blob(plan, "object"):
            self.add("blob(object)")
            return
        self.add("object")
        if plan.is_map:
            for one in value.values():
                self.part("{}").observe(plan.values, one, depth + 1)
            return
        self.objects += 1
        if plan.by_type:
            plan = plan.variant(value.get("type"))
        for name, one in value.items():
            self.key(name).observe(plan.member(name), one, depth + 1)

    def _observe_array(self, plan: Plan, value: list[Any], depth: int) -> None:
        if _is_blob(plan, "array"):
            self.add("blob(array)")
            return
        self.add("array" if value else "array(empty)")
        items = plan.items
        for one in value:
            told_apart = items.by_type and isinstance(one, dict)
            place = _typed_item(one.get("type")) if told_apart else "[]"
            self.part(place).observe(items, one, depth + 1)

    def merge(self, other: Node) -> None:
        """Add the counts of another node."""
        self.seen += other.seen
        self.objects += other.objects
        self.atoms.update(other.atoms)
        for name, node in other.keys.items():
            self.key(name).merge(node)
        for token, node in other.parts.items():
            self.part(token).merge(node)

    def children(self) -> Iterator[tuple[str, Node, int]]:
        """Each node below, with its part of the pointer, and of how many it could have been."""
        for name, node in self.keys.items():
            yield escape(name), node, self.objects
        for token, node in self.parts.items():
            yield token, node, node.seen

    def fields(self, pointer: str = "", of: int = 0) -> Iterator[tuple[str, Field]]:
        """This place and every place below it."""
        if self.atoms:
            yield pointer, Field(frozenset(self.atoms), self.seen >= of)
        for token, node, possible in self.children():
            yield from node.fields(f"{pointer}/{token}", possible)

    def evidence(self, pointer: str, of: int = 0) -> Evidence | None:
        """How often something stood at a place below, of how often it could have."""
        if not pointer:
            return Evidence(self.seen, max(of, self.seen))
        head, _, rest = pointer[1:].partition("/")
        for token, node, possible in self.children():
            if token == head:
                return node.evidence(f"/{rest}" if rest else "", possible)
        return Evidence(0, self.objects)


def scalar_atom(plan: Plan, value: Any) -> str:
    """The atom of a value that is no object and no array."""
    if plan.kinds and value is not None:
        name = type_atom(value)
        kinds = plan.kinds
        kind = kinds.get(name) or kinds.get("*")
        if kind is None and name == "integer":
            kind = kinds.get("number")
        if kind is not None:
            return kind_atom(kind, value, number=plan.number)
    elif plan.closed or plan.open:
        word = literal(value, is_open=not plan.closed)
        if word is not None:
            return word
    return type_atom(value, number=plan.number)


def _is_blob(plan: Plan, name: str) -> bool:
    return bool(plan.kinds) and (plan.kinds.get(name) or plan.kinds.get("*")) == "blob"


def _typed_item(kind: Any) -> str:
    text = kind if isinstance(kind, str) else "?"
    return f"[{text.replace('~', '~0').replace('/', '~1')}]"
