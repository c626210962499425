"""What was told of one topic: the rows that its issue holds, for machines, below its text.

A topic is a surface, or :data:`LOOKLESS`. The rows are kept where people were told, in a comment of
HTML that nobody sees, so that nothing has to be kept anywhere else: what is open is what is known.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from json import JSONDecodeError
from typing import Any, Final

from harness.drift.rules import LEVELS

__all__ = ["BLOCK_FORMAT", "LOOKLESS", "UNCHECKED", "Ledger", "Row", "digest", "in_order"]

BLOCK_FORMAT: Final = "codex-leg/told/1"
#: The topic of all that could not be looked at.
LOOKLESS: Final = "could-not-look"
#: The level, and the rule, of a row that says that it could not be looked.
UNCHECKED: Final = "unchecked"

_BLOCK: Final = re.compile(r"<!-- codex-leg/told/1\n(.*?)\n-->", re.DOTALL)
#: Rows that do not fit are counted; their digest is kept.
_MAX_BLOCK: Final = 24_000


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


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of one topic.

    Attributes:
        topic: a surface, or ``LOOKLESS``.
        rows: those that are kept, the gravest first.
        left_out: how many more there are.
        digest: of the ids and levels of all of them.
    """

    topic: str
    rows: tuple[Row, ...] = ()
    left_out: int = 0
    digest: str = ""

    @classmethod
    def fitting(cls, topic: str, rows: Iterable[Row]) -> Ledger:
        """The ledger of these rows: as many of them as a block can hold."""
        ordered = in_order(rows)
        size, kept = 0, 0
        for row in ordered:
            size += len(_json(_member(row))) + 1
            if size > _MAX_BLOCK:
                break
            kept += 1
        return cls(topic, tuple(ordered[:kept]), len(ordered) - kept, digest(ordered))

    def block(self) -> str:
        """What stands in a text for :meth:`read` to find; it is not shown there."""
        document = {
            "topic": self.topic,
            "rows": [_member(row) for row in self.rows],
            "left_out": self.left_out,
            "digest": self.digest,
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
                left_out=int(document["left_out"]),
                digest=str(document["digest"]),
            )
        except (JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return None


def in_order(rows: Iterable[Row]) -> list[Row]:
    """The gravest first, then what has been there longest."""
    levels = (UNCHECKED, *LEVELS)
    return sorted(rows, key=lambda row: (levels.index(row.level), row.since, row.id))


def digest(rows: Iterable[Row]) -> str:
    """What changes when a row comes, goes or becomes graver or milder."""
    text = "\n".join(sorted(f"{row.id} {row.level}" for row in rows))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _member(row: Row) -> dict[str, Any]:
    cut = replace(row, message=row.message[:300], place=row.place[:200])
    return {name: value for name, value in asdict(cut).items() if value not in (None, "", ())}


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    # ASCII, and nothing in it that ends a comment of HTML.
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")
