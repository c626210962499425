"""What stays the same over one stream: the response, and what each item is and where it stands.

A shape sees that a number or an id is there, not that it is the same one as a moment ago. Which
values these are stands in the data (``constant``, ``place`` and ``same`` of an ``order.json``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from harness.contract import excerpt

from .grammar import Grammar, lookup

__all__ = ["Sameness"]

#: Rule, pointer, message.
Fault = tuple[str, str, str]


class Sameness:
    """Feed it the payloads of one stream. What differs is told once for each thing that differs."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._first: dict[Hashable, Any] = {}
        self._told: set[Hashable] = set()
        self._taken: dict[int, str] = {}
        #: In which event a place was first taken: its index and its type.
        self._since: dict[int, tuple[int, str]] = {}

    def feed(self, kind: str, payload: Mapping[str, Any], index: int = 0) -> Iterator[Fault]:
        """Take the next event, and its number: everything in which it contradicts those before."""
        for pointer in self._grammar.constant:
            value = lookup(payload, pointer)
            if self._differs(pointer, value):
                told = f"is {excerpt(value)}, and was {excerpt(self._first[pointer])} before"
                yield "order/response-changed", pointer, told
        yield from self._place(kind, payload, index)
        yield from self._item(kind, payload)

    def _differs(self, key: Hashable, value: Any) -> bool:
        if value is None or key in self._told:
            return False
        first = self._first.setdefault(key, value)
        if type(first) is type(value) and first == value:
            return False
        self._told.add(key)
        return True

    def empty_place(self) -> tuple[int, str, str, str] | None:
        """Of a whole answer, the first item behind a place that nothing is at.

        Places are counted from 0, so in every stream that was published whole. Given are the index
        and the type of the event that has it first, the pointer, and the message.
        """
        for wanted, place in enumerate(sorted(self._taken)):
            if place != wanted:
                index, kind = self._since[place]
                told = f"{self._taken[place]} is at {place}, and nothing is at {wanted}"
                return index, kind, self._grammar.place[0] or "", told
        return None

    def _place(self, kind: str, payload: Mapping[str, Any], index: int) -> Iterator[Fault]:
        """Every event of an item gives it the same place, and no two items have one place."""
        pointer, names = self._grammar.place
        found = (lookup(payload, name) for name in names)
        item = next((one for one in found if isinstance(one, str)), None)
        place = lookup(payload, pointer) if pointer else None
        if item is None or not isinstance(place, int) or isinstance(place, bool):
            return
        key = ("place", item)
        if self._differs(key, place):
            told = f"{item} is at {place}, and was at {self._first[key]}"
            yield "order/place-changed", pointer, told
        elif key not in self._told:
            self._since.setdefault(place, (index, kind))
            other = self._taken.setdefault(place, item)
            if other != item:
                self._told.add(key)
                yield "order/place-changed", pointer, f"{item} is at {place}, where {other} is"

    def _item(self, kind: str, payload: Mapping[str, Any]) -> Iterator[Fault]:
        """What a bracket says of its content as it opens holds when it closes."""
        bracket, role = self._grammar.roles.get(kind, (None, ""))
        if bracket is None or role == "pieces" or not bracket.same:
            return
        key = tuple(lookup(payload, pointer) for pointer in bracket.key)
        if not all(isinstance(part, str | int) for part in key):
            return
        for pointer in bracket.same:
            value = lookup(payload, pointer)
            first = (bracket.name, key, pointer)
            if self._differs(first, value):
                was = excerpt(self._first[first])
                told = f"is {excerpt(value)} at the end, and was {was} at the beginning"
                yield "order/item-changed", pointer, told
