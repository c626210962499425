"""The one rule for a value whose possible forms are others than before."""

from __future__ import annotations

import re
from typing import Final

from .kinds import base_of
from .rules import BREAKING, RULES

__all__ = ["PLAIN", "classify", "is_word", "limits_of"]

#: Atoms of values that no schema speaks about.
PLAIN: Final = frozenset(
    {"null", "boolean", "integer", "number", "string", "object", "array", "array(empty)"}
)
_NULL: Final = frozenset({"null"})
_ARRAYS: Final = frozenset({"array", "array(empty)"})
_NUMBERS: Final = frozenset({"integer", "number", "count", "count(decimal)"})
#: How an atom begins that is a set of words.
_SCOPE: Final = "scope("
_LIMIT: Final = re.compile(r"limit\((-?\d+(?:\.\d+)?)\b.*\)")


def classify(before: frozenset[str], after: frozenset[str]) -> str:
    """The one rule for a value whose possible forms have changed.

    Args:
        before: its atoms until now.
        after: its atoms today; others than before.
    """
    if before == _NULL:
        return "null-became-value"
    if after == _NULL:
        # Where null was one of its forms, the others are merely not seen.
        return "type-narrowed" if "null" in before else "value-became-null"
    lost, gained = before - after, after - before
    if gained == _NULL and not lost:
        return "became-nullable"
    if lost == _NULL and not gained:
        return "became-not-nullable"
    rule = _of_values(before - _NULL, after - _NULL)
    # Null besides another edit: whichever of the two is the graver.
    is_grave = RULES[rule].level == BREAKING
    return rule if "null" not in gained or is_grave else "became-nullable"


def _of_values(before: frozenset[str], after: frozenset[str]) -> str:
    bases = [_bases(atoms) for atoms in (before, after)]
    if bases[0] == bases[1]:
        return _same_base(before, after)
    if bases[0] <= bases[1]:
        return "type-widened"
    if bases[1] <= bases[0]:
        return "type-narrowed"
    # An object that became a list may be wrapped, or another thing: what is below it tells.
    if bases[0] == {"array"} and bases[1].isdisjoint({"array", "object"}):
        return "array-became-scalar"
    if bases[1] == {"array"} and bases[0].isdisjoint({"array", "object"}):
        return "scalar-became-array"
    return "type-changed"


def _bases(atoms: frozenset[str]) -> set[str]:
    """An empty list and a filled one are both lists."""
    found = (base_of(atom) for atom in atoms)
    return {"array" if base in _ARRAYS else base for base in found}


def _same_base(before: frozenset[str], after: frozenset[str]) -> str:
    lost, gained = before - after, after - before
    both = lost | gained
    if all(atom.startswith("limit(") for atom in both):
        return _limit_rule(before, after)
    if both <= _ARRAYS:
        if "array(empty)" in gained:
            return "array-now-may-be-empty"
        return "array-now-may-be-filled" if "array" in gained else "type-narrowed"
    if all(atom == "id" or atom.startswith("id(") for atom in both):
        return "id-form-changed"
    if all(atom.startswith("time(") for atom in both):
        return "time-unit-changed"
    if all(atom.startswith(_SCOPE) for atom in both):
        return _scope_rule(before, after)
    if all(is_word(atom) for atom in both):
        return _set_rule(lost, gained)
    is_number = {base_of(atom) for atom in both} == {"number"}
    return "number-format-changed" if both <= _NUMBERS or is_number else "string-format-changed"


def is_word(atom: str) -> bool:
    """Whether an atom is a value itself: one of a closed or of an open set."""
    return atom.lstrip("~")[:1] in set('"-0123456789') or atom.lstrip("~") in ("true", "false")


def limits_of(atoms: frozenset[str]) -> list[float]:
    """The numbers behind atoms such as ``limit(300)``."""
    found = (_LIMIT.fullmatch(atom) for atom in atoms)
    return [float(one[1]) for one in found if one]


def _limit_rule(before: frozenset[str], after: frozenset[str]) -> str:
    """What is allowed is what is always allowed: the smallest limit decides."""
    numbers = limits_of(before), limits_of(after)
    if not all(numbers):
        return "number-format-changed"
    smallest = min(numbers[0]), min(numbers[1])
    if smallest[0] == smallest[1]:
        return "limit-increased" if max(numbers[1]) > max(numbers[0]) else "limit-decreased"
    return "limit-decreased" if smallest[1] < smallest[0] else "limit-increased"


def _scope_rule(before: frozenset[str], after: frozenset[str]) -> str:
    """What a token may always be used for: a word less is the graver of two edits."""
    was, now = (
        frozenset.intersection(*(frozenset(one[len(_SCOPE) : -1].split()) for one in atoms))
        for atoms in (before, after)
    )
    return "scope-narrowed" if was - now else "scope-widened"


def _set_rule(lost: frozenset[str], gained: frozenset[str]) -> str:
    name = "open-value" if all(atom.startswith("~") for atom in lost | gained) else "enum-value"
    if lost and gained:
        return f"{name}-changed"
    return f"{name}-added" if gained else f"{name}-unobserved"
