"""What a client sent in one run, as values that can go from one process to another."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.reference.gate import endpoint_of
from harness.standin.recording import Recorded

__all__ = ["Recording", "Sent", "sent_of"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of a client, and in a few words how it was answered.

    Attributes:
        endpoint: what it is for, in the words of the stand-in's scenarios.
        method: as sent.
        host: the host that was asked for.
        path: without the query.
        query: what stands behind the question mark, or ``""``.
        headers: as sent, in order, case kept.
        body: with the content encoding taken off.
        frames: what it sent over the WebSocket, in order.
        status: of the answer; ``None`` if there was none.
        source: the probe or the rule that answered.
        faults: the names of what went wrong with the answer.
        websocket: whether it asked for a WebSocket.
    """

    endpoint: str
    method: str
    host: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    frames: tuple[str, ...]
    status: int | None
    source: str
    faults: tuple[str, ...]
    websocket: bool

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "headers": [list(pair) for pair in self.headers],
            "body": base64.b64encode(self.body).decode("ascii"),
            "frames": list(self.frames),
            "faults": list(self.faults),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Sent:
        """What such JSON says."""
        return cls(
            **{name: document[name] for name in _PLAIN},
            headers=tuple((name, value) for name, value in document["headers"]),
            body=base64.b64decode(document["body"]),
            frames=tuple(document["frames"]),
            faults=tuple(document["faults"]),
        )


_PLAIN = ("endpoint", "method", "host", "path", "query", "status", "source", "websocket")


def sent_of(recorded: Recorded) -> Sent:
    """The client's half of a recorded exchange."""
    one = recorded.incoming
    return Sent(
        endpoint=endpoint_of(one),
        method=one.method,
        host=one.host,
        path=one.path,
        query=one.query,
        headers=one.headers,
        body=one.body,
        frames=tuple(frame.text for frame in recorded.frames if frame.direction == "client"),
        status=recorded.status,
        source=recorded.source,
        faults=tuple(fault.name for fault in recorded.faults),
        websocket=one.transport == "websocket",
    )


@dataclass(frozen=True, slots=True)
class Recording:
    """One run: what was sent, and what a reader has to know to take this machine out of it.

    Attributes:
        sent: in the order in which it arrived.
        exit_codes: of each turn; ``None`` for one that did not end in time, negative for one that
            a signal ended, which was not ours.
        paths: folders of the run, by what they are.
        at: when it ended, in Unix time.
        said: the end of what the client said on stderr; for a person, if it went wrong.
        died_before: the signal of which the client died in the run before, which this is instead
            of; ``None`` if there was none.
    """

    sent: tuple[Sent, ...]
    exit_codes: tuple[int | None, ...]
    paths: Mapping[str, str]
    at: float
    said: str = ""
    died_before: int | None = None

    @property
    def died(self) -> int | None:
        """The signal of which the client died; ``None`` if it did not."""
        return next((-code for code in self.exit_codes if code is not None and code < 0), None)

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "sent": [one.to_json() for one in self.sent],
            "exit_codes": list(self.exit_codes),
            "paths": dict(self.paths),
            "at": self.at,
            "said": self.said,
            "died_before": self.died_before,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Recording:
        """What such JSON says."""
        return cls(
            tuple(Sent.from_json(one) for one in document["sent"]),
            tuple(document["exit_codes"]),
            dict(document["paths"]),
            document["at"],
            document["said"],
            document["died_before"],
        )
