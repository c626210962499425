"""What holds on the old side and not on the new one, of what the contract says and no shape sees.

That is the invariants that schemas declare, and the order of streams: that the numbers of events
rise by one, that pieces of a text add up to the whole, that an item keeps its id.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final

from harness.contract import Endpoint, Schemas
from harness.drift.findings import Finding
from harness.drift.normaliser import normaliser_of
from harness.events import NOT_JSON
from harness.exchange import Exchange
from harness.invariants import InvariantJudge, folded
from harness.stream_order import broken_order

__all__ = ["breaches", "identity_of", "newly_broken"]

_ORDER: Final = "order/"
_INDEX: Final = re.compile(r"/\d+(?=/|$)")
#: That numbers rise by one is one rule, however it is broken: an old side that lacks one event
#: (few sources publish all of them) shows nothing of the numbers.
_NUMBERS: Final = "order/sequence"


def newly_broken(
    schemas: Schemas, surface: str, before: Iterable[Exchange], after: Iterable[Exchange]
) -> tuple[Finding, ...]:
    """What the exchanges of today break, and those of before did not.

    One that refers to the request (an echo) is made only where the request is known.
    """
    before = tuple(before)
    # A stream that is the same as before is in the same order.
    same = frozenset(one.body for one in before if one.is_stream and one.body)
    now = breaches(schemas, surface, after, same)
    if not now:  # as nearly always: what was before need not be looked at
        return ()
    known = {identity_of(one) for one in breaches(schemas, surface, before)}
    return tuple(folded(one for one in now if identity_of(one) not in known))


def identity_of(one: Finding) -> Hashable:
    """What is broken, and where: whatever value breaks it."""
    if one.rule.startswith(_NUMBERS):
        return (_NUMBERS,)
    pointer = _INDEX.sub("/[]", one.pointer) if one.rule.startswith(_ORDER) else one.pointer
    return (one.rule, one.event, pointer, one.before)


def breaches(
    schemas: Schemas,
    surface: str,
    exchanges: Iterable[Exchange],
    same: frozenset[bytes] = frozenset(),
) -> Sequence[Finding]:
    """Each invariant, and each rule of the order of a stream, that exchanges break, once.

    Of streams with these bodies (``same``) the order is not looked at.
    """
    found: dict[Hashable, Finding] = {}
    judge = InvariantJudge(schemas, surface)
    for exchange in exchanges:
        endpoint = normaliser_of(schemas).endpoint(surface, exchange)
        if endpoint is not None:
            judge.begin(exchange)
            for one in _broken(judge, schemas, endpoint, exchange):
                found.setdefault(identity_of(one), one)
            if endpoint.order is not None and exchange.is_stream and exchange.body not in same:
                # That a stream lacks its end, its shape says.
                for one in broken_order(
                    schemas, surface, endpoint.order, exchange, ended_early=True
                ):
                    # Numbers that are wrong in two places are two things.
                    found.setdefault((identity_of(one), one.event), one)
    return tuple(found.values())


def _broken(
    judge: InvariantJudge, schemas: Schemas, endpoint: Endpoint, exchange: Exchange
) -> Iterator[Finding]:
    if endpoint.headers is not None and exchange.headers:
        yield from judge.broken(endpoint.headers, exchange.header_map(), "/header")
    body = endpoint.error if exchange.failed else endpoint.ok
    if exchange.is_stream and endpoint.events is not None:
        known: dict[str | None, str | None] = {}
        for run in (run for runs in exchange.runs for run in runs):
            kind = run[0].type
            if kind not in known:
                found = None if kind is None else schemas.event(endpoint.events, kind)
                path = found or f"{endpoint.events}/unknown.json"
                known[kind] = path if judge.knows(path) else None
            of_kind = known[kind]
            for event in run:
                if of_kind is not None and event.payload is not NOT_JSON:
                    yield from judge.broken(of_kind, event.payload, event=event)
    elif body is not None and exchange.payload() is not NOT_JSON:
        yield from judge.broken(body, exchange.payload(), "/body")
