"""What the schemas say to keep of the exchanges of every surface, and the imprints made by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from harness.contract import Endpoint, Schemas
from harness.exchange import NOT_JSON, Event, Exchange, SentRequest
from harness.grammar import Grammar
from harness.runs import OWN

from .catalogue import catalogue_text
from .framing import framing_of
from .imprints import Imprint, Imprints
from .kinds import LITERAL_HEADERS, header_atom, is_word, literal
from .node import Node
from .plan import NOTHING, Compiler, Plan
from .snapshot import FORM
from .unlooked import PACKED

__all__ = ["Normaliser", "normaliser_of"]

#: Lower-case name, atom, and, of a text that no schema describes, the text if it is a word, or "".
_Header = tuple[str, str, str | None]

_FRAME_REQUEST: Final = "response.create"


class Normaliser:
    """Knows, from the schemas, what to keep of the exchanges of every surface."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._compiler = Compiler(schemas)
        self._imprints = Imprints()
        self._grammars: dict[str, Grammar] = {}
        self._headers: dict[Plan, _Headers] = {}

    def plan(self, path: str | None) -> Plan:
        """The plan of a schema."""
        return self._compiler.plan(path)

    def endpoint(self, surface: str, exchange: Exchange) -> Endpoint | None:
        """The endpoint that an exchange is with; without its request, the likeliest one.

        Of an address that the index does not have, the one that it has moved from, as it seems: so
        that an address which changes does not take away all that is known about its exchanges.
        """
        if exchange.request is not None:
            method, url = exchange.request.method, exchange.request.url
            found = self._schemas.endpoint(surface, method, url)
            return found or self._near(surface, url, is_stream=exchange.is_stream)
        for endpoint in self._schemas.endpoints(surface):
            if (endpoint.events is not None) == exchange.is_stream:
                return endpoint
        return None

    def _near(self, surface: str, url: str, *, is_stream: bool) -> Endpoint | None:
        way = urlsplit(url).path.split("/")

        def likeness(one: Endpoint) -> tuple[int, int, bool]:
            other = urlsplit(one.url).path.split("/")
            pairs = zip(way, other, strict=False)
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            return same, -len(other), (one.events is not None) == is_stream

        endpoints = self._schemas.endpoints(surface)
        moved = next((one for one in endpoints if urlsplit(one.url).path == "/".join(way)), None)
        if moved is not None:  # to another host
            return moved
        known = [one for one in endpoints if _host(one.url) == _host(url)]
        nearest = max(known, key=likeness, default=None)
        # The first part is the empty one before the first slash: that much all addresses share.
        return nearest if nearest is not None and likeness(nearest)[0] > 1 else None

    def catalogue(self, surface: str, exchange: Exchange) -> str | None:
        """The catalogue in an answer, as JSON; ``None`` if it has none."""
        return catalogue_text(self._schemas, surface, exchange)

    def event_plan(self, endpoint: Endpoint | None, kind: str | None) -> Plan:
        """The plan of an event."""
        if endpoint is None or endpoint.events is None:
            return NOTHING
        path = self._schemas.event(endpoint.events, kind) if kind is not None else None
        return self._compiler.plan(path or f"{endpoint.events}/unknown.json")

    def event(self, plan: Plan, payload: Any) -> Imprint:
        """The imprint of the payload of one event."""
        if payload is NOT_JSON:
            return self._imprints.made(("not json",), lambda: _single("plain"))
        return self._imprints.of(plan, payload)

    def events(self, plan: Plan, run: Sequence[Event]) -> Iterable[tuple[Imprint, int]]:
        """The imprints of the events of a run, and how often each came."""
        first = run[0].payload
        if len(run) == 1 or self._imprints.is_of_all(plan, first, OWN):
            return [(self.event(plan, first), len(run))]
        return [(self.event(plan, one.payload), 1) for one in run]

    def frame(self, endpoint: Endpoint | None, kind: str | None, payload: Any) -> Imprint:
        """The imprint of a frame that a client sent; a request has there what it has in HTTP."""
        plan = NOTHING
        if endpoint is not None and kind == _FRAME_REQUEST:
            plan = self.plan(endpoint.request or self._request_at(endpoint.url))
        return self.event(plan, payload)

    def _request_at(self, url: str) -> str | None:
        endpoints = (
            one for name in self._schemas.surfaces for one in self._schemas.endpoints(name)
        )
        return next((one.request for one in endpoints if one.url == url and one.request), None)

    def request(self, endpoint: Endpoint | None, sent: SentRequest, transport: str) -> Imprint:
        """The imprint of a request half, without its frames."""
        url = urlsplit(sent.url)
        query = tuple(
            (name, "text" if value else "empty")
            for name, value in parse_qsl(url.query, keep_blank_values=True)
        )
        where = f"{url.scheme}://{url.netloc}{url.path}"
        headers = self._header_key(NOTHING, sent.headers)
        payload = sent.payload()
        body: Imprint | str | None = "plain" if payload is NOT_JSON else None
        if sent.packed:
            body = PACKED
        elif body is None and sent.body:
            plan = self.plan(endpoint.request if endpoint else None)
            body = self._imprints.of(plan, payload)
        is_form = isinstance(body, Imprint) and sent.is_form
        key = ("request", sent.method, where, query, headers, body, is_form, transport)

        def make() -> Node:
            node = Node()
            node.seen = node.objects = 1
            node.key("method").add(literal(sent.method, is_open=False) or "text")
            node.key("url").add(where)
            below = node.key("query")
            below.objects += 1
            for name, atom in query:
                below.key(name).add(atom)
            _add_headers(node, headers)
            _add_body(node, body)
            if is_form:
                _mark_form(node)
            if transport != "http":
                node.key("transport").add(transport)
            return node

        return self._imprints.made(key, make)

    def response(self, endpoint: Endpoint | None, exchange: Exchange) -> Imprint:
        """The imprint of a response half, without its events."""
        plan = self.plan(endpoint.headers if endpoint else None)
        headers = self._header_key(plan, exchange.headers)
        body = self._body(endpoint, exchange)
        # A refusal has no response in it that could want for its end.
        grammar = None if exchange.failed else self._grammar(endpoint)
        facts = framing_of(exchange, grammar)
        ended = exchange.ended if exchange.is_stream else None
        key = ("response", exchange.status, headers, body, facts, ended)

        def make() -> Node:
            node = Node()
            node.seen = node.objects = 1
            if exchange.status is not None:
                node.key("status").add(str(exchange.status))
            _add_headers(node, headers)
            _add_body(node, body)
            if ended is not None:
                node.key("ended").add(ended)
            if exchange.is_stream or facts:
                _add_framing(node, facts)
            return node

        return self._imprints.made(key, make)

    def _grammar(self, endpoint: Endpoint | None) -> Grammar | None:
        path = endpoint.order if endpoint else None
        if path is None:
            return None
        if path not in self._grammars:
            self._grammars[path] = Grammar.from_data(self._schemas.document(path))
        return self._grammars[path]

    def _body(self, endpoint: Endpoint | None, exchange: Exchange) -> Imprint | str:
        if exchange.is_stream:
            return "frames" if exchange.transport == "ws" else "stream"
        if exchange.packed:
            return PACKED
        if not exchange.body.strip():
            return "empty"
        payload = exchange.payload()
        if payload is NOT_JSON:
            return "html" if exchange.body.lstrip()[:1] == b"<" else "plain"
        known = None
        if endpoint is not None:
            known = endpoint.error if exchange.failed else endpoint.ok
        return self._imprints.of(self.plan(known), payload)

    def _header_key(self, plan: Plan, headers: Iterable[tuple[str, str]]) -> tuple[_Header, ...]:
        reader = self._headers.get(plan)
        if reader is None:
            reader = self._headers[plan] = _Headers(plan)
        return tuple(sorted(reader.read(name, value) for name, value in headers))


