"""How grave it is that something is gone: as far as the contract wants it, or it was counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .demands import Demands
from .evidence import Evidences
from .findings import Evidence, Finding
from .pairs import is_typed_item
from .rules import BREAKING, LEVELS, RISKY

__all__ = ["is_about_event", "level_of", "seen_since"]

#: Rules by which something that was always there is not seen any more.
_GONE: Final = frozenset(
    {"field-removed", "header-removed", "union-member-removed", "event-type-removed"}
)
#: The same of all members of an object, which ``before`` names.
_EMPTIED: Final = "object-now-empty"
_FADING: Final = "field-became-optional"
_OF_ITEMS: Final = frozenset({"union-member-added", "union-member-removed"})


def is_about_event(one: Finding) -> bool:
    """Whether a finding is about the coming and going of an event, and not about a place in it."""
    is_item = one.rule in _OF_ITEMS and not is_typed_item(one.pointer)
    return one.event is not None and (not one.pointer or is_item)


def seen_since(one: Finding, evidence: Evidences) -> Evidence:
    """How often what a finding is about was seen since."""
    gone = one.after is None
    if one.event is not None and is_about_event(one):
        return evidence.of_event(one.event, gone=gone)
    return evidence.of_field(one.direction, one.event, one.pointer, gone=gone)


def level_of(
    one: Finding, evidence: Evidences, demands: Demands | None, *, is_refusal: bool
) -> str:
    """The level of a finding: of what is gone, ``breaking`` only if that is certain.

    Args:
        one: the finding, at the level of its rule.
        evidence: what was counted.
        demands: what the contract wants, if it is at hand.
        is_refusal: whether the finding is about the body of a refusal.
    """
    if one.rule == _EMPTIED:
        members = (f"{one.pointer}/{name}" for name in str(one.before).split())
        gone = (
            replace(one, rule="field-removed", pointer=each, level=BREAKING) for each in members
        )
        levels = (level_of(each, evidence, demands, is_refusal=is_refusal) for each in gone)
        return min(levels, key=LEVELS.index)
    if one.rule not in _GONE and one.rule != _FADING:
        return one.level
    event = one.event if one.event is not None and is_about_event(one) else None
    if demands is not None:
        if event is not None and one.rule == "event-type-removed":
            is_wanted = demands.requires_event(event)
        else:
            is_wanted = demands.requires(one.event, one.pointer, refused=is_refusal)
        if is_wanted:
            return BREAKING
    if one.rule == _FADING:
        return one.level
    if event is not None:
        return one.level if evidence.is_event_gone(event) else RISKY
    is_gone = evidence.is_field_gone(one.direction, one.event, one.pointer)
    return one.level if is_gone else RISKY
