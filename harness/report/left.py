"""What was not looked at, or not compared: by the reason, with the first few of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from harness.drift.findings import Unchecked

__all__ = ["Left", "by_reason"]

#: How many of one reason are named; the JSON has all of them.
NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Left:
    """All that was left for one reason.

    Attributes:
        why: the reason.
        names: the first of what was left; all of it, if that is little.
        more: how many others there are.
    """

    why: str
    names: tuple[str, ...]
    more: int

    @property
    def count(self) -> int:
        """How much was left."""
        return len(self.names) + self.more

    @property
    def rest(self) -> str:
        """Where the others are, or ``""`` if all are named."""
        return f"and {self.more} more; --format json has all of them" if self.more else ""

    def __str__(self) -> str:
        if self.count == 1:
            return f"{self.names[0]}: {self.why}"
        named = ", ".join((*self.names, self.rest) if self.more else self.names)
        return f"{self.why} ({self.count}): {named}"


def by_reason(items: Iterable[Unchecked]) -> list[Left]:
    """What was left, together where the reason is the same; in the order of the first of each."""
    found: dict[str, list[str]] = {}
    for one in items:
        found.setdefault(one.why, []).append(one.what)
    return [Left(why, tuple(names[:NAMED]), len(names[NAMED:])) for why, names in found.items()]