class _Headers:
    """Reads headers by one plan. Most come with the same value over and over."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.read = lru_cache(maxsize=4096)(self._read)

    def _read(self, name: str, value: str) -> _Header:
        name = name.lower()
        known = self._plan.member(name)
        if name not in LITERAL_HEADERS and not known.is_silent:
            return name, known.scalar(value), None
        atom = header_atom(name, value)
        if atom != "text":
            return name, atom, None
        # Whole texts would make each answer one of its kind.
        return name, atom, value if is_word(value) else ""


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _add_headers(node: Node, headers: tuple[_Header, ...]) -> None:
    if not headers:
        return
    below = node.key("header")
    below.objects += 1
    for name, atom, word in headers:
        child = below.key(name)
        before = child.seen
        if word is None:
            child.add(atom)
        else:
            child.add_text(atom, word)
        if before:
            # A header is there or not, however often it was repeated.
            child.seen = 1
            child.atoms["repeated"] = 1


def _add_body(node: Node, body: Imprint | str | None) -> None:
    if isinstance(body, Imprint):
        node.keys["body"] = body.node
    elif body is not None:
        node.key("body").add(body)


def _mark_form(node: Node) -> None:
    """Say of a body that it is a form; its fields lie below it as those of an object do."""
    below = Node()
    below.merge(node.keys["body"])
    below.atoms = {FORM: below.seen}
    node.keys["body"] = below


def _add_framing(node: Node, facts: Iterable[tuple[str, str]]) -> None:
    below = node.key("framing")
    below.objects += 1
    for name, atom in facts:
        child = below.key(name)
        child.add(atom)
        child.seen = 1


def _single(atom: str) -> Node:
    node = Node()
    node.add(atom)
    return node


@lru_cache(maxsize=8)
def normaliser_of(schemas: Schemas) -> Normaliser:
    """The normaliser of a contract, made once."""
    return Normaliser(schemas)
