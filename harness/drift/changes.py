"""What changed between the fields of two shapes: each edit once, under the rule that fits it.

The rules named here are those of the fields of an answer; what the same edit is called in a header
or in a request is the business of :mod:`.naming`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from .change import Change
from .displaced import claim_displaced
from .forms import classify
from .items import retyped_items, with_partly_untyped
from .kinds import base_of
from .likeness import is_same_but_type, name_for_type
from .pairs import (
    Unpaired,
    count_below,
    is_bare,
    is_like_name,
    is_name,
    is_typed_item,
    name_of,
)
from .partly import claim_partly
from .portraits import Portrait
from .rules import BENIGN, LEVELS, RULES
from .snapshot import FORM, Field, Fields, parent_of, parse_field
from .swaps import claim_swaps
from .wholes import claim_wholes

__all__ = ["KIND_CHANGED", "Change", "field_changes", "fields_of"]

#: Forms of a body that are no JSON.
_NOT_JSON: Final = frozenset({"stream", "html", "plain", "empty"})
_REPEATED: Final = frozenset({"repeated"})
_TYPE: Final = "/type"
_CONTENT_TYPE: Final = "/header/content-type"
#: The rule for a body that is of another kind; of a request it has another name.
KIND_CHANGED: Final = "answer-kind-changed"


def fields_of(lines: Mapping[str, str]) -> dict[str, Field]:
    """The fields behind their lines."""
    return {pointer: _field(text) for pointer, text in lines.items()}


#: The same lines stand at thousands of places.
_field: Final = lru_cache(maxsize=65536)(parse_field)


def field_changes(before: Fields, after: Fields) -> list[Change]:
    """The edits that turn one set of fields into the other, sorted by place."""
    if before == after:
        return []
    before, after = _same_tops(before, after)
    swaps, before, after = claim_swaps(before, after)
    displaced, before, after = claim_displaced(before, after)
    before, after = _without_consequences(before, after)
    changes = [
        _at_one_place(pointer, before, after)
        for pointer in before.keys() & after.keys()
        if before[pointer] != after[pointer]
    ]
    left = Unpaired.of(before, after)
    wholes = claim_wholes(left)
    changes = claim_partly(changes, left)
    changes = [*swaps, *displaced, *wholes, *_claim_partly_renamed(changes, left)]
    changes += retyped_items(left)
    changes = list(with_partly_untyped(changes, left))
    for old, fresh in left.claim(parent_of, is_name):
        changes.append(Change("field-renamed", old, old, fresh, count_below(old, before)))
    for old, fresh in left.claim(name_of, is_name, loosely=True):
        changes.append(Change("field-moved", old, old, fresh, count_below(old, before)))
    for pointer in left.gone:
        rule, below = _removed(pointer, before[pointer]), count_below(pointer, before)
        changes.append(Change(rule, pointer, str(before[pointer]), None, below))
    for pointer in left.new:
        rule = "union-member-added" if is_typed_item(pointer) else "field-added"
        below = count_below(pointer, after)
        changes.append(Change(rule, pointer, None, str(after[pointer]), below))
    return sorted(_without_echoes(changes), key=lambda one: (one.pointer, one.rule))


def _without_echoes(changes: list[Change]) -> Iterator[Change]:
    """Less what shows less, below a place that is not always there as it was: that follows.

    So does the header that says of what kind a body is, where that is another one.
    """
    grave = tuple(
        f"{one.pointer}/"
        for one in changes
        if one.before is not None and RULES[one.rule].level != BENIGN
    )
    is_other_kind = any(one.rule == KIND_CHANGED for one in changes)
    for one in changes:
        if is_other_kind and one.pointer == _CONTENT_TYPE:
            continue
        if RULES[one.rule].level != BENIGN or not one.pointer.startswith(grave):
            yield one


def _same_tops(before: Fields, after: Fields) -> tuple[Fields, Fields]:
    """With a place for headers on both sides, where one side has a single header, the other none.

    So that it is this header that came or went, and not all headers.
    """
    for one, other in ((before, after), (after, before)):
        if "/header" in one and "/header" not in other and count_below("/header", one) == 1:
            filled = {**other, "/header": one["/header"]}
            return (before, filled) if other is after else (filled, after)
    return before, after


def _without_consequences(before: Fields, after: Fields) -> tuple[Fields, Fields]:
    """Less what only looks different because the type of the thing around it is another word.

    By its ``type`` an object finds its schema: with another type its members lose their kinds. And
    a body that is no JSON has nothing below it.
    """
    bodies = [fields["/body"].atoms for fields in (before, after) if "/body" in fields]
    is_other = any(_NOT_JSON & atoms for atoms in bodies) or _is_other_kind(*bodies)
    prefixes = ["/body/"] if is_other else []
    kept: set[str] = set()
    for pointer in sorted({*before, *after}):
        if not pointer.endswith(_TYPE) or before.get(pointer) == after.get(pointer):
            continue
        above = pointer.removesuffix(_TYPE)
        if pointer.startswith(tuple(prefixes)):
            continue
        if is_same_but_type(above, before, above, after):
            prefixes.append(f"{above}/")
            extra = name_for_type(above, before, above, after)
            kept |= {pointer} if extra is None else {pointer, above + extra}
    if not prefixes:
        return before, after
    sides = (
        {
            place: one
            for place, one in fields.items()
            if place in kept or not place.startswith(tuple(prefixes))
        }
        for fields in (before, after)
    )
    return next(sides), next(sides)


def _is_other_kind(*bodies: frozenset[str]) -> bool:
    """Whether one of two bodies is a form, and the other is none."""
    return len(bodies) == 2 and FORM in bodies[0] ^ bodies[1]


def _removed(pointer: str, field: Field) -> str:
    if is_typed_item(pointer):
        return "union-member-removed"
    # The keys of a map say nothing: one without any is a map like another.
    return "field-removed" if field.always and not pointer.endswith("/{}") else "field-unobserved"


def _at_one_place(pointer: str, before: Fields, after: Fields) -> Change:
    """The edit of a place that both sides have: the gravest, should there be two."""
    one, other = before[pointer], after[pointer]
    rules: list[str] = []
    if one.atoms != other.atoms:
        rules.append(_value_rule(pointer, before, after))
    if one.always != other.always:
        rules.append("field-became-always-present" if other.always else "field-became-optional")
    rules.sort(key=lambda rule: LEVELS.index(RULES[rule].level))
    return Change(rules[0], pointer, str(one), str(other), explains=tuple(rules[1:]))


def _value_rule(pointer: str, before: Fields, after: Fields) -> str:
    one, other = before[pointer].atoms, after[pointer].atoms
    if pointer == "/body" and ((one | other) & _NOT_JSON or _is_other_kind(one, other)):
        return KIND_CHANGED
    if pointer.startswith("/header/"):
        if one ^ other == _REPEATED:
            return "header-became-repeated" if other >= _REPEATED else "header-became-single"
        one, other = one - _REPEATED, other - _REPEATED
    rule = classify(one, other)
    if rule == "type-changed":
        return _if_wrapped(pointer, before, after) or rule
    return rule


def _if_wrapped(pointer: str, before: Fields, after: Fields) -> str | None:
    """The rule, if one side is a list of what the other side is by itself."""
    here, there = (Portrait.of(pointer, fields) for fields in (before, after))
    if _is_list_of(there, here):
        return "scalar-became-array"
    return "array-became-scalar" if _is_list_of(here, there) else None


def _is_list_of(several: Portrait, one: Portrait) -> bool:
    item = several.below.get("[]")
    is_list = {base_of(atom) for atom in several.atoms} == {"array"}
    return is_list and item is not None and one.is_like(item)


def _claim_partly_renamed(changes: list[Change], left: Unpaired) -> Iterator[Change]:
    """Where a place is not always there any more, and one like it is sometimes: it was renamed.

    And where a place is always there now, and one like it that came sometimes is gone.
    """
    fading, firm = (
        [one.pointer for one in changes if one.rule == rule]
        for rule in ("field-became-optional", "field-became-always-present")
    )
    coming = [pointer for pointer in left.new if not left.after[pointer].always]
    going = [pointer for pointer in left.gone if not left.before[pointer].always]

    def is_like(old: str, fresh: str) -> bool:
        sides = Portrait.of(old, left.before), Portrait.of(fresh, left.after)
        if is_bare(*sides) and not is_like_name(old, fresh):
            return False
        return sides[0].is_part_of(sides[1]) or sides[1].is_part_of(sides[0])

    renamed = left.claim(parent_of, is_name, gone=fading, new=coming, is_like=is_like)
    renamed += left.claim(parent_of, is_name, gone=going, new=firm, is_like=is_like)
    told = {place for pair in renamed for place in pair}
    for one in changes:
        if one.pointer not in told:
            yield one
    for old, fresh in renamed:
        yield Change("field-renamed", old, old, fresh, count_below(old, left.before))
