"""Events that some streams have and others have not: whole items first, then single events.

Whether a model reasons, calls a tool or says something is its choice each time. An item that does
not come is one observation, whatever number of events it would have had, and no event of it is
missing: only what an item begins with and does not go on with is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.grammar import Bracket, Grammar

from .change import Change
from .labels import NOISE
from .stream_side import Side
from .typenames import base_of_label, item_of_label, member_of_label

__all__ = ["ALWAYS", "SOMETIMES", "counted_edits", "item_edits"]

#: How often an event comes, where nobody has counted.
ALWAYS: Final = "in all streams"
SOMETIMES: Final = "in some streams"

#: Event, change, and a sentence about it.
Told = tuple[str, Change, str]


def item_edits(before: Side, after: Side, grammar: Grammar | None) -> Iterator[Told]:
    """Items of a type that only one side has, each with all of its events.

    What has been told is taken note of on the side that has it (:meth:`Side.tell`).
    """
    for side, other in ((before, after), (after, before)):
        for closes in sorted(side.alone):
            labels = _whole_item(side, closes, grammar) if closes in side.alone else set()
            if not labels or not labels.isdisjoint(other.events):
                continue
            kind = item_of_label(closes)
            side.tell(labels)
            side.items.add(kind)
            if side is before:
                told = f"no item of type {kind} came, nor what belongs to one"
                yield closes, Change("event-type-unobserved", "", closes, None), told
                continue
            told = f"items of type {kind} come now, and did not before"
            known = {base_of_label(label) for label in other.events}
            member = member_of_label(side.events[closes])
            is_new = base_of_label(closes) not in known
            rule = "event-type-added" if is_new else "union-member-added"
            yield closes, Change(rule, "" if is_new else member, None, closes), told


def counted_edits(before: Side, after: Side, grammar: Grammar | None) -> Iterator[Told]:
    """Events that came in every stream and now come in some, and the other way round.

    They are told on both sides: an order that lacks one of them is not told for it.
    """
    for often, seldom in ((before, after), (after, before)):
        labels = {
            label
            for label in often.events.keys() & seldom.events.keys() - often.told - seldom.told
            if label not in NOISE
            and often.is_always_there(label)
            and not seldom.is_always_there(label)
        }
        was, now = (ALWAYS, SOMETIMES) if often is before else (SOMETIMES, ALWAYS)
        for event, group in _groups(labels, often, grammar):
            often.tell(group)
            seldom.tell(group)
            yield event, Change("event-count-changed", "", was, now), ""


def _groups(
    labels: set[str], side: Side, grammar: Grammar | None
) -> Iterator[tuple[str, set[str]]]:
    """Events that come and go together: the one that they are told by, and all of them."""
    rest = set(labels)
    for closes in sorted(labels):
        group = _whole_item(side, closes, grammar)
        if len(group & rest) > 1 and closes in rest and group <= labels:
            yield closes, group & rest
            rest -= group
    while rest:
        label = min(rest, key=lambda one: (len(_around(one, grammar)), side.place(one), one))
        group = _with_inner(label, rest, grammar)
        yield label, group
        rest -= group


def _whole_item(side: Side, closes: str, grammar: Grammar | None) -> set[str]:
    """The labels of all events that only an item which ends with this one has; empty if none."""
    bracket = None if grammar is None else grammar.brackets.get(grammar.output[1])
    kind = item_of_label(closes)
    if bracket is None or not kind or base_of_label(closes) != bracket.closes:
        return set()
    opens = f"{bracket.opens}({kind})"
    if opens not in side.events:
        return set()
    inside, outside = set[str](), set[str]()
    for order in side.orders:
        is_open = False
        for item in order:
            label = item.removesuffix("+")
            is_open = is_open or label == opens
            (inside if is_open else outside).add(label)
            is_open = is_open and label != closes
    return (inside - outside) | {opens, closes}


def _with_inner(label: str, rest: set[str], grammar: Grammar | None) -> set[str]:
    """An event; and if all of what it begins or ends is among the rest, what stands in that."""
    own = _bracket_of(label, grammar)
    kinds = {base_of_label(one) for one in rest}
    if own is None or own.closes not in kinds or (own.opens or own.closes) not in kinds:
        return {label}
    return {label} | {
        one
        for one in rest
        if (own.name == _name_of(one, grammar) or own.name in _around(one, grammar))
    }


def _bracket_of(label: str, grammar: Grammar | None) -> Bracket | None:
    return None if grammar is None else grammar.roles.get(base_of_label(label), (None, ""))[0]


def _name_of(label: str, grammar: Grammar | None) -> str | None:
    bracket = _bracket_of(label, grammar)
    return None if bracket is None else bracket.name


def _around(label: str, grammar: Grammar | None) -> set[str]:
    """The names of all that the bracket of an event stands in."""
    names: set[str] = set()
    bracket = _bracket_of(label, grammar)
    while grammar is not None and bracket is not None and bracket.inside is not None:
        bracket = grammar.brackets[bracket.inside]
        names.add(bracket.name)
    return names
