"""One request and its whole answer, as a value, wherever it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from harness.contract import Interaction
from leg.limits import Limits
from leg.sse import SSEDecoder

__all__ = ["NOT_JSON", "Event", "Exchange", "SentRequest", "parse_json", "read_events"]

Headers = tuple[tuple[str, str], ...]

#: An exchange is read from a file that is there already: no stream can run away with the memory.
_NO_LIMITS: Final = Limits(line=None, event=None, total=None)


class _NotJson:
    """The payload of what should have been JSON."""

    def __repr__(self) -> str:
        return "NOT_JSON"


NOT_JSON: Final = _NotJson()


def parse_json(text: str | bytes) -> Any:
    """A JSON value, or :data:`NOT_JSON`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream, or one frame of a WebSocket.

    Attributes:
        name: what its ``event:`` line says, or ``None`` without one.
        data: its text.
        payload: its text as JSON, or :data:`NOT_JSON`.
        line: the number of its first line in the body, counted from 1.
    """

    name: str | None
    data: str
    payload: Any
    line: int

    @property
    def type(self) -> str | None:
        """The type in its payload: what clients go by."""
        kind = self.payload.get("type") if isinstance(self.payload, dict) else None
        return kind if isinstance(kind, str) else None


@dataclass(frozen=True, slots=True)
class SentRequest:
    """The request half. Headers keep their order and case."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def payload(self) -> Any:
        """The body as JSON, a form as an object of texts, ``None`` without a body."""
        if not self.body:
            return None
        found = parse_json(self.body)
        if found is NOT_JSON and b"=" in self.body:
            fields = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
            return dict(fields) if fields else NOT_JSON
        return found


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange.

    Attributes:
        request: the request half, or ``None`` if only an answer is known.
        status: the HTTP status of the answer, or ``None`` if it is not known.
        headers: the headers of the answer, in order.
        body: the bytes of the answer.
        is_stream: whether the answer is a stream of events.
        events: its events; empty unless it is a stream.
        ended: how the stream ended (``eof``, ``reset``), or ``None`` if that is not known.
        unfinished: whether the stream ends inside an event.
    """

    request: SentRequest | None = None
    status: int | None = None
    headers: Headers = ()
    body: bytes = b""
    is_stream: bool = False
    events: tuple[Event, ...] = ()
    ended: str | None = None
    unfinished: bool = False
    _json: list[Any] = field(default_factory=list, repr=False, compare=False)

    @property
    def failed(self) -> bool:
        """Whether the status says that this is a refusal."""
        return self.status is not None and self.status >= 300

    def payload(self) -> Any:
        """The body as JSON (parsed once), or :data:`NOT_JSON`."""
        if not self._json:
            self._json.append(parse_json(self.body))
        return self._json[0]

    def header_map(self) -> dict[str, str]:
        """Headers as the schemas want them: lower-case names, several values of one name joined."""
        headers: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers

    @classmethod
    def from_interaction(cls, interaction: Interaction) -> Exchange:
        """One exchange of a cassette."""
        sent = interaction.request
        body = _bytes(interaction.body)
        is_stream = interaction.stream is not None
        events, unfinished = read_events(body) if is_stream else ((), False)
        return cls(
            request=SentRequest(sent.method, sent.uri, _pairs(sent.headers), _bytes(sent.body)),
            status=interaction.status,
            headers=_pairs(interaction.headers),
            body=body,
            is_stream=is_stream,
            events=events,
            ended=interaction.stream.ended if interaction.stream else None,
            unfinished=unfinished,
        )

    @classmethod
    def from_sse(cls, body: bytes) -> Exchange:
        """The answer in an ``.sse`` file: the bytes of a stream, as they came."""
        events, unfinished = read_events(body)
        return cls(body=body, is_stream=True, events=events, unfinished=unfinished)

    @classmethod
    def from_jsonl(cls, body: bytes) -> Exchange:
        """The answer in a ``.jsonl`` file: one event (or one frame) a line, without names."""
        lines = body.decode("utf-8", "replace").split("\n")
        events = tuple(
            Event(None, line, parse_json(line), number)
            for number, line in enumerate(lines, 1)
            if line.strip()
        )
        return cls(body=body, is_stream=True, events=events)

    @classmethod
    def from_json(cls, body: bytes, status: int | None = None) -> Exchange:
        """The answer in a ``.json`` file: one body."""
        return cls(status=status, body=body)


def read_events(body: bytes) -> tuple[tuple[Event, ...], bool]:
    """The events of a stream, and whether it ends inside one."""
    decoder = SSEDecoder(_NO_LIMITS)
    events = tuple(
        Event(one.event, one.data, parse_json(one.data), one.line) for one in decoder.feed(body)
    )
    return events, decoder.pending


def _pairs(headers: Mapping[str, Sequence[str]]) -> Headers:
    return tuple((name, value) for name, values in headers.items() for value in values)


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
