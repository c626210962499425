"""Edits of the types of events: renamed, new, behind the end; and streams that break off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.drift.rules import BREAKING, RULES

from .events import (
    NOISE,
    EventOperator,
    Order,
    first_of_each,
    is_numbered,
    kind_of,
    labels,
    numbered,
)
from .expect import Expected, Mutant
from .places import NEW
from .streams import Block, dumps
from .subject import Subject

__all__ = ["TYPE_OPERATORS", "TypeAdded", "TypeRenamed"]


class TypeRenamed(EventOperator):
    """A type of event has another name, in all its events and in their ``event:`` lines."""

    name = "rename a type of event"
    with_line = True

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        for kind in dict.fromkeys(kind_of(one) for one in labels(subject)):
            blocks = [self._edited(one, kind) for one in subject.blocks]
            # What fills a silence is nothing to miss; under another name it is something new.
            rule = "event-type-added" if kind in NOISE else "event-type-renamed"
            differs = not self.with_line and subject.blocks[0].name is not None
            levels = {BREAKING} if differs else None
            event = None if kind in NOISE else kind
            yield self.mutant(subject, kind, blocks, rule, levels=levels, event=event)

    def _edited(self, block: Block, kind: str) -> Block:
        payload = block.payload
        if payload["type"] != kind:
            return block
        edited = block.with_payload({**payload, "type": f"{kind}.{NEW}"})
        if self.with_line and block.name is not None:
            return edited.with_name(f"{kind}.{NEW}")
        return edited


class PayloadTypeRenamed(TypeRenamed):
    """A type of event has another name in its data, and its old one in the ``event:`` lines."""

    name = "rename a type of event in its data"
    with_line = False


class OneRenamed(EventOperator):
    """Of several events of one type one has another type: a new type of event comes besides.

    Its piece of a text, or what it opened, is missing under the old name.
    """

    name = "rename one event of several"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        names = labels(subject)
        for at in first_of_each(names):
            kind = kind_of(names[at])
            if names.count(names[at]) < 2 or kind in NOISE:
                continue
            blocks = list(subject.blocks)
            payload = {**blocks[at].payload, "type": f"{kind}.{NEW}"}
            blocks[at] = blocks[at].with_payload(payload)
            if blocks[at].name is not None:
                blocks[at] = blocks[at].with_name(f"{kind}.{NEW}")
            levels = {RULES["event-type-added"].level}
            if not order.is_free(kind):
                levels.add(BREAKING)
            yield self.mutant(subject, names[at], blocks, "event-type-added", levels=levels)


class TypeAdded(EventOperator):
    """An event of a type that nobody knows comes in the middle, or before everything else."""

    name = "add a type of event"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        for at in sorted({0, 1, len(subject.blocks) // 2, len(subject.blocks) - 1}):
            block = _new_event(subject)
            blocks = numbered([*subject.blocks[:at], block, *subject.blocks[at:]])
            yield self.mutant(
                subject, f"at {at}", blocks, "event-type-added", event=f"response.{NEW}"
            )


def _new_event(subject: Subject) -> Block:
    kind = f"response.{NEW}"
    payload: dict[str, Any] = {"type": kind, "note": "new"}
    if is_numbered(subject.blocks[0]):
        payload["sequence_number"] = 0
    lines = (f"event: {kind}",) if subject.blocks[0].name is not None else ()
    return Block((*lines, f"data: {dumps(payload)}"))


class AddedBehindTheEnd(EventOperator):
    """An event of a new type, or of a known one, comes behind the final event."""

    name = "add an event behind the end"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        if not order.is_terminal(subject.blocks[-1].payload["type"]):
            return
        for extra in (_new_event(subject), subject.blocks[0]):
            blocks = numbered([*subject.blocks, extra])
            what = extra.payload["type"]
            yield self.mutant(subject, what, blocks, "event-after-terminal", event=what)


class Truncated(EventOperator):
    """The stream breaks off: behind an event, or in the middle of one."""

    name = "break the stream off"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        if not any(order.is_terminal(one.payload["type"]) for one in subject.blocks):
            return
        names = labels(subject)
        for at in (*first_of_each(names), len(names) - 1):
            blocks = subject.blocks[:at]
            yield self.mutant(subject, f"before {names[at]}", blocks, "stream-cut")
            whole = subject.with_blocks(subject.blocks[: at + 1])
            text = str(whole.body)
            cut = text[: -2 - len(subject.blocks[at].lines[-1]) // 2]
            expected = Expected("stream-cut", frozenset({BREAKING}))
            interaction = replace(whole, body=cut)
            yield Mutant(subject, self.name, f"inside {names[at]}", interaction, expected)


TYPE_OPERATORS: tuple[type[EventOperator], ...] = (
    TypeRenamed, PayloadTypeRenamed, OneRenamed, TypeAdded, AddedBehindTheEnd, Truncated,
)  # fmt: skip
