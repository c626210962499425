"""Whether exchanges keep the contract: schemas, names and order of events. Findings, no verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any, Final

from harness.bodies import closest, of_success
from harness.contract import Endpoint, Schemas
from harness.drift.claims import with_consequence
from harness.drift.findings import (
    ONCE,
    Evidence,
    Finding,
    Unchecked,
    finding,
    merge_findings,
)
from harness.drift.normaliser import normaliser_of
from harness.drift.plan import Plan
from harness.drift.rules import RULES
from harness.each_once import Flow, each_once
from harness.events import pending_event
from harness.exchange import NOT_JSON, Event, Exchange
from harness.invariants import InvariantJudge, folded
from harness.locating import REQUEST, Locate, nowhere
from harness.stream_order import broken_order, grammar_at
from harness.unknown import StrangerJudge
from harness.violations import owner_of, violation

__all__ = ["ENDED_EARLY", "check_exchange"]

#: Outcomes of probes whose stream rightly lacks its end.
ENDED_EARLY: Final = frozenset({"stream_cut", "stream_stalled", "stream_too_large"})

#: A stream that was broken off inside of an event breaks one of these.
_ENDLESS: Final = frozenset({"order/terminal-missing", "order/error-without-terminal"})

#: The rule for data of an event that is no JSON.
_UNREAD: Final = "sse/data-not-json"


def check_exchange(
    schemas: Schemas,
    surface: str,
    exchange: Exchange,
    *,
    ended_early: bool = False,
    excerpt: bool = False,
    locate: Locate | None = None,
    unchecked: list[Unchecked] | None = None,
    report_unknown: bool = False,
) -> list[Finding]:
    """Everything in which one exchange does not keep the contract.

    A refusal is judged against the error contract alone, and so is not its request: what was
    refused need not have been right.

    Args:
        schemas: the contract.
        surface: the surface that the exchange is with.
        exchange: the exchange.
        ended_early: this stream is known to lack its end.
        excerpt: this is a part of a stream, which may begin and end anywhere.
        locate: tells the places in a file, for ``where``.
        unchecked: what could not be looked at is added here.
        report_unknown: what no schema knows is a finding: events, items, members. Without it, an
            unknown event is what could not be looked at: where there is a snapshot, the comparison
            of shapes reports what is new.

    Raises:
        ContractError: there is no such surface.
    """
    judge = _Judge(schemas, surface, locate or nowhere, report_unknown=report_unknown)
    judge.exchange(exchange, ended_early=ended_early, excerpt=excerpt)
    if unchecked is not None:
        unchecked += judge.unchecked
    found = merge_findings(folded(judge.found))
    if not report_unknown:
        return found
    found += judge.strangers()
    return each_once(found, judge.owners, judge.flow)


class _Judge:
    """Collects the findings of one exchange."""

    def __init__(
        self, schemas: Schemas, surface: str, locate: Locate, *, report_unknown: bool
    ) -> None:
        self._schemas = schemas
        self._surface = surface
        self._locate = locate
        self._endpoints = schemas.endpoints(surface)
        self._invariants = InvariantJudge(schemas, surface, self._locate)
        #: Identity of a finding → the schema that it comes from.
        self.owners: dict[str, Hashable] = {}
        self.flow: Flow | None = None
        self._strangers = StrangerJudge(schemas, surface, locate) if report_unknown else None
        self.found: list[Finding] = []
        self.unchecked: list[Unchecked] = []

    def exchange(self, exchange: Exchange, **stream: bool) -> None:
        sent = exchange.request
        self._invariants.begin(exchange)
        if sent is not None:
            endpoint = self._schemas.endpoint(self._surface, sent.method, sent.url)
            if endpoint is None:
                what = f"{sent.method} {sent.url}"
                self.skip(what, f"the index has no such endpoint on {self._surface}")
                return
        else:
            endpoint = self._likeliest(exchange)
        for what, why in exchange.unlooked:
            self.skip(what, why)
        is_asked = sent is not None and not (exchange.failed or sent.packed)
        if endpoint is not None and sent is not None and is_asked and endpoint.request:
            self.value(endpoint.request, sent.payload(), "/body", direction="request")
        if endpoint is not None and endpoint.headers and exchange.headers:
            self.value(endpoint.headers, exchange.header_map(), "/header")
        if exchange.packed:
            return
        if exchange.failed:
            self._refusal(endpoint, exchange)
        elif exchange.is_stream:
            self._stream(endpoint, exchange, **stream)
        else:
            self._body(endpoint, exchange)

    def strangers(self) -> Iterator[Finding]:
        """What no schema knows, if that was asked for."""
        return self._strangers.findings() if self._strangers else iter(())

    def _plan_of(self, kind: str | None) -> Plan:
        """What the schemas say about an event of a type."""
        endpoint = next((one for one in self._endpoints if one.events is not None), None)
        return normaliser_of(self._schemas).event_plan(endpoint, kind)

    def skip(self, what: str, why: str) -> None:
        if Unchecked(what, why) not in self.unchecked:
            self.unchecked.append(Unchecked(what, why))

    def _likeliest(self, exchange: Exchange) -> Endpoint | None:
        if exchange.is_stream:
            return next((one for one in self._endpoints if one.events is not None), None)
        return self._endpoints[0]

    def _refusal(self, endpoint: Endpoint | None, exchange: Exchange) -> None:
        payload = exchange.payload()
        if payload is NOT_JSON:
            self.skip("body", "a refusal that is not JSON: pages and plain text have no schema")
            return
        known = {one.error for one in self._endpoints} if endpoint is None else {endpoint.error}
        self._closest(sorted(path for path in known if path), payload, "refusal")
        self._status(payload, exchange.status)

    def _status(self, payload: Any, status: int | None) -> None:
        """A refusal that repeats its HTTP status repeats the right one."""
        for name in ("status", "status_code"):
            said = payload.get(name) if isinstance(payload, dict) else None
            if isinstance(said, int) and not isinstance(said, bool) and said != status:
                message = f"the body says {said}, the answer's HTTP status is {status}"
                self.found.append(
                    self.finding("status-differs", message, pointer=f"/body/{name}", after=said)
                )

    def _body(self, endpoint: Endpoint | None, exchange: Exchange) -> None:
        payload = exchange.payload()
        if exchange.request is not None and endpoint is not None:
            if endpoint.ok is None and endpoint.events is not None:
                self.add("answer-not-stream", "the answer should be a stream of events")
                return
            known = [endpoint.ok] if endpoint.ok else []
        else:
            known = of_success(self._schemas, self._endpoints, payload)
        if payload is NOT_JSON and known:
            self.add("answer-not-json", "the body should be JSON", pointer="/body")
            return
        self._closest(known, payload, "body")

    def _closest(self, paths: list[str], payload: Any, what: str) -> None:
        """Judge a body by the schema that it comes closest to."""
        if not paths:
            self.skip(what, f"{self._surface} has no schema for it")
            return
        self.value(closest(self._schemas, paths, payload), payload, "/body")

    def _stream(
        self, endpoint: Endpoint | None, exchange: Exchange, *, ended_early: bool, excerpt: bool
    ) -> None:
        if endpoint is None or endpoint.events is None:
            self.skip("stream", f"{self._surface} has no schema for the events of this stream")
            return
        counts = Counter(event.type for event in exchange.events)
        for event in exchange.events:
            for one in self._event(endpoint.events, event, counts[event.type]):
                self.found.append(one)
        is_cut = exchange.unfinished and not (ended_early or excerpt)
        pending = pending_event(exchange.body) if is_cut else None
        if pending is not None:
            exchange = replace(exchange, events=(*exchange.events, pending))
        if endpoint.order is not None:
            options = {"ended_early": ended_early, "excerpt": excerpt}
            grammar = grammar_at(self._schemas, endpoint.order)
            self.flow = Flow(exchange, grammar, self._plan_of, options)
            rules = self._order(endpoint.order, exchange, ended_early=ended_early, excerpt=excerpt)
            # What was broken off lacks its end, and that is told.
            is_cut = is_cut and rules.isdisjoint(_ENDLESS)
        if is_cut:
            last = exchange.events[-1] if exchange.events else None
            self.add("sse/last-event-unfinished", "no empty line ends the last event", event=last)

    def _event(self, folder: str, event: Event, of: int) -> Iterator[Finding]:
        evidence = Evidence(1, of)
        if event.payload is NOT_JSON:
            rule = "sse/done-sentinel" if event.data == "[DONE]" else _UNREAD
            told = f"{RULES[rule].means}: {event.data[:40]}"
            yield self.finding(rule, told, event=event)
            return
        path = None if event.type is None else self._schemas.event(folder, event.type)
        if event.name is not None and event.type is not None and event.name != event.type:
            message = f"the event line says {event.name}, its payload {event.type}"
            yield self.finding("sse/event-name-differs", message, event=event, after=event.name)
        if path is None and event.type is not None:
            if self._strangers:
                message = f"{event.type}: the contract has no such event"
                yield self.finding(
                    "event-unknown", message, event=event, after=event.type, evidence=evidence
                )
            else:
                self.skip(event.type, "the contract has no such event")
        elif path is not None and self._strangers:
            self._strangers.look(path, event.payload, event=event)
        path = path or f"{folder}/unknown.json"
        for problem in self._schemas.validate(path, event.payload):
            one = violation(
                self._schemas, self._surface, problem, path, event.payload,
                event=event, evidence=evidence, where=self._locate(event, problem.pointer),
            )  # fmt: skip
            self.owners[one.identity] = owner_of(problem, one.pointer)
            yield one
        yield from self._invariants.broken(path, event.payload, event=event)

    def _order(self, path: str, exchange: Exchange, **stream: bool) -> set[str]:
        """Judge the order of each answer by itself; the rules that were broken."""
        broken = broken_order(
            self._schemas, self._surface, path, exchange, locate=self._locate, **stream
        )
        told = [one for one in self.found if one.rule == _UNREAD]
        for one in broken if told else ():
            # Of what cannot be read nobody knows where it belongs: the first one is the cause.
            told[0] = with_consequence(told[0], one)
        kept = [one for one in self.found if one.rule != _UNREAD]
        self.found = [*kept, *(told or broken)]
        follows = {text.partition(" ")[0] for one in broken for text in one.explains}
        return follows | {one.rule for one in broken}

    def value(self, path: str, value: Any, prefix: str, *, direction: str = "response") -> None:
        """Judge one value by one schema."""
        around = REQUEST + prefix if direction == "request" else prefix
        for problem in self._schemas.validate(path, value):
            where = self._locate(None, around + problem.pointer)
            self.found.append(
                violation(
                    self._schemas, self._surface, problem, path, value,
                    prefix=prefix, direction=direction, where=where,
                )
            )  # fmt: skip
        if prefix == "/body" and self._strangers:  # nobody can say which headers there are
            self._strangers.look(path, value, prefix, direction=direction)
        self.found += self._invariants.broken(path, value, prefix, direction=direction)

    def finding(
        self,
        rule: str,
        message: str,
        *,
        event: Event | None = None,
        pointer: str = "",
        after: Any = None,
        evidence: Evidence = ONCE,
    ) -> Finding:
        return finding(
            rule,
            message,
            surface=self._surface,
            event=event.type if event else None,
            pointer=pointer,
            after=after,
            evidence=evidence,
            where=self._locate(event, "" if event else pointer),
        )

    def add(
        self, rule: str, message: str, *, event: Event | None = None, pointer: str = ""
    ) -> None:
        self.found.append(self.finding(rule, message, event=event, pointer=pointer))
