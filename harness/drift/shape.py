"""What stays of exchanges when ids, times and texts are taken out: fields, forms, order, counts.

Shapes are counted and merged: how often a field was there, of how often it could have been, of
which types it was. The order of merging does not matter, and a union stays a union.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from harness.contract import Endpoint, Schemas
from harness.exchange import NOT_JSON, Event, Exchange

from .findings import Evidence
from .kinds import LITERAL_HEADERS, header_atom, literal
from .node import Node, scalar_atom
from .plan import NOTHING, Compiler, Plan
from .snapshot import FORMAT, lines

__all__ = [
    "TOLD_APART_BY",
    "Normaliser",
    "Shape",
    "event_label",
    "sequence_of",
    "shape_of",
    "snapshot_of",
]

#: Events that fill a silence: how many there are is a matter of timing.
NOISE: Final = frozenset({"keepalive", "ping"})
#: The members of an event whose ``type`` tells two events of one type apart.
TOLD_APART_BY: Final = ("item", "part", "content_block", "delta")
_PIECE: Final = re.compile(r"[._]delta(?:\(|$)")


def event_label(event: Event) -> str:
    """The name of an event in a shape: its type, and the type of its item where that matters."""
    if event.payload is NOT_JSON:
        return "(done)" if event.data == "[DONE]" else "(not json)"
    if event.type is None:
        return "(no type)"
    for member in TOLD_APART_BY:
        value = event.payload.get(member)
        if isinstance(value, dict) and isinstance(value.get("type"), str):
            return f"{event.type}({value['type']})"
    return event.type


def sequence_of(labels: list[str]) -> tuple[str, ...]:
    """The order of events, whatever the number of pieces: runs of one type become ``type+``."""
    sequence: list[str] = []
    for label in labels:
        run = f"{label}+"
        if sequence and sequence[-1] in (label, run):
            sequence[-1] = run
        else:
            # A single piece is a run too: how finely a text is cut is nobody's promise.
            sequence.append(run if _PIECE.search(label) else label)
    return tuple(sequence)


class Normaliser:
    """Knows, from the schemas, what to keep of the exchanges of every surface."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._compiler = Compiler(schemas)

    def plan(self, path: str | None) -> Plan:
        """The plan of a schema."""
        return self._compiler.plan(path)

    def endpoint(self, surface: str, exchange: Exchange) -> Endpoint | None:
        """The endpoint that an exchange is with; without its request, the likeliest one."""
        if exchange.request is not None:
            method, url = exchange.request.method, exchange.request.url
            return self._schemas.endpoint(surface, method, url)
        for endpoint in self._schemas.endpoints(surface):
            if (endpoint.events is not None) == exchange.is_stream:
                return endpoint
        return None

    def event_plan(self, endpoint: Endpoint | None, kind: str | None) -> Plan:
        """The plan of an event."""
        if endpoint is None or endpoint.events is None:
            return NOTHING
        path = self._schemas.event(endpoint.events, kind) if kind is not None else None
        return self._compiler.plan(path or f"{endpoint.events}/unknown.json")

    def shape(self, surface: str, *exchanges: Exchange) -> Shape:
        """The shape of exchanges with one endpoint of a surface."""
        shape = Shape(surface)
        for exchange in exchanges:
            shape.observe(exchange, self)
        return shape


@lru_cache(maxsize=8)
def _normaliser(schemas: Schemas) -> Normaliser:
    return Normaliser(schemas)


def shape_of(schemas: Schemas, surface: str, *exchanges: Exchange) -> Shape:
    """The shape of exchanges of one kind, as the schemas say; plans are made once a contract."""
    return _normaliser(schemas).shape(surface, *exchanges)


def snapshot_of(shape: Shape) -> dict[str, Any]:
    """The canonical form of a shape: counts reduced to always and sometimes, all of it sorted."""
    return shape.snapshot()


