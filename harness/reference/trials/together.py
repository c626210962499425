"""Many things taken away at once: where that changes nothing, none of them has to be tried alone.

Only where one cannot hide another: nothing is taken together with what it stands in, and never the
``type`` of an object with its other members, because an object of no known type is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from harness.reference.trials.meddling import Nothing
from harness.reference.trials.rounds import Asked
from harness.reference.trials.without import Without
from harness.standin.values import Headers, Incoming, Reply, WsReply

__all__ = ["Together", "changes_in", "halves", "in_groups"]

_LARGEST: Final = 48
#: Of so few, each is tried alone.
_SMALLEST: Final = 4


@dataclass(frozen=True, slots=True)
class Together(Nothing):
    """The stand-in's answers without some things. None of them is an endpoint."""

    changes: tuple[Without, ...]

    @classmethod
    def from_json(cls, changes: Iterable[Mapping[str, Any]]) -> Together:
        """What :meth:`to_json` has made this of."""
        return cls(
            tuple(Without(one["surface"], one["kind"], one["name"], one["how"]) for one in changes)
        )

    def to_json(self) -> Mapping[str, Any]:
        """What :func:`harness.reference.trials.worker.meddler_from` reads."""
        return {"meddler": "together", "changes": [dict(one.to_json()) for one in self.changes]}

    def answer(self, incoming: Incoming, reply: Reply) -> Reply:
        """The answer without them."""
        for one in self.changes:
            reply = one.answer(incoming, reply)
        return reply

    def upgraded(self, headers: Headers) -> Headers:
        """The headers of a handshake without them."""
        for one in self.changes:
            headers = one.upgraded(headers)
        return headers

    def frames(self, reply: WsReply, *, warming: bool) -> WsReply:
        """The frames without them."""
        for one in self.changes:
            reply = one.frames(reply, warming=warming)
        return reply


def changes_in(asked: Asked) -> tuple[Without, ...]:
    """What is taken away in a turn."""
    if isinstance(asked.meddler, Together):
        return asked.meddler.changes
    return (cast("Without", asked.meddler),)


def in_groups(turns: Iterable[Asked]) -> list[Asked]:
    """The same turns, those together that cannot hide one another; endpoints stay alone."""
    groups: dict[tuple[Any, ...], list[Asked]] = {}
    for number, one in enumerate(turns):
        groups.setdefault(_group(one, number), []).append(one)
    return [
        _joined(group[start : start + _LARGEST])
        for group in groups.values()
        for start in range(0, len(group), _LARGEST)
    ]


def halves(asked: Asked) -> list[Asked]:
    """A group as two smaller ones, or as its members; nothing for a turn that is no group."""
    alone = [Asked(asked.setting, one) for one in changes_in(asked)]
    if len(alone) == 1:
        return []
    if len(alone) <= _SMALLEST:
        return alone
    middle = len(alone) // 2
    return [_joined(alone[:middle]), _joined(alone[middle:])]


def _group(asked: Asked, number: int) -> tuple[Any, ...]:
    (change,) = changes_in(asked)
    if change.kind == "endpoint":
        return (number,)
    # Of the same depth, none stands in another.
    depth = change.name.count("/") if change.kind == "field" else 0
    is_type = change.name.endswith("/type")
    return asked.setting, change.surface, change.kind, change.how, depth, is_type


def _joined(turns: list[Asked]) -> Asked:
    if len(turns) == 1:
        return turns[0]
    changes = tuple(change for one in turns for change in changes_in(one))
    return Asked(turns[0].setting, Together(changes))
