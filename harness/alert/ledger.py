"""What was told of one topic: the rows that its issue holds, for machines, below its text.

A topic is a surface, or :data:`LOOKLESS`. The rows are kept where people were told, in a comment of
HTML that nobody sees, so that nothing has to be kept anywhere else: what is open is what is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from json import JSONDecodeError
from typing import Any, Final

from harness.alert.left import Left, as_digest, gathered, number_of
from harness.alert.row import UNCHECKED, Row
from harness.drift.rules import LEVELS

__all__ = ["BLOCK_FORMAT", "LOOKLESS", "Ledger", "in_order"]

BLOCK_FORMAT: Final = "codex-leg/told/1"
#: The topic of all that could not be looked at.
LOOKLESS: Final = "could-not-look"

_BLOCK: Final = re.compile(r"<!-- codex-leg/told/1\n(.*?)\n-->", re.DOTALL)
#: Bytes of a block for the rows; those that do not fit are counted, in as many bytes as this.
_MAX_ROWS: Final = 21_000
_MAX_LEFT: Final = 3_000


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of one topic.

    Attributes:
        topic: a surface, or ``LOOKLESS``.
        rows: those that are kept, the gravest first.
        left: those that did not fit.
    """

    topic: str
    rows: tuple[Row, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def left_out(self) -> int:
        """How many there are beside those that are kept."""
        return sum(one.count for one in self.left)

    @property
    def digest(self) -> str:
        """What changes when a row comes, goes or becomes graver or milder."""
        return as_digest([*map(number_of, self.rows), *(int(one.digest, 16) for one in self.left)])

    @classmethod
    def fitting(cls, topic: str, rows: Iterable[Row], left: Iterable[Left] = ()) -> Ledger:
        """The ledger of these rows: as many of them as a block can hold.

        Args:
            topic: of the ledger.
            rows: what is known by name.
            left: what is known by number only, from before.
        """
        ordered = in_order(rows)
        size, kept = 0, 0
        for row in ordered:
            size += len(_json(_member(row))) + 1
            if size > _MAX_ROWS:
                break
            kept += 1
        more = [Left.of(row) for row in ordered[kept:]]
        return cls(topic, tuple(ordered[:kept]), gathered([*left, *more], _MAX_LEFT))

    def block(self) -> str:
        """What stands in a text for :meth:`read` to find; it is not shown there."""
        document = {
            "topic": self.topic,
            "rows": [_member(row) for row in self.rows],
            "left": [asdict(one) for one in self.left],
        }
        return f"<!-- {BLOCK_FORMAT}\n{_json(document)}\n-->"

    @classmethod
    def read(cls, text: str) -> Ledger | None:
        """The ledger that stands in a text; ``None`` if there is none that can be read."""
        found = _BLOCK.search(text)
        if found is None:
            return None
        try:
            document = json.loads(found[1])
            return cls(
                topic=str(document["topic"]),
                rows=tuple(Row.of(one) for one in document["rows"]),
                left=tuple(Left.read(one) for one in document["left"]),
            )
        except (JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return None


def in_order(rows: Iterable[Row]) -> list[Row]:
    """The gravest first, then what has been there longest."""
    levels = (UNCHECKED, *LEVELS)
    return sorted(rows, key=lambda row: (levels.index(row.level), row.since, row.id))


def _member(row: Row) -> dict[str, Any]:
    cut = replace(row, message=row.message[:300], place=row.place[:200])
    return {name: value for name, value in asdict(cut).items() if value not in (None, "", ())}


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    # ASCII, and nothing in it that ends a comment of HTML.
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")
