"""Members of a value that no schema has a word for: what is new, before anybody has looked at it.

Schemas never forbid what they do not know; so whoever wants to hear of it has to ask. What a schema
leaves open on purpose is not asked about: maps (``additionalProperties``), blobs, and objects of
which no member is described.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from harness.contract import Schemas, json_type
from harness.drift.findings import Evidence, Finding, finding
from harness.drift.merging import place_of
from harness.drift.normaliser import normaliser_of
from harness.drift.plan import NOTHING, Plan
from harness.drift.snapshot import escape
from harness.exchange import Event
from harness.locating import REQUEST, Locate
from harness.pointers import generalised

__all__ = ["ITEM", "MEMBER", "StrangerJudge"]

#: Which rule tells of a stranger.
MEMBER: Final = "field-unknown"
ITEM: Final = "item-unknown"

_SAID: Final = {
    MEMBER: "the schema has no such field",
    ITEM: "the schema has no items of this type",
}


@dataclass(frozen=True, slots=True)
class Stranger:
    """Something that no schema knows, with all that is below it.

    Attributes:
        rule: ``field-unknown``, or ``item-unknown`` of an item whose ``type`` is not known.
        owner: the plan of the object it is in: the same for all places that share a schema.
        name: the name of the member, or the type of the item.
        pointer: the JSON pointer to it.
        value: what is there.
    """

    rule: str
    owner: Plan
    name: str
    pointer: str
    value: Any

    @property
    def is_at_top(self) -> bool:
        """Whether it is a member of the whole value."""
        return self.rule == MEMBER and self.pointer.count("/") == 1

    @property
    def identity(self) -> Hashable:
        """What is the same for all places that one schema describes."""
        if self.is_at_top:
            return self.name
        # Each schema has one plan, in whatever event it is met; what is around it may have several.
        members = ((name, id(self.owner.member(name))) for name in self.owner.members)
        return frozenset(members), self.rule, self.name

    @property
    def form(self) -> str:
        """Its type in JSON."""
        return json_type(self.value)

    @property
    def told(self) -> str:
        """What it is, and how many places there are below it."""
        below = len(set(_places_below(self.value, "")))
        return f"{self.form}, with {below} below it" if below else self.form


def _places_below(value: Any, pointer: str) -> Iterator[str]:
    """The places below a value; items of a list share theirs."""
    if isinstance(value, dict):
        parts = [(f"{pointer}/{escape(key)}", part) for key, part in value.items()]
    else:
        parts = [(f"{pointer}/[]", part) for part in value] if isinstance(value, list) else []
    for here, part in parts:
        yield here
        yield from _places_below(part, here)


class Sightings:
    """Walks one value after another, and counts how often each place could have had a stranger."""

    def __init__(self) -> None:
        self._objects: Counter[int] = Counter()

    def of(self, plan: Plan) -> int:
        """How many objects at places of this plan were walked through."""
        return self._objects[id(plan)]

    def strangers(self, plan: Plan, value: Any, pointer: str = "") -> Iterator[Stranger]:
        """What no schema knows in a value; below such a thing nothing else is told.

        Args:
            plan: what the schemas say about the value.
            value: a value of JSON.
            pointer: the JSON pointer to it.
        """
        if isinstance(value, dict) and not plan.is_blob("object"):
            yield from self._in_object(plan, value, pointer)
        elif isinstance(value, list) and not plan.is_blob("array"):
            for index, item in enumerate(value):
                yield from self.strangers(plan.items, item, f"{pointer}/{index}")

    def _in_object(self, plan: Plan, value: dict[str, Any], pointer: str) -> Iterator[Stranger]:
        if plan.by_type:
            kind = value.get("type")
            own = plan.variant(kind)
            if own is plan:
                # One that is listed and not described any further is open on purpose.
                if isinstance(kind, str) and kind not in plan.member("type").words:
                    yield Stranger(ITEM, plan, kind, pointer, value)
                return
            plan = own
        if not plan.members and plan.values is NOTHING:
            return
        self._objects[id(plan)] += 1
        for key, part in value.items():
            here = f"{pointer}/{escape(key)}"
            if plan.is_name(key) and key not in plan.members:
                yield Stranger(MEMBER, plan, key, here, part)
            else:
                yield from self.strangers(plan.member(key), part, here)


@dataclass(slots=True)
class _Group:
    """All sightings of one stranger."""

    first: Stranger
    plan: Plan
    value: Any
    prefix: str
    direction: str
    event: Event | None
    seen: int = 0
    places: dict[str, None] = field(default_factory=dict)

    @property
    def around(self) -> str:
        """What stands before the pointer, for who tells the place in a file."""
        return f"{REQUEST}{self.prefix}" if self.direction == "request" else self.prefix


class StrangerJudge:
    """What the values of one exchange hold that no schema knows, as findings: each thing once."""

    def __init__(self, schemas: Schemas, surface: str, locate: Locate) -> None:
        """``locate`` tells the place in a file of a pointer in an event, or in the body."""
        self._schemas = schemas
        self._surface = surface
        self._locate = locate
        self._sightings = Sightings()
        self._groups: dict[Hashable, _Group] = {}

    def look(
        self,
        path: str,
        value: Any,
        prefix: str = "",
        *,
        direction: str = "response",
        event: Event | None = None,
    ) -> None:
        """Look at one value that a schema is about; ``prefix`` is the pointer to it."""
        plan = normaliser_of(self._schemas).plan(path)
        for one in self._sightings.strangers(plan, value):
            # A member that any event may carry is one thing, though each has its own schema.
            key = (direction, one.identity)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(one, plan, value, prefix, direction, event)
            group.seen += 1
            pointer = prefix + generalised(value, one.pointer, plan)
            group.places[place_of(event.type if event else None, pointer)] = None

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing, at the first place where it stands."""
        for group in self._groups.values():
            one, event = group.first, group.event
            pointer = group.prefix + generalised(group.value, one.pointer, group.plan)
            place, *others = group.places
            of = max(group.seen, self._sightings.of(one.owner))
            told = finding(
                one.rule,
                f"{place}: {_SAID[one.rule]} ({one.told})",
                surface=self._surface,
                direction=group.direction,
                event=event.type if event else None,
                pointer=pointer,
                after=one.form if one.rule == MEMBER else one.name,
                evidence=Evidence(group.seen, of),
                where=self._locate(event, group.around + one.pointer),
            )
            yield replace(told, also=tuple(others))
