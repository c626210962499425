"""Whether a breach of the order of a stream follows from a change, by what its check reads.

Nothing is put down to a change because it came with it: an event that is new has nothing to do with
a text that does not add up. What the check of a rule reads stands in the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from harness.grammar import Bracket, Grammar

from .findings import Finding
from .rules import RULES

__all__ = ["OrderReads", "breaches_elsewhere", "generic", "is_near", "place_in", "type_of"]

_ITEM: Final = re.compile(r"\[[^\]/]*\]")
_NUMBERS: Final = "order/sequence"
_AGGREGATE: Final = "order/aggregate-mismatch"
_BRACKETS: Final = "order/bracket-"
#: What is said of one event by itself: which others come does not matter to it.
_OF_ONE: Final = frozenset({"order/response-changed", "order/place-changed"})
#: What is said of which events come, and where: any change of that can lead to it.
_OF_EVENTS: Final = frozenset(
    {
        "order/first-event", "order/terminal-missing", "order/terminal-repeated",
        "order/event-after-terminal", "order/error-without-terminal", "order/singleton-repeated",
    }
)  # fmt: skip
#: A stream that breaks off lacks its end, and what was to end before.
_OF_THE_END: Final = (*_OF_EVENTS, "order/bracket-not-closed")
_CUT: Final = frozenset({"stream-cut", "stream-end-changed"})


class OrderReads:
    """What the breaches of the order of one stream depend on."""

    def __init__(self, grammar: Grammar, orders: Iterable[Sequence[str]] = ()) -> None:
        """``orders`` are those in which the events came, before and now, as snapshots have them."""
        self._grammar = grammar
        self._after: dict[str, set[str]] = {}
        for order in orders:
            for one, other in pairwise(map(type_of, order)):
                self._after.setdefault(one, set()).add(other)

    def pointers(self, rule: str, event: str | None) -> Iterator[str]:
        """The places of events that the check behind a rule reads.

        Args:
            rule: one of ``order/…``.
            event: the type of the event at which it is broken.
        """
        grammar = self._grammar
        if rule.startswith(_NUMBERS):
            yield grammar.sequence[0]
        elif rule == "order/response-changed":
            yield from grammar.constant
        elif rule == "order/place-changed":
            yield from (one for one in (grammar.place[0], *grammar.place[1]) if one)
        elif rule in _OF_EVENTS:
            yield from grammar.error_ends_with
        else:
            for bracket in self._around(event):
                yield from _read_of(bracket, rule)
            if rule == _AGGREGATE and event in grammar.complete:
                yield from (one for one in (grammar.output[0], *grammar.output[2:]) if one)

    def is_read(self, rule: str, event: str | None, changed: str | None) -> bool:
        """Whether the check behind a rule reads anything of events of the type ``changed``."""
        if rule.startswith(_NUMBERS) or rule in _OF_ONE or rule in _OF_EVENTS:
            return True
        return changed in self._types(event)

    def follows(self, rule: str, event: str | None, change: str, names: set[str]) -> bool:
        """Whether a breach follows from it that other events come, or in another order.

        Args:
            rule, event: of the breach.
            change: the rule of the change.
            names: the types that the change names.
        """
        if change in _CUT:
            return rule in _OF_THE_END
        if rule in _OF_EVENTS or not names or event in names:
            return True
        if rule.startswith(_NUMBERS):
            # What is missing, or has come, is noticed at the event behind it.
            return any(event in self._after.get(name, ()) for name in names)
        return rule not in _OF_ONE and not names.isdisjoint(self._types(event))

    def _types(self, event: str | None) -> set[str]:
        """The events of all brackets that a breach at an event of this type can be about."""
        return {
            kind
            for bracket in self._around(event)
            for kind in (bracket.opens, bracket.pieces, bracket.closes)
            if kind is not None
        } | {event or ""}

    def _around(self, event: str | None) -> list[Bracket]:
        """The bracket of an event, those around it and those in it; without one, all of them."""
        brackets = self._grammar.brackets
        own, _ = self._grammar.roles.get(event or "", (None, ""))
        if own is None:
            return list(brackets.values())
        outer = set(self._outer(own))
        return [
            one for one in brackets.values() if one.name in outer or own.name in self._outer(one)
        ]

    def _outer(self, bracket: Bracket) -> Iterator[str]:
        """The names of a bracket and of all that it stands in."""
        yield bracket.name
        while bracket.inside is not None:
            bracket = self._grammar.brackets[bracket.inside]
            yield bracket.name


def breaches_elsewhere(one: Finding) -> Iterator[Finding]:
    """The breaches of the contract that a finding leads to at other places than its own.

    Whoever has accepted the finding, or does not read its place, has said nothing of these.
    """
    places = [(one.event, one.pointer), *map(place_in, one.also)]
    for told in one.breaches:
        rule, _, rest = told.partition(" ")
        event, pointer = place_in(rest)
        is_here = any(
            type_of(event) == type_of(label) and is_near(pointer, at) for label, at in places
        )
        if not is_here:
            level = RULES[rule].level
            # That one was folded into the other says nothing of its own values.
            yield replace(
                one, rule=rule, level=level, event=event, pointer=pointer,
                before=None, after=None, also=(), explains=(),
            )  # fmt: skip


def place_in(told: str) -> tuple[str | None, str]:
    """Event and pointer of a place as findings have it in ``also`` and ``explains``."""
    event, slash, pointer = told.rpartition(" ")
    if not slash and not pointer.startswith("/"):
        return pointer or None, ""
    return event or None, pointer


def is_near(one: str, other: str) -> bool:
    """Whether two places are the same, or one of them is in the other."""
    # Any item is like another one, and any key of a map ({}) like any other.
    ways = (generic(pointer).split("/") for pointer in (one, other))
    return all(a == b or "{}" in (a, b) for a, b in zip(*ways, strict=False))


def generic(pointer: str) -> str:
    """A pointer in which any item is like another one, whatever their types or names."""
    return _ITEM.sub("[]", pointer)


def type_of(label: str | None) -> str:
    """The type of the events of a label."""
    return "" if label is None else label.removesuffix("+").partition("(")[0]


def _read_of(bracket: Bracket, rule: str) -> Iterator[str]:
    yield from bracket.key
    if rule == "order/item-changed":
        yield from bracket.same
    if not rule.startswith(_BRACKETS):
        yield from (one for one in (bracket.piece, bracket.done) if one)
        yield from (re.sub(r"\{\d+\}|\d+", "[]", pointer) for _, pointer in bracket.around)
