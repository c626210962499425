"""The result: what a release acts on, as values and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from harness.reference.handles.reaction import Reaction
from harness.reference.trials.measured import Measured

__all__ = ["Handled", "HandlesTable"]

_SURFACES: Final = ("responses", "responses-ws", "auth")
_KINDS: Final = (
    "event",
    "error event",
    "failed",
    "incomplete",
    "status",
    "upgrade",
    "frame",
    "refresh",
    "refresh before the turn",
)


@dataclass(frozen=True, slots=True)
class Handled:
    """One thing that a release was sent, and what it did.

    Attributes:
        surface: as what.
        kind: what it was.
        name: how it is called.
        acts: whether it does something that it does not do with one that nobody has.
        reaction: what it did.
        like: the name of the row with one that nobody has; ``""`` for that one itself.
        flaky: whether it was not the same every time; then it is the most frequent.
    """

    surface: str
    kind: str
    name: str
    acts: bool
    reaction: Reaction
    like: str = ""
    flaky: bool = False

    def to_json(self) -> dict[str, Any]:
        """It as JSON; what is treated like another one says no more than that."""
        document: dict[str, Any] = {
            "surface": self.surface,
            "kind": self.kind,
            "name": self.name,
            "acts": self.acts,
            "like": self.like,
        }
        if self.is_plain:
            return document
        flaky = {"flaky": True} if self.flaky else {}
        return {**document, **self.reaction.to_json(), **flaky}

    @property
    def is_plain(self) -> bool:
        """Whether all there is to say is what it is treated like."""
        return bool(self.like) and not (self.acts or self.flaky)


@dataclass(frozen=True, slots=True)
class HandlesTable(Measured[Handled]):
    """What a release acts on."""

    FORMAT: ClassVar[str] = "codex-leg/handles/1"

    @classmethod
    def of(
        cls,
        version: str,
        sha256: str,
        rows: list[Handled],
        unchecked: list[tuple[str, str]],
    ) -> HandlesTable:
        """The table of these rows."""
        return cls(version, sha256, tuple(sorted(rows, key=_order)), tuple(sorted(set(unchecked))))

    def only(self, fits: Callable[[Handled], bool]) -> HandlesTable:
        """The same with these rows alone, and with those that they are set against."""
        kept = {(row.surface, row.kind, row.like) for row in self.rows if fits(row)}
        return replace(
            self,
            rows=tuple(
                row for row in self.rows if fits(row) or (row.surface, row.kind, row.name) in kept
            ),
        )

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> HandlesTable:
        """The table in a document that is valid under ``schemas/report/handles.json``."""
        reactions = {
            (row["surface"], row["kind"], row["name"]): Reaction.from_json(row)
            for row in document["rows"]
            if "outcome" in row
        }
        return cls.told(document, (_row(row, reactions) for row in document["rows"]))


def _row(
    document: Mapping[str, Any], reactions: Mapping[tuple[str, str, str], Reaction]
) -> Handled:
    surface, kind, name, like = (document[one] for one in ("surface", "kind", "name", "like"))
    reaction = reactions.get((surface, kind, name)) or reactions[surface, kind, like]
    return Handled(surface, kind, name, document["acts"], reaction, like, "flaky" in document)


def _order(row: Handled) -> tuple[int, int, str]:
    return _SURFACES.index(row.surface), _KINDS.index(row.kind), row.name
