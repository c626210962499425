"""One row of what was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from harness.drift.rules import LEVELS

__all__ = ["UNCHECKED", "Row"]

#: The level of a row that says that it could not be looked.
UNCHECKED: Final = "unchecked"


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, or one thing that could not be looked at, as it was told.

    Attributes:
        id: the fingerprint.
        rule, level, place, message: of the finding.
        since: the day that it was first seen, ``YYYY-MM-DD``.
        sights: who saw it with which probe, and has not seen since that it is gone: ``WITNESS`` or
            ``WITNESS PROBE`` each.
        run: the command that shows it again.
        seen: how often, of how often it could have been: ``3 of 5``, or ``""``.
        hit: whether the leg reads the place: ``yes``, ``no`` or ``unknown``.
    """

    id: str
    rule: str
    level: str
    place: str
    message: str
    since: str
    sights: tuple[str, ...]
    run: str = ""
    seen: str = ""
    hit: str = "unknown"

    @property
    def by(self) -> list[str]:
        """The witnesses that show it."""
        return sorted({one.partition(" ")[0] for one in self.sights})

    @property
    def probes(self) -> list[str]:
        """The probes that it was seen with."""
        return sorted({one.partition(" ")[2] for one in self.sights} - {""})

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Row:
        """The row behind its JSON form.

        Raises:
            TypeError, ValueError: it is none.
        """
        row = cls(**{**document, "sights": tuple(document.get("sights", ()))})
        texts = (row.id, row.rule, row.level, row.place, row.message, row.run, row.seen, row.hit)
        if not all(isinstance(one, str) for one in (*texts, *row.sights)):
            raise TypeError("a row holds texts")
        if row.level not in (*LEVELS, UNCHECKED):
            raise ValueError(f"no level: {row.level}")
        date.fromisoformat(row.since)
        return row
