"""The findings of one exchange, each edit once: what follows from one is told with it.

Of the check of a file alone: where there is a before, :mod:`harness.drift.claims` does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from harness.drift.claims import is_near, with_consequence
from harness.drift.consequences import OrderReads
from harness.drift.findings import Evidence, Finding
from harness.drift.merging import place_of
from harness.drift.plan import Plan
from harness.drift.snapshot import parent_of, unescape
from harness.exchange import Exchange
from harness.grammar import Grammar, lookup
from harness.order import OrderChecker
from harness.unknown import ITEM, MEMBER

__all__ = ["Flow", "each_once"]

_UNKNOWN_EVENT: Final = "event-unknown"
_MISSING: Final = ("schema/required", "request-schema/required")
_ORDER: Final = "order/"
_SCHEMA: Final = ("schema/", "request-schema/")
_INVARIANT: Final = "invariant/"

#: Rule, event and pointer of a breach of the order.
_Breach = tuple[str, str | None, str]


def each_once(
    found: Iterable[Finding], owners: Mapping[str, Hashable], flow: Flow | None
) -> list[Finding]:
    """The findings of one exchange, those of one edit put together.

    Args:
        found: what a check of the exchange found.
        owners: identity of a finding → which schema says so: the same schema may be about a
            member of several events.
        flow: the stream that it is, if its order was judged.
    """
    united = _with_invariants(_renamed(_merged(found, owners)))
    return united if flow is None else _Causes(flow).unite(united)


def _merged(found: Iterable[Finding], owners: Mapping[str, Hashable]) -> list[Finding]:
    """The findings, with what one schema says of several events told at the first of them."""
    merged: dict[Hashable, Finding] = {}
    for one in found:
        owner = owners.get(one.identity)
        key = one.identity if owner is None else (one.rule, str(one.after), owner)
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
    """The findings, with invariants that hold no more told with what is wrong with their values.

    An invariant is about several places, and can name but one of them.
    """
    united = [one for one in found if not one.rule.startswith(_INVARIANT)]
    left: list[Finding] = []
    for one in found:
        if one.rule.startswith(_INVARIANT):
            at = next((at for at, each in enumerate(united) if _is_wrong_for(each, one)), None)
            if at is None:
                left.append(one)
            else:
                united[at] = with_consequence(united[at], one)
    return [*united, *left]


def _is_wrong_for(cause: Finding, one: Finding) -> bool:
    """Whether a breach of a schema is at a place that an invariant reads."""
    return (
        cause.rule.startswith(_SCHEMA)
        and (cause.direction, cause.event) == (one.direction, one.event)
        and any(is_near(cause.pointer, place) for place in (one.pointer, *one.reads))
    )


class Flow(NamedTuple):
    """A stream whose order was judged.

    Attributes:
        exchange: the stream.
        grammar: what its order has to be.
        plan_of: what the schemas say about an event of a type.
        options: how its order was judged, see :func:`harness.order.check_order`.
    """

    exchange: Exchange
    grammar: Grammar
    plan_of: Callable[[str | None], Plan]
    options: Mapping[str, bool]


class _Causes:
    """What the breaches of the order of a stream follow from.

    Not from whatever came with them: from what their check reads, or from what, taken for something
    else, makes them go away.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._events = flow.exchange.events
        self._reads = OrderReads(flow.grammar)
        self._gone: dict[str, Counter[_Breach]] = {}

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
            return (one.rule, one.event, one.pointer) in self._without(cause.after)
        if cause.rule == ITEM:
            return one.rule == "order/item-changed" and is_near(cause.pointer, one.pointer)
        if not self._reads.is_read(one.rule, one.event, cause.event):
            return False
        pointers = self._reads.pointers(one.rule, one.event)
        if cause.rule == MEMBER:
            return any(self._stands_for(cause, pointer) for pointer in pointers)
        is_schema = cause.rule.startswith("schema/")
        return is_schema and any(is_near(cause.pointer, pointer) for pointer in pointers)

    def _without(self, kind: str) -> Counter[_Breach]:
        """The breaches that go away if events of an unknown type are taken for what they can be."""
        if kind not in self._gone:
            grammar = self._flow.grammar
            known = {*grammar.roles, *grammar.first, *grammar.terminals, *grammar.singletons}
            here = self._breaches(kind, kind)
            ways = (self._breaches(kind, other) for other in (None, *sorted(known)))
            self._gone[kind] = here - min(ways, key=Counter.total)
        return self._gone[kind]

    def _breaches(self, kind: str, other: str | None) -> Counter[_Breach]:
        """The breaches with the events of one type taken for those of another, or left out."""
        found: Counter[_Breach] = Counter()
        options = self._flow.options
        for turn in self._flow.exchange.turns:
            checker = OrderChecker(self._flow.grammar, excerpt=options["excerpt"])
            for one in turn:
                if one.type != kind:
                    checker.feed(one.payload)
                elif other is not None:
                    checker.feed({**one.payload, "type": other})
            for breach in checker.close(ended_early=options["ended_early"]):
                found[breach.rule, breach.event, breach.pointer] += 1
        return found

    def _stands_for(self, stranger: Finding, pointer: str) -> bool:
        """Whether an unknown member stands where one that the order goes by does not."""
        if parent_of(pointer) != parent_of(stranger.pointer):
            return False
        *around, name = pointer.split("/")[1:]
        plan = self._flow.plan_of(stranger.event)
        for token in around:
            plan = plan.member(token)
        if name not in plan.members:
            return False
        at = parent_of(pointer)
        here = (lookup(one.payload, at) for one in self._events if one.type == stranger.event)
        new = unescape(stranger.pointer.rpartition("/")[2])
        return any(isinstance(one, dict) and new in one and name not in one for one in here)
