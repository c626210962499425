"""One exchange of a cassette as something to be edited: its values, their places, its text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from harness.contract import Contract, Endpoint, Frame, Interaction, Pair, Problem, Schemas
from harness.exchange import Exchange
from leg import LegError, StreamReader
from leg.errors import AnswerError
from leg.outcomes import error_of_answer

from .oracle import breaks, said_about
from .sites import Document, Site, label_of, walk
from .streams import Block, dumps, join, split

__all__ = ["CLIENT", "ENDED_EARLY", "Subject", "subjects"]

#: Who asks, in the frames of a WebSocket.
CLIENT = "client"
#: Outcomes of streams that rightly lack their end.
ENDED_EARLY = frozenset({"stream_cut", "stream_stalled", "stream_too_large"})


@dataclass
class Subject:
    """One exchange of a probe.

    Attributes:
        name: the id of the probe.
        surface: where it was asked.
        interaction: the exchange, as the cassette has it.
        ended_early: whether its stream is known to lack its end.
        blocks: the events of its stream.
        siblings: the exchanges with the same address.
    """

    name: str
    surface: str
    interaction: Interaction
    schemas: Schemas
    ended_early: bool
    blocks: list[Block] = field(default_factory=list)
    siblings: list[Subject] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.is_websocket:
            frames = self.interaction.frames or ()
            self.blocks = [Block((f"data: {one.text}",)) for one in frames if one.sender != CLIENT]
        elif self.is_stream:
            self.blocks = split(self.text)

    @property
    def address(self) -> tuple[str, str, str]:
        sent = self.interaction.request
        return self.surface, sent.method, sent.uri.partition("?")[0]

    @property
    def is_websocket(self) -> bool:
        return self.interaction.status == 101

    @property
    def is_stream(self) -> bool:
        return self.is_websocket or self.interaction.stream is not None

    @property
    def text(self) -> str:
        body = self.interaction.body
        return body if isinstance(body, str) else body.decode()

    @property
    def is_refusal(self) -> bool:
        return self.interaction.status >= 300

    @cached_property
    def endpoint(self) -> Endpoint | None:
        sent = self.interaction.request
        return self.schemas.endpoint(self.surface, sent.method, sent.uri)

    @cached_property
    def exchange(self) -> Exchange:
        return Exchange.from_interaction(self.interaction)

    @cached_property
    def documents(self) -> list[Document]:
        """The values of the answer."""
        if self.is_stream:
            return [self._event(at, one.payload) for at, one in enumerate(self.blocks)]
        payload = self.exchange.payload()
        if not isinstance(payload, dict | list):
            return []
        path = None
        if self.endpoint is not None:
            path = self.endpoint.error if self.is_refusal else self.endpoint.ok
        return [Document("response", None, None, payload, path)]

    def _event(self, at: int, payload: Any) -> Document:
        path = None
        if self.endpoint is not None and self.endpoint.events is not None:
            folder = self.endpoint.events
            path = self.schemas.event(folder, payload["type"]) or f"{folder}/unknown.json"
        return Document("response", at, label_of(payload), payload, path)

    @cached_property
    def request(self) -> list[Document]:
        """The value that was sent, if it is JSON."""
        sent = self.exchange.request
        payload = sent.payload() if sent is not None else None
        if not isinstance(payload, dict) or not str(self.interaction.request.body).startswith("{"):
            return []
        path = self.endpoint.request if self.endpoint is not None else None
        return [Document("request", None, None, payload, path)]

    @cached_property
    def sites(self) -> list[Site]:
        """Every place of the answer, once for each label: at its first document."""
        return self._sites(self.documents)

    @cached_property
    def request_sites(self) -> list[Site]:
        """Every place of the request's body, once."""
        return self._sites(self.request)

    def _sites(self, documents: Sequence[Document]) -> list[Site]:
        found: dict[tuple[Any, ...], list[Site]] = {}
        parents: dict[tuple[Any, ...], int] = {}
        for document in documents:
            for way, pointer, value, is_plain in walk(self.schemas, document):
                if isinstance(value, dict):
                    key = (document.label, pointer)
                    parents[key] = parents.get(key, 0) + 1
                if not way or not is_plain:
                    continue
                said = said_about(self.schemas, document.schema, document.value, way)
                above = said_about(self.schemas, document.schema, document.value, way[:-1])
                site = Site(document, way, pointer, value, said, above)
                found.setdefault((document.label, pointer), []).append(site)
        return [
            replace(
                sites[0],
                others=tuple(one.value for one in sites[1:]),
                parents=parents.get((label, pointer.rpartition("/")[0]), len(sites)),
            )
            for (label, pointer), sites in found.items()
        ]

    def same_sites(self, site: Site) -> list[Site]:
        """The same place in all documents of the same label."""
        return [
            Site(document, way, pointer, value, site.said, site.above)
            for document in (self.request if site.document.half == "request" else self.documents)
            if document.label == site.document.label
            for way, pointer, value, is_plain in walk(self.schemas, document)
            if pointer == site.pointer and is_plain
        ]

    def breaks(self, document: Document, value: Any) -> bool:
        """Whether an edited document does not keep its schema any more."""
        if document.half == "request" and self.is_refusal:
            return False  # what was refused need not have been right
        return breaks(self.schemas, document.schema, document.value, value)

    def with_documents(self, edited: Sequence[tuple[Document, Any]]) -> Interaction:
        """The exchange with other values in place of some of its documents."""
        if edited[0][0].half == "request":
            sent = replace(self.interaction.request, body=dumps(edited[0][1]))
            return replace(self.interaction, request=sent)
        if not self.is_stream:
            return replace(self.interaction, body=dumps(edited[0][1]))
        blocks = list(self.blocks)
        for document, value in edited:
            assert document.index is not None
            blocks[document.index] = blocks[document.index].with_payload(value)
        return self.with_blocks(blocks)

    def with_blocks(self, blocks: list[Block]) -> Interaction:
        if self.is_websocket:
            asked = [one for one in self.interaction.frames or () if one.sender == CLIENT]
            told = [Frame("server", 0.0, one.data) for one in blocks]
            return replace(self.interaction, frames=(*asked, *told))
        return replace(self.interaction, body=join(blocks))

    def _told(self, interaction: Interaction) -> list[Block]:
        return replace(self, interaction=interaction, blocks=[]).blocks

    def outcome(self, interaction: Interaction) -> str:
        """What the leg makes of an exchange: ``ok``, or the outcome of its error."""
        body = (
            interaction.body if isinstance(interaction.body, bytes) else interaction.body.encode()
        )
        if interaction.status >= 300:
            headers = {name.lower(): values[-1] for name, values in interaction.headers.items()}
            url = interaction.request.uri.partition("?")[0]
            refresh = url.endswith("/oauth/token")
            return error_of_answer(
                interaction.status, headers, body, refresh=refresh, now=0
            ).outcome
        if interaction.stream is None:
            return "ok"
        reader = StreamReader()
        if self.is_websocket:
            text = "".join(f"data: {one.data}\n\n" for one in self._told(interaction))
            body = text.encode()
        try:
            for _ in reader.feed(body):
                pass
            reader.result()
        except AnswerError as error:
            return error.outcome
        except LegError as error:
            return f"({error.outcome})"
        return "ok"


class _Remembering(Schemas):
    """Schemas that validate the same value once: most events of a mutant are those of the others.

    What they say is what the contract says; only the time is saved.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._told = lru_cache(maxsize=50000)(self._tell)

    def _tell(self, path: str, text: str) -> tuple[Problem, ...]:
        return tuple(super().validate(path, json.loads(text)))

    def validate(self, path: str, value: Any) -> list[Problem]:
        return list(self._told(path, json.dumps(value)))


def subjects(contract: Contract | None = None) -> Iterator[Subject]:
    """Every exchange of every cassette."""
    contract = contract or Contract()
    schemas = _Remembering(contract.path("schemas"))
    found = [subject_of(schemas, pair) for pair in contract.load()]
    for one in found:
        one.siblings = [each for each in found if each.address == one.address]
    yield from found


def subject_of(schemas: Schemas, pair: Pair) -> Subject:
    early = pair.probe.expect.outcome in ENDED_EARLY
    return Subject(pair.probe.id, pair.probe.surface, pair.cassette.interactions[0], schemas, early)
