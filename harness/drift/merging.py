"""One edit of the contract is one finding, however many events carry what was edited."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from .findings import Finding
from .pairs import is_typed_item
from .rules import LEVELS
from .snapshot import Snapshot, parse_field

__all__ = ["OwnerOf", "one_per_edit", "place_of", "places_of"]

#: Tells which schema's member a place of an event is: ``(event, pointer)`` to anything hashable.
OwnerOf = Callable[[str | None, str], Hashable]

_CAME: Final = frozenset({"field-added", "union-member-added", "field-became-always-present"})
_WENT: Final = frozenset(
    {"field-removed", "field-unobserved", "field-became-optional", "union-member-removed"}
)
_RENAMED: Final = frozenset(
    {"field-renamed", "field-moved", "fields-swapped", "discriminator-changed"}
)
#: All others: that a value is another one.
_OTHER: Final = "other value"
#: Rules about the type of the items that stand at a place.
_OF_ITEMS: Final = frozenset({"union-member-added", "union-member-removed"})


def one_per_edit(
    findings: Iterable[Finding], owner_of: OwnerOf | None, places: Mapping[str, int]
) -> list[Finding]:
    """The findings, those of one edit of one schema's member put together.

    Args:
        findings: of one comparison.
        owner_of: whose member a place is; without it, members of the same name below a parent of
            the same name are taken for the same.
        places: the place of every event in the stream; a finding stands at the last one, where a
            response and its items say most.

    Returns:
        The findings, each with the other places of its edit in ``also``.
    """
    merged: dict[tuple[Hashable, ...], list[Finding]] = {}
    for one in findings:
        merged.setdefault(_edit_of(one, owner_of or _owner_by_name), []).append(one)
    return [
        _merged(some, places)
        for key, group in merged.items()
        for some in (_by_edit(group) if key[-1:] == (_OTHER,) else [group])
    ]


def place_of(event: str | None, pointer: str) -> str:
    """A place for a person: its event, if it is in one, and its pointer."""
    return " ".join(part for part in (event, pointer) if part)


def places_of(*snapshots: Snapshot) -> dict[str, int]:
    """The place of every event in its stream, in the older stream first."""
    places: dict[str, int] = {}
    for snapshot in snapshots:
        for order in snapshot.get("sequences", ()):
            for at, item in enumerate(order):
                places.setdefault(item.removesuffix("+"), at)
    return places


def _owner_by_name(_event: str | None, pointer: str) -> Hashable:
    parts = ["[]" if part.startswith("[") else part for part in pointer.split("/")]
    return tuple(parts[-2:])


def _edit_of(one: Finding, owner_of: OwnerOf) -> tuple[Hashable, ...]:
    """What findings of the same edit have in common."""
    if one.event is None or one.direction != "response" or not one.pointer:
        return (one.identity,)
    if one.rule.startswith("error-"):
        return (one.rule, one.before, one.after)
    pointer = one.pointer
    if is_typed_item(pointer) or one.rule in _OF_ITEMS:
        # Items are told apart by a word in them, and it is this word that is another one.
        pointer = f"{pointer}/type"
    # What stands at the root of events (item_id, output_index) is theirs in common by its name.
    owner = pointer if pointer.count("/") == 1 else owner_of(one.event, pointer)
    return (owner, *_kind_of_edit(one))


def _kind_of_edit(one: Finding) -> tuple[Hashable, ...]:
    if one.rule in _CAME:
        return ("came",)
    if one.rule in _WENT:
        return ("went",)
    if one.rule in _RENAMED:
        return ("renamed", str(one.after).rpartition("/")[2])
    return (_OTHER,)


def _by_edit(group: list[Finding]) -> Iterator[list[Finding]]:
    """Findings of other values of one member, apart by what is new, or else by what is gone.

    What is new is the edit, and what was there before depends on the event: null until the end,
    where it was an object. On the way back it is the other way round.
    """
    apart: list[tuple[set[Hashable], list[Finding]]] = []
    for one in group:
        marks = _marks(one)
        same = [each for each in apart if each[0] & marks]
        apart = [each for each in apart if not each[0] & marks]
        found = [other for _, some in same for other in some]
        apart.append((marks.union(*(each for each, _ in same)), [*found, one]))
    yield from (some for _, some in apart)


def _marks(one: Finding) -> set[Hashable]:
    """What findings of one edit have in common, any of it."""
    before, after = (parse_field(str(side)).atoms for side in (one.before, one.after))
    lost, gained = before - after, after - before
    if not gained:
        return {(one.rule, lost)}
    return {("gained", gained), ("lost", lost)} if lost else {("gained", gained)}


def _merged(group: list[Finding], places: Mapping[str, int]) -> Finding:
    """The gravest of the findings, and of those the last one: a stream fills up towards its end."""
    if len(group) == 1:
        return group[0]
    group = sorted(group, key=lambda one: (places.get(one.event or "", 0), one.event or ""))
    richest = min(reversed(group), key=lambda one: LEVELS.index(one.level))
    others = (place_of(one.event, one.pointer) for one in group if one is not richest)
    also = dict.fromkeys((*richest.also, *others))
    return replace(richest, also=tuple(also))
