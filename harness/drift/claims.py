"""What changed, and what does not keep the contract: each edit once, where both see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from harness.grammar import Grammar

from .consequences import OrderReads, generic, is_near, place_in, type_of
from .findings import Finding
from .merging import place_of
from .outcomes import RULES_OF_REFUSALS
from .pairs import is_typed_item, name_of
from .rules import LEVELS, RULES

__all__ = ["generic", "is_near", "unite", "with_consequence"]

_ORDER: Final = "order/"
#: Areas of rules about which events come, how and in which order.
_EVENTS: Final = ("event", "order", "sse", "ws")
#: Where the pointers of findings begin that are about no event.
_OUTSIDE: Final = ("/body", "/header", "/status", "/query")
#: A status that is another one is not the one that the body repeats.
_STATUS: Final = ("/status", "status-differs")
_OF_ITEMS: Final = ("union-member-added", "union-member-removed")
#: Stands in ``explains`` with the events that come less often.
_FEWER: Final = "event-count-changed"
#: Changes of a transport after which it cannot be said which events came.
_UNREADABLE: Final = frozenset({"sse-data-not-json", "ws-text-became-binary"})


def unite(
    changes: Sequence[Finding],
    violations: Sequence[Finding],
    grammar: Grammar | None = None,
    orders: Iterable[Sequence[str]] = (),
) -> list[Finding]:
    """The findings of a comparison and of the check of the same exchange, each edit once.

    A breach of the contract that follows from a change is told with it: it stands in ``explains``,
    and the finding is as grave as the gravest of both. Once the change has been adopted, the breach
    stands by itself: nothing is lost. It follows only from a change of what its check reads: one
    that merely came with a change stands beside it.

    Args:
        changes: the findings of :func:`.compare.compare`.
        violations: the findings of :func:`harness.checks.check_exchange` of the newer exchange.
        grammar: the grammar of its stream, if it has one.
        orders: the orders in which the events came, before and now.
    """
    united = list(changes)
    left: list[Finding] = []
    reads = None if grammar is None else OrderReads(grammar, orders)
    for one in violations:
        cause = next((at for at, each in enumerate(united) if _follows(one, each, reads)), None)
        if cause is None:
            left.append(one)
        else:
            united[cause] = with_consequence(united[cause], one)
    return [*united, *left]


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


def _follows(one: Finding, change: Finding, reads: OrderReads | None) -> bool:
    """Whether a breach is what a change leads to."""
    if change.rule in RULES_OF_REFUSALS:
        return True
    if one.direction != change.direction:
        # What was asked in another way is not said again in the answer as it was asked.
        return one.rule == "invariant/echo" and name_of(one.pointer) == name_of(change.pointer)
    rule = RULES[change.rule]
    if change.rule == "answer-kind-changed" or (change.pointer, one.rule) == _STATUS:
        return True
    # Of a type with several kinds of items, the events with one of them come or go by that.
    is_of_label = change.rule in _OF_ITEMS and not is_typed_item(change.pointer)
    is_event_type = change.event is not None and (change.pointer == "/type" or is_of_label)
    if rule.direction == "transport" or rule.area in _EVENTS or is_event_type:
        return _follows_events(one, change, reads)
    places = _places(change)
    if one.rule.startswith(_ORDER):
        return reads is not None and _is_read(one, places, reads)
    return any(
        type_of(event) == type_of(one.event)
        and any(is_near(pointer, other) for other in (one.pointer, *one.reads))
        for event, pointer in places
    )


def _follows_events(one: Finding, change: Finding, reads: OrderReads | None) -> bool:
    """Whether a breach follows from another coming, naming or order of events."""
    if not one.rule.startswith(_ORDER):
        return one.rule.startswith("sse/") or _is_of_event(one, change)
    if change.rule in _UNREADABLE or reads is None:
        return True
    return reads.follows(one.rule, one.event, change.rule, _names(change))


def _is_read(one: Finding, places: Iterable[tuple[str | None, str]], reads: OrderReads) -> bool:
    """Whether the check behind a breach of the order reads one of these places."""
    pointers = tuple(reads.pointers(one.rule, one.event))
    return any(
        reads.is_read(one.rule, one.event, type_of(event))
        and any(is_near(pointer, other) for other in pointers)
        for event, pointer in places
    )


def _places(change: Finding) -> list[tuple[str | None, str]]:
    """All places of an edit: where it was, where else, where it is now."""
    places = [(change.event, change.pointer), *map(place_in, change.also)]
    if isinstance(change.after, str) and change.after.startswith("/"):
        places.append((change.event, change.after))
    return places


def _names(change: Finding) -> set[str]:
    """The types of events that a change names, or says of that there are fewer."""
    words = f"{change.event or ''} {change.before or ''} {change.after or ''}".split()
    fewer = (one.split(" ") for one in change.explains)
    words += [one[1] for one in fewer if one[0] == _FEWER and len(one) > 1]
    return {type_of(word) for word in words}


def _is_of_event(one: Finding, change: Finding) -> bool:
    if one.event is None:
        return change.pointer == "/type" and not one.pointer.startswith(_OUTSIDE)
    return one.event in _names(change)
