"""The findings of one exchange, each edit once: what follows from one is told with it.

Of the check of a file alone: where there is a before, :mod:`harness.drift.claims` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from harness.drift.claims import is_near, pointers_of, with_consequence
from harness.drift.findings import Evidence, Finding
from harness.drift.merging import place_of
from harness.drift.plan import Plan
from harness.drift.snapshot import parent_of, unescape
from harness.exchange import Exchange
from harness.grammar import Grammar, lookup
from harness.unknown import ITEM, MEMBER

__all__ = ["each_once"]

_UNKNOWN_EVENT: Final = "event-unknown"
_MISSING: Final = ("schema/required", "request-schema/required")
_ORDER: Final = "order/"
_SCHEMA: Final = ("schema/", "request-schema/")
_INVARIANT: Final = "invariant/"
_AT_START: Final = "order/first-event"
_AT_END: Final = ("order/terminal-missing", "order/error-without-terminal")


def each_once(
    found: Iterable[Finding],
    owners: Mapping[str, Hashable],
    exchange: Exchange,
    grammar: Grammar | None,
    plan_of: Callable[[str | None], Plan],
) -> list[Finding]:
    """The findings of one exchange, those of one edit put together.

    Args:
        found: what a check of the exchange found.
        owners: fingerprint of a finding → which schema says so: the same schema may be about a
            member of several events.
        exchange: the exchange.
        grammar: that of its stream, if it has one.
        plan_of: what the schemas say about an event of a type.
    """
    united = _with_invariants(_renamed(_merged(found, owners)))
    return united if grammar is None else _Causes(exchange, grammar, plan_of).unite(united)


def _merged(found: Iterable[Finding], owners: Mapping[str, Hashable]) -> list[Finding]:
    """The findings, with what one schema says of several events told at the first of them."""
    merged: dict[Hashable, Finding] = {}
    for one in found:
        owner = owners.get(one.fingerprint)
        key = one.fingerprint if owner is None else (one.rule, str(one.after), owner)
        first = merged.setdefault(key, one)
        if first is not one:
            seen = Evidence(
                first.evidence.seen + one.evidence.seen, first.evidence.of + one.evidence.of
            )
            also = dict.fromkeys((*first.also, place_of(one.event, one.pointer), *one.also))
            merged[key] = replace(first, evidence=seen, also=tuple(also))
    return list(merged.values())


def _renamed(found: list[Finding]) -> list[Finding]:
    """The findings, with a member that is missing and the stranger in its place told as one."""
    strangers: dict[Hashable, list[Finding]] = {}
    gone: dict[Hashable, list[Finding]] = {}
    for one in found:
        kept = strangers if one.rule == MEMBER else gone if one.rule in _MISSING else None
        if kept is not None:
            for around in _around(one):
                kept.setdefault(around, []).append(one)
    told: dict[int, Finding] = {}
    for around, missing in gone.items():
        here = strangers.get(around, [])
        if len(missing) == len(here) == 1:
            told[id(here[0])] = missing[0]
    instead = {id(cause): stranger for stranger in found if (cause := told.get(id(stranger)))}
    return [
        _in_place(one, instead[id(one)]) if id(one) in instead else one
        for one in found
        if id(one) not in told
    ]


def _around(one: Finding) -> Iterator[Hashable]:
    """The objects that a finding is about a member of."""
    yield one.direction, place_of(one.event, parent_of(one.pointer))
    for place in one.also:
        yield one.direction, parent_of(place).rstrip()


def _in_place(missing: Finding, stranger: Finding) -> Finding:
    told = f"{missing.message}; {stranger.pointer} is there, which the schema does not have"
    return with_consequence(replace(missing, message=told), stranger)


def _with_invariants(found: list[Finding]) -> list[Finding]:
    """The findings, with invariants that hold no more told with what is wrong within their object.

    An invariant is about several places of one object, and can name but one of them.
    """
    united = [one for one in found if not one.rule.startswith(_INVARIANT)]
    left: list[Finding] = []
    for one in found:
        if one.rule.startswith(_INVARIANT):
            around = f"{parent_of(one.pointer)}/"
            where = (one.direction, one.event)
            causes = (
                at
                for at, each in enumerate(united)
                if each.rule.startswith(_SCHEMA)
                and (each.direction, each.event) == where
                and each.pointer.startswith(around)
            )
            cause = next(causes, None)
            if cause is None:
                left.append(one)
            else:
                united[cause] = with_consequence(united[cause], one)
    return [*united, *left]


class _Causes:
    """What the breaches of the order of a stream follow from: it goes by what is not as it was."""

    def __init__(
        self, exchange: Exchange, grammar: Grammar, plan_of: Callable[[str | None], Plan]
    ) -> None:
        self._events = exchange.events
        self._plan_of = plan_of
        self._pointers = tuple(pointers_of(grammar))

    def unite(self, found: Iterable[Finding]) -> list[Finding]:
        """The findings, with the breaches of the order told with what they follow from."""
        orders: list[Finding] = []
        causes: list[Finding] = []
        for one in found:
            (orders if one.rule.startswith(_ORDER) else causes).append(one)
        left: list[Finding] = []
        for one in orders:
            at = next((at for at, each in enumerate(causes) if self._leads(each, one)), None)
            if at is None:
                left.append(one)
            else:
                causes[at] = with_consequence(causes[at], one)
        return [*left, *causes]

    def _leads(self, cause: Finding, one: Finding) -> bool:
        """Whether a breach of the order follows from another finding."""
        if cause.event is None:
            return False
        if cause.rule == _UNKNOWN_EVENT:
            return self._is_by_name(cause.after, one)
        if cause.rule == ITEM:
            return one.rule == "order/item-changed" and is_near(cause.pointer, one.pointer)
        if cause.rule == MEMBER:
            return any(self._stands_for(cause, pointer) for pointer in self._pointers)
        is_schema = cause.rule.startswith("schema/")
        return is_schema and any(is_near(cause.pointer, other) for other in self._pointers)

    def _is_by_name(self, kind: str, one: Finding) -> bool:
        """Whether an event would be missed less, had it another name."""
        if one.rule in _AT_END:
            return bool(self._events) and self._events[-1].type == kind
        if one.rule == _AT_START:
            return self._events[0].type == kind
        return True

    def _stands_for(self, stranger: Finding, pointer: str) -> bool:
        """Whether an unknown member stands where one that the order goes by does not."""
        if parent_of(pointer) != parent_of(stranger.pointer):
            return False
        *around, name = pointer.split("/")[1:]
        plan = self._plan_of(stranger.event)
        for token in around:
            plan = plan.member(token)
        if name not in plan.members:
            return False
        at = parent_of(pointer)
        here = (lookup(one.payload, at) for one in self._events if one.type == stranger.event)
        new = unescape(stranger.pointer.rpartition("/")[2])
        return any(isinstance(one, dict) and new in one and name not in one for one in here)
