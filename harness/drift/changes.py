"""What changed between the fields of two shapes: each edit once, under the rule that fits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .kinds import base_of
from .snapshot import Field, Fields, parent_of

__all__ = ["Change", "Portrait", "classify", "field_changes"]

#: Atoms of values that no schema speaks about.
_PLAIN: Final = frozenset(
    {"null", "boolean", "integer", "number", "string", "object", "array", "array(empty)"}
)
#: Forms of a body that are no JSON.
_NOT_JSON: Final = frozenset({"stream", "html", "plain", "empty"})
_ARRAYS: Final = frozenset({"array", "array(empty)"})
_NUMBERS: Final = frozenset({"integer", "number", "count", "count(decimal)"})
_BY_POINTER: Final = {
    "/status": "status-changed",
    "/method": "method-changed",
    "/url": "url-changed",
    "/ended": "stream-end-changed",
    "/framing/name": "framing-changed",
    "/header/content-type": "content-type-changed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One edit at one place. ``below`` counts the fields that went or came with it."""

    rule: str
    pointer: str
    before: str | None
    after: str | None
    below: int = 0


def field_changes(before: Fields, after: Fields) -> list[Change]:
    """The edits that turn one set of fields into the other, sorted by place."""
    changes = [
        Change(rule, pointer, str(before[pointer]), str(after[pointer]))
        for pointer in before.keys() & after.keys()
        if before[pointer] != after[pointer]
        for rule in _rules_for(pointer, before[pointer], after[pointer])
    ]
    gone = _roots(before, after)
    new = _roots(after, before)
    changes = _claim_partly_renamed(changes, new, before, after)
    changes += _claim_renamed(gone, new, before, after)
    changes += _claim_moved(gone, new, before, after)
    for pointer in gone:
        rule = _removed(pointer, before[pointer])
        changes.append(Change(rule, pointer, str(before[pointer]), None, _below(pointer, before)))
    for pointer in new:
        rule = _added(pointer)
        changes.append(Change(rule, pointer, None, str(after[pointer]), _below(pointer, after)))
    return sorted(changes, key=lambda one: (one.pointer, one.rule))


def _roots(here: Fields, there: Fields) -> list[str]:
    """The places that are only here, without those that are gone because of what is above them."""
    return sorted(
        pointer
        for pointer in here.keys() - there.keys()
        if (parent_of(pointer) in there or parent_of(pointer) not in here)
        and not _is_implied(pointer, there)
    )


def _is_implied(pointer: str, there: Fields) -> bool:
    """Whether the value above cannot have anything below it over there: it was retyped, emptied."""
    parent = there.get(parent_of(pointer)) if pointer else None
    if parent is None:
        return False
    is_item = pointer.rpartition("/")[2].startswith("[")
    return ("array" if is_item else "object") not in parent.atoms


