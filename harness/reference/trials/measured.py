"""What was measured of a release: what ``ablations`` and ``handles`` have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

__all__ = ["Measured", "MeasuredRow"]


class MeasuredRow(Protocol):
    """One thing that was looked at."""

    @property
    def surface(self) -> str:
        """Whose answers it is in."""

    @property
    def name(self) -> str:
        """How it is called."""

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""


Row = TypeVar("Row", bound=MeasuredRow)


@dataclass(frozen=True, slots=True)
class Measured(Generic[Row]):
    """What was found out about a release.

    Attributes:
        version: the release.
        sha256: of its binary.
        rows: sorted.
        unchecked: what could not be looked at, and why.
    """

    version: str
    sha256: str
    rows: tuple[Row, ...]
    unchecked: tuple[tuple[str, str], ...] = ()

    #: The name of the format; the schema of it is in ``schemas/report``.
    FORMAT: ClassVar[str]

    @classmethod
    def told(cls, document: Mapping[str, Any], rows: Iterable[Row]) -> Self:
        """What a document tells, with its rows as these values."""
        unchecked = tuple((one["what"], one["why"]) for one in document["unchecked"])
        return cls(document["version"], document["sha256"], tuple(rows), unchecked)

    def only(self, fits: Callable[[Row], bool]) -> Self:
        """The same with these rows alone."""
        return replace(self, rows=tuple(row for row in self.rows if fits(row)))

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "format": self.FORMAT,
            "version": self.version,
            "sha256": self.sha256,
            "unchecked": [{"what": what, "why": why} for what, why in self.unchecked],
            "rows": [row.to_json() for row in self.rows],
        }

    def text(self) -> str:
        """It as the text of a file: a row a line, so that a difference is a line, too."""
        document = self.to_json()
        rows = document.pop("rows")
        head = json.dumps(document, ensure_ascii=False, indent=2).removesuffix("\n}")
        lines = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in rows)
        body = f"[\n{lines}\n  ]" if rows else "[]"
        return f'{head},\n  "rows": {body}\n}}\n'
