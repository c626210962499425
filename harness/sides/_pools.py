"""What has no counterpart of its own on the other side: sets, and which of them belong together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.drift.changes import fields_of
from harness.drift.findings import Finding
from harness.drift.shape import Shape, snapshot_of

from ._pairs import Place

__all__ = ["Counts", "Pool", "is_same_question", "matching", "still_unclaimed", "turned"]


#: So many files of a pool are named.
_NAMED: Final = 3


@dataclass(slots=True)
class Pool:
    """Exchanges of one side at one place that nothing on the other side answers."""

    shape: Shape
    keys: list[str] = field(default_factory=list)
    broken: dict[Hashable, Finding] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    transports: set[str] = field(default_factory=set)
    is_captured: bool = False

    def named(self, place: Place, side: str) -> str:
        """The files of the pool in a few words, where it stands, and how it went there."""
        names = list(dict.fromkeys(key or side for key in self.keys))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"{', '.join(names[:_NAMED])}{more} ({place.endpoint}, {place.outcome})"


@dataclass(slots=True)
class Counts:
    """What one side has at each place, of what has a counterpart; and in which files."""

    shapes: dict[Place, Shape] = field(default_factory=dict)
    keys: dict[Place, set[str]] = field(default_factory=dict)

    def add(self, place: Place, shape: Shape, key: str) -> None:
        """Add what stands at a place of a file."""
        self.shapes.setdefault(place, Shape(place.surface)).merge(shape)
        self.keys.setdefault(place, set()).add(key)


def matching(
    old: Mapping[Place, object], new: Mapping[Place, object]
) -> Iterator[tuple[Place, Place]]:
    """Places of both sides; then what is alone at its endpoint on both, whatever its outcome."""
    yield from ((place, place) for place in old if place in new)
    lone_old, lone_new = (_alone(here, there) for here, there in ((old, new), (new, old)))
    for endpoint in lone_old.keys() & lone_new.keys():
        here, there = lone_old[endpoint], lone_new[endpoint]
        if len(here) == len(there) == 1:
            yield here[0], there[0]


def _alone(
    here: Iterable[Place], there: Mapping[Place, object]
) -> dict[tuple[str, str], list[Place]]:
    found: dict[tuple[str, str], list[Place]] = {}
    for place in here:
        if place not in there:
            found.setdefault((place.surface, place.endpoint), []).append(place)
    return found


def turned(
    place: Place, keys: Iterable[str], counted: Counts, pools: Mapping[Place, Pool]
) -> tuple[Place, Shape] | None:
    """What the other side has at the endpoint of a refusal that is left over: answers, if any.

    Args:
        place: of the refusal.
        keys: the files that it stands in. A file of its own asks a question of its own: what has a
            counterpart counts only where it stands in the same file.
        counted: what has a counterpart on the other side.
        pools: what has none there.
    """
    found: dict[Place, Shape] = {}
    own = set(keys)
    for where, shape in counted.shapes.items():
        if where[:2] == place[:2] and own & counted.keys[where]:
            found.setdefault(where, Shape(where.surface)).merge(shape)
    for where, pool in pools.items():
        if where[:2] == place[:2]:
            found.setdefault(where, Shape(where.surface)).merge(pool.shape)
    if not found:
        return None
    best = max(found, key=lambda where: (where.outcome == "ok", found[where].exchanges))
    return best, found[best]


def still_unclaimed(
    pools: Mapping[Place, Pool], transports: set[str], shifted: set[tuple[str, str]]
) -> Iterator[tuple[Place, Pool]]:
    """Pools, less those that are there because of what is told already.

    Args:
        transports: those that came or went.
        shifted: the endpoints of which it is told how many answers are refusals.
    """
    for place, pool in pools.items():
        is_told = place.outcome == "ok" and place[:2] in shifted
        if not (is_told or pool.transports <= transports):
            yield place, pool


def is_same_question(one: Shape, among: Shape) -> bool:
    """Whether what ``one`` asks is among what the other one asks: the same fields and values."""
    sent, known = (fields_of(snapshot_of(each).get("request", {})) for each in (one, among))
    if not known or not sent:
        return True
    is_known = all(
        place in known and found.atoms <= known[place].atoms for place, found in sent.items()
    )
    return is_known and all(place in sent for place, found in known.items() if found.always)
