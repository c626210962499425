"""One thing less in what the stand-in answers: an endpoint, a header, an event, a field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from harness.reference.trials.meddling import Nothing, surface_of
from harness.reference.trials.places import nulled, removed
from harness.reference.trials.streams import StreamEvent, compact, frames_with, stream_with
from harness.standin.faults import CloseBeforeHeader, Delay, Fault
from harness.standin.values import Headers, Incoming, Reply, WsReply, WsSession

__all__ = ["EVENT_LINE", "HOWS", "Without", "field_name", "split_name"]

#: What an endpoint can do instead of answering. A delay this long is no answer at all.
_INSTEAD: Final[Mapping[str, Reply]] = {
    "404": Reply(404, (("content-type", "application/json"),), b'{"detail":"Not Found"}'),
    "500": Reply(500, (("content-type", "text/plain"),), b"Internal Server Error"),
    "426": Reply(426),
    "empty": Reply(200, (("content-type", "application/json"),), b"{}"),
}
_FAULTS: Final[Mapping[str, Fault]] = {
    "no connection": CloseBeforeHeader(reset=True),
    "no answer": Delay(seconds=3600.0),
}

#: The ways in which each kind of thing is taken away, the one that decides first.
HOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "endpoint": ("404", "500", "empty", "no connection", "no answer"),
    "transport": ("removed",),
    "header": ("removed",),
    "event": ("removed",),
    "field": ("removed", "null"),
}
#: The line of a stream that names an event a second time.
EVENT_LINE: Final = "sse/event"


def field_name(label: str, pointer: str) -> str:
    """The name of a field: those of events are told apart by type, those of refusals by status."""
    return f"/[{label}]{pointer}" if label else pointer


def split_name(name: str) -> tuple[str, str]:
    """The label and the pointer in such a name."""
    if not name.startswith("/[") or name.startswith("/[]"):
        return "", name
    label, _, pointer = name[2:].partition("]")
    return label, pointer


@dataclass(frozen=True, slots=True)
class Without(Nothing):
    """The stand-in's answers without one thing.

    Attributes:
        surface: whose answers.
        kind: ``endpoint``, ``transport``, ``header``, ``event`` or ``field``.
        name: as in the table of the results.
        how: one of :data:`HOWS` for this kind (an upgrade can be answered 426, too).
    """

    surface: str
    kind: str
    name: str
    how: str

    def to_json(self) -> Mapping[str, Any]:
        """What :func:`harness.reference.trials.worker.meddler_from` reads."""
        return {"meddler": "without", **asdict(self)}

    def answer(self, incoming: Incoming, reply: Reply) -> Reply:
        """The answer without it."""
        if surface_of(incoming) != self.surface:
            return reply
        if self.kind == "endpoint":
            return self._instead(reply) if endpoint_name(incoming) == self.name else reply
        if self.kind == "header":
            return replace(reply, headers=self._headers(reply.headers))
        if reply.stream:
            return stream_with(reply, self._events)
        return self._body(reply) if self.kind == "field" else reply

    def upgrade(self, incoming: Incoming, session: WsSession) -> WsSession | Reply:
        """What the handshake leads to without it."""
        if self.kind == "endpoint" and endpoint_name(incoming) == self.name:
            return self._instead(Reply(426))
        return session

    def upgraded(self, headers: Headers) -> Headers:
        """The headers of a handshake without it."""
        return self._headers(headers) if self.surface == "responses-ws" else headers

    def frames(self, reply: WsReply, *, warming: bool) -> WsReply:
        """The frames without it."""
        del warming
        return frames_with(reply, self._events) if self.surface == "responses-ws" else reply

    def _instead(self, reply: Reply) -> Reply:
        if self.how in _FAULTS:
            return replace(reply, faults=(_FAULTS[self.how],))
        return replace(_INSTEAD[self.how], source=f"without {self.name}")

    def _headers(self, headers: Headers) -> Headers:
        if self.kind != "header":
            return headers
        return tuple(pair for pair in headers if pair[0].lower() != self.name)

    def _events(self, events: list[StreamEvent]) -> Iterable[StreamEvent]:
        if self.kind == "transport":
            return [replace(one, line=None) for one in events]
        if self.kind == "event":
            return [one for one in events if one.type != self.name]
        if self.kind != "field":
            return events
        label, pointer = split_name(self.name)
        return [
            replace(one, payload=self._take(one.payload, pointer)) if one.type == label else one
            for one in events
        ]

    def _body(self, reply: Reply) -> Reply:
        label, pointer = split_name(self.name)
        if label != label_of(reply):
            return reply
        try:
            document = json.loads(reply.body)
        except ValueError:
            return reply
        return replace(reply, body=compact(self._take(document, pointer)).encode())

    def _take(self, document: Any, pointer: str) -> Any:
        take: Callable[[Any, str], Any] = nulled if self.how == "null" else removed
        return take(document, pointer)


def endpoint_name(incoming: Incoming) -> str:
    """How an endpoint is called: ``METHOD host/path``."""
    return f"{incoming.method} {incoming.host}{incoming.path}"


def label_of(reply: Reply) -> str:
    """What tells the fields of a body apart from those of other answers of the endpoint."""
    return "" if reply.status < 300 else str(reply.status)