class Shape:
    """The shape of any number of exchanges of one kind."""

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.exchanges = 0
        self.request = Node()
        self.response = Node()
        self.events: dict[str, Node] = {}
        self.sequences: Counter[tuple[str, ...]] = Counter()

    def observe(self, exchange: Exchange, normaliser: Normaliser) -> None:
        """Count one exchange."""
        self.exchanges += 1
        endpoint = normaliser.endpoint(self.surface, exchange)
        if exchange.request is not None:
            self._observe_request(exchange, normaliser.plan(endpoint.request if endpoint else None))
        node = self.response
        node.objects += 1
        if exchange.status is not None:
            node.key("status").add(str(exchange.status))
        headers = normaliser.plan(endpoint.headers if endpoint else None)
        _observe_headers(node, exchange.headers, headers)
        if exchange.is_stream:
            node.key("body").add("stream")
            if exchange.ended is not None:
                node.key("ended").add(exchange.ended)
            self._observe_events(exchange, normaliser, endpoint)
            return
        known = None
        if endpoint is not None:
            known = endpoint.error if exchange.failed else endpoint.ok
        _observe_body(node.key("body"), normaliser.plan(known), exchange)

    def _observe_request(self, exchange: Exchange, plan: Plan) -> None:
        sent, node = exchange.request, self.request
        if sent is None:
            return
        node.objects += 1
        url = urlsplit(sent.url)
        node.key("method").add(literal(sent.method, is_open=False) or "text")
        node.key("url").add(f"{url.scheme}://{url.netloc}{url.path}")
        query = node.key("query")
        query.objects += 1
        for name, value in parse_qsl(url.query, keep_blank_values=True):
            query.key(name).add("text" if value else "empty")
        _observe_headers(node, sent.headers, NOTHING)
        payload = sent.payload()
        if payload is NOT_JSON:
            node.key("body").add("plain")
        elif sent.body:
            node.key("body").observe(plan, payload)

    def _observe_events(
        self, exchange: Exchange, normaliser: Normaliser, endpoint: Endpoint | None
    ) -> None:
        labels: list[str] = []
        plans: dict[str | None, Plan] = {}
        framing = self.response.key("framing")
        framing.objects += 1
        for event in exchange.events:
            label = event_label(event)
            if event.type not in NOISE:
                labels.append(label)
            node = self.events.get(label)
            if node is None:
                node = self.events[label] = Node()
            named = "type" if event.name == event.type or event.type is None else "other"
            framing.key("name").add("none" if event.name is None else named)
            if event.payload is NOT_JSON:
                node.add("plain")
                continue
            plan = plans.get(event.type)
            if plan is None:
                plan = plans[event.type] = normaliser.event_plan(endpoint, event.type)
            node.observe(plan, event.payload)
        self.sequences[sequence_of(labels)] += 1

    def merge(self, other: Shape) -> None:
        """Add the counts of another shape of the same surface."""
        self.exchanges += other.exchanges
        self.request.merge(other.request)
        self.response.merge(other.response)
        for label, node in other.events.items():
            self.events.setdefault(label, Node()).merge(node)
        self.sequences.update(other.sequences)

    def evidence(self, direction: str, event: str | None, pointer: str) -> Evidence:
        """How often something stood at a place, of how often it could have."""
        if event is not None:
            node = self.events.get(event)
        else:
            node = self.request if direction == "request" else self.response
        found = node.evidence(pointer, node.seen) if node is not None else None
        return found or Evidence(0, self.exchanges)

    def snapshot(self) -> dict[str, Any]:
        """The canonical form: counts reduced to always and sometimes, everything sorted."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "surface": self.surface,
            "request": lines(self.request.fields()),
            "response": lines(self.response.fields()),
        }
        if self.events or any(self.sequences):
            document["sequences"] = sorted(list(sequence) for sequence in self.sequences)
            document["events"] = {
                label: lines(node.fields()) for label, node in sorted(self.events.items())
            }
        return document


def _observe_headers(node: Node, headers: tuple[tuple[str, str], ...], plan: Plan) -> None:
    if not headers:
        return
    below = node.key("header")
    below.objects += 1
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    for name, several in values.items():
        known = plan.member(name)
        free = name in LITERAL_HEADERS or not (known.kinds or known.closed or known.open)
        child = below.key(name)
        child.seen += 1
        for value in several:
            child.atoms[header_atom(name, value) if free else scalar_atom(known, value)] += 1
        if len(several) > 1:
            child.atoms["repeated"] += 1


def _observe_body(node: Node, plan: Plan, exchange: Exchange) -> None:
    body = exchange.body
    if not body.strip():
        node.add("empty")
    elif exchange.payload() is not NOT_JSON:
        node.observe(plan, exchange.payload())
    else:
        node.add("html" if body.lstrip()[:1] == b"<" else "plain")
