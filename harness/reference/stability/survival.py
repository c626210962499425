"""How long things live of which many are still alive: Kaplan and Meier's estimate. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Life", "Survival", "survival_of"]


@dataclass(frozen=True, slots=True)
class Life:
    """One thing.

    Attributes:
        days: how long it has been there.
        ended: whether it is gone; otherwise it is still there, and all that is known is that it
            lives at least so long.
    """

    days: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Survival:
    """The share that is still there after so many days.

    Attributes:
        count: how many things there were.
        ended: how many of them are gone.
        steps: (days, share after that, how many were watched for so long), where the share falls.
        longest: the longest life that was watched, in days.
    """

    count: int
    ended: int
    steps: tuple[tuple[int, float, int], ...]
    longest: int

    def at(self, days: int) -> float | None:
        """The share that is there after so many days; ``None`` if nothing was watched so long."""
        if days > self.longest:
            return None
        return next((share for day, share, _ in reversed(self.steps) if day <= days), 1.0)

    @property
    def half_life(self) -> int | None:
        """After how many days half of them are gone; ``None`` if more than half are still there."""
        return next((day for day, share, _ in self.steps if share <= 1 / 2), None)


def survival_of(lives: Iterable[Life]) -> Survival:
    """The estimate from these lives."""
    found = list(lives)
    ends = Counter(one.days for one in found if one.ended)
    steps: list[tuple[int, float, int]] = []
    share = 1.0
    for day in sorted(ends):
        at_risk = sum(one.days >= day for one in found)
        share *= 1 - ends[day] / at_risk
        steps.append((day, share, at_risk))
    longest = max((one.days for one in found), default=0)
    return Survival(len(found), ends.total(), tuple(steps), longest)
