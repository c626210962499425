"""One request and its whole answer, as a value, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import is_not
from typing import Any, Final, Literal, NamedTuple

from harness.contract import Interaction, Provenance, is_event_stream
from harness.events import NOT_JSON, Event, Stream, parse_json, read_events, read_stream
from harness.frames import ASKS, by_sender, frame_events
from harness.runs import Run, runs_of
from harness.sent_request import Headers, SentRequest, body_of, pairs_of, request_of

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

#: The event that a response begins with.
_BEGINS: Final = "response.created"
#: The event that refuses a question; and all that end an answer.
_REFUSES: Final = "error"
_ENDS: Final = ("response.completed", "response.failed", "response.incomplete", _REFUSES)

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
        packed: why the body cannot be looked at: it is in a content-encoding that nobody here can
            undo. ``""`` if it can; the body is without its encoding then.
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
    packed: str = ""
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
    def unlooked(self) -> list[tuple[str, str]]:
        """The bodies that cannot be looked at, each with why."""
        sent = self.request
        bodies = [("the body of the request", sent.packed)] if sent is not None else []
        return [one for one in [*bodies, ("the body", self.packed)] if one[1]]

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
        stream = interaction.stream
        body, packed = body_of(interaction.body, interaction.headers)
        is_unpacked = isinstance(interaction.body, bytes) and body is not interaction.body
        if is_unpacked:
            interaction = replace(interaction, body=body)
        is_ws = interaction.status == 101 or bool(interaction.frames)
        is_stream = is_ws or (not packed and (stream is not None or is_event_stream(interaction)))
        found = Stream((), unfinished=False, plain=False)
        if is_stream:
            found = read_stream(
                body, interaction.body if isinstance(interaction.body, str) else None
            )
            is_stream = is_ws or bool(found.events) or not _is_document(body)
        frames = by_sender(frame_events(interaction.frames or ()))
        return cls(
            request=request_of(interaction),
            status=interaction.status,
            headers=pairs_of(interaction.headers),
            body=body,
            is_stream=is_stream,
            events=frames.events if is_ws else found.events,
            ended=stream.ended if stream else None,
            unfinished=found.unfinished,
            transport="ws" if is_ws else "http",
            sent_frames=frames.sent,
            sent_at=frames.sent_at,
            close_code=interaction.close_code,
            # How many bytes of what is packed make which of these, nobody knows.
            chunks=stream.chunks if stream and not is_unpacked else None,
            seen=_sighting(interaction.provenance),
            has_headers=_are_headers_known(interaction.provenance),
            packed=packed,
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
        frames = by_sender(("client" if one.type == ASKS else "server", one) for one in events)
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


def _are_headers_known(provenance: Provenance) -> bool:
    part = provenance.parts.get("headers")
    return part is None or part.source != "none"


def _sighting(provenance: Provenance) -> Sighting | None:
    if not provenance.date:
        return None
    client = provenance.client or {}
    named = (client.get("name", ""), client.get("version", ""))
    return Sighting(provenance.date, " ".join(part for part in named if part))
