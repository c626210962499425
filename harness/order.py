"""The order of events in a stream, checked against data (``schemas/**/order.json``).

A state machine without I/O: payloads go in, one by one, and violations come out, each of them with
the number of the event at which it was noticed. What the stream must look like stands in the data;
what is here is only what "opened", "inside", "exactly one" and "adds up" mean.

One mistake is reported once: after a bracket was found broken, the checker goes on as if it had
been right, so that its contents are not reported as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .grammar import Bracket, Grammar, lookup
from .numbering import Numbering
from .order_violation import Violation
from .runs import OWN, PIECE, Run
from .sameness import Sameness
from .wholes import Key, Wholes

__all__ = ["Grammar", "OrderChecker", "Violation", "check_order"]


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
        self._terminal_at = 0
        self._error_at: int | None = None
        _, base, step = grammar.sequence
        self._numbering = Numbering(base, step, excerpt=excerpt)
        self._singletons: set[str] = set()
        self._open: dict[tuple[str, Key], int] = {}
        #: Where each ended.
        self._closed: dict[tuple[str, Key], int] = {}
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
        for rule, pointer, message in self._sameness.feed(kind, payload, self._index):
            self._add(rule, kind, message, pointer)
        found = self._grammar.roles.get(kind)
        if found is not None:
            self._in_bracket(found[0], found[1], kind, payload)
        if kind in self._grammar.terminals or self._is_refusal(kind, payload):
            self._terminal, self._terminal_at = kind, self._index
            if kind in self._grammar.complete:
                self._check_whole_answer(kind, payload)
                self._check_places()

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
                        since=self._error_at,
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

    def _add(
        self,
        rule: str,
        kind: str | None,
        message: str,
        pointer: str = "",
        since: int | None = None,
    ) -> None:
        """Note a breach; what began earlier (``since``) can follow from what was wrong then."""
        since = self._index if since is None else since
        self._found.append(Violation(rule, self._index, kind, pointer, message, since))

    def _check_number(self, kind: str, payload: Mapping[str, Any]) -> None:
        pointer = self._grammar.sequence[0]
        number = lookup(payload, pointer)
        if number.__class__ is not int:
            return
        fault = self._numbering.feed(number, self._index)
        if fault is not None:
            self._add(fault.rule, kind, fault.message, pointer, fault.since)

    def _after_terminal(self, kind: str) -> None:
        rule = "terminal-repeated" if kind in self._grammar.terminals else "event-after-terminal"
        message = f"{kind} comes after {self._terminal}"
        self._add(f"order/{rule}", kind, message, since=self._terminal_at)

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
                since = self._open.get(place, self._closed.get(place))
                self._add(
                    "order/bracket-reopened", kind, f"{_called(place)} begins again", since=since
                )
            self._open[place] = self._index
            self._closed.pop(place, None)
            return
        if place in self._closed:
            self._not_open(place, kind)
        elif bracket.opens is not None and place not in self._open:
            if self._excerpt:
                self._partial.add(place)
            else:
                self._not_open(place, kind)
        if role == "pieces":
            self._open.setdefault(place, self._index)
            self._closed.pop(place, None)
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
            self._not_open(place, kind)
            self._open[place] = self._index
            self._closed.pop(place, None)

    def _not_open(self, place: tuple[str, Key], kind: str) -> None:
        """Something has already ended, or its beginning may be missing anywhere before."""
        ended = self._closed.get(place)
        state = "has not begun" if ended is None else "has already ended"
        message = f"{_called(place)} {state}"
        self._add("order/bracket-not-opened", kind, message, since=ended or 0)

    def _is_partial(self, bracket: Bracket, key: Key) -> bool:
        """Whether the beginning of what it is in was not seen."""
        outer = self._grammar.brackets[bracket.inside] if bracket.inside else None
        return outer is not None and (outer.name, key[: len(outer.key)]) in self._partial

    def _close_bracket(
        self, bracket: Bracket, key: Key, kind: str, payload: Mapping[str, Any]
    ) -> None:
        place = (bracket.name, key)
        since = self._open.pop(place, None)
        begun = since is not None or bracket.opens is None
        if since is None and bracket.inside is not None:
            outer = self._grammar.brackets[bracket.inside]
            since = self._open.get((outer.name, key[: len(outer.key)]))
        self._closed[place] = self._index
        self._check_contents(bracket, key, kind)
        partial = place in self._partial or self._is_partial(bracket, key)
        for pointer, message in self._wholes.close(
            bracket, key, payload, begun=begun, partial=partial
        ):
            self._add("order/aggregate-mismatch", kind, message, pointer, since)
        if bracket.name == self._grammar.output[1]:
            self._keep_output(payload)

    def _check_contents(self, outer: Bracket, key: Key, kind: str) -> None:
        for place in [one for one in self._open if one[1][: len(key)] == key]:
            if self._is_inside(place[0], outer.name):
                since = self._open.pop(place)
                self._closed[place] = self._index
                self._not_closed(place, kind, since)

    def _is_inside(self, name: str, outer: str) -> bool:
        around = self._grammar.brackets[name].inside
        return around is not None and (around == outer or self._is_inside(around, outer))

    def _keep_output(self, payload: Mapping[str, Any]) -> None:
        _, _, value, order = self._grammar.output
        number = lookup(payload, order) if order else None
        rank = number if isinstance(number, int) else self._index
        self._output.append((rank, self._index, lookup(payload, value)))

    def _check_places(self) -> None:
        """Whether each place has its item; what else is wrong can be why one has not."""
        found = None if self._found or self._excerpt else self._sameness.empty_place()
        if found is not None:
            index, kind, pointer, told = found
            self._found.append(Violation("order/place-changed", index, kind, pointer, told, index))

    def _check_whole_answer(self, kind: str, payload: Mapping[str, Any]) -> None:
        for place, since in self._open.items():
            self._not_closed(place, kind, since)
        pointer = self._grammar.output[0]
        output = lookup(payload, pointer)
        items = [value for _, _, value in sorted(self._output, key=lambda one: one[:2])]
        seen_all = not self._excerpt or len(items) == len(output or ())
        if isinstance(output, list) and output and output != items and seen_all:
            message = f"has {len(output)} items, and they are not the {len(items)} that came before"
            self._add("order/aggregate-mismatch", kind, message, pointer, since=0)

    def _not_closed(self, place: tuple[str, Key], kind: str, since: int) -> None:
        message = f"{_called(place)} has not ended"
        self._add("order/bracket-not-closed", kind, message, since=since)


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
