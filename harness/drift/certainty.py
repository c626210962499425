"""How grave it is that something is gone, or null: by what the contract wants, and by counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from .demands import Demands
from .displaced import is_displaced
from .evidence import ENOUGH_AFTER, ENOUGH_BEFORE, Evidences
from .findings import Evidence, Finding
from .kinds import base_of
from .pairs import is_typed_item
from .rules import ADDITIVE, BENIGN, BREAKING, LEVELS, RISKY
from .snapshot import parse_field

__all__ = ["DEPENDS", "as_certain", "as_chosen", "level_of_null"]

#: Rules by which something that was always there is not seen any more.
_GONE: Final = frozenset(
    {"field-removed", "header-removed", "union-member-removed", "event-type-removed"}
)
#: The same of all members of an object, which ``before`` names.
_EMPTIED: Final = "object-now-empty"
_FADING: Final = "field-became-optional"
_ORDER: Final = "event-order-changed"
#: Rules by which something is null that was not; the contract may have said so all along.
_NULLED: Final = frozenset({"value-became-null", "became-nullable"})

#: Rules by which a value is of another type; the contract may have said that it can be of both.
_RETYPED: Final = frozenset(
    {"type-changed", "type-widened", "array-became-scalar", "scalar-became-array"}
)
#: How deep the members of a response lie in its events.
_MEMBER_OF_RESPONSE: Final = 2
_MOVED: Final = "field-moved"
_LIMIT: Final = "limit-increased"
#: More or fewer streams have an event.
_SHARE: Final = "event-count-changed"

_UNLESS_COUNTED: Final = (
    "risky, unless the contract requires it, or it was counted: always there in at least "
    f"{ENOUGH_BEFORE} answers before, and in none of at least {ENOUGH_AFTER} since"
)
#: When a finding is at another level than its rule, by the rule, in words.
DEPENDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(sorted(_GONE), _UNLESS_COUNTED),
    _EMPTIED: "as grave as that the gravest of its members is gone",
    _FADING: "breaking, if the contract requires it",
    _MOVED: "risky, if it took the place of another value, and null stands where it stood: whoever "
    "goes by what a value says of itself still finds it",
    _LIMIT: "risky, if the contract names the values that it can have: then another one of them is "
    "another thing, and not more of the same",
    _ORDER: "breaking, if the new order breaks the grammar of the stream, or if the contract has "
    "none: the events of two items may be mixed in any way that keeps it",
    _SHARE: "benign, if more streams have the event than before, or if a whole item, with all of "
    "its events, is in fewer of them: what a model answers with is its choice each time",
    **dict.fromkeys(
        sorted(_NULLED),
        "risky, if the contract's schema of the place allows null: then a client that keeps to it "
        "can live with null, and only one that went by what it saw cannot",
    ),
    **dict.fromkeys(
        sorted(_RETYPED),
        "additive, if the contract's schema of the place allows both types: which of them comes "
        "depends on what was asked for",
    ),
}
_OF_ITEMS: Final = frozenset({"union-member-added", "union-member-removed"})


def is_about_event(one: Finding) -> bool:
    """Whether a finding is about the coming and going of an event, and not about a place in it."""
    is_item = one.rule in _OF_ITEMS and not is_typed_item(one.pointer)
    return one.event is not None and (not one.pointer or is_item)


def as_certain(
    one: Finding, evidence: Evidences, demands: Demands | None, *, is_refusal: bool
) -> Finding:
    """A finding with how often it was seen, and as grave as that makes it (:func:`level_of`)."""
    level = level_of(one, evidence, demands, is_refusal=is_refusal)
    return replace(one, level=level, evidence=seen_since(one, evidence))


def _is_packed(one: Finding) -> bool:
    """Whether it says that what stood at a place stands in one of its own members."""
    return one.rule == "field-moved" and str(one.after).startswith(f"{one.before}/")


def seen_since(one: Finding, evidence: Evidences) -> Evidence:
    """How often what a finding is about was seen since."""
    if _is_packed(one):
        return evidence.of_field(one.direction, one.event, str(one.after), gone=False)
    if one.rule == _EMPTIED and str(one.after).startswith("? "):
        member = f"{one.pointer}/{str(one.before).split(' ', 1)[0]}"
        return evidence.of_field(one.direction, one.event, member, gone=False)
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
    if one.rule in _NULLED:
        return level_of_null(one, demands, is_refusal=is_refusal)
    if one.rule == _ORDER:
        has_grammar = demands is not None and demands.grammar is not None
        return one.level if has_grammar else BREAKING
    if one.rule == _SHARE and one.event is not None:
        return _level_of_share(one.event, one.level, evidence, demands)
    if (
        one.rule in _RETYPED
        and demands is not None
        and _is_of_either(one, demands, refused=is_refusal)
    ):
        return ADDITIVE
    if is_displaced(one) or (
        one.rule == _LIMIT and demands is not None and demands.is_one_of(one.event, one.pointer)
    ):
        return RISKY
    if one.rule in _GONE or one.rule == _FADING:
        return _level_of_gone(one, evidence, demands, is_refusal=is_refusal)
    return one.level


def _level_of_gone(
    one: Finding, evidence: Evidences, demands: Demands | None, *, is_refusal: bool
) -> str:
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


def _is_of_either(one: Finding, demands: Demands, *, refused: bool) -> bool:
    """Whether the contract's schema has said that a value can be of both types."""
    atoms = {atom for side in (one.before, one.after) for atom in parse_field(str(side)).atoms}
    types = {base_of(atom) for atom in atoms}
    return demands.allows(types, one.event, one.pointer, refused=refused)


def as_chosen(one: Finding, demands: Demands | None) -> Finding:
    """A finding about an answer whose request nobody knows: what a client chose is no change.

    Members of a response repeat what was asked for (``tools``, ``reasoning``). That one of them is
    gone is no choice; which value it has, is.
    """
    is_graver = LEVELS.index(one.level) < LEVELS.index(ADDITIVE)
    if not is_graver or demands is None or not demands.is_asked_for(one.event, one.pointer):
        return one
    is_whole = one.pointer.count("/") == _MEMBER_OF_RESPONSE
    if is_whole and (one.rule in _GONE or one.rule in (_FADING, "field-renamed")):
        return one
    return replace(one, level=ADDITIVE)


def _level_of_share(event: str, level: str, evidence: Evidences, demands: Demands | None) -> str:
    was, now = (evidence.of_event(event, before=side) for side in (True, False))
    is_more = now.seen * was.of > was.seen * now.of
    is_item = demands is not None and demands.ends_item(event)
    return BENIGN if is_more or is_item else level


def level_of_null(one: Finding, demands: Demands | None, *, is_refusal: bool = False) -> str:
    """The level of a finding that something is null: milder where the contract has said so."""
    if demands is None or not demands.allows_null(one.event, one.pointer, refused=is_refusal):
        return one.level
    return RISKY
