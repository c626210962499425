"""Headers that come, go or are renamed together: one edit of a family, and not one of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from .findings import Finding
from .pairs import name_of
from .rules import LEVELS
from .snapshot import Snapshot

__all__ = ["with_families"]

#: So many headers that begin alike, or stand alone in an answer, are a family.
_FAMILY: Final = 3
_AT: Final = "/header/"
_GONE: Final = ("header-removed", "client-header-removed")
_NEW: Final = ("header-added", "client-header-added")
_RENAMED: Final = ("header-renamed", "client-header-renamed")


def with_families(found: Sequence[Finding], before: Snapshot, after: Snapshot) -> list[Finding]:
    """The findings, those about all headers of a family put together.

    A family are all headers, or those whose names begin with the same word (``x-codex-``,
    ``openai-``), three or more of them. The one finding stands at the first of them and names the
    others in ``also``.

    Args:
        found: the findings of one comparison.
        before, after: the two snapshots.
    """
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for index, one in enumerate(found):
        groups.setdefault(_family_of(one, before, after) or (index,), []).append(one)
    told: list[Finding] = []
    for key, group in groups.items():
        told += [_one_of(group, key[-1])] if len(group) >= _FAMILY else group
    return told


def _family_of(one: Finding, before: Snapshot, after: Snapshot) -> tuple[Any, ...] | None:
    """The family that a finding is about as a whole; the last item is a sentence about it."""
    if one.event is not None or not one.pointer.startswith(_AT):
        return None
    if one.rule in _RENAMED:
        return _renaming(one)
    if one.rule not in (*_GONE, *_NEW):
        return None
    is_gone = one.rule in _GONE
    others = _headers((after if is_gone else before).get(one.direction, {}))
    how = "gone" if is_gone else "new"
    if not others:
        return one.rule, f"all headers are {how}"
    prefix = _prefix_of(name_of(one.pointer))
    if any(other.startswith(prefix) for other in others):
        return None
    return one.rule, f"all headers that begin with {prefix} are {how}"


def _headers(half: Iterable[str]) -> list[str]:
    return [name_of(place) for place in half if place.startswith(_AT)]


def _prefix_of(name: str) -> str:
    """The word that the names of a family begin with, with its hyphen."""
    words = name.split("-")
    return "-".join(words[: 2 if words[0] == "x" else 1]) + "-"


def _renaming(one: Finding) -> tuple[Any, ...] | None:
    """What the names have in common that are renamed alike: how they begin."""
    old, fresh = (name_of(str(side)).split("-") for side in (one.before, one.after))
    while old and fresh and old[-1] == fresh[-1]:
        del old[-1], fresh[-1]
    if not (old and fresh):
        return None
    was, now = ("-".join(words) + "-" for words in (old, fresh))
    return one.rule, f"headers that began with {was} begin with {now} now"


def _one_of(group: Sequence[Finding], told: str) -> Finding:
    gravest = min(group, key=lambda one: LEVELS.index(one.level))
    others = [one.pointer for one in group if one is not gravest]
    also = dict.fromkeys((*gravest.also, *others))
    message = f"{_AT[:-1]}: {told}, {len(group)} of them"
    return replace(gravest, message=message, also=tuple(also))
