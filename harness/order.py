"""The order of events in a stream, checked against data (``schemas/**/order.json``).

A state machine without I/O: payloads go in, one by one, and violations come out, each of them with
the number of the event at which it was noticed. What the stream must look like stands in the data;
what is here is only what "opened", "inside", "exactly one" and "adds up" mean.

One mistake is reported once: after a bracket was found broken, the checker goes on as if it had
been right, so that its contents are not reported as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .grammar import Bracket, Grammar, lookup
from .numbering import Numbering
from .runs import OWN, PIECE, Run
from .sameness import Sameness
from .wholes import Key, Wholes

__all__ = ["Grammar", "OrderChecker", "Violation", "check_order"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of the order. ``index`` counts events from 0; it is -1 for an empty stream."""

    rule: str
    index: int
    event: str | None
    pointer: str
    message: str


class OrderChecker:
    """Feed it the payloads of one stream, then :meth:`close` it."""

    def __init__(self, grammar: Grammar, *, excerpt: bool = False) -> None:
        """``excerpt``: this is a part of a stream, which may begin and end anywhere."""
        self._grammar = grammar
        self._excerpt = excerpt
        self._partial: set[tuple[str, Key]] = set()
        self._sameness = Sameness(grammar)
        self._index = -1
        self._begun = False
        self._terminal: str | None = None
        self._error_at: int | None = None
        _, base, step = grammar.sequence
        self._numbering = Numbering(base, step, excerpt=excerpt)
        self._singletons: set[str] = set()
        self._open: dict[tuple[str, Key], int] = {}
        self._closed: set[tuple[str, Key]] = set()
        self._wholes = Wholes(grammar)
        self._output: list[tuple[int, int, Any]] = []
        self._found: list[Violation] = []

    def feed_run(self, payloads: Sequence[Any]) -> None:
        """Take the payloads of a run (see :mod:`.runs`): what holds for the first holds for all."""
        self.feed(payloads[0])
        rest = payloads[1:]
        if not rest:
            return
        if self._terminal is not None or not self._takes(rest):
            for payload in rest:
                self.feed(payload)

    def _takes(self, rest: Sequence[dict[str, Any]]) -> bool:
        """Take more pieces like the one before all at once, if there is nothing to be said."""
        bracket, role = self._grammar.roles.get(rest[0]["type"], (None, ""))
        if bracket is None or role != "pieces" or bracket.piece != f"/{PIECE}":
            return False
        key: Key = tuple(lookup(rest[0], pointer) for pointer in bracket.key)
        is_one_place = OWN.isdisjoint(self._grammar.places_of[bracket.name])
        if not is_one_place or (bracket.name, key) not in self._open:
            return False
        number = self._grammar.number
        if number is None or not self._numbering.takes([one.get(number) for one in rest]):
            return False
        pieces = self._wholes.pieces(bracket, key, partial=self._is_partial(bracket, key))
        pieces += [one[PIECE] for one in rest]
        self._index += len(rest)
        return True

    def feed(self, payload: Any) -> None:
        """Take the next event. Whatever is no event (no object, no type) is only counted."""
        self._index += 1
        kind = payload.get("type") if payload.__class__ is dict else None
        if kind.__class__ is not str:
            return
        self._check_number(kind, payload)
        if self._terminal is not None:
            self._after_terminal(kind)
            return
        self._check_place(kind)
        for rule, pointer, message in self._sameness.feed(kind, payload):
            self._add(rule, kind, message, pointer)
        found = self._grammar.roles.get(kind)
        if found is not None:
            self._in_bracket(found[0], found[1], kind, payload)
        if kind in self._grammar.terminals or self._is_refusal(kind, payload):
            self._terminal = kind
            if kind in self._grammar.complete:
                self._check_whole_answer(kind, payload)

    def close(self, *, ended_early: bool = False) -> list[Violation]:
        """Everything that was found. ``ended_early``: this stream is known to have been cut."""
        if self._terminal is None and not (ended_early or self._excerpt):
            if self._error_at is not None:
                self._found.append(
                    Violation(
                        "order/error-without-terminal",
                        self._error_at,
                        self._grammar.error,
                        "",
                        "no final event follows this error",
                    )
                )
            else:
                ends = ", ".join(sorted(self._grammar.terminals))
                self._add("order/terminal-missing", None, f"the stream ends without any of {ends}")
        return self._found

    def _is_refusal(self, kind: str, payload: Mapping[str, Any]) -> bool:
        """Whether this is an error with a status of its own: it refuses, and nothing follows."""
        return kind == self._grammar.error and any(
            lookup(payload, pointer) is not None for pointer in self._grammar.error_ends_with
        )

    def _add(self, rule: str, kind: str | None, message: str, pointer: str = "") -> None:
        self._found.append(Violation(rule, self._index, kind, pointer, message))

    def _check_number(self, kind: str, payload: Mapping[str, Any]) -> None:
        pointer = self._grammar.sequence[0]
        number = lookup(payload, pointer)
        if number.__class__ is not int:
            return
        fault = self._numbering.feed(number)
        if fault is not None:
            rule, message = fault
            self._add(rule, kind, message, pointer)

    def _after_terminal(self, kind: str) -> None:
        rule = "terminal-repeated" if kind in self._grammar.terminals else "event-after-terminal"
        self._add(f"order/{rule}", kind, f"{kind} comes after {self._terminal}")

    def _check_place(self, kind: str) -> None:
        if kind == self._grammar.error and self._error_at is None:
            self._error_at = self._index
        if not self._begun and not self._grammar.is_free(kind):
            self._begun = True
            if kind not in self._grammar.first and not self._excerpt:
                wanted = " or ".join(sorted(self._grammar.first))
                self._add("order/first-event", kind, f"the stream begins with {kind}, not {wanted}")
        if kind in self._grammar.singletons:
            if kind in self._singletons:
                self._add("order/singleton-repeated", kind, f"{kind} comes a second time")
            self._singletons.add(kind)

    def _in_bracket(self, bracket: Bracket, role: str, kind: str, payload: dict[str, Any]) -> None:
        parts = tuple(lookup(payload, pointer) for pointer in bracket.key)
        if not all(isinstance(part, str | int) for part in parts):
            return  # the schemas say what is missing; without its key it belongs nowhere
        key: Key = parts
        self._check_outer(bracket, key, kind)
        place = (bracket.name, key)
        if role == "opens":
            if place in self._open or place in self._closed:
                self._add("order/bracket-reopened", kind, f"{_called(place)} begins again")
            self._open[place] = self._index
            self._closed.discard(place)
            return
        if place in self._closed:
            self._add("order/bracket-not-opened", kind, f"{_called(place)} has already ended")
        elif bracket.opens is not None and place not in self._open:
            if self._excerpt:
                self._partial.add(place)
            else:
                self._add("order/bracket-not-opened", kind, f"{_called(place)} has not begun")
        if role == "pieces":
            self._open.setdefault(place, self._index)
            self._closed.discard(place)
            partial = self._is_partial(bracket, key)
            self._wholes.piece(bracket, key, payload, partial=partial)
        else:
            self._close_bracket(bracket, key, kind, payload)

    def _check_outer(self, bracket: Bracket, key: Key, kind: str) -> None:
        if bracket.inside is None:
            return
        outer = self._grammar.brackets[bracket.inside]
        place = (outer.name, key[: len(outer.key)])
        if place not in self._open and self._excerpt and place not in self._closed:
            self._partial.add(place)
            self._open[place] = self._index
        elif place not in self._open:
            state = "has already ended" if place in self._closed else "has not begun"
            self._add("order/bracket-not-opened", kind, f"{_called(place)} {state}")
            self._open[place] = self._index
            self._closed.discard(place)

    def _is_partial(self, bracket: Bracket, key: Key) -> bool:
        """Whether the beginning of what it is in was not seen."""
        outer = self._grammar.brackets[bracket.inside] if bracket.inside else None
        return outer is not None and (outer.name, key[: len(outer.key)]) in self._partial

    def _close_bracket(
        self, bracket: Bracket, key: Key, kind: str, payload: Mapping[str, Any]
    ) -> None:
        place = (bracket.name, key)
        begun = self._open.pop(place, None) is not None or bracket.opens is None
        self._closed.add(place)
        self._check_contents(bracket, key, kind)
        partial = place in self._partial or self._is_partial(bracket, key)
        for pointer, message in self._wholes.close(
            bracket, key, payload, begun=begun, partial=partial
        ):
            self._add("order/aggregate-mismatch", kind, message, pointer)
        if bracket.name == self._grammar.output[1]:
            self._keep_output(payload)

    def _check_contents(self, outer: Bracket, key: Key, kind: str) -> None:
        for place in [one for one in self._open if one[1][: len(key)] == key]:
            if self._is_inside(place[0], outer.name):
                del self._open[place]
                self._closed.add(place)
                self._add("order/bracket-not-closed", kind, f"{_called(place)} has not ended")

    def _is_inside(self, name: str, outer: str) -> bool:
        around = self._grammar.brackets[name].inside
        return around is not None and (around == outer or self._is_inside(around, outer))

    def _keep_output(self, payload: Mapping[str, Any]) -> None:
        _, _, value, order = self._grammar.output
        number = lookup(payload, order) if order else None
        rank = number if isinstance(number, int) else self._index
        self._output.append((rank, self._index, lookup(payload, value)))

    def _check_whole_answer(self, kind: str, payload: Mapping[str, Any]) -> None:
        for place in self._open:
            self._add("order/bracket-not-closed", kind, f"{_called(place)} has not ended")
        pointer = self._grammar.output[0]
        output = lookup(payload, pointer)
        items = [value for _, _, value in sorted(self._output, key=lambda one: one[:2])]
        seen_all = not self._excerpt or len(items) == len(output or ())
        if isinstance(output, list) and output and output != items and seen_all:
            message = f"has {len(output)} items, and they are not the {len(items)} that came before"
            self._add("order/aggregate-mismatch", kind, message, pointer)


def _called(place: tuple[str, Key]) -> str:
    name, key = place
    return f"{name} {'/'.join(str(part) for part in key)}"


def check_order(
    grammar: Grammar,
    runs: Iterable[Run],
    *,
    ended_early: bool = False,
    excerpt: bool = False,
) -> list[Violation]:
    """Every breach of the order in one stream, in the order in which they were noticed."""
    checker = OrderChecker(grammar, excerpt=excerpt)
    for run in runs:
        checker.feed_run([event.payload for event in run])
    return checker.close(ended_early=ended_early)
