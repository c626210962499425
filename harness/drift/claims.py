"""What changed, and what does not keep the contract: each edit once, where both see it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from harness.grammar import Grammar

from .findings import Finding
from .merging import place_of
from .outcomes import RULES_OF_REFUSALS
from .pairs import name_of
from .rules import LEVELS, RISKY, RULES

__all__ = ["generic", "is_near", "pointers_of", "unite", "with_consequence", "without_consequences"]

_ITEM: Final = re.compile(r"\[[^\]/]*\]")
#: Areas of rules about which events come, how and in which order: all else follows from it.
_EVENTS: Final = ("event", "order", "sse", "ws")
#: Where the pointers of findings begin that are about no event.
_OUTSIDE: Final = ("/body", "/header", "/status", "/query")
#: A status that is another one is not the one that the body repeats.
_STATUS: Final = ("/status", "status-differs")
#: So grave a change can make a value break an invariant.
_GRAVE: Final = LEVELS.index(RISKY)
#: Breaches of the order from which the others follow, the most telling one first.
_CAUSES: Final = (
    "order/sequence-repeat",
    "order/sequence-gap",
    "order/first-event",
    "order/place-changed",
    "order/aggregate-mismatch",
)
#: What has not begun leaves open what it should have ended; the rest of the order it leaves alone.
_NOT_OPENED: Final = "order/bracket-not-opened"
_BRACKETS: Final = "order/bracket-"


def unite(
    changes: Sequence[Finding], violations: Sequence[Finding], grammar: Grammar | None = None
) -> list[Finding]:
    """The findings of a comparison and of the check of the same exchange, each edit once.

    A breach of the contract that follows from a change is told with it: it stands in ``explains``,
    and the finding is as grave as the gravest of both. Once the change has been adopted, the breach
    stands by itself: nothing is lost.

    Args:
        changes: the findings of :func:`.compare.compare`.
        violations: the findings of :func:`harness.checks.check_exchange` of the newer exchange.
        grammar: the grammar of its stream, if it has one.
    """
    united = list(changes)
    left: list[Finding] = []
    pointers = () if grammar is None else tuple(pointers_of(grammar))
    for one in violations:
        cause = next((at for at, each in enumerate(united) if _follows(one, each, pointers)), None)
        if cause is None:
            left.append(one)
        else:
            united[cause] = with_consequence(united[cause], one)
    return [*united, *without_consequences(left)]


def generic(pointer: str) -> str:
    """A pointer in which any item is like another one, whatever their types or names."""
    return _ITEM.sub("[]", pointer)


def with_consequence(cause: Finding, one: Finding) -> Finding:
    """A finding with another one that follows from it: as grave as the graver of both."""
    told = f"{one.rule} {place_of(one.event, one.pointer)}".rstrip()
    level = min(cause.level, one.level, key=LEVELS.index)
    if RULES[cause.rule].direction == "client":
        level = cause.level  # that a client changes breaks nobody
    return replace(
        cause,
        level=level,
        explains=tuple(dict.fromkeys((*cause.explains, told, *one.explains))),
        where=cause.where or one.where,
    )


def without_consequences(violations: Sequence[Finding]) -> Iterator[Finding]:
    """One breach of the order makes others: pieces that do not add up, parts that never end."""
    orders = [one for one in violations if one.rule.startswith("order/")]
    cause = next((one for rule in _CAUSES for one in orders if one.rule == rule), None)
    if cause is None:
        cause = next((one for one in orders if one.rule == _NOT_OPENED), None)
        orders = [one for one in orders if one.rule.startswith(_BRACKETS)]
    for one in violations:
        if cause is None or one not in orders:
            yield one
        elif one is cause:
            for other in orders:
                cause = cause if other is one else with_consequence(cause, other)
            yield cause


def _follows(one: Finding, change: Finding, pointers: Iterable[str]) -> bool:
    """Whether a breach is what a change leads to."""
    if change.rule in RULES_OF_REFUSALS:
        return True
    if one.direction != change.direction:
        # What was asked in another way is not said again in the answer as it was asked.
        return one.rule == "invariant/echo" and name_of(one.pointer) == name_of(change.pointer)
    rule = RULES[change.rule]
    if change.rule == "answer-kind-changed" or (change.pointer, one.rule) == _STATUS:
        return True
    is_event_type = change.event is not None and change.pointer == "/type"
    if rule.direction == "transport" or rule.area in _EVENTS or is_event_type:
        return one.rule.startswith(("order/", "sse/")) or _is_of_event(one, change)
    places = [(change.event, change.pointer), *map(_place, change.also)]
    if isinstance(change.after, str) and change.after.startswith("/"):
        places.append((change.event, change.after))  # where it stands now
    if one.rule.startswith("order/"):
        return any(is_near(pointer, other) for _, pointer in places for other in pointers)
    # An invariant is about several places of one value, and can name but one of them.
    is_wide = one.rule.startswith("invariant/") and LEVELS.index(change.level) <= _GRAVE
    return any(
        _type_of(event) == _type_of(one.event) and (is_wide or is_near(pointer, one.pointer))
        for event, pointer in places
    )


def _is_of_event(one: Finding, change: Finding) -> bool:
    if one.event is None:
        return change.pointer == "/type" and not one.pointer.startswith(_OUTSIDE)
    words = f"{change.event or ''} {change.before or ''} {change.after or ''}".split()
    return one.event in {_type_of(word) for word in words}


def _place(told: str) -> tuple[str | None, str]:
    event, _, pointer = told.rpartition(" ")
    return event or None, pointer


def _type_of(label: str | None) -> str:
    return "" if label is None else label.partition("(")[0]


def is_near(one: str, other: str) -> bool:
    """Whether two places are the same, or one of them is in the other."""
    # Any item is like another one, and any key of a map ({}) like any other.
    ways = (generic(pointer).split("/") for pointer in (one, other))
    return all(a == b or "{}" in (a, b) for a, b in zip(*ways, strict=False))


def pointers_of(grammar: Grammar) -> Iterator[str]:
    """The places that the order of a stream depends on."""
    yield grammar.sequence[0]
    yield from grammar.constant
    yield from (grammar.place[0], *grammar.place[1], *grammar.error_ends_with)
    yield from (one for one in (grammar.output[0], *grammar.output[2:]) if one)
    for bracket in grammar.brackets.values():
        yield from (*bracket.key, *bracket.same)
        yield from (one for one in (bracket.piece, bracket.done) if one)
        yield from (re.sub(r"\{\d+\}|\d+", "[]", pointer) for _, pointer in bracket.around)
