"""Whether values keep the invariants that their schemas declare: what no shape can see.

A shape knows that ``reset_at`` is a time; that it lies ahead of the answer, and no further than its
window is long, stands in the schema (``x-invariants`` with a ``check``, see ``docs/contract.md``).
A check whose places are not all there is not made: whether they have to be there, the schemas say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from harness.contract import Invariant, Schemas
from harness.drift.claims import is_near
from harness.drift.findings import Finding, finding
from harness.drift.normaliser import normaliser_of
from harness.exchange import Event, Exchange
from harness.invariant_checks import Breach, Surroundings, breaches_of
from harness.invariant_spots import Spots
from harness.locating import REQUEST
from harness.pointers import generalised

__all__ = ["Breach", "InvariantJudge", "Invariants", "Surroundings", "folded", "invariants_of"]

_PREFIX: Final = "invariant/"
#: Where a check may look outside of its own value.
_SOURCES: Final = ("request:", "answer:")
#: The answer's own date.
_DATE: Final = "answer:/header/date"


class Invariants:
    """The invariants of all schemas, each found when a value first comes to its place."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._spots = Spots(schemas)

    def breaches(self, path: str, value: Any, around: Surroundings) -> list[Breach]:
        """The invariants of a schema, and of all schemas below it, that a value does not keep."""
        found: dict[tuple[str, str, str], Breach] = {}
        for one, here, pointer in self._spots.speaking_of(path, value):
            for breach in breaches_of(one, here, around):
                plan = normaliser_of(self._schemas).plan(path)
                where = generalised(value, pointer + breach.pointer, plan)
                key = (one.name, where, str(breach.found))
                # The same place is reached once for every schema that speaks about it.
                if key not in found:
                    reads = tuple(_reads(one, generalised(value, pointer, plan)))
                    found[key] = Breach(
                        breach.kind, one.name, where, breach.found, breach.message, reads
                    )
        return list(found.values())

    def speak_of(self, path: str) -> bool:
        """Whether there is any invariant of what a schema describes."""
        return self._spots.root(path) is not None


@lru_cache(maxsize=8)
def invariants_of(schemas: Schemas) -> Invariants:
    """The invariants of one set of schemas; looked for once."""
    return Invariants(schemas)


class InvariantJudge:
    """What one exchange after another does against the invariants, as findings."""

    def __init__(
        self,
        schemas: Schemas,
        surface: str,
        locate: Callable[[Event | None, str], str | None] | None = None,
    ) -> None:
        """``locate`` tells the place in a file of a pointer in an event, or in the body."""
        self._invariants = invariants_of(schemas)
        self._surface = surface
        self._locate = locate
        self._around = Surroundings()
        self._told: set[tuple[str, str]] = set()

    def knows(self, path: str) -> bool:
        """Whether there is any invariant of what a schema describes."""
        return self._invariants.speak_of(path)

    def begin(self, exchange: Exchange) -> None:
        """From here on the values of this exchange are judged."""
        self._around = Surroundings.of(exchange)
        self._told.clear()

    def broken(
        self,
        path: str,
        value: Any,
        prefix: str = "",
        *,
        direction: str = "response",
        event: Event | None = None,
    ) -> Iterator[Finding]:
        """What a value does against the invariants of its schema.

        What many events of a stream repeat is found once, in the first of them.
        """
        for one in self._invariants.breaches(path, value, self._around):
            pointer = prefix + one.pointer
            if (one.name, pointer) in self._told:
                continue
            self._told.add((one.name, pointer))
            asked = REQUEST if direction == "request" else ""
            at = one.pointer if event else f"{asked}{pointer}"
            place = " ".join(part for part in (event and event.type, pointer) if part)
            told = finding(
                f"invariant/{one.kind}",
                f"{place or 'the value'}: {one.message}",
                surface=self._surface,
                direction=direction,
                event=event.type if event else None,
                pointer=pointer,
                before=one.name,
                after=one.found,
                where=self._locate(event, at) if self._locate else None,
            )
            yield replace(told, reads=tuple(_outside(prefix, each) for each in one.reads))


def _reads(one: Invariant, around: str) -> Iterator[str]:
    """The places that a check reads; what is outside of its value, as ``SOURCE:POINTER``.

    Args:
        one: the invariant.
        around: where the value stands that it speaks about.
    """
    ways = [*one.at, *(pointer for pointer, _ in one.when)]
    for said in one.says_more.values():
        for way in said if isinstance(said, list | tuple) else [said]:
            place = way["at"] if isinstance(way, dict) else way
            if place == "@now":
                yield _DATE
            elif isinstance(place, str) and place.startswith(_SOURCES):
                yield place
            elif isinstance(place, str) and place.startswith("/"):
                ways.append(place)
    for start in one.each:
        yield from (f"{around}{start}{way}" for way in ways)


def _outside(prefix: str, place: str) -> str:
    """A place that a check reads, as findings have it."""
    if place.startswith("answer:"):
        return place.removeprefix("answer:")
    return place if place.startswith(_SOURCES) else prefix + place


def folded(found: Iterable[Finding]) -> list[Finding]:
    """The findings of one exchange, with those of invariants told once for each object.

    Numbers that belong together break several invariants at a time, and what is wrong with one of
    them otherwise does so, too: what follows stands in ``explains`` of the first. Only what is
    about the same places follows.
    """
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: one.rule.startswith(_PREFIX)):
        cause = None
        if one.rule.startswith(_PREFIX):
            cause = next((at for at, each in enumerate(kept) if _is_about(each, one)), None)
        if cause is None:
            kept.append(one)
        else:
            told = " ".join(part for part in (one.rule, one.event, one.pointer) if part)
            kept[cause] = replace(kept[cause], explains=(*kept[cause].explains, told))
    return kept


def _is_about(other: Finding, one: Finding) -> bool:
    """Whether another finding is about a place that this one reads too, or about the same echo."""
    if (other.event, other.direction) != (one.event, one.direction):
        return False
    # One value that nothing else knows any more is repeated in several places.
    if other.rule == one.rule == f"{_PREFIX}echo" and other.after == one.after:
        return True
    here, there = ({each.pointer, *each.reads} for each in (other, one))
    if other.rule.startswith(_PREFIX):
        return not here.isdisjoint(there)
    return any(is_near(other.pointer, each) for each in there)