def _below(pointer: str, fields: Fields) -> int:
    return sum(1 for other in fields if other.startswith(f"{pointer}/"))


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a place looks like: every field at and below it, and two levels of them by type.

    A new name is in no schema yet. What no schema describes has no kinds and no closed values, and
    its items are not told apart; so that a renamed thing is known again by its outline alone.
    """

    whole: tuple[tuple[str, str], ...]
    outline: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, pointer: str, fields: Fields) -> Portrait:
        """Draw a place. The words that name the type of an item are left out."""
        below = f"{pointer}/"
        size, by_type = len(pointer), pointer.endswith("]")
        found = sorted(
            (other[size:], field)
            for other, field in fields.items()
            if (other == pointer or other.startswith(below))
            and not (by_type and other[size:] == "/type")
        )
        outline: dict[str, frozenset[str]] = {}
        for place, field in found:
            way = ["[]" if part[:1] == "[" else part for part in place.split("/")]
            if len(way) <= 3 and "{}" not in way:
                key = "/".join(way)
                outline[key] = outline.get(key, frozenset()) | field.atoms
        return cls(tuple((place, str(field)) for place, field in found), outline)

    def is_like(self, other: Portrait) -> bool:
        """Whether the two show the same thing, as far as can be told."""
        if self.whole == other.whole:
            return True
        here, there = self.outline, other.outline
        return here.keys() == there.keys() and all(
            _is_compatible(here[place], there[place]) for place in here
        )


def _is_compatible(one: frozenset[str], other: frozenset[str]) -> bool:
    if one == other:
        return True
    bases = [{base_of(atom) for atom in atoms} for atoms in (one, other)]
    return (one <= _PLAIN or other <= _PLAIN) and bases[0] == bases[1]


def _claim_renamed(gone: list[str], new: list[str], before: Fields, after: Fields) -> list[Change]:
    """Pairs with one parent and one shape: the same thing under another name."""
    claimed: list[Change] = []
    for old, fresh in _pairs(gone, new, before, after, parent_of):
        gone.remove(old)
        new.remove(fresh)
        token = old.rpartition("/")[2]
        if token.startswith("["):
            rule = "discriminator-changed"
        else:
            rule = "header-renamed" if old.startswith("/header/") else "field-renamed"
        claimed.append(Change(rule, old, old, fresh, _below(old, before)))
    return claimed


def _claim_partly_renamed(
    changes: list[Change], new: list[str], before: Fields, after: Fields
) -> list[Change]:
    """Where a place is not always there any more, and one like it is sometimes: it was renamed."""
    fading = [one.pointer for one in changes if one.rule == "field-became-optional"]
    coming = [pointer for pointer in new if not after[pointer].always]
    renamed: dict[str, str] = {}
    for old, fresh in _pairs(fading, coming, before, _always(after, coming), parent_of):
        if before[old].atoms == after[old].atoms:
            new.remove(fresh)
            renamed[old] = fresh
    kept = [one for one in changes if one.pointer not in renamed]
    return kept + [
        Change("field-renamed", old, old, fresh, _below(old, before))
        for old, fresh in renamed.items()
    ]


def _always(fields: Fields, pointers: Iterable[str]) -> Fields:
    """The fields, with these as if they were always there."""
    return {**fields, **{one: Field(fields[one].atoms) for one in pointers}}


def _claim_moved(gone: list[str], new: list[str], before: Fields, after: Fields) -> list[Change]:
    """Pairs with one name and one shape: the same thing in another place."""
    claimed: list[Change] = []
    for old, fresh in _pairs(gone, new, before, after, _name_of):
        gone.remove(old)
        new.remove(fresh)
        claimed.append(Change("field-moved", old, old, fresh, _below(old, before)))
    return claimed


def _name_of(pointer: str) -> str:
    return pointer.rpartition("/")[2]


def _pairs(
    gone: list[str],
    new: list[str],
    before: Fields,
    after: Fields,
    same: Callable[[str], str],
) -> list[tuple[str, str]]:
    """Pairs of places that agree in ``same`` and in shape; only where there is no second choice."""
    groups: dict[str, list[tuple[str, Portrait]]] = {}
    for fresh in new:
        groups.setdefault(same(fresh), []).append((fresh, Portrait.of(fresh, after)))
    found: list[tuple[str, str]] = []
    for old in gone:
        candidates = groups.get(same(old))
        if candidates:
            portrait = Portrait.of(old, before)
            found += [(old, fresh) for fresh, other in candidates if portrait.is_like(other)]
    left, right = Counter(old for old, _ in found), Counter(fresh for _, fresh in found)
    return [(old, fresh) for old, fresh in found if left[old] == 1 and right[fresh] == 1]


def _removed(pointer: str, field: Field) -> str:
    if pointer.startswith("/header/"):
        return "header-removed"
    if pointer.endswith("]") and not pointer.endswith("[]"):
        return "union-member-removed"
    return "field-removed" if field.always else "field-unobserved"


def _added(pointer: str) -> str:
    if pointer.startswith("/header/"):
        return "header-added"
    is_member = pointer.endswith("]") and not pointer.endswith("[]")
    return "union-member-added" if is_member else "field-added"


def _rules_for(pointer: str, before: Field, after: Field) -> list[str]:
    rules: list[str] = []
    if before.always != after.always:
        rules.append("field-became-always-present" if after.always else "field-became-optional")
    if before.atoms == after.atoms:
        return rules
    if pointer in _BY_POINTER:
        return [*rules, _BY_POINTER[pointer]]
    if pointer.startswith("/header/"):
        return [*rules, "header-value-format-changed"]
    if pointer == "/body" and (before.atoms | after.atoms) & _NOT_JSON:
        return [*rules, "answer-kind-changed"]
    return [*rules, classify(before.atoms, after.atoms)]


def classify(before: frozenset[str], after: frozenset[str]) -> str:
    """The one rule for a value whose possible forms have changed."""
    lost, gained = before - after, after - before
    null = frozenset({"null"})
    if gained == null:
        return "became-nullable"
    if lost == null:
        return "became-not-nullable" if before != null else "null-became-value"
    lost, gained = lost - null, gained - null
    bases_before = {base_of(atom) for atom in before - null}
    bases_after = {base_of(atom) for atom in after - null}
    if _bases(bases_before) != _bases(bases_after):
        if bases_before <= bases_after:
            return "type-widened"
        return "type-narrowed" if bases_after <= bases_before else "type-changed"
    return _same_base(lost, gained)


def _bases(bases: set[str]) -> set[str]:
    """An empty list and a filled one are both lists."""
    return {"array" if base in _ARRAYS else base for base in bases}


def _same_base(lost: frozenset[str], gained: frozenset[str]) -> str:
    both = lost | gained
    if both <= _ARRAYS:
        if "array(empty)" in gained or "array" in lost:
            return "array-now-may-be-empty"
        return "array-now-may-be-filled" if "array" in gained else "type-narrowed"
    if all(atom == "id" or atom.startswith("id(") for atom in both):
        return "id-form-changed"
    if all(atom.startswith("time(") for atom in both):
        return "time-unit-changed"
    if all(_is_literal(atom) for atom in both):
        return _set_rule(lost, gained)
    if both <= _NUMBERS:
        return "number-format-changed"
    return "string-format-changed"


def _is_literal(atom: str) -> bool:
    return atom.lstrip("~")[:1] in set('"-0123456789') or atom.lstrip("~") in ("true", "false")


def _set_rule(lost: frozenset[str], gained: frozenset[str]) -> str:
    name = "open-value" if all(atom.startswith("~") for atom in lost | gained) else "enum-value"
    if lost and gained:
        return f"{name}-changed"
    return f"{name}-added" if gained else f"{name}-removed"
