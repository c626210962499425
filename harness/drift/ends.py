"""How streams end: with their final event, before it, after it, or with another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.grammar import Grammar

from .change import Change
from .sequences import Order

__all__ = ["EndEdit", "Ends"]


@dataclass(frozen=True, slots=True)
class EndEdit:
    """One edit of how streams end.

    Attributes:
        change: what changed.
        event: the label of the event that it is about.
        explained: labels whose coming or going follows from it.
        settles: whether it says all that there is to say about the order of events.
    """

    change: Change
    event: str | None
    explained: frozenset[str] = frozenset()
    settles: bool = False


class Ends:
    """Where the orders of two sides end."""

    def __init__(
        self, before: Sequence[Order], after: Sequence[Order], grammar: Grammar | None, *, cut: bool
    ) -> None:
        """``cut``: the streams before are known to lack their end."""
        self._before, self._after = before, after
        self._grammar = grammar
        # Without a grammar the events that ended the streams so far are those that end one.
        self._last = set() if cut else {_label(order[-1]) for order in before if order}

    def is_end(self, label: str) -> bool:
        """Whether nothing may follow an event of this label."""
        if self._grammar is None:
            return label in self._last
        return label.partition("(")[0] in self._grammar.terminals

    def edits(self) -> Iterator[EndEdit]:
        """The edits; empty if the two sides end in the same ways."""
        if not self._before or not self._after:
            return
        here, there = (self._ends(orders) for orders in (self._before, self._after))
        if None in there and None not in here:
            yield self._cut("stream-cut", here, self._before, self._after)
        elif None in here and None not in there:
            yield self._cut("stream-whole-again", there, self._after, self._before)
        elif here and there and here.isdisjoint(there):
            old, fresh = (" ".join(sorted(map(str, side))) for side in (here, there))
            explained = frozenset(str(one) for one in here | there)
            yield EndEdit(Change("terminal-event-changed", "", old, fresh), old, explained)
        yield from self._after_the_end()

    def _ends(self, orders: Iterable[Order]) -> set[str | None]:
        return {self._end(order) for order in orders}

    def _end(self, order: Order) -> str | None:
        return next((_label(item) for item in order if self.is_end(_label(item))), None)

    def _cut(
        self, rule: str, ends: set[str | None], whole: Sequence[Order], cut: Sequence[Order]
    ) -> EndEdit:
        """``whole`` and ``cut`` are the orders on the side that has an end and on the other."""
        beginnings = all(
            any(_is_beginning(one, other) for other in whole)
            for one in cut
            if self._end(one) is None
        )
        labels = {_label(item) for order in whole for item in order}
        left = {_label(item) for order in cut for item in order}
        end = " ".join(sorted(one for one in ends if one is not None))
        last = next((_label(order[-1]) for order in cut if order and self._end(order) is None), "")
        before, after = (end, last) if rule == "stream-cut" else (last, end)
        explained = frozenset(labels - left) if beginnings else frozenset(end.split())
        return EndEdit(Change(rule, "", before, after), None, explained, settles=beginnings)

    def _after_the_end(self) -> Iterator[EndEdit]:
        known = {label for order in self._before for label in self._behind(order)}
        found = dict.fromkeys(
            label for order in self._after for label in self._behind(order) if label not in known
        )
        if found:
            # All that follows the end is one edit: the end is no end any more.
            labels = " ".join(found)
            yield EndEdit(
                Change("event-after-terminal", "", None, labels),
                next(iter(found)),
                frozenset(found),
                settles=True,
            )

    def _behind(self, order: Order) -> Iterator[str]:
        for at, item in enumerate(order):
            if self.is_end(_label(item)):
                if item.endswith("+"):
                    yield _label(item)
                yield from (_label(one) for one in order[at + 1 :])
                return


def _label(item: str) -> str:
    return item.removesuffix("+")


def _is_beginning(order: Order, whole: Order) -> bool:
    """Whether an order is the beginning of another one; the last run may have been cut, too."""
    return [_label(one) for one in order] == [_label(one) for one in whole[: len(order)]]
