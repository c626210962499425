"""How many of the answers to one question are refusals, on either side: whether that has changed.

What was refused now and then, and is refused mostly now, has the same shape as before, twice: as an
answer and as a refusal. Only the counts show it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.drift.findings import Evidence, Finding, Unchecked, finding
from harness.drift.outcomes import is_shaky
from harness.endpoints import endpoint_pointer

from ._pairs import Place, Spread
from ._pools import Pool, is_same_question

__all__ = ["ENOUGH_POINTS", "RARE", "Shares", "Shift", "is_by_chance"]

#: A share has changed if chance alone would bring so great a difference less often than this …
RARE: Final = 0.01
#: … and if it is so much of all answers: in large sets chance explains next to nothing.
ENOUGH_POINTS: Final = 0.1
_OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Shift:
    """A refusal whose share of the answers to a question is another one than it was."""

    place: Place
    key: str
    before: Evidence
    after: Evidence

    @property
    def grew(self) -> bool:
        """Whether it is more of them now."""
        return self.after.seen * self.before.of > self.before.seen * self.after.of

    def found(self) -> Finding:
        """The finding about it."""
        rule = "refused-more-often" if self.grew else "refused-less-often"
        before, after = (f"{one.seen} of {one.of}" for one in (self.before, self.after))
        return finding(
            rule,
            f"{self.place.name}: refused as {self.place.outcome} in {after} answers now; "
            f"it was in {before}",
            surface=self.place.surface,
            pointer=endpoint_pointer(self.place.name),
            before=f"{self.place.outcome} {before}",
            after=f"{self.place.outcome} {after}",
            evidence=self.after,
        )

    def missed(self) -> Unchecked | None:
        """Why it says nothing, unless credential and quota are proved; ``None`` if it does."""
        if not self.grew or not is_shaky(self.place.outcome):
            return None
        return Unchecked(
            self.place.surface,
            f"{self.place.name} refused {self.after.seen} of {self.after.of} answers with "
            f"{self.place.outcome} (before: {self.before.seen} of {self.before.of}), which can be "
            "the fault of the credential, the quota or the moment",
        )


@dataclass(slots=True)
class Shares:
    """Collects, of sets of answers to one question, how they went."""

    _sets: dict[tuple[str, str, str], tuple[Counter[str], Counter[str]]] = field(
        default_factory=dict
    )

    def see(self, key: str, spreads: Sequence[Spread]) -> None:
        """Count the sets of one file."""
        for one in spreads:
            counts = self._sets.setdefault((key, *one.place), (Counter(), Counter()))
            counts[0].update(one.before)
            counts[1].update(one.after)

    def shifts(self, pools: tuple[Mapping[Place, Pool], Mapping[Place, Pool]]) -> list[Shift]:
        """The refusals that both sides have, and whose shares differ.

        Args:
            pools: what of either side has no counterpart by its file: one set for each endpoint.
        """
        found = [
            shift
            for (key, *endpoint), counts in self._sets.items()
            for shift in _shifts(key, endpoint, counts)
        ]
        known = {one.place[:2] for one in found}
        for place in pools[0].keys() & pools[1].keys():
            both = [side[place] for side in pools]
            if place.outcome == _OK or place[:2] in known or any(p.is_captured for p in both):
                continue
            if all(_asks_the_same(place, side) for side in pools):
                counts = _counted(place, pools[0]), _counted(place, pools[1])
                shifts = _shifts(both[1].keys[0], place[:2], counts)
                found += [one for one in shifts if one.place == place]
        return sorted(found, key=lambda one: (one.place, one.key))


def _asks_the_same(place: Place, pools: Mapping[Place, Pool]) -> bool:
    """Whether what is refused is what is answered elsewhere on the same side, if anything is."""
    answered = pools.get(place._replace(outcome=_OK))
    return answered is None or is_same_question(pools[place].shape, answered.shape)


def _counted(place: Place, pools: Mapping[Place, Pool]) -> Counter[str]:
    return Counter(
        {one.outcome: pool.shape.exchanges for one, pool in pools.items() if one[:2] == place[:2]}
    )


def _shifts(
    key: str, endpoint: Sequence[str], counts: tuple[Counter[str], Counter[str]]
) -> Iterator[Shift]:
    before, after = counts
    for outcome in sorted(before.keys() & after.keys() - {_OK}):
        was, now = (Evidence(one[outcome], one.total()) for one in counts)
        if not is_by_chance(was, now):
            yield Shift(Place(endpoint[0], endpoint[1], outcome), key, was, now)


def is_by_chance(was: Evidence, now: Evidence) -> bool:
    """Whether two shares can be one: by how much they differ, and by Fisher's exact test.

    1 of 2 and 2 of 3 can; 1 of 10 and 9 of 10 cannot; nor can 1 of 10 and 7 of 10, but 6 of 10 can.
    """
    if abs(was.seen / was.of - now.seen / now.of) < ENOUGH_POINTS:
        return True
    more, less = (now, was) if now.seen * was.of > was.seen * now.of else (was, now)
    seen, of = more.seen + less.seen, more.of + less.of
    # That so many of all that were refused, or more, are on the side that has more of them.
    chance = sum(
        math.exp(_ways(more.of, one) + _ways(less.of, seen - one) - _ways(of, seen))
        for one in range(more.seen, min(seen, more.of) + 1)
    )
    return chance >= RARE


def _ways(of: int, some: int) -> float:
    """The logarithm of how many ways there are to choose some of them."""
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)
