"""Two snapshots in, findings out. Nothing here knows where the shapes came from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from .changes import Change, Portrait, field_changes
from .findings import ONCE, Finding, finding
from .rules import LEVELS, RULES
from .shape import TOLD_APART_BY, Shape, sequence_of
from .snapshot import FORMAT, Field, Fields, Snapshot, parse_field

__all__ = ["compare"]

Events = Mapping[str, Fields]


def compare(
    before: Snapshot,
    after: Snapshot,
    *,
    surface: str | None = None,
    counts: Shape | None = None,
) -> list[Finding]:
    """What has changed from one snapshot to another, each edit once, the gravest first.

    Args:
        before: the snapshot that holds until now.
        after: the snapshot of what is seen today.
        surface: the surface to name in the findings; by default, that of ``after``.
        counts: the shape behind ``after``, if it is at hand, for the evidence.

    Raises:
        ValueError: one of them is no snapshot of a format that is known here.
    """
    for snapshot in (before, after):
        if snapshot.get("format") != FORMAT:
            raise ValueError(f"not a snapshot of format {FORMAT}: {snapshot.get('format')!r}")
    comparison = _Comparison(surface or after["surface"], counts)
    for direction in ("request", "response"):
        here, there = _fields(before, direction), _fields(after, direction)
        # Without a request half on one side there is nothing to compare with.
        if direction == "response" or (here and there):
            comparison.fields(direction, None, field_changes(here, there))
    if not any(one.rule == "answer-kind-changed" for one in comparison.found):
        comparison.events(before, after)
    return comparison.claimed()


def _fields(snapshot: Snapshot, direction: str) -> dict[str, Field]:
    return {pointer: parse_field(text) for pointer, text in snapshot.get(direction, {}).items()}


def _events(snapshot: Snapshot) -> dict[str, dict[str, Field]]:
    return {
        label: {pointer: parse_field(text) for pointer, text in fields.items()}
        for label, fields in snapshot.get("events", {}).items()
    }


class _Comparison:
    """The findings of one comparison, as they are collected."""

    def __init__(self, surface: str, counts: Shape | None) -> None:
        self._surface = surface
        self._counts = counts
        self.found: list[Finding] = []

    def claimed(self) -> list[Finding]:
        """The findings, less those that another one explains."""
        found = self.found
        if any(one.rule.startswith("event-type-") for one in found):
            # A type that is new to its event line too is one edit, not two.
            found = [one for one in found if one.rule != "framing-changed"]
        return sorted(
            found,
            key=lambda one: (LEVELS.index(one.level), one.direction, one.event or "", one.pointer),
        )

    def add(
        self, rule: str, direction: str, event: str | None, change: Change, message: str
    ) -> None:
        evidence = ONCE
        if self._counts is not None:
            evidence = self._counts.evidence(direction, event, change.pointer)
        self.found.append(
            finding(
                rule,
                message,
                surface=self._surface,
                direction=direction,
                event=event,
                pointer=change.pointer,
                before=change.before,
                after=change.after,
                evidence=evidence,
            )
        )

    def fields(self, direction: str, event: str | None, changes: Iterable[Change]) -> None:
        for change in changes:
            place = " ".join(part for part in (event, change.pointer) if part) or direction
            self.add(change.rule, direction, event, change, f"{place}: {_told(change)}")

    def events(self, before: Snapshot, after: Snapshot) -> None:
        here, there = _events(before), _events(after)
        renamed = _renamed(before, after, here, there)
        for types, pairs in _by_type(renamed).items():
            same = types[0] == types[1]
            rule = "discriminator-changed" if same else "event-type-renamed"
            old, fresh = pairs[0] if same else types
            message = f"{old} is called {fresh} now; its shape is the same"
            self.add(rule, "response", old, Change(rule, "", old, fresh), message)
        gone = here.keys() - there.keys() - renamed.keys()
        new = there.keys() - here.keys() - set(renamed.values())
        for old, fresh in _relabelled(gone, new):
            changes = field_changes(here[old], there[fresh])
            if len(changes) == 1:
                # One edit of the member that tells it apart: still the same event.
                self.fields("response", old, changes)
                renamed[old] = fresh
                gone.remove(old)
                new.remove(fresh)
        for label in sorted(gone):
            change = Change("event-type-removed", "", label, None)
            self.add(change.rule, "response", label, change, f"{label} does not come any more")
        for label in sorted(new):
            change = Change("event-type-added", "", None, label)
            self.add(change.rule, "response", label, change, f"{label} comes now, and never did")
        for label in sorted(here.keys() & there.keys()):
            self.fields("response", label, field_changes(here[label], there[label]))
        self._order(
            {_without(one, gone, renamed) for one in before.get("sequences", ())},
            {_without(one, new, {}) for one in after.get("sequences", ())},
        )

    def _order(self, before: set[tuple[str, ...]], after: set[tuple[str, ...]]) -> None:
        lost, gained = sorted(before - after), sorted(after - before)
        if not lost and not gained:
            return
        old, fresh = _differing(lost, gained)
        same = Counter(old) == Counter(fresh)
        rule = "event-order-changed" if same else "event-count-changed"
        change = Change(rule, "", " ".join(old), " ".join(fresh))
        told = "come in another order" if same else "come more or less often"
        message = f"events {told}: [{change.before}] became [{change.after}]"
        self.add(rule, "response", None, change, message)


def _told(change: Change) -> str:
    means = RULES[change.rule].means
    below = f", with {change.below} below it" if change.below else ""
    if change.before is None:
        return f"{means} ({change.after}{below})"
    if change.after is None:
        return f"{means} (it was {change.before}{below})"
    return f"{means}: {change.before} became {change.after}"


def _base(label: str) -> str:
    """The type alone; ``(not json)`` and its like have none."""
    return label.partition("(")[0] or label


#: The words that name the type of an event, and of what it is told apart by.
_NAMES: Final = frozenset({"/type", *(f"/{member}/type" for member in TOLD_APART_BY)})


def _nameless(fields: Fields) -> Portrait:
    return Portrait.of("", {place: one for place, one in fields.items() if place not in _NAMES})


def _renamed(before: Snapshot, after: Snapshot, here: Events, there: Events) -> dict[str, str]:
    """Events that are gone, each with the new one of the same shape that stands nearest to it."""
    places = [_places(snapshot.get("sequences", ())) for snapshot in (before, after)]
    free = {label: _nameless(there[label]) for label in there.keys() - here.keys()}
    renamed: dict[str, str] = {}
    for old in sorted(here.keys() - there.keys(), key=lambda label: places[0].get(label, 0)):
        shape = _nameless(here[old])
        at = places[0].get(old, 0)
        candidates = sorted(
            (abs(places[1].get(label, 0) - at), label)
            for label, other in free.items()
            if shape.is_like(other)
        )
        if candidates:
            renamed[old] = candidates[0][1]
            del free[renamed[old]]
    return renamed


def _relabelled(gone: set[str], new: set[str]) -> list[tuple[str, str]]:
    """Events of one type that are there under another label, where there is no second choice."""
    pairs = [(old, fresh) for old in gone for fresh in new if _base(old) == _base(fresh)]
    left, right = Counter(old for old, _ in pairs), Counter(fresh for _, fresh in pairs)
    return sorted(one for one in pairs if left[one[0]] == 1 and right[one[1]] == 1)


def _places(sequences: Iterable[Sequence[str]]) -> dict[str, int]:
    places: dict[str, int] = {}
    for sequence in sequences:
        for index, label in enumerate(sequence):
            places.setdefault(label.removesuffix("+"), index)
    return places


def _by_type(renamed: Mapping[str, str]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """One rename of a type is one edit, whatever items it comes with."""
    groups: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for old, fresh in renamed.items():
        groups[_base(old), _base(fresh)].append((old, fresh))
    return dict(groups)


def _without(
    sequence: Iterable[str], dropped: Iterable[str], renamed: Mapping[str, str]
) -> tuple[str, ...]:
    """A sequence less the events that have a finding of their own, runs collapsed again."""
    return sequence_of(list(_labels(sequence, set(dropped), renamed)))


def _labels(
    sequence: Iterable[str], dropped: set[str], renamed: Mapping[str, str]
) -> Iterator[str]:
    for item in sequence:
        label = item.removesuffix("+")
        if label in dropped:
            continue
        label = renamed.get(label, label)
        yield label
        if item.endswith("+"):
            yield label


def _differing(lost: list[Any], gained: list[Any]) -> tuple[list[str], list[str]]:
    """The stretch in which two sequences differ; if there are several, all of them in full."""
    if len(lost) != 1 or len(gained) != 1:
        return (
            [label for one in lost for label in one],
            [label for one in gained for label in one],
        )
    old, fresh = list(lost[0]), list(gained[0])
    while old and fresh and old[0] == fresh[0]:
        del old[0], fresh[0]
    while old and fresh and old[-1] == fresh[-1]:
        del old[-1], fresh[-1]
    return old, fresh
