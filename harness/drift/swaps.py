"""Two members of one object that have changed places: each has now what the other one had.

``primary_window`` and ``secondary_window`` swapped are one edit, and the worst kind of one: both
are still there, of the right type, and whoever reads either reads the other. By each of the two
alone it would be limits that rose and fell, or a value that is gone and another that came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from .change import Change
from .findings import Finding
from .forms import is_word
from .kinds import base_of
from .pairs import is_name, name_of
from .snapshot import Field, Fields, parent_of

__all__ = ["SWAPPED", "below", "claim_swaps", "families", "is_object", "with_swaps"]

SWAPPED: Final = "fields-swapped"
#: An object of fewer members than this is known again only by a name that is like its own.
_TELLING: Final = 2
#: Where more members than this changed at once, it is no matter of two of them.
_MANY: Final = 32
_Below = frozenset[tuple[str, Field]]


def claim_swaps(before: Fields, after: Fields) -> tuple[list[Change], Fields, Fields]:
    """The swaps, and both sides less what they explain.

    Objects are known again by their members, values by their words or limits, both exactly; single
    words and limits only where the two names have a word in common.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    claimed: list[str] = []
    for one, other in _swapped(before, after):
        if not f"{one}/".startswith(tuple(claimed)):
            found.setdefault(_differing(one, other), []).append((one, other))
            claimed += [f"{one}/", f"{other}/"]
    if not found:
        return [], before, after
    changes: list[Change] = []
    for words, pairs in found.items():
        renamed = list(_renamed(words, pairs, before, after))
        claimed += [f"{place}/" for pair in renamed for place in pair]
        told = tuple(f"field-renamed {one}" for one, _ in renamed)
        changes.append(Change(SWAPPED, pairs[0][0], *pairs[0], explains=told))
        changes += [Change(SWAPPED, pair[0], *pair) for pair in pairs[1:]]
    gone = tuple(claimed)
    sides = (
        {place: one for place, one in fields.items() if not f"{place}/".startswith(gone)}
        for fields in (before, after)
    )
    return changes, next(sides), next(sides)


def with_swaps(found: Sequence[Finding]) -> list[Finding]:
    """The findings, swaps of members whose names differ in the same words put together.

    Of ``primary`` and ``secondary`` in several objects it is one edit, at the outermost of them.
    """
    groups: dict[tuple[str | None, str, str], list[Finding]] = {}
    for one in found:
        if one.rule == SWAPPED:
            words = _differing(str(one.before), str(one.after))
            groups.setdefault((one.event, *words), []).append(one)
    return [
        *(one for one in found if one.rule != SWAPPED),
        *(_one_of(group) for group in groups.values()),
    ]


def _one_of(group: list[Finding]) -> Finding:
    first, *others = sorted(group, key=lambda one: (one.pointer.count("/"), one.pointer))
    also, explains = list(first.also), list(first.explains)
    for one in others:
        places = (str(one.before), str(one.after))
        also += [*(" ".join(filter(None, (one.event, place))) for place in places), *one.also]
        explains += one.explains
    return replace(first, also=tuple(dict.fromkeys(also)), explains=tuple(dict.fromkeys(explains)))


def _renamed(
    words: tuple[str, str], pairs: Iterable[tuple[str, str]], before: Fields, after: Fields
) -> Iterator[tuple[str, str]]:
    """Members that have the other word in their names now, and that nothing took the place of."""
    parents = {parent_of(one) for one, _ in pairs}
    for place in sorted(before.keys() - after.keys()):
        if parent_of(place) not in parents or not is_name(place):
            continue
        for word, other in (words, words[::-1]):
            fresh = f"{parent_of(place)}/{name_of(place).replace(word, other, 1)}"
            if word and fresh in after.keys() - before.keys():
                # Of a header only its name can tell: by its new one it is in no schema.
                if _is_header(place) or below(place, before) == below(fresh, after):
                    yield place, fresh
                break


def _swapped(before: Fields, after: Fields) -> Iterator[tuple[str, str]]:
    """Pairs of places that have changed places, the outer ones first, each sorted by name."""
    known = families(before, after)
    for parent in sorted(known, key=lambda one: (one.count("/"), one)):
        if len(known[parent]) > _MANY:
            continue
        pairs = [
            pair
            for pair in combinations(sorted(known[parent]), 2)
            if _is_swap(*pair, before, after)
        ]
        places = [place for pair in pairs for place in pair]
        # With a second choice nothing can be said.
        yield from (pair for pair in pairs if all(places.count(one) == 1 for one in pair))


def families(before: Fields, after: Fields) -> dict[str, set[str]]:
    """The members that are another thing now, or in which something is, by what they are in."""
    found: dict[str, set[str]] = {}
    for changed in before.keys() | after.keys():
        place = changed
        if before.get(changed) == after.get(changed):
            continue
        while place:
            if is_name(place) and place in before and place in after:
                family = found.setdefault(parent_of(place), set())
                if place in family:
                    break
                family.add(place)
            place = parent_of(place)
    return found


def _is_swap(one: str, other: str, before: Fields, after: Fields) -> bool:
    if before[one] != after[other] or before[other] != after[one]:
        return False
    here, there = below(one, before), below(other, before)
    if here == there or here != below(other, after) or there != below(one, after):
        return False
    if is_object(here, there):
        return True
    return _have_word_in_common(one, other) and _are_known_again(before[one], before[other])


def below(place: str, fields: Fields) -> _Below:
    """What stands at a place and below it, with pointers from there."""
    size, start = len(place), f"{place}/"
    return frozenset(
        (each[size:], field)
        for each, field in fields.items()
        if each == place or each.startswith(start)
    )


def is_object(*sides: _Below) -> bool:
    """Whether the richer of two values is an object that is known again by its members."""
    return max(sum(way.count("/") == 1 for way, _ in one) for one in sides) >= _TELLING


def _are_known_again(*fields: Field) -> bool:
    """Whether two values are objects, or show what they are: a word, or how much a limit is."""
    return all(
        base_of(atom) == "object" or atom.startswith("limit(") or is_word(atom)
        for field in fields
        for atom in field.atoms
    )


def _is_header(place: str) -> bool:
    return parent_of(place) == "/header"


def _words(place: str) -> list[str]:
    return re.split(r"[-_]", name_of(place))


def _have_word_in_common(one: str, other: str) -> bool:
    return not set(_words(one)).isdisjoint(_words(other))


def _differing(one: str, other: str) -> tuple[str, str]:
    """What the two names do not have in common: ``("primary", "secondary")``."""
    sides = _words(one), _words(other)
    return (
        " ".join(word for word in sides[0] if word not in sides[1]),
        " ".join(word for word in sides[1] if word not in sides[0]),
    )
