"""How the tables of rules are written: one call a row, defaults left out."""

from __future__ import annotations

from typing import Final, Protocol

from ._model import Rule

__all__ = ["ADOPT", "CLIENT", "EVENT", "READ", "REFUSED", "Row", "rows_of"]

READ: Final = "see what reads it; change the schema and the leg, then adopt the new snapshot"
ADOPT: Final = "look at it once, give it a place in the schema, then adopt the new snapshot"
EVENT: Final = (
    "see what the leg does with this event; change the contract, then adopt the new snapshot"
)
REFUSED: Final = (
    "change what the leg sends and the request's schema; until then, do not ask that way"
)
CLIENT: Final = (
    "compare with what the leg sends; if the server wants it, the leg must send it too, then adopt"
)


class Row(Protocol):
    """Makes one rule of a direction."""

    def __call__(
        self,
        name: str,
        axes: str,
        level: str,
        means: str,
        *,
        mend: str = ...,
        strict: str | None = None,
        reads: bool = False,
    ) -> Rule:
        """One row: its name, its axes (``area kind action``), its level, and what it says."""


def rows_of(direction: str, usual: str) -> Row:
    """What makes the rules of a direction; ``usual`` is the mend of those that name no other."""

    def row(
        name: str,
        axes: str,
        level: str,
        means: str,
        *,
        mend: str = usual,
        strict: str | None = None,
        reads: bool = False,
    ) -> Rule:
        area, kind, action = axes.split()
        return Rule(
            name=name,
            direction=direction,
            area=area,
            kind=kind,
            action=action,
            level=level,
            strict=strict or level,
            reads=reads,
            means=means,
            mend=mend,
        )

    return row
