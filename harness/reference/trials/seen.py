"""What was seen of one turn: facts only, as values that can go from one process to another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

__all__ = ["End", "Part", "Seen", "Unending", "last_error", "shortened", "warnings_in"]

#: How a turn ended. ``ended``: by itself. ``waits``: it did nothing any more, and nothing came.
#: ``loops``: it asked one endpoint again and again. ``late``: it was still trying at the deadline.
Unending = Literal["waits", "loops", "late"]
End = Literal["ended"] | Unending

#: "ERROR: …" of today's releases; "[2025-10-01T10:00:00] ERROR: …" of the oldest; "Error: …" of one
#: that does not get as far as a turn.
_SAID: Final = re.compile(r"^(?:\[[^\]]*\] )?(?:ERROR|Error): (.+)$", re.MULTILINE)
_WARNED: Final = re.compile(r"^(?:\[[^\]]*\] )?(?:warning|WARNING): (.+)$", re.MULTILINE)
#: It says so before each try; what it says at last is the error itself.
_RETRYING: Final = "Reconnecting... "
#: What is different in every run: ids, URLs' ids, times of the day, dates.
_VOLATILE: Final = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b(resp|msg|rs|fc|ctc|call|ws)_[0-9A-Za-z]{12,}"), r"\1_ID"),
    (re.compile(r"\b(?:[A-Z][a-z]{2} \d\d?(?:st|nd|rd|th)?, \d{4} )?\d\d?:\d\d ?[AP]M"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT[0-9:.]+Z?"), "TIME"),
    (re.compile(r"\b\d+ (?:day|hour|minute|second)s?(?: \d+ (?:hour|minute|second)s?)*"), "TIME"),
    (re.compile(r"\b[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]*"), "TOKEN"),
)
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Part:
    """One answer that the client was given, as it was sent: what there is to take away.

    Attributes:
        surface: whose it is.
        endpoint: ``METHOD host/path``.
        status: its status.
        headers: the names of its headers, in lower case.
        events: the payloads of its events, or of its frames, in order.
        body: its JSON, if it is no stream; ``None`` if it is neither.
        has_lines: whether its events have an ``event:`` line.
    """

    surface: str
    endpoint: str
    status: int
    headers: tuple[str, ...] = ()
    events: tuple[Any, ...] = ()
    body: Any = None
    has_lines: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One turn.

    Attributes:
        end: how it ended.
        exit_code: its exit code; ``None`` if it had to be ended.
        answered: whether it printed the answer.
        calls: how often it called what: ``https``, ``websocket`` (handshakes), ``frames``
            (requests over the WebSocket), ``accounts``, ``token``.
        said: the last error that it told, shortened; ``""`` for none.
        warned: what it warned of, each once.
        tool_run: whether a tool was run and its output sent back.
        refreshed: whether a new token is stored, and was used.
        catalogue: whether the stand-in's catalogue of models is stored.
        unhandled: types of events that it says, in its own log, that it does not handle.
        parts: what it was answered, if that was asked for.
    """

    end: End
    exit_code: int | None
    answered: bool
    calls: Mapping[str, int]
    said: str = ""
    warned: tuple[str, ...] = ()
    tool_run: bool = False
    refreshed: bool = False
    catalogue: bool = False
    unhandled: tuple[str, ...] = ()
    parts: tuple[Part, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Seen:
        """What such JSON says."""
        lists = {name: tuple(document[name]) for name in ("warned", "unhandled")}
        parts = tuple(_part(one) for one in document["parts"])
        return cls(**{**document, **lists, "parts": parts})


def _part(document: Mapping[str, Any]) -> Part:
    lists = {name: tuple(document[name]) for name in ("headers", "events")}
    return Part(**{**document, **lists})


def last_error(texts: Sequence[str]) -> str:
    """The last error in what a client has said, shortened; ``""`` for none."""
    said = [one for text in texts for one in _SAID.findall(text) if not one.startswith(_RETRYING)]
    return shortened(said[-1]) if said else ""


def warnings_in(texts: Sequence[str]) -> tuple[str, ...]:
    """What a client has warned of, shortened, each once, sorted."""
    return tuple(sorted({shortened(one) for text in texts for one in _WARNED.findall(text)}))


def shortened(text: str) -> str:
    """A text without what differs from run to run, on one line, and not too long."""
    for pattern, instead in _VOLATILE:
        text = pattern.sub(instead, text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
