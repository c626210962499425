"""One request and its whole answer, as a value, wherever it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import is_not
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl

from harness.contract import Frame, Interaction, Provenance, is_event_stream
from harness.events import NOT_JSON, Event, Stream, parse_json, read_events, read_stream
from harness.runs import Run, runs_of

__all__ = [
    "ASKS",
    "NOT_JSON",
    "Event",
    "Exchange",
    "SentRequest",
    "Sighting",
    "parse_json",
    "read_events",
]

#: The frame of a client that asks for a response.
ASKS: Final = "response.create"
#: The event that a response begins with.
_BEGINS: Final = "response.created"
#: The event that refuses a question; and all that end an answer.
_REFUSES: Final = "error"
_ENDS: Final = ("response.completed", "response.failed", "response.incomplete", _REFUSES)

Headers = tuple[tuple[str, str], ...]
Chunks = tuple[tuple[float, int], ...]


class Sighting(NamedTuple):
    """When an exchange was had, and by which client.

    Attributes:
        date: ``2026-09-27``, or as much of it as is known.
        client: its name, and its version where that is known; ``""`` if nobody is named.
    """

    date: str
    client: str = ""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """The request half. Headers keep their order and case."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    _json: list[tuple[bytes, Any]] = field(default_factory=list, repr=False, compare=False)

    def payload(self) -> Any:
        """The body as JSON, a form as an object of texts, ``None`` without a body; parsed once."""
        if not self._json or self._json[0][0] is not self.body:
            self._json[:] = [(self.body, self._parsed())]
        return self._json[0][1]

    def _parsed(self) -> Any:
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
        has_lines: whether the lines of a stream are known; a ``.jsonl`` keeps its events alone.
        transport: ``ws`` if it went on in the frames of a WebSocket. Then ``events`` are those of
            the server, and the body is empty.
        sent_frames: the frames of the client, in order.
        sent_at: of each of ``sent_frames``, how many of ``events`` had come before.
        close_code: what a WebSocket was closed with, if that is known.
        chunks: when how many bytes of the body came (offset in ms, bytes), if that is known.
        seen: when it was had, and by whom, if that is known.
        has_headers: whether the headers of the answer are known; many sources publish none.
    """

    request: SentRequest | None = None
    status: int | None = None
    headers: Headers = ()
    body: bytes = b""
    is_stream: bool = False
    events: tuple[Event, ...] = ()
    ended: str | None = None
    unfinished: bool = False
    has_lines: bool = True
    transport: Literal["http", "ws"] = "http"
    sent_frames: tuple[Event, ...] = ()
    sent_at: tuple[int, ...] = ()
    close_code: int | None = None
    chunks: Chunks | None = None
    seen: Sighting | None = None
    has_headers: bool = True
    # Both go with a body: dataclasses.replace() can give another one to the copy.
    _plain: bytes | None = field(default=None, repr=False, compare=False)
    _json: list[tuple[bytes, Any]] = field(default_factory=list, repr=False, compare=False)
    _runs: list[tuple[Any, list[list[Run]]]] = field(
        default_factory=list, repr=False, compare=False
    )

    @property
    def failed(self) -> bool:
        """Whether the status says that this is a refusal."""
        return self.status is not None and self.status >= 300

    def payload(self) -> Any:
        """The body as JSON (parsed once), or :data:`NOT_JSON`."""
        if not self._json or self._json[0][0] is not self.body:
            self._json[:] = [(self.body, parse_json(self.body))]
        return self._json[0][1]

    @property
    def is_plain(self) -> bool:
        """Whether the stream is known to hold plain events alone, see :class:`Stream`."""
        return self._plain is not None and self._plain is self.body

    @property
    def turns(self) -> tuple[tuple[Event, ...], ...]:
        """Its events, answer by answer: over one WebSocket a client asks several times."""
        asked = {
            at
            for at, frame in zip(self.sent_at, self.sent_frames, strict=False)
            if frame.type == ASKS
        }
        # What comes before the first question goes with its answer.
        again = sorted(asked)[1:] if asked or self.has_lines else self._begun_again()
        starts = [0, *again, len(self.events)]
        return tuple(self.events[here:there] for here, there in pairwise(starts))

    @property
    def runs(self) -> list[list[Run]]:
        """The same, with pieces of one text in a row as one; found once."""
        of = self.events, self.sent_frames, self.sent_at
        if not self._runs or any(map(is_not, self._runs[0][0], of)):
            self._runs[:] = [(of, [runs_of(turn) for turn in self.turns])]
        return self._runs[0][1]

    def _begun_again(self) -> list[int]:
        """Where another answer begins, in lines that show the frames of the server alone.

        That is with another response, or with an error where the answer before has ended: a
        question that is refused at once is answered by nothing else.
        """
        starts: list[int] = []
        known: set[str] = set()
        has_ended = False
        for at, event in enumerate(self.events):
            response = event.payload.get("response") if event.type == _BEGINS else None
            name = response.get("id") if isinstance(response, dict) else None
            is_new = isinstance(name, str) and name not in known
            if (is_new and (known or has_ended)) or (has_ended and event.type == _REFUSES):
                starts.append(at)
                has_ended = False
            if is_new:
                known.add(str(name))
            has_ended = has_ended or event.type in _ENDS
        return starts

    def header_map(self) -> dict[str, str]:
        """Headers as the schemas want them: lower-case names, several values of one name joined."""
        headers: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers

    @classmethod
    def from_interaction(cls, interaction: Interaction) -> Exchange:
        """One exchange of a cassette, over HTTP or over a WebSocket."""
        sent, stream = interaction.request, interaction.stream
        body = _bytes(interaction.body)
        is_ws = interaction.status == 101 or bool(interaction.frames)
        is_stream = is_ws or stream is not None or is_event_stream(interaction)
        found = Stream((), unfinished=False, plain=False)
        if is_stream:
            found = read_stream(
                body, interaction.body if isinstance(interaction.body, str) else None
            )
            is_stream = is_ws or bool(found.events) or not _is_document(body)
        frames = _by_sender(_frame_events(interaction.frames or ()))
        return cls(
            request=SentRequest(
                sent.method, sent.uri, _sent_headers(interaction), _bytes(sent.body)
            ),
            status=interaction.status,
            headers=_pairs(interaction.headers),
            body=body,
            is_stream=is_stream,
            events=frames.events if is_ws else found.events,
            ended=stream.ended if stream else None,
            unfinished=found.unfinished,
            transport="ws" if is_ws else "http",
            sent_frames=frames.sent,
            sent_at=frames.sent_at,
            close_code=interaction.close_code,
            chunks=stream.chunks if stream else None,
            seen=_sighting(interaction.provenance),
            has_headers=_are_headers_known(interaction.provenance),
            _plain=body if found.plain else None,
        )

    @classmethod
    def from_sse(cls, body: bytes) -> Exchange:
        """The answer in an ``.sse`` file: the bytes of a stream, as they came."""
        found = read_stream(body)
        return cls(
            body=body,
            is_stream=True,
            events=found.events,
            unfinished=found.unfinished,
            _plain=body if found.plain else None,
        )

    @classmethod
    def from_jsonl(cls, body: bytes) -> Exchange:
        """What is in a ``.jsonl`` file: one event (or one frame) a line, without names.

        A frame that asks for a response is the client's; all others are the server's.
        """
        lines = body.decode("utf-8", "replace").split("\n")
        events = [
            Event.of(None, line, number) for number, line in enumerate(lines, 1) if line.strip()
        ]
        frames = _by_sender(("client" if one.type == ASKS else "server", one) for one in events)
        return cls(
            body=body,
            is_stream=True,
            events=frames.events,
            has_lines=False,
            transport="ws" if frames.sent else "http",
            sent_frames=frames.sent,
            sent_at=frames.sent_at,
        )

    @classmethod
    def from_json(cls, body: bytes, status: int | None = None) -> Exchange:
        """The answer in a ``.json`` file: one body."""
        return cls(status=status, body=body)


def _is_document(body: bytes) -> bool:
    """Whether a body without events is a page or JSON, whatever its headers call it."""
    return body.lstrip()[:1] in (b"<", b"{", b"[")


class _Frames(NamedTuple):
    """Frames by sender, and of each of the client's, how many of the server's came before."""

    events: tuple[Event, ...]
    sent: tuple[Event, ...]
    sent_at: tuple[int, ...]


def _by_sender(frames: Iterable[tuple[str, Event]]) -> _Frames:
    events: list[Event] = []
    sent: list[tuple[Event, int]] = []
    for sender, one in frames:
        if sender == "server":
            events.append(one)
        else:
            sent.append((one, len(events)))
    return _Frames(tuple(events), tuple(one for one, _ in sent), tuple(at for _, at in sent))


def _frame_events(frames: Iterable[Frame]) -> Iterable[tuple[str, Event]]:
    """Each frame as an event without a name, with who sent it."""
    for number, frame in enumerate(frames, 1):
        event = Event.of(None, frame.text, number, binary=frame.binary)
        yield frame.sender, event


def _are_headers_known(provenance: Provenance) -> bool:
    part = provenance.parts.get("headers")
    return part is None or part.source != "none"


def _sighting(provenance: Provenance) -> Sighting | None:
    if not provenance.date:
        return None
    client = provenance.client or {}
    named = (client.get("name", ""), client.get("version", ""))
    return Sighting(provenance.date, " ".join(part for part in named if part))


def _sent_headers(interaction: Interaction) -> Headers:
    """The headers of a request; of a capture, in the order and the case of the wire."""
    headers = interaction.request.headers
    if interaction.header_names is None:
        return _pairs(headers)
    left = {name: list(values) for name, values in headers.items()}
    named = [
        (name, left[name.lower()].pop(0))
        for name in interaction.header_names
        if left.get(name.lower())
    ]
    # What is not named was sent all the same; that its place is not known, the contract tells.
    return (*named, *_pairs(left))


def _pairs(headers: Mapping[str, Sequence[str]]) -> Headers:
    return tuple((name, value) for name, values in headers.items() for value in values)


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
