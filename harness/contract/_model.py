"""Probes and cassettes as typed, frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Cassette",
    "Expectation",
    "ExpectedCall",
    "Frame",
    "Interaction",
    "Pair",
    "Part",
    "Probe",
    "ProbeRequest",
    "Provenance",
    "RecordedRequest",
    "Source",
    "StreamFacts",
]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from: a reference such as ``openai/codex#26173``, its date, its words."""

    ref: str
    date: str | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """The question. ``via`` names the builder of the leg that must reproduce it."""

    via: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A call of a tool that the answer asks for; ``arguments`` is their JSON text."""

    name: str
    arguments: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """The answer that is held to be true, in the vocabulary of :mod:`leg.outcomes`."""

    status: int
    outcome: str
    why: str
    text: str | None = None
    fields: Mapping[str, str] | None = None
    calls: tuple[ExpectedCall, ...] | None = None
    resets_at: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One declared question with its expected outcome. ``path`` is relative to the root.

    ``not_live`` says why its outcome cannot be had by asking; ``""`` where it can.
    """

    id: str
    title: str
    asked: str
    backend: str
    surface: str
    credential: str
    level: str
    request: ProbeRequest
    expect: Expectation
    sources: tuple[Source, ...]
    path: str
    not_live: str = ""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """The request half of an exchange, as vcrpy stores it. Header names are lower case."""

    method: str
    uri: str
    headers: Mapping[str, tuple[str, ...]]
    body: str | bytes | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Where one part of an answer (its request, status, headers, body) comes from."""

    source: str
    date: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an exchange comes from: ``recorded``, ``captured``, ``transcribed`` or ``composed``."""

    kind: str
    date: str
    source: str
    client: Mapping[str, str] | None
    note: str | None
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What plain vcrpy cannot hold: how a stream ended, and when which bytes arrived.

    ``chunks`` are ``(offset in ms, bytes)``; ``None`` means that nobody knows.
    """

    ended: str
    chunks: tuple[tuple[float, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a WebSocket.

    Attributes:
        sender: ``client`` or ``server``.
        at: milliseconds since the upgrade was asked for.
        text: its text; of a binary one, what of it is text, if that was kept.
        binary: whether it was a binary one.
        size: how many bytes it had, where the text is not all of it.
    """

    sender: str
    at: float
    text: str = ""
    binary: bool = False
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """One exchange of a cassette. ``frames`` and ``close_code`` are those of a WebSocket.

    Of a capture, ``header_names`` are the names of the request's headers in the order and the case
    of the wire, and ``waited_for`` says of a call beside the turn whether the client sends no turn
    before it is answered.
    """

    request: RecordedRequest
    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: str | bytes
    provenance: Provenance
    stream: StreamFacts | None = None
    frames: tuple[Frame, ...] | None = None
    close_code: int | None = None
    header_names: tuple[str, ...] | None = None
    waited_for: bool | None = None


@dataclass(frozen=True, slots=True)
class Cassette:
    """The exchanges of one probe (or of one run of a client). ``path`` is relative to the root."""

    path: str
    interactions: tuple[Interaction, ...]

    @property
    def id(self) -> str:
        """The id of the probe that this cassette answers."""
        return self.path.removeprefix("cassettes/").removesuffix(".yaml")


@dataclass(frozen=True, slots=True)
class Pair:
    """A probe and the cassette that answers it."""

    probe: Probe
    cassette: Cassette
