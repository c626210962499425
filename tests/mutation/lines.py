"""Edits of the lines that a stream is written in: names, comments, numbers, what is no JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.drift.rules import RULES

from .events import NOISE, EventOperator, Order, first_of_each, kind_of, labels
from .expect import Expected, Mutant
from .streams import Block, join
from .subject import Subject

__all__ = ["LINE_OPERATORS", "VARIANT_OPERATORS", "variants"]


class NotJson(EventOperator):
    """The data of one event is no JSON."""

    name = "garble the data of an event"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        names = labels(subject)
        for at in first_of_each(names):
            if kind_of(names[at]) not in NOISE:
                blocks = list(subject.blocks)
                blocks[at] = blocks[at].with_data("no JSON at all")
                yield self.mutant(subject, names[at], blocks, "sse-data-not-json")


class DoneAdded(EventOperator):
    """The stream ends with the word ``[DONE]``."""

    name = "end with [DONE]"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        blocks = [*subject.blocks, Block(("data: [DONE]",))]
        yield self.mutant(subject, "", blocks, "sse-done-added")


class NameDropped(EventOperator):
    """Events have no ``event:`` line: none of them, or one."""

    name = "drop event: lines"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        if any(one.name is None for one in subject.blocks):
            return
        blocks = [one.with_name(None) for one in subject.blocks]
        yield self.mutant(subject, "all", blocks, "sse-event-name-dropped")
        for at, label in enumerate(labels(subject)):
            if at == labels(subject).index(label):
                one = list(subject.blocks)
                one[at] = one[at].with_name(None)
                yield self.mutant(subject, label, one, "sse-event-name-dropped")


class NameAdded(EventOperator):
    """Events that had no ``event:`` line have one."""

    name = "add event: lines"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        if all(one.name is None for one in subject.blocks):
            blocks = [one.with_name(one.payload["type"]) for one in subject.blocks]
            yield self.mutant(subject, "all", blocks, "sse-event-name-added")


class NameDiffers(EventOperator):
    """The ``event:`` line of one event is another word than the type in its data."""

    name = "change an event: line"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        names = labels(subject)
        for at in first_of_each(names):
            if subject.blocks[at].name is not None:
                blocks = list(subject.blocks)
                blocks[at] = blocks[at].with_name("planted")
                yield self.mutant(subject, names[at], blocks, "event-name-differs")


class LinesAdded(EventOperator):
    """Lines that had not been there: a byte order mark, comments, ids, a time to reconnect."""

    name = "add a kind of line"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        text = subject.text
        blocks = subject.blocks
        yield self._with(subject, "\ufeff" + text, "sse-bom-added")
        if "\n:" not in f"\n{text}":
            yield self._with(subject, f": hello\n\n{text}", "sse-comment-added")
            yield self._with(subject, text.replace("\n\n", "\n\n: a\n\n"), "sse-comment-added")
        if "\nid:" not in f"\n{text}":
            numbered = [Block((f"id: {at}", *one.lines)) for at, one in enumerate(blocks)]
            yield self._with(subject, join(numbered), "sse-id-added")
        if "\nretry:" not in f"\n{text}":
            yield self._with(subject, f"retry: 3000\n\n{text}", "sse-retry-added")
        several = [one.with_data(one.data.replace("{", "{\n", 1)) for one in blocks]
        yield self._with(subject, join(several), "sse-data-became-multiline")

    def _with(self, subject: Subject, text: str, rule: str) -> Mutant:
        expected = Expected(rule, frozenset({RULES[rule].level}))
        interaction = replace(subject.interaction, body=text)
        return Mutant(subject, self.name, rule, interaction, expected)


class Buffered(EventOperator):
    """The stream comes in one piece, where it came in many."""

    name = "buffer the stream"

    def mutants(self, subject: Subject, order: Order) -> Iterator[Mutant]:
        del order
        stream = subject.interaction.stream
        if stream is not None and stream.chunks is not None and len(stream.chunks) > 1:
            size = sum(size for _, size in stream.chunks)
            whole = replace(stream, chunks=((stream.chunks[-1][0], size),))
            interaction = replace(subject.interaction, stream=whole)
            expected = Expected("sse-buffered", frozenset({RULES["sse-buffered"].level}))
            yield Mutant(subject, self.name, "", interaction, expected)


LINE_OPERATORS: tuple[type[EventOperator], ...] = (
    NotJson, DoneAdded, NameDropped, NameDiffers, LinesAdded,
)  # fmt: skip

#: Edits of what no cassette is like: of streams without ``event:`` lines, or with known times.
VARIANT_OPERATORS: tuple[type[EventOperator], ...] = (NameAdded, Buffered)


def variants(subject: Subject) -> Iterator[Subject]:
    """The same stream without ``event:`` lines, and the same with the times of its chunks."""
    nameless = subject.with_blocks([one.with_name(None) for one in subject.blocks])
    stream = subject.interaction.stream
    size = len(subject.text.encode())
    sizes = [size // 4, size // 4, size - 2 * (size // 4)]
    chunks = tuple((100.0 * at, one) for at, one in enumerate(sizes))
    timed = replace(subject.interaction, stream=stream and replace(stream, chunks=chunks))
    for name, interaction in (("without names", nameless), ("with times", timed)):
        yield Subject(
            f"{subject.name} ({name})", subject.surface, interaction, subject.schemas, False
        )
