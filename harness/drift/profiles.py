"""Findings as one kind of consumer feels them: how grave each is to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from .consequences import breaches_elsewhere
from .rules import LEG, LEVELS, PROFILES, RULES

if TYPE_CHECKING:
    from harness.reads import Reads

    from .findings import Finding

__all__ = ["apply_profile", "is_read"]


def apply_profile(
    findings: Iterable[Finding], profile: str, reads: Reads | None = None
) -> list[Finding]:
    """The findings at the levels of a profile, the gravest first.

    Where the evidence made a finding milder than its rule, it stays milder: unless the leg reads
    the place, for which a single answer without it is enough.

    Args:
        findings: as they were found, at the levels of a tolerant client.
        profile: ``tolerant``, ``strict`` or ``leg``.
        reads: what the leg reads; the profile ``leg`` needs it.

    Raises:
        ValueError: there is no such profile, or it needs ``reads``.
    """
    if profile not in PROFILES:
        raise ValueError(f"no such profile: {profile!r} (known: {', '.join(PROFILES)})")
    if profile == LEG and reads is None:
        raise ValueError("the profile 'leg' needs the list of what the leg reads")
    judged = [replace(one, level=_gravest(one, profile, reads)) for one in findings]
    return sorted(judged, key=lambda one: LEVELS.index(one.level))


def _gravest(one: Finding, profile: str, reads: Reads | None) -> str:
    """The level of a finding; what it breaks elsewhere is as grave as if it came alone."""
    levels = [_level(one, profile, reads)]
    if RULES[one.rule].direction != "client":  # that a client changes breaks nobody
        levels += [_level(each, profile, reads) for each in breaches_elsewhere(one)]
    return min(levels, key=LEVELS.index)


def _level(one: Finding, profile: str, reads: Reads | None) -> str:
    rule = RULES[one.rule]
    if profile == LEG and reads is not None:
        read = is_read(one, reads)
        moved = rule.fatal_where_read if read else rule.reads
        return rule.level_for(LEG, read=read) if moved else one.level
    return rule.level_for(profile) if one.level == rule.level else one.level


def is_read(one: Finding, reads: Reads) -> bool:
    """Whether any of the places of an edit is read."""
    places = [(one.event, one.pointer)]
    for other in one.also:
        event, slash, pointer = other.rpartition(" ")
        places.append((event or None, pointer) if slash else (None, other))
    return any(reads.is_read(one.surface, one.direction, *place) for place in places)
