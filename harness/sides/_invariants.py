"""What holds on the old side and not on the new one, of what schemas declare and no shape sees."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from harness.contract import Endpoint, Schemas
from harness.drift.findings import Finding
from harness.drift.normaliser import normaliser_of
from harness.events import NOT_JSON
from harness.exchange import Exchange
from harness.invariants import InvariantJudge, folded

__all__ = ["breaches", "identity_of", "newly_broken"]


def newly_broken(
    schemas: Schemas, surface: str, before: Iterable[Exchange], after: Iterable[Exchange]
) -> tuple[Finding, ...]:
    """The invariants that the exchanges of today break, and those of before did not.

    One that refers to the request (an echo) is made only where the request is known.
    """
    now = breaches(schemas, surface, after)
    if not now:  # as nearly always: what was before need not be looked at
        return ()
    known = {identity_of(one) for one in breaches(schemas, surface, before)}
    return tuple(folded(one for one in now if identity_of(one) not in known))


def identity_of(one: Finding) -> Hashable:
    """Which invariant is broken, and where: whatever value breaks it."""
    return (one.rule, one.event, one.pointer, one.before)


def breaches(schemas: Schemas, surface: str, exchanges: Iterable[Exchange]) -> Sequence[Finding]:
    """Each invariant that exchanges of a surface break, once."""
    found: dict[Hashable, Finding] = {}
    judge = InvariantJudge(schemas, surface)
    for exchange in exchanges:
        endpoint = normaliser_of(schemas).endpoint(surface, exchange)
        if endpoint is not None:
            judge.begin(exchange)
            for one in _broken(judge, schemas, endpoint, exchange):
                found.setdefault(identity_of(one), one)
    return tuple(found.values())


def _broken(
    judge: InvariantJudge, schemas: Schemas, endpoint: Endpoint, exchange: Exchange
) -> Iterator[Finding]:
    if endpoint.headers is not None and exchange.headers:
        yield from judge.broken(endpoint.headers, exchange.header_map(), "/header")
    body = endpoint.error if exchange.failed else endpoint.ok
    if exchange.is_stream and endpoint.events is not None:
        known: dict[str | None, str | None] = {}
        for event in exchange.events:
            kind = event.type
            if kind not in known:
                found = None if kind is None else schemas.event(endpoint.events, kind)
                path = found or f"{endpoint.events}/unknown.json"
                known[kind] = path if judge.knows(path) else None
            of_kind = known[kind]
            if of_kind is not None and event.payload is not NOT_JSON:
                yield from judge.broken(of_kind, event.payload, event=event)
    elif body is not None and exchange.payload() is not NOT_JSON:
        yield from judge.broken(body, exchange.payload(), "/body")
