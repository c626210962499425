"""Edits of the events of a stream: lost, repeated, swapped, renamed, added, and the end cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from harness.drift.rules import BREAKING, RISKY, RULES

from .expect import Expected, Mutant
from .sites import label_of
from .streams import Block
from .subject import Subject

__all__ = ["EVENT_OPERATORS", "EventOperator", "Order"]

NOISE = ("keepalive", "ping")


class Order:
    """What ``order.json`` says about the events of one stream; without one, nothing."""

    def __init__(self, subject: Subject) -> None:
        endpoint = subject.endpoint
        path = endpoint.order if endpoint is not None else None
        self.data: dict[str, Any] = subject.schemas.document(path) if path else {}
        self.pieces = {one["pieces"] for one in self.brackets if "pieces" in one}
        self.ends = {one[name] for one in self.brackets for name in ("opens", "closes")
                     if name in one}  # fmt: skip

    @property
    def brackets(self) -> list[dict[str, Any]]:
        return list(self.data.get("brackets", ()))

    def is_free(self, kind: str) -> bool:
        """Whether an event may come anywhere, any number of times."""
        if not self.data:
            return False
        if any(re.fullmatch(one.replace("*", ".*"), kind) for one in self.data["anywhere"]):
            return True
        named = {*self.data["first"], *self.data["terminals"], *self.data["singletons"]}
        return kind not in named | self.pieces | self.ends

    def is_terminal(self, kind: str) -> bool:
        return kind in self.data.get("terminals", ())

    def is_wanted(self, kind: str) -> bool:
        """Whether a stream cannot do without it."""
        return kind in self.ends or kind in self.data.get("first", ())

    def adds_up(self, kind: str) -> bool:
        """Whether events of this type are pieces of a text that a later event repeats."""
        return any(one.get("pieces") == kind and "whole" in one for one in self.brackets)


class EventOperator:
    """One kind of edit of the events of a stream."""

    name: ClassVar[str]

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one stream."""
        if subject.is_stream and not subject.ended_early:
            yield from self.mutants(subject, Order(subject))

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        raise NotImplementedError

    def mutant(
        self,
        subject: Subject,
        what: str,
        blocks: list[Block],
        rule: str,
        *,
        levels: set[str] | None = None,
        event: str | None = None,
    ) -> Mutant:
        expected = Expected(rule, frozenset(levels or {RULES[rule].level}), None, event)
        return Mutant(subject, self.name, what, subject.with_blocks(blocks), expected)


def numbered(blocks: list[Block]) -> list[Block]:
    """The events with their sequence numbers anew, as a server would send them."""
    found: list[Block] = []
    number = 0
    for block in blocks:
        payload = _payload(block)
        if isinstance(payload, dict) and isinstance(payload.get("sequence_number"), int):
            is_right = payload["sequence_number"] == number
            now = {**payload, "sequence_number": number}
            found.append(block if is_right else block.with_payload(now))
            number += 1
        else:
            found.append(block)
    return found


def _payload(block: Block) -> Any:
    try:
        return block.payload
    except ValueError:
        return None


def is_numbered(block: Block) -> bool:
    return isinstance(block.payload.get("sequence_number"), int)


def labels(subject: Subject) -> list[str]:
    return [label_of(one.payload) for one in subject.blocks]


def kind_of(label: str) -> str:
    return label.partition("(")[0]


def first_of_each(names: list[str]) -> Iterator[int]:
    """The place of the first event of every label."""
    yield from (names.index(one) for one in dict.fromkeys(names))


class Lost(EventOperator):
    """One event is missing, and the numbers of the others are as they were: it was lost on the way.

    An event whose label comes again nearby leaves no other trace than the gap in the numbers; where
    there are no numbers, a piece of a text is missed when the text is repeated.
    """

    name = "lose an event"
    renumber = False

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        names = labels(subject)
        for at in first_of_each(names):
            blocks = subject.blocks[:at] + subject.blocks[at + 1 :]
            gap = any(is_numbered(one) for one in blocks[at:]) and is_numbered(subject.blocks[at])
            if self.renumber:
                blocks, gap = numbered(blocks), False
            found = self._expected(order, names, at, gap=gap)
            if found is not None:
                rule, levels, event = found
                yield self.mutant(subject, names[at], blocks, rule, levels=levels, event=event)

    def _expected(
        self, order: Order, names: list[str], at: int, *, gap: bool
    ) -> tuple[str, set[str], str | None] | None:
        label, kind = names[at], kind_of(names[at])
        left = names[:at] + names[at + 1 :]
        graver = {BREAKING} if gap else set()
        if kind in NOISE:
            return ("order/sequence-gap", {BREAKING}, None) if gap else None
        if order.is_terminal(kind) and kind not in map(kind_of, left):
            return "stream-cut", {BREAKING}, None
        if label not in left:
            is_type = kind not in map(kind_of, left)
            rule = "event-type-removed" if is_type else "union-member-removed"
            # Without its pieces a text does not add up, nor without what opens or closes it.
            wanted = order.is_wanted(kind) or order.adds_up(kind)
            return rule, graver or {BREAKING if wanted else RISKY}, kind
        if order.is_free(kind):
            return ("order/sequence-gap", {BREAKING}, None) if gap else None
        if is_same_order(names, left):
            if gap:
                return "order/sequence-gap", {BREAKING}, None
            return ("order/aggregate-mismatch", {BREAKING}, None) if order.adds_up(kind) else None
        return "event-count-changed", graver or {RISKY, BREAKING}, None


