"""What is kept of two sides while they are read: shapes, counted, and nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contract import Schemas
from harness.drift.evidence import Evidences
from harness.drift.findings import Finding
from harness.drift.shape import Shape, shape_of, snapshot_of
from harness.exchange import Exchange
from harness.invariants import folded

from ._clients import transport_of
from ._invariants import breaches, identity_of, newly_broken
from ._model import Seen
from ._pairs import Pair, Place, outcome_in, place_of

__all__ = ["Difference", "Pool", "Tally"]


@dataclass(slots=True)
class Difference:
    """Two snapshots that differ, and how many pairs have just these two.

    ``broken`` are the invariants that held before and do not now; the two can be equal but for
    them. ``unknown`` are places of the answers that one of the two sources did not publish.
    """

    places: tuple[Place, Place]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    key: str
    evidence: Evidences
    broken: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    pairs: int = 0


@dataclass(slots=True)
class Pool:
    """Exchanges of one side at one place that nothing on the other side answers."""

    shape: Shape
    keys: list[str] = field(default_factory=list)
    broken: dict[Hashable, Finding] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    transports: set[str] = field(default_factory=set)


class Tally:
    """Counts the exchanges of two sides.

    Attributes:
        pairs: how many pairs there were.
        equal: how many of them had equal shapes.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._before: dict[Place, Shape] = {}
        self._after: dict[Place, Shape] = {}
        self._known: dict[Hashable, Difference | None] = {}
        self._pools: tuple[dict[Place, Pool], dict[Place, Pool]] = ({}, {})
        self.pairs = self.equal = 0

    def same(self, seen: Iterable[Seen]) -> None:
        """Count exchanges that are the very same on both sides."""
        for one in seen:
            place, shape = self._shape(one.surfaces[0], [one.exchange])
            _merge(self._before, place, shape)
            _merge(self._after, place, shape)
            self.pairs += 1
            self.equal += 1

    def pair(self, key: str, pair: Pair) -> None:
        """Count a pair. Pairs that differ in the same way are kept once."""
        here, before = self._shape(pair.surface, pair.before)
        there, after = self._shape(pair.surface, pair.after)
        _merge(self._before, here, before)
        _merge(self._after, there, after)
        broken = newly_broken(self._schemas, pair.surface, pair.before, pair.after)
        unknown = _unknown([*pair.before, *pair.after])
        self._compare(key, (here, there), before, after, broken=broken, unknown=unknown)

    def _compare(
        self,
        key: str,
        places: tuple[Place, Place],
        before: Shape,
        after: Shape,
        *,
        broken: tuple[Finding, ...],
        unknown: tuple[str, ...],
        evidence: Evidences | None = None,
    ) -> None:
        self.pairs += 1
        signatures = before.signature(), after.signature()
        if signatures[0] == signatures[1] and not broken:
            self.equal += 1
            return
        identity = (places, signatures, frozenset(map(identity_of, broken)), unknown)
        if identity not in self._known:
            self._known[identity] = self._difference(
                key, places, before, after, broken=broken, unknown=unknown, evidence=evidence
            )
        known = self._known[identity]
        if known is None:
            self.equal += 1
        else:
            known.pairs += 1

    def _difference(
        self,
        key: str,
        places: tuple[Place, Place],
        before: Shape,
        after: Shape,
        *,
        broken: tuple[Finding, ...],
        unknown: tuple[str, ...],
        evidence: Evidences | None,
    ) -> Difference | None:
        """What differs; ``None`` if it is nothing that a snapshot keeps, nor an invariant."""
        old, new = snapshot_of(before), snapshot_of(after)
        if old == new and not broken:
            return None
        counted = evidence or Evidences(
            schemas=self._schemas, before=self._before[places[0]], after=self._after[places[1]]
        )
        return Difference(places, old, new, key, counted, broken, unknown)

    def pool(self, index: int, key: str, seen: Sequence[Seen]) -> None:
        """Count exchanges of a side (0: before, 1: after) that have no counterpart of their own."""
        # What belongs to a run over one transport goes with that.
        turns = {transport_of(one) for one in seen if one.is_turn}
        for one in seen:
            place, shape = self._shape(one.surfaces[0], [one.exchange])
            pool = self._pools[index].setdefault(place, Pool(Shape(place.surface)))
            pool.shape.merge(shape)
            for each in breaches(self._schemas, place.surface, [one.exchange]):
                pool.broken.setdefault(identity_of(each), each)
            pool.unknown = pool.unknown or _unknown([one.exchange])
            pool.keys.append(key)
            pool.transports.update(turns or {transport_of(one)})

    def _shape(self, surface: str, exchanges: Sequence[Exchange]) -> tuple[Place, Shape]:
        shape = shape_of(self._schemas, surface, *exchanges)
        return Place(surface, place_of(exchanges[0]), outcome_in(shape)), shape

    def of(self, place: Place) -> int:
        """How many exchanges were counted at a place before."""
        return self._before[place].exchanges if place in self._before else 0

    def differences(self) -> list[Difference]:
        """Each pair of shapes that differ."""
        return [one for one in self._known.values() if one is not None]

    def match_pools(self) -> tuple[dict[Place, Pool], dict[Place, Pool]]:
        """Compare what has no counterpart as sets; what stands on one side only is left over."""
        old, new = (dict(side) for side in self._pools)
        for places in list(_matching(old, new)):
            before, after = old.pop(places[0]), new.pop(places[1])
            evidence = Evidences(schemas=self._schemas, before=before.shape, after=after.shape)
            broken = folded(one for key, one in after.broken.items() if key not in before.broken)
            self._compare(
                after.keys[0],
                places,
                before.shape,
                after.shape,
                broken=tuple(broken),
                unknown=before.unknown or after.unknown,
                evidence=evidence,
            )
        return old, new


def _unknown(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    """The places of answers that some of them do not show, because nobody published them."""
    return () if all(one.has_headers for one in exchanges) else ("/header",)


def _merge(into: dict[Place, Shape], place: Place, shape: Shape) -> None:
    if place not in into:
        into[place] = Shape(place.surface)
    into[place].merge(shape)


def _matching(
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
