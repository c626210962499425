"""The edits of places between two releases: request by request, of the same run each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from harness.drift.change import Change
from harness.drift.changes import field_changes
from harness.drift.kinds import base_of
from harness.drift.pairs import count_below, is_typed_item, name_of
from harness.drift.snapshot import Fields, parent_of
from harness.reference.wire.atoms import is_value
from harness.reference.wire.calls import Call
from harness.reference.wire.captured import BESIDE, PLAIN, PREWARM, Request
from harness.reference.wire.places import pooled

__all__ = ["Edit", "Paired", "edits_of"]

#: Requests of one call and label in one run.
_Key = tuple[str, Call, str]

#: Words that say nothing of what a header is for.
_COMMON_WORDS: Final = frozenset({"x", "codex", "openai", "oai", "id"})
_CAME: Final = frozenset({"field-added", "union-member-added"})
_WENT: Final = frozenset({"field-removed", "union-member-removed"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit in one request.

    Attributes:
        change: the edit.
        request: the later request; the earlier one where there is no later one.
    """

    change: Change
    request: Request


@dataclass(slots=True)
class Paired:
    """What came of pairing requests.

    Attributes:
        edits: of all pairs.
        pairs: how many pairs of each call were compared, its requests and its frames apart.
    """

    edits: list[Edit] = field(default_factory=list)
    pairs: Counter[tuple[Call, bool]] = field(default_factory=Counter)


def edits_of(before: Sequence[Request], after: Sequence[Request]) -> Paired:
    """Compare requests of the same runs, the first of a call with the first, and so on.

    Args:
        before, after: of two releases; calls that only one of them makes are left out.
    """
    here, there = _grouped(before), _grouped(after)
    known = [_places(side) for side in (before, after)]
    counts = [_counts(side) for side in (before, after)]
    paired = Paired()
    for key in [*here, *(key for key in there if key not in here)]:
        call = key[1]
        if call not in known[0] or call not in known[1]:
            continue
        old, new = here.get(key, []), there.get(key, [])
        for one, other in zip(old, new, strict=False):
            paired.pairs[call, bool(other.label)] += 1
            if one.fields != other.fields:
                changes = field_changes(one.fields, other.fields)
                more = counts[1][key] - counts[0][key]
                if more:
                    changes = [
                        each
                        for each in changes
                        if not _is_chance(each, one.fields, other.fields, more=more > 0)
                    ]
                paired.edits += (
                    Edit(
                        each if _is_ordinary(other) else _as_known(each, *(p[call] for p in known)),
                        other,
                    )
                    for change in changes
                    for each in _sound(change, one.fields, other.fields)
                )
        for one in old[len(new) :]:
            paired.edits += _alone(one, known[1][call], came=False)
        for one in new[len(old) :]:
            paired.edits += _alone(one, known[0][call], came=True)
    return paired


def _grouped(requests: Sequence[Request]) -> dict[_Key, list[Request]]:
    """By run, call and label. Calls whose number is chance are one, with what all of them hold."""
    found: dict[_Key, list[Request]] = {}
    for one in requests:
        found.setdefault((one.vantage, one.call, one.label), []).append(one)
    return {
        key: [replace(same[0], fields=pooled([one.fields for one in same]))]
        if key[0].rpartition(".")[0] in BESIDE
        else same
        for key, same in found.items()
    }


def _counts(requests: Sequence[Request]) -> Counter[_Key]:
    """How many there are of each of the calls whose number is chance."""
    return Counter(
        (one.vantage, one.call, one.label)
        for one in requests
        if one.vantage.rpartition(".")[0] in BESIDE
    )


def _is_chance(change: Change, before: Fields, after: Fields, *, more: bool) -> bool:
    """Whether an edit may only be that a call was made once more, or once less.

    Of what only some of several calls hold, the one that holds it may be missing, or all others.
    """
    if change.pointer not in before:
        return False
    if change.pointer not in after:
        return not more and not before[change.pointer].always
    return not (before[change.pointer].always and after[change.pointer].always)


def _places(requests: Sequence[Request]) -> dict[Call, set[str]]:
    """All places that a release fills in a call."""
    found: dict[Call, set[str]] = {}
    for one in requests:
        found.setdefault(one.call, set()).update(one.fields)
    return found


def _alone(one: Request, known: set[str], *, came: bool) -> Iterator[Edit]:
    """What a request without a counterpart holds that no request of the other release does."""
    for place, found in one.fields.items():
        if place in known or (parent_of(place) not in known and parent_of(place) in one.fields):
            continue
        below = count_below(place, one.fields)
        if came:
            rule = "union-member-added" if is_typed_item(place) else "field-added"
            yield Edit(Change(rule, place, None, str(found), below), one)
        else:
            rule = "union-member-removed" if is_typed_item(place) else "field-removed"
            yield Edit(Change(rule, place, str(found), None, below), one)


def _is_ordinary(request: Request) -> bool:
    """Whether it is what a user of the client sends all day: what goes from there is gone."""
    is_turn = not request.label.endswith(PREWARM)
    return request.is_turn and is_turn and request.vantage.startswith(f"{PLAIN}.")


def _as_known(change: Change, before: set[str], after: set[str]) -> Change:
    """What comes or goes in one request, and is elsewhere all the while, is there more often now,
    or less."""
    if change.rule in _CAME and change.pointer in before:
        return replace(change, rule="field-became-always-present")
    if change.rule in _WENT and change.pointer in after:
        return replace(change, rule="field-became-optional")
    return change


def _sound(change: Change, before: Fields, after: Fields) -> Iterator[Change]:
    """A change, or the two that it is: not all that is alike and alone is the same thing.

    Two headers without a word in common and with other values are no renamed one: what goes and
    what comes in one release may have nothing to do with each other.
    """
    old, new = change.before or "", change.after or ""
    if change.rule != "field-renamed" or _is_same(old, before, new, after):
        yield change
        return
    yield Change("field-removed", old, str(before[old]), None, count_below(old, before))
    yield Change("field-added", new, None, str(after[new]), count_below(new, after))


def _is_same(old: str, before: Fields, new: str, after: Fields) -> bool:
    if count_below(old, before) > 0:
        return True
    atoms = before[old].atoms, after[new].atoms
    natures = [{"a value" if is_value(atom) else base_of(atom) for atom in one} for one in atoms]
    is_alike = atoms[0] == atoms[1] or bool(_words(old) & _words(new))
    return natures[0] == natures[1] and is_alike


def _words(pointer: str) -> set[str]:
    return {*re.split(r"[-_]", name_of(pointer))} - _COMMON_WORDS
