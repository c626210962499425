"""Mirrors: the rule that says the opposite, and the rules that say the same of the other side.

A mirror is found by its name, a word for its opposite; the symmetry test holds the axes against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ._model import Rule

__all__ = ["OPPOSITES", "counterparts", "mirrors"]

#: Words of names that are each other's opposites, the longest first.
OPPOSITES: Final = (
    ("became-always-present", "became-optional"),
    ("became-always-sent", "became-optional"),
    ("became-not-nullable", "became-nullable"),
    ("became-required", "became-optional"),
    ("became-repeated", "became-single"),
    ("became-multiline", "became-single-line"),
    ("array-became-scalar", "scalar-became-array"),
    ("null-became-value", "value-became-null"),
    ("text-became-binary", "binary-became-text"),
    ("now-may-be-empty", "now-may-be-filled"),
    ("now-empty", "now-filled"),
    ("not-required", "required"),
    ("not-redirected", "redirected"),
    ("not-found", "found"),
    ("not-json", "json-again"),
    ("name-added", "name-dropped"),
    ("name-differs", "name-agrees"),
    ("cut", "whole-again"),
    ("more-often", "less-often"),
    ("unchallenged", "challenged"),
    ("failing", "recovered"),
    ("hit", "gone"),
    ("shown", "hidden"),
    ("raised", "lowered"),
    ("increased", "decreased"),
    ("widened", "narrowed"),
    ("rejected", "accepted"),
    ("refused", "accepted"),
    ("buffered", "streamed"),
    ("added", "removed"),
    ("added", "unobserved"),
)

#: Areas of an answer as they are called in what a client sends.
_SAME_AREA: Final[Mapping[str, tuple[str, ...]]] = {
    "field": ("field", "body"),
    "body": ("field", "body", "header"),
}


def mirrors(rule: Rule, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The rules for the opposite of an edit, by name; empty if an edit is its own opposite."""
    found: dict[str, None] = {}
    for pair in OPPOSITES:
        for word, other in (pair, pair[::-1]):
            name = _swapped(rule.name, word, other)
            if name is not None and name in rules and name != rule.name:
                found[name] = None
    return tuple(found)


def _swapped(name: str, word: str, other: str) -> str | None:
    """The name with another word at its end, or as a whole part of it."""
    if name == word or name.endswith(f"-{word}"):
        return name[: len(name) - len(word)] + other
    return None


def counterparts(rule: Rule, direction: str, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The rules for the same kind of edit in another direction: same area, kind and action."""
    areas = _SAME_AREA.get(rule.area, (rule.area,))
    return tuple(
        other.name
        for other in rules.values()
        if other.direction == direction
        and other.area in areas
        and (other.kind, other.action) == (rule.kind, rule.action)
    )