class Dropped(Lost):
    """One event is not sent, and the others are numbered without it."""

    name = "drop an event"
    renumber = True


def is_same_order(names: list[str], left: list[str]) -> bool:
    """Whether two lists of events differ only in how often one of them comes in a row.

    How finely a text is cut is nobody's promise; of other events, one and several are told apart.
    """
    return _runs(names) == _runs(left)


def _runs(names: list[str]) -> list[tuple[str, bool]]:
    runs: list[tuple[str, bool]] = []
    for name in names:
        if name in NOISE:
            continue
        is_piece = re.search(r"[._]delta(?:\(|$)", name) is not None
        if runs and runs[-1][0] == name:
            runs[-1] = (name, True)
        else:
            runs.append((name, is_piece))
    return runs


class Repeated(EventOperator):
    """One event comes twice, with the same number: it was delivered twice."""

    name = "deliver an event twice"
    renumber = False

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        names = labels(subject)
        for at in first_of_each(names):
            blocks = [*subject.blocks[: at + 1], *subject.blocks[at:]]
            again = is_numbered(subject.blocks[at]) and not self.renumber
            if self.renumber:
                blocks = numbered(blocks)
            found = self._expected(order, names, at, again)
            if found is not None:
                yield self.mutant(subject, names[at], blocks, found[0], levels=found[1])

    def _expected(
        self, order: Order, names: list[str], at: int, again: bool
    ) -> tuple[str, set[str]] | None:
        kind = kind_of(names[at])
        more = [*names[: at + 1], *names[at:]]
        if order.is_terminal(kind):
            return "event-after-terminal", {BREAKING}
        if kind in NOISE or order.is_free(kind) or is_same_order(names, more):
            if again:
                return "order/sequence-repeat", {BREAKING}
            is_sum = order.adds_up(kind) and kind not in NOISE
            return ("order/aggregate-mismatch", {BREAKING}) if is_sum else None
        graver = again or order.is_wanted(kind) or kind in order.data.get("singletons", ())
        return "event-count-changed", {BREAKING if graver else RISKY}


class SentTwice(Repeated):
    """One event is sent twice, and the others are numbered accordingly."""

    name = "send an event twice"
    renumber = True


def are_of_two_items(one: Block, other: Block) -> bool:
    """Whether two events are of different items, or parts; or one of none: neither has to wait."""
    items = [block.payload.get("output_index") for block in (one, other)]
    parts = [
        (one.payload.get(name), other.payload.get(name))
        for name in ("content_index", "summary_index")
    ]
    is_of_parts = any(None not in pair and pair[0] != pair[1] for pair in parts)
    return None in items or items[0] != items[1] or is_of_parts


class Swapped(EventOperator):
    """Two neighbours change places, with their numbers: they overtook each other on the way."""

    name = "deliver two events the other way round"
    renumber = False

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        names = labels(subject)
        done: set[tuple[str, str]] = set()
        for at in range(len(names) - 1):
            pair = (names[at], names[at + 1])
            if pair in done:
                continue
            done.add(pair)
            blocks = list(subject.blocks)
            blocks[at], blocks[at + 1] = blocks[at + 1], blocks[at]
            numbers = is_numbered(blocks[at]) and is_numbered(blocks[at + 1])
            if self.renumber:
                blocks, numbers = numbered(blocks), False
            found = self._expected(order, names, at, numbers)
            if found is not None:
                is_mixed = not numbers and are_of_two_items(blocks[at], blocks[at + 1])
                level = RISKY if is_mixed and found == "event-order-changed" else BREAKING
                yield self.mutant(subject, " and ".join(pair), blocks, found, levels={level})

    def _expected(self, order: Order, names: list[str], at: int, numbers: bool) -> str | None:
        kinds = kind_of(names[at]), kind_of(names[at + 1])
        if order.is_terminal(kinds[1]) and kinds[0] not in NOISE:
            return "event-after-terminal"
        loose = any(kind in NOISE or order.is_free(kind) for kind in kinds)
        if loose or names[at] == names[at + 1]:
            if numbers:
                return "order/sequence-gap"  # the one that comes too early is out of line first
            same_pieces = names[at] == names[at + 1] and order.adds_up(kinds[0])
            return "order/aggregate-mismatch" if same_pieces else None
        is_first = all(one in NOISE or order.is_free(kind_of(one)) for one in names[:at])
        return "first-event-changed" if is_first else "event-order-changed"


class SentInOtherOrder(Swapped):
    """Two neighbours change places, and are numbered by their new ones."""

    name = "send two events the other way round"
    renumber = True


EVENT_OPERATORS: tuple[type[EventOperator], ...] = (
    Lost, Dropped, Repeated, SentTwice, Swapped, SentInOtherOrder,
)  # fmt: skip
