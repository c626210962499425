"""Something else in place of what the stand-in answers: a refusal, an event, an end of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from harness.reference.trials.meddling import Nothing, surface_of
from harness.reference.trials.streams import TERMINAL, StreamEvent, frames_with, stream_with
from harness.standin.values import Headers, Incoming, Reply, WsReply, WsSession

__all__ = ["Instead", "Where"]

#: ``answer``: an HTTP answer of the surface. ``upgrade``: the answer to a handshake. ``frame``: the
#: only frame of an answer. ``event``: an event among those of an answer, before its content.
#: ``end``: the first event of an answer, and then this one.
Where = Literal["answer", "upgrade", "frame", "event", "end"]


@dataclass(frozen=True, slots=True)
class Instead(Nothing):
    """The stand-in's answers with something else in them.

    Attributes:
        surface: whose answers.
        where: where in them.
        body: the body of the answer, or the JSON of the event.
        status: of an answer.
        headers: of an answer.
    """

    surface: str
    where: Where
    body: str
    status: int = 200
    headers: Headers = ()

    @classmethod
    def from_json(cls, **document: Any) -> Self:
        """What :meth:`to_json` has made this of."""
        pairs = tuple((name, value) for name, value in document["headers"])
        return cls(**{**document, "headers": pairs})

    def to_json(self) -> Mapping[str, Any]:
        """What :func:`harness.reference.trials.worker.meddler_from` reads."""
        return {"meddler": "instead", **asdict(self)}

    def answer(self, incoming: Incoming, reply: Reply) -> Reply:
        """The answer with it."""
        if surface_of(incoming) != self.surface:
            return reply
        if self.where in ("answer", "upgrade"):
            return self._refusal
        return stream_with(reply, self._events) if reply.stream else reply

    def upgrade(self, incoming: Incoming, session: WsSession) -> WsSession | Reply:
        """What the handshake leads to with it."""
        del incoming
        return self._refusal if self.where == "upgrade" else session

    def frames(self, reply: WsReply, *, warming: bool) -> WsReply:
        """The frames with it; those that warm the connection up stay as they are."""
        if warming or self.surface != "responses-ws":
            return reply
        if self.where == "frame":
            return replace(reply, frames=(self.body,), close_code=None)
        return frames_with(reply, self._events)

    @property
    def _refusal(self) -> Reply:
        return Reply(self.status, self.headers, self.body.encode(), source="instead")

    def _events(self, events: list[StreamEvent]) -> Iterable[StreamEvent]:
        ours = StreamEvent.of(json.loads(self.body))
        first = next((n for n, one in enumerate(events) if one.type == "response.created"), 0)
        head, rest = events[: first + 1], events[first + 1 :]
        if self.where == "end":
            return [*head, ours]
        if self.where == "event":
            at = next(
                (n for n, one in enumerate(rest) if (one.type or "").startswith(_CONTENT)),
                next((n for n, one in enumerate(rest) if one.type in TERMINAL), len(rest)),
            )
            return [*head, *rest[:at], ours, *rest[at:]]
        return events


_CONTENT = "response.output_item."
