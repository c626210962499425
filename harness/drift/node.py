"""Counts of what stood at each place of many values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .findings import Evidence
from .kinds import is_secret, is_word
from .plan import Plan
from .sightings import Span, joined
from .snapshot import Field, escape, unescape

__all__ = ["MAX_DEPTH", "MAX_WORDS", "Node", "typed_item"]

#: Deeper values are not looked into: no answer of a backend is, and recursion has an end.
MAX_DEPTH: Final = 64
#: A place with more different words is no closed set that somebody forgot to describe.
MAX_WORDS: Final = 12
#: A limit that has had so many values is none.
MAX_LIMITS: Final = 16

#: What is kept of the texts that no schema describes: their words; nothing, because there were too
#: many, or one was no word; nothing at and below this place, because of its name.
_WORDS: Final = 0
_FREE: Final = 1
_SECRET: Final = 2


class Node:
    """Counts of everything that stood at one place.

    Merging adds; its order and its grouping do not matter.

    Attributes:
        seen: how many values.
        atoms: how many of them had which form.
        objects: how many of them had keys.
        keys: what stood below each key.
        lists: of items, how many lists held one; several of one list count once.
        parts: what stood below "any item" (``[]``, ``[type]``) and "any key" (``{}``).
        words: the texts that no schema describes, while they are few and short (else empty).
        span: when the first and the last of them were seen, if that is known.
    """

    __slots__ = ("_kept", "atoms", "keys", "lists", "objects", "parts", "seen", "span", "words")

    def __init__(self) -> None:
        self.seen = 0
        self.objects = 0
        self.lists = 0
        self.atoms: dict[str, int] = {}
        self.keys: dict[str, Node] = {}
        self.parts: dict[str, Node] = {}
        self.words: dict[str, int] = {}
        self.span: Span | None = None
        self._kept = _WORDS

    def key(self, name: str) -> Node:
        """The node below a key."""
        node = self.keys.get(name)
        if node is None:
            node = self.keys[name] = Node()
            if self._kept == _SECRET or is_secret(name):
                node._kept = _SECRET
        return node

    def part(self, token: str) -> Node:
        """The node below "any item" or "any key"."""
        node = self.parts.get(token)
        if node is None:
            node = self.parts[token] = Node()
            if self._kept == _SECRET:
                node._kept = _SECRET
        return node

    @property
    def is_free(self) -> bool:
        """Whether the texts here were too many, or too long, to be words of a vocabulary."""
        return self._kept == _FREE

    def add(self, atom: str) -> None:
        """Count one value that is nothing but its form."""
        self.seen += 1
        self.atoms[atom] = self.atoms.get(atom, 0) + 1

    def add_text(self, atom: str, value: str) -> None:
        """Count one text that no schema describes."""
        self.add(atom)
        self.keep({value: 1} if is_word(value) else None)

    def keep(self, words: dict[str, int] | None, times: int = 1) -> None:
        """Keep words that were seen here; ``None``: something that is no word."""
        if self._kept != _WORDS:
            return
        for word, count in (words or {}).items():
            self.words[word] = self.words.get(word, 0) + count * times
        if words is None or len(self.words) > MAX_WORDS:
            self._kept = _FREE
            self.words = {}

    def observe(self, plan: Plan, value: Any, depth: int = 0) -> None:
        """Count one JSON value, and all below it, as its schemas say."""
        if depth > MAX_DEPTH:
            self.add("deep")
        elif isinstance(value, dict):
            self._observe_object(plan, value, depth)
        elif isinstance(value, list):
            self._observe_array(plan, value, depth)
        else:
            atom = plan.scalar(value)
            if atom == "string" and plan.is_silent:
                self.add_text(atom, value)
            else:
                self.add(atom)

    def _observe_object(self, plan: Plan, value: dict[str, Any], depth: int) -> None:
        if plan.is_blob("object"):
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
        if plan.is_blob("array"):
            self.add("blob(array)")
            return
        self.add("array" if value else "array(empty)")
        items = plan.items
        held: set[str] = set()
        for one in value:
            told_apart = items.by_type and isinstance(one, dict)
            place = typed_item(one.get("type")) if told_apart else "[]"
            held.add(place)
            self.part(place).observe(items, one, depth + 1)
        for place in held:
            self.part(place).lists += 1

    def merge(self, other: Node, times: int = 1, span: Span | None = None) -> None:
        """Add the counts of another node, so many times.

        Args:
            other: the node.
            times: how often.
            span: when that was; by default, what the other node knows of it.
        """
        self.seen += other.seen * times
        self.objects += other.objects * times
        self.lists += other.lists * times
        for atom, count in other.atoms.items():
            self.atoms[atom] = self.atoms.get(atom, 0) + count * times
        if other.words or other.is_free:
            self.keep(None if other.is_free else other.words, times)
        self.span = joined(self.span, span or other.span)
        for name, node in other.keys.items():
            self.key(name).merge(node, times, span)
        for token, node in other.parts.items():
            self.part(token).merge(node, times, span)

    def children(self) -> Iterator[tuple[str, Node, int]]:
        """Each node below, with its part of the pointer, and of how many it could have been."""
        for name, node in self.keys.items():
            yield escape(name), node, self.objects
        for token, node in self.parts.items():
            yield token, node, node.seen

    def places(self, pointer: str = "", of: int = 0) -> Iterator[tuple[str, Node, int]]:
        """This place and every place below it, and of how many each could have been."""
        yield pointer, self, max(of, self.seen)
        for token, node, possible in self.children():
            yield from node.places(f"{pointer}/{token}", possible)

    def fields(self, pointer: str = "", of: int = 0) -> Iterator[tuple[str, Field]]:
        """The same as the fields of a snapshot; without places that nothing stood at itself."""
        for place, node, possible in self.places(pointer, of):
            if node.atoms:
                yield place, Field(node.forms(), node.seen >= possible)

    def forms(self) -> frozenset[str]:
        """The atoms of a field in a snapshot."""
        limits = {atom for atom in self.atoms if atom.startswith("limit(")}
        if len(limits) <= MAX_LIMITS:
            return frozenset(self.atoms)
        return frozenset(self.atoms).difference(limits) | {"count"}

    def field(self, pointer: str, of: int = 0) -> Field | None:
        """The field of a place below, or ``None`` if nothing stood there."""
        if not pointer:
            return Field(self.forms(), self.seen >= of) if self.atoms else None
        head, slash, rest = pointer[1:].partition("/")
        node, possible = self._child(head)
        return None if node is None else node.field(slash + rest, possible)

    def _child(self, token: str) -> tuple[Node | None, int]:
        """The node at one part of a pointer, and of how many it could have been."""
        if token[:1] in ("[", "{"):
            return self.parts.get(token), self.seen
        return self.keys.get(unescape(token)), self.objects

    def evidence(self, pointer: str, of: int = 0) -> Evidence | None:
        """How often something stood at a place below, of how often it could have.

        Of items it is how many lists held one, of all that stood where the list is.
        """
        if not pointer:
            return Evidence(self.seen, max(of, self.seen))
        head, slash, rest = pointer[1:].partition("/")
        node, possible = self._child(head)
        if node is None:
            return Evidence(0, self.seen if head[:1] == "[" else self.objects)
        if node.lists and not slash:
            return Evidence(node.lists, possible)
        return node.evidence(slash + rest, possible)


def typed_item(kind: Any) -> str:
    """The part of a pointer for items of one type."""
    text = kind if isinstance(kind, str) else "?"
    return f"[{text.replace('~', '~0').replace('/', '~1')}]"
