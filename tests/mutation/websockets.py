"""The same over a WebSocket: streams as frames, and edits that only frames can have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from harness.contract import Frame, Interaction
from harness.drift.rules import RULES

from .event_types import TypeAdded, TypeRenamed
from .events import Dropped, EventOperator, SentInOtherOrder
from .expect import Expected, Mutant
from .places import NEW
from .streams import dumps
from .subject import CLIENT, Subject

__all__ = ["FRAME_OPERATORS", "as_websocket"]

_ASKED = "response.create"


def as_websocket(subject: Subject) -> Subject:
    """A stream of a cassette as it would come in frames: one event a frame, no names, no body."""
    sent = subject.interaction.request
    asked = {"type": _ASKED, **json.loads(str(sent.body))}
    frames = (
        Frame(CLIENT, 0.0, dumps({"type": "session.update", "session": {"id": "sess_1"}})),
        Frame(CLIENT, 1.0, dumps(asked)),
        *(Frame("server", 2.0, one.data) for one in subject.blocks),
    )
    interaction = replace(
        subject.interaction,
        request=replace(sent, method="GET", body=None),
        status=101,
        body="",
        stream=None,
        frames=frames,
        close_code=1000,
    )
    return Subject(
        f"{subject.name} (as frames)", "responses-ws", interaction, subject.schemas, False
    )


class _FrameOperator:
    """One kind of edit of an exchange over a WebSocket."""

    name: ClassVar[str]

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one exchange; of one that is no WebSocket's, none."""
        if subject.is_websocket:
            for what, interaction, rule, pointer in self.edits(subject):
                expected = Expected(rule, frozenset({RULES[rule].level}), pointer)
                yield Mutant(subject, self.name, what, interaction, expected)

    def edits(self, subject: Subject) -> Iterator[tuple[str, Interaction, str, str | None]]:
        raise NotImplementedError


class FramesBinary(_FrameOperator):
    """The server's frames are binary."""

    name = "make frames binary"

    def edits(self, subject: Subject) -> Iterator[tuple[str, Interaction, str, str | None]]:
        one = subject.interaction
        frames = tuple(replace(each, binary=each.sender != CLIENT) for each in one.frames or ())
        yield "all", replace(one, frames=frames), "ws-text-became-binary", None
        # What a recorder leaves that keeps no text of binary frames.
        bare = tuple(replace(each, text="") if each.binary else each for each in frames)
        yield "all, without text", replace(one, frames=bare), "ws-text-became-binary", None
        last = next(n for n in reversed(range(len(frames))) if frames[n].binary)
        some = (*(one.frames or ())[:last], bare[last], *(one.frames or ())[last + 1 :])
        yield "the last, without text", replace(one, frames=some), "ws-text-became-binary", None


class ClosedOtherwise(_FrameOperator):
    """The WebSocket is closed with another code."""

    name = "change the close code"

    def edits(self, subject: Subject) -> Iterator[tuple[str, Interaction, str, str | None]]:
        one = replace(subject.interaction, close_code=1011)
        yield "1011", one, "ws-close-code-changed", None


class SentFrames(_FrameOperator):
    """The client sends frames of a type more, or less, by another name, the other way round."""

    name = "edit the client's frames"

    def edits(self, subject: Subject) -> Iterator[tuple[str, Interaction, str, str | None]]:
        frames = subject.interaction.frames or ()
        asked = [one for one in frames if one.sender == CLIENT]
        told = [one for one in frames if one.sender != CLIENT]

        def made(sent: list[Frame]) -> Interaction:
            return replace(subject.interaction, frames=(*sent, *told))

        new = Frame(CLIENT, 0.5, dumps({"type": NEW, "why": "new"}))
        yield "one more", made([*asked, new]), "client-frame-added", f"/frame/{NEW}"
        yield "one less", made(asked[1:]), "client-frame-removed", "/frame/session.update"
        yield "other way round", made(asked[::-1]), "client-frame-order-changed", None
        session: dict[str, Any] = json.loads(asked[0].text)
        renamed = replace(asked[0], text=dumps({**session, "type": f"session.{NEW}"}))
        place = "/frame/session.update"
        yield "another name", made([renamed, asked[1]]), "client-frame-renamed", place
        question: dict[str, Any] = json.loads(asked[1].text)
        fuller = replace(asked[1], text=dumps({**question, NEW: 1}))
        yield "a field", made([asked[0], fuller]), "client-field-added", f"/frame/{_ASKED}/{NEW}"


#: Edits of events that are the same in frames, and those that only frames can have.
FRAME_OPERATORS: tuple[type[_FrameOperator | EventOperator], ...] = (
    FramesBinary, ClosedOtherwise, SentFrames, Dropped, SentInOtherOrder, TypeRenamed, TypeAdded,
)  # fmt: skip
