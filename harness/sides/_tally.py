"""What is kept of two sides while they are read: shapes, counted, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contract import Schemas
from harness.drift.evidence import Evidences
from harness.drift.findings import Evidence, Finding
from harness.drift.shape import Shape, shape_of, snapshot_of
from harness.drift.unlooked import BODY, REQUEST_BODY
from harness.exchange import Exchange
from harness.invariants import folded

from ._clients import transport_of
from ._invariants import breaches, identity_of, newly_broken
from ._model import Seen
from ._pairs import Pair, Place, outcome_in, place_of
from ._pools import Counts, Pool, is_same_question, matching, turned

__all__ = ["Difference", "Pool", "Rest", "Tally"]


@dataclass(slots=True)
class Difference:
    """Two snapshots that differ, and how many pairs have just these two.

    ``broken`` are the invariants that held before and do not now; the two can be equal but for
    them. ``unknown`` are places of the answers that one of the two sources did not publish.
    ``share`` says of how many answers this is true, where the others are compared by themselves;
    ``is_proved`` that others show that credential and quota were good.
    """

    places: tuple[Place, Place]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    key: str
    evidence: Evidences
    broken: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    pairs: int = 0
    share: Evidence | None = None
    is_proved: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """What of the pools has nothing on the other side to be compared with.

    Attributes:
        gone, fresh: what only the old side has, and only the new one.
        unjudged: refusals of the new side to what the old one did not ask like that, at an endpoint
            that it called.
    """

    gone: Mapping[Place, Pool]
    fresh: Mapping[Place, Pool]
    unjudged: Mapping[Place, Pool]


class Tally:
    """Counts the exchanges of two sides.

    Attributes:
        pairs: how many pairs there were.
        equal: how many of them had equal shapes.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._counted = Counts(), Counts()
        self._known: dict[Hashable, Difference | None] = {}
        self._turned: list[Difference] = []
        self._pools: tuple[dict[Place, Pool], dict[Place, Pool]] = ({}, {})
        self._of: Counter[Place] = Counter()
        self.pairs = self.equal = 0

    def same(self, key: str, seen: Sequence[Seen]) -> None:
        """Count exchanges that are the very same on both sides."""
        sets: set[Place] = set()
        for one in seen:
            place, shape = self._shape(one.surfaces[0], [one.exchange])
            for side in self._counted:
                side.add(place, shape, key)
            # What is compared as a set elsewhere is one pair here, too.
            if one.is_turn or place not in sets:
                self.pairs += 1
                self.equal += 1
                self._of[place] += 1
            sets.add(place)

    def pair(self, key: str, pair: Pair) -> None:
        """Count a pair. Pairs that differ in the same way are kept once."""
        here, before = self._shape(pair.surface, pair.before)
        there, after = self._shape(pair.surface, pair.after)
        self._counted[0].add(here, before, key)
        self._counted[1].add(there, after, key)
        unknown = _unknown([*pair.before, *pair.after])
        broken: tuple[Finding, ...] = ()
        if BODY not in unknown:
            broken = newly_broken(self._schemas, pair.surface, pair.before, pair.after)
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
        self._of[places[0]] += 1
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
            schemas=self._schemas,
            before=self._counted[0].shapes[places[0]],
            after=self._counted[1].shapes[places[1]],
        )
        return Difference(places, old, new, key, counted, broken, unknown)

    def pool(self, index: int, key: str, seen: Sequence[Seen]) -> None:
        """Count exchanges of a side (0: before, 1: after) that have no counterpart of their own."""
        # What belongs to a run over one transport goes with that.
        turns = {transport_of(one) for one in seen if one.is_turn}
        for one in seen:
            place, shape = self._shape(one.surfaces[0], [one.exchange])
            pool = self._pools[index].setdefault(place, Pool(Shape(place.surface)))
            if not one.exchange.packed:  # else it is there, and what it says is not known
                pool.shape.merge(shape)
                for each in breaches(self._schemas, place.surface, [one.exchange]):
                    pool.broken.setdefault((identity_of(each), each.event), each)
                pool.unknown = tuple({*pool.unknown, *_unknown([one.exchange])})
            pool.keys.append(key)
            pool.is_captured = pool.is_captured or one.is_captured
            pool.transports.update(turns or {transport_of(one)})

    def _shape(self, surface: str, exchanges: Sequence[Exchange]) -> tuple[Place, Shape]:
        shape = shape_of(self._schemas, surface, *exchanges)
        return Place(surface, place_of(exchanges[0]), outcome_in(shape)), shape

    def of(self, place: Place) -> int:
        """How many pairs were compared at a place of the side before."""
        return self._of[place]

    def differences(self) -> list[Difference]:
        """Each pair of shapes that differ."""
        return [*(one for one in self._known.values() if one is not None), *self._turned]

    @property
    def pools(self) -> tuple[Mapping[Place, Pool], Mapping[Place, Pool]]:
        """What of either side has no counterpart of its own."""
        return self._pools

    def match_pools(self) -> Rest:
        """Compare what has no counterpart as sets; what stands on one side only is left over."""
        old, new = (dict(side) for side in self._pools)
        for places in list(matching(old, new)):
            before, after = old.pop(places[0]), new.pop(places[1])
            if not (before.shape.exchanges and after.shape.exchanges):
                continue
            evidence = Evidences(schemas=self._schemas, before=before.shape, after=after.shape)
            known = {identity_of(one) for one in before.broken.values()}
            broken = folded(one for one in after.broken.values() if identity_of(one) not in known)
            self._compare(
                after.keys[0],
                places,
                before.shape,
                after.shape,
                broken=tuple(broken),
                unknown=tuple(sorted({*before.unknown, *after.unknown})),
                evidence=evidence,
            )
        return self._judge(old, new)

    def _judge(self, old: dict[Place, Pool], new: dict[Place, Pool]) -> Rest:
        """Hold refusals that are left against the answers at their endpoint.

        Some answers of a question may still succeed: then what is refused is no question of its
        own, but one that is answered otherwise than before; or that was.
        """
        gone, fresh = dict(old), dict(new)
        unjudged: dict[Place, Pool] = {}
        for place, pool in new.items():
            if place.outcome == "ok" or pool.is_captured or not pool.shape.exchanges:
                continue
            known = turned(place, pool.keys, self._counted[0], self._pools[0])
            if known is None:
                continue
            del fresh[place]
            gone.pop(known[0], None)
            if is_same_question(pool.shape, known[1]):
                self._turn((known[0], place), (known[1], pool.shape), pool)
            else:
                unjudged[place] = pool
        for place, pool in old.items():
            if place.outcome == "ok" or pool.is_captured or not pool.shape.exchanges:
                continue
            if place not in gone:
                continue
            known = turned(place, pool.keys, self._counted[1], self._pools[1])
            if known and known[0].outcome == "ok" and is_same_question(pool.shape, known[1]):
                del gone[place]
                fresh.pop(known[0], None)
                self._turn((place, known[0]), (pool.shape, known[1]), pool)
        return Rest(gone, fresh, unjudged)

    def _turn(self, places: tuple[Place, Place], shapes: tuple[Shape, Shape], pool: Pool) -> None:
        """Note a refusal that was an answer before, or the other way round."""
        index = 1 if places[1].outcome != "ok" else 0
        old, new = (snapshot_of(one) for one in shapes)
        # It is the same question: what the one side also asked elsewhere is no edit of it.
        old = {**old, "request": new.get("request", {})}
        total = sum(
            one.exchanges for one in self._at(index, places[index]) if one is not shapes[index]
        )
        count = shapes[index].exchanges
        self._turned.append(
            Difference(
                places,
                old,
                new,
                pool.keys[0],
                Evidences(schemas=self._schemas, before=shapes[0], after=shapes[1]),
                unknown=pool.unknown,
                pairs=1,
                share=Evidence(count, count + total),
                # What was refused and answered before, and is answered now, was looked at.
                is_proved=index == 0 and self._is_answered(0, places[0]),
            )
        )

    def _at(self, index: int, place: Place) -> list[Shape]:
        """What a side has at the endpoint of a place, however it went."""
        pools = {where: pool.shape for where, pool in self._pools[index].items()}
        both = [*self._counted[index].shapes.items(), *pools.items()]
        return [shape for where, shape in both if where[:2] == place[:2]]

    def _is_answered(self, index: int, place: Place) -> bool:
        return any(not one.refusals for one in self._at(index, place))


def _unknown(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    """The places that some of them do not show: nobody published them, or they are packed."""
    found: dict[str, None] = {}
    for one in exchanges:
        if not one.has_headers:
            found["/header"] = None
        if one.packed:
            found[BODY] = None
        if one.request is not None and one.request.packed:
            found[REQUEST_BODY] = None
    return tuple(found)
