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
            if closes not in side.alone or not (labels := _whole_item(side, closes, grammar)):
                continue
            if not labels.isdisjoint(other.events):
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
        for label in sorted(labels, key=lambda one: (often.place(one), one)):
            if label in labels - often.told and not _stands_in(label, labels, grammar):
                group = _with_inner(label, labels, often, grammar)
                often.tell(group)
                seldom.tell(group)
                event = _named_after(group, label, grammar)
                yield event, Change("event-count-changed", "", was, now), ""


def _whole_item(side: Side, closes: str, grammar: Grammar | None) -> set[str]:
    """The labels of all events that only an item which ends with this one has; empty if none."""
    bracket = None if grammar is None else grammar.brackets.get(grammar.output[1])
    kind = item_of_label(closes)
    if bracket is None or not kind or base_of_label(closes) != bracket.closes:
        return set()
    opens = f"{bracket.opens}({kind})"
    inside, outside = set[str](), set[str]()
    for order in side.orders:
        is_open = False
        for item in order:
            label = item.removesuffix("+")
            is_open = is_open or label == opens
            (inside if is_open else outside).add(label)
            is_open = is_open and label != closes
    return (inside - outside) | {opens, closes}


def _named_after(group: set[str], label: str, grammar: Grammar | None) -> str:
    """Of the events of an item, the one that ends it: there it is whole."""
    bracket = None if grammar is None else grammar.brackets.get(grammar.output[1])
    ends = f"{bracket.closes}({item_of_label(label)})" if bracket else ""
    return ends if ends in group else label


def _with_inner(label: str, labels: set[str], side: Side, grammar: Grammar | None) -> set[str]:
    """An event, and those of its kind that stand in what it begins or ends."""
    own = _bracket_of(label, grammar)
    if own is None or grammar is None:
        return {label}
    item = item_of_label(label)
    if own.name == grammar.output[1] and item:
        whole = _whole_item(side, f"{own.closes}({item})", grammar)
        return (whole & labels) | {label}
    return {
        other
        for other in labels
        if (inner := _bracket_of(other, grammar)) is not None
        and (inner is own or own.name in _outer(inner, grammar))
    }


def _stands_in(label: str, labels: set[str], grammar: Grammar | None) -> bool:
    """Whether all that an event stands in is gone with it: then it is told with that."""
    bracket = _bracket_of(label, grammar)
    if bracket is None or grammar is None:
        return False
    outer = _outer(bracket, grammar)
    return any(
        around is not None and around.name in outer and _is_whole(around, labels)
        for around in (_bracket_of(other, grammar) for other in labels)
    )


def _is_whole(bracket: Bracket, labels: set[str]) -> bool:
    kinds = {base_of_label(label) for label in labels}
    return bracket.closes in kinds and (bracket.opens is None or bracket.opens in kinds)


def _bracket_of(label: str, grammar: Grammar | None) -> Bracket | None:
    return None if grammar is None else grammar.roles.get(base_of_label(label), (None, ""))[0]


def _outer(bracket: Bracket, grammar: Grammar) -> set[str]:
    """The names of all that a bracket stands in."""
    names: set[str] = set()
    while bracket.inside is not None:
        bracket = grammar.brackets[bracket.inside]
        names.add(bracket.name)
    return names
