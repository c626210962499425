"""What stays of exchanges when ids, times and texts are taken out: fields, forms, order, counts.

Shapes are counted and merged: how often a field was there, of how often it could have been, of
which types it was, when first and last. The order of merging does not matter, and a union stays a
union. Nothing of an exchange is kept but its counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from harness.contract import Endpoint, Schemas
from harness.exchange import Event, Exchange

from .catalogue import merge_catalogues, text_of
from .findings import Evidence
from .imprints import Imprint
from .labels import TOLD_APART_BY, event_label, is_noise, sequence_of
from .node import Node
from .normaliser import Normaliser, normaliser_of
from .plan import Plan
from .refusals import refusal_of
from .rows import counted, node_of, rows_of
from .sightings import Span, joined, span_of
from .snapshot import FORMAT, Field, escape, lines, unescape
from .tally import Tally

__all__ = [
    "TOLD_APART_BY",
    "Normaliser",
    "Place",
    "Shape",
    "event_label",
    "sequence_of",
    "shape_of",
    "snapshot_of",
]

#: The form of :meth:`Shape.to_json`.
EVIDENCE: Final = "codex-leg/evidence/1"

#: What is counted by itself: ``request``, ``response``, an ``event`` or a ``frame`` of the client,
#: and of these two the label.
Place = tuple[str, str]

_REQUEST: Place = ("request", "")
_RESPONSE: Place = ("response", "")


def shape_of(schemas: Schemas, surface: str, *exchanges: Exchange) -> Shape:
    """The shape of exchanges of one kind, as the schemas say; plans are made once a contract."""
    shape = Shape(surface)
    normaliser = normaliser_of(schemas)
    for exchange in exchanges:
        shape.observe(exchange, normaliser)
    return shape


def snapshot_of(shape: Shape) -> dict[str, Any]:
    """The canonical form of a shape: counts reduced to always and sometimes, all of it sorted."""
    return shape.snapshot()


class Shape:
    """The shape of any number of exchanges of one kind.

    Attributes:
        surface: what they were with.
        exchanges: how many.
        streams: how many of them were answered with a stream of events.
        carriers: how many of these had each event, by its label.
        sequences: the orders of events, and how often each came.
        sent: the orders of the frames that clients sent, one for each WebSocket.
        refusals: what refusals said, as the sorted members of ``refusal`` in a snapshot.
        catalogues: the catalogues that were answered, as JSON.
        span: when the first and the last exchange was had, if that is known.
        tallies: the counts of each place.
    """

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.exchanges = 0
        self.streams = 0
        self.carriers: Counter[str] = Counter()
        self.sequences: Counter[tuple[str, ...]] = Counter()
        self.sent: Counter[tuple[str, ...]] = Counter()
        self.refusals: Counter[tuple[tuple[str, Any], ...]] = Counter()
        self.catalogues: Counter[str] = Counter()
        self.span: Span | None = None
        self.tallies: dict[Place, Tally] = {}

    def node(self, place: Place) -> Node:
        """The counts of one place."""
        return self._tally(place).node

    def labels(self, kind: str) -> list[str]:
        """The labels of all places of a kind (``event``, ``frame``), sorted."""
        return sorted(label for name, label in self.tallies if name == kind)

    def _tally(self, place: Place) -> Tally:
        tally = self.tallies.get(place)
        if tally is None:
            tally = self.tallies[place] = Tally()
        return tally

    def observe(self, exchange: Exchange, normaliser: Normaliser) -> None:
        """Count one exchange."""
        self.exchanges += 1
        span = span_of(exchange.seen)
        self.span = joined(self.span, span)
        endpoint = normaliser.endpoint(self.surface, exchange)
        if exchange.request is not None:
            sent = normaliser.request(endpoint, exchange.request, exchange.transport)
            self._tally(_REQUEST).add(sent, span)
        self._tally(_RESPONSE).add(normaliser.response(endpoint, exchange), span)
        refusal = refusal_of(exchange, self.surface)
        if refusal is not None:
            self.refusals[tuple(sorted(refusal.items()))] += 1
        catalogue = normaliser.catalogue(self.surface, exchange)
        if catalogue is not None:
            self.catalogues[catalogue] += 1
        if exchange.is_stream:
            self._observe_events(exchange, normaliser, endpoint, span)
        if exchange.transport == "ws":
            self._observe_frames(exchange.sent_frames, normaliser, endpoint, span)

    def _observe_events(
        self,
        exchange: Exchange,
        normaliser: Normaliser,
        endpoint: Endpoint | None,
        span: Span | None,
    ) -> None:
        found: dict[str, tuple[Plan, Counter[Imprint]]] = {}
        for turn in exchange.runs:
            order: list[str] = []
            for run in turn:
                label = event_label(run[0])
                seen = found.get(label)
                if seen is None:
                    seen = found[label] = normaliser.event_plan(endpoint, run[0].type), Counter()
                plan, imprints = seen
                for imprint, times in normaliser.events(plan, run):
                    imprints[imprint] += times
                if not is_noise(label):
                    order += [label] if len(run) == 1 else [label, label]
            self.sequences[sequence_of(order)] += 1
        for label, (_, imprints) in found.items():
            tally = self._tally(("event", label))
            for imprint, times in imprints.items():
                tally.add(imprint, span, times)
        self.streams += 1
        self.carriers.update(found.keys())

    def _observe_frames(
        self,
        frames: Iterable[Event],
        normaliser: Normaliser,
        endpoint: Endpoint | None,
        span: Span | None,
    ) -> None:
        order: list[str] = []
        for frame in frames:
            order.append(frame.type or event_label(frame))
            imprint = normaliser.frame(endpoint, frame.type, frame.payload)
            self._tally(("frame", order[-1])).add(imprint, span)
        self.sent[sequence_of(order)] += 1

    def merge(self, other: Shape) -> None:
        """Add the counts of another shape of the same surface."""
        self.exchanges += other.exchanges
        self.streams += other.streams
        self.span = joined(self.span, other.span)
        self.carriers.update(other.carriers)
        self.sequences.update(other.sequences)
        self.sent.update(other.sent)
        self.refusals.update(other.refusals)
        self.catalogues.update(other.catalogues)
        for place, tally in other.tallies.items():
            self._tally(place).merge(tally)

    def evidence(self, direction: str, event: str | None, pointer: str) -> Evidence:
        """How often something stood at a place, of how often it could have.

        An event itself (the pointer ``""``) is counted by exchanges: how many had it, of all that
        were streams.
        """
        if event is not None and not pointer:
            return Evidence(self.carriers[event], self.streams)
        node, pointer = self._around(direction, event, pointer)
        found = node.evidence(pointer, node.seen) if node is not None else None
        return found or Evidence(0, self.exchanges)

    def field(self, direction: str, event: str | None, pointer: str) -> Field | None:
        """The forms of what stood at a place, of all exchanges; ``None`` if nothing did."""
        node, pointer = self._around(direction, event, pointer)
        return node.field(pointer, node.seen) if node is not None else None

    def _around(self, direction: str, event: str | None, pointer: str) -> tuple[Node | None, str]:
        """The counts that a place is in, and the pointer from there."""
        place = _REQUEST if direction == "request" else _RESPONSE
        if event is not None:
            place = ("event", event)
        elif direction == "request" and pointer.startswith("/frame/"):
            kind, _, rest = pointer.removeprefix("/frame/").partition("/")
            place, pointer = ("frame", unescape(kind)), f"/{rest}" if rest else ""
        tally = self.tallies.get(place)
        return None if tally is None else tally.node, pointer

    def snapshot(self) -> dict[str, Any]:
        """The canonical form: counts reduced to always and sometimes, everything sorted."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "surface": self.surface,
            "request": lines(self._request_fields()),
            "response": lines(self.node(_RESPONSE).fields()),
        }
        if len(self.refusals) == 1 and self.refusals.total() == self.exchanges:
            document["refusal"] = dict(next(iter(self.refusals)))
        if self.catalogues:
            document["catalogue"] = merge_catalogues(map(json.loads, self.catalogues))
        if self.sent:
            document["sent"] = sorted(list(sequence) for sequence in self.sent)
        if self.carriers or any(self.sequences):
            document["sequences"] = sorted(list(sequence) for sequence in self.sequences)
            document["events"] = {
                label: lines(self.node(("event", label)).fields()) for label in self.labels("event")
            }
        return document

    def _request_fields(self) -> Iterable[tuple[str, Field]]:
        yield from self.node(_REQUEST).fields()
        for kind in self.labels("frame"):
            yield from self.node(("frame", kind)).fields(f"/frame/{escape(kind)}")

    def signature(self) -> Hashable:
        """What is equal only for shapes with equal snapshots. To be compared within one process."""
        places: set[Hashable] = {(place, one.imprints) for place, one in self.tallies.items()}
        if any(one.imprints is None for one in self.tallies.values()):
            places = {repr(self.snapshot())}
        return (
            self.surface,
            frozenset(places),
            frozenset(self.sequences),
            frozenset(self.sent),
            frozenset(self.refusals),
            frozenset(self.catalogues),
            self.refusals.total() == self.exchanges,
        )

    def to_json(self) -> dict[str, Any]:
        """All counts, in the form of ``schemas/report/evidence.json``."""
        span = {} if self.span is None else self.span.to_json()
        return {
            "format": EVIDENCE,
            "surface": self.surface,
            "exchanges": self.exchanges,
            "streams": self.streams,
            **span,
            "request": rows_of(self.node(_REQUEST)),
            "response": rows_of(self.node(_RESPONSE)),
            "events": {
                label: {"streams": count, "fields": rows_of(self.node(("event", label)))}
                for label, count in sorted(self.carriers.items())
            },
            "frames": {kind: rows_of(self.node(("frame", kind))) for kind in self.labels("frame")},
            "sequences": counted(self.sequences, "events", list),
            "sent": counted(self.sent, "frames", list),
            "refusals": counted(self.refusals, "refusal", dict),
            "catalogues": counted(self.catalogues, "catalogue", json.loads),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Shape:
        """The shape behind its counts. ``document`` is valid under ``report/evidence.json``."""
        shape = cls(document["surface"])
        shape.exchanges, shape.streams = document["exchanges"], document["streams"]
        shape.span = Span.from_json(document)
        trees = {_REQUEST: document["request"], _RESPONSE: document["response"]}
        for label, event in document["events"].items():
            shape.carriers[label] = event["streams"]
            trees["event", label] = event["fields"]
        for kind, rows in document["frames"].items():
            trees["frame", kind] = rows
        shape.tallies = {place: Tally(node_of(rows)) for place, rows in trees.items()}
        for row in document["sequences"]:
            shape.sequences[tuple(row["events"])] = row["exchanges"]
        for row in document["sent"]:
            shape.sent[tuple(row["frames"])] = row["exchanges"]
        for row in document["refusals"]:
            shape.refusals[tuple(sorted(row["refusal"].items()))] = row["exchanges"]
        for row in document.get("catalogues", ()):
            shape.catalogues[text_of(row["catalogue"])] = row["exchanges"]
        return shape
