"""What waivers do to findings: hide what was accepted, and say which of them are of no use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from harness.contract import ContractError, ContractErrors, Waiver
from harness.lines import visible

from .consequences import breaches_elsewhere
from .findings import Finding, finding
from .rules import RULES

__all__ = [
    "NOTICE",
    "WAIVER_RULES",
    "Applied",
    "Waived",
    "apply_waivers",
    "check_rules",
    "place_of",
]

#: From so long before its last day on, a waiver is spoken of.
NOTICE: Final = timedelta(days=14)

#: Rules about waivers, not about anything that was looked at.
WAIVER_RULES: Final = frozenset({"waiver-unused", "waiver-expired"})


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that does not count, and the waiver that says so."""

    finding: Finding
    waiver: Waiver

    def to_json(self) -> dict[str, Any]:
        """The form of ``schemas/report/findings.json``."""
        return {**self.finding.to_json(), "waiver": self.waiver.to_json()}


@dataclass(frozen=True, slots=True)
class Applied:
    """Findings after waivers.

    Attributes:
        kept: the findings that count, in the order they came.
        waived: those that do not.
        faults: findings about the waivers themselves; see ``WAIVER_RULES``.
        expiring: the waivers that end within ``NOTICE``.
    """

    kept: list[Finding] = field(default_factory=list)
    waived: list[Waived] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)
    expiring: list[Waiver] = field(default_factory=list)


def place_of(one: Finding) -> str:
    """The place of a finding as waivers have it: ``SURFACE DIRECTION EVENT POINTER``.

    It is what every face shows, so that it can be copied into a waiver.
    """
    words = (one.surface, one.direction, one.event or "-", one.pointer or "-")
    return visible(" ".join(words))


def apply_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], *, today: date, whole: bool
) -> Applied:
    """Sort findings into those that count and those that are waived.

    Args:
        findings: what was found.
        waivers: what was accepted.
        today: the day that decides whether a waiver still holds.
        whole: everything was looked at: then a waiver that matches nothing is a fault.
    """
    result = Applied()
    matched = [0] * len(waivers)
    for one in findings:
        matching = _matching(waivers, one)
        holder = _holder(waivers, one, today)
        # Who has accepted a difference has not accepted what it breaks elsewhere.
        broken = list(breaches_elsewhere(one))
        for each in broken:
            matching += _matching(waivers, each)
        for index in set(matching):
            matched[index] += 1
        if holder is None or any(_holder(waivers, each, today) is None for each in broken):
            result.kept.append(one)
        else:
            result.waived.append(Waived(one, holder))
    for waiver, count in zip(waivers, matched, strict=True):
        result.faults.extend(_faults(waiver, count, today, whole=whole))
        if today <= waiver.expires <= today + NOTICE:
            result.expiring.append(waiver)
    return result


def _matching(waivers: Sequence[Waiver], one: Finding) -> list[int]:
    place = place_of(one)
    return [index for index, each in enumerate(waivers) if _matches(each, one, place)]


def _holder(waivers: Sequence[Waiver], one: Finding, today: date) -> Waiver | None:
    """The first waiver of a finding that still holds."""
    matching = (waivers[index] for index in _matching(waivers, one))
    return next((each for each in matching if today <= each.expires), None)


def _matches(waiver: Waiver, one: Finding, place: str) -> bool:
    return (
        waiver.rule == one.rule
        and (waiver.probe is None or _glob(one.probe or "", waiver.probe))
        and _glob(place, waiver.locator)
    )


def _glob(text: str, pattern: str) -> bool:
    # Pointers have brackets of their own ("[]", "[message]"); only * and ? are special here.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _faults(waiver: Waiver, count: int, today: date, *, whole: bool) -> Iterator[Finding]:
    if waiver.expires < today:
        again = f"; {count} finding{'s count' if count > 1 else ' counts'} again" if count else ""
        yield _fault(
            "waiver-expired",
            waiver,
            f"the waiver of {waiver} ended on {waiver.expires} ({waiver.owner}){again}",
        )
    elif whole and not count:
        message = f"the waiver of {waiver} matches nothing ({waiver.owner})"
        yield _fault("waiver-unused", waiver, message)


def _fault(rule: str, waiver: Waiver, message: str) -> Finding:
    return finding(
        rule,
        message,
        surface="contract",
        pointer=f"/waiver/{waiver.rule}",
        before=waiver.locator,
        after=waiver.probe,
        where=waiver.where,
    )


def check_rules(waivers: Iterable[Waiver]) -> None:
    """Refuse waivers of rules that do not exist, or that are about waivers.

    Raises:
        ContractError: one of them is; it lists all of them.
    """
    faults = []
    for one in waivers:
        if one.rule in WAIVER_RULES:
            mend = "mend the waiver that it is about"
            faults.append(ContractError(one.where, "/rule", f"{one.rule} cannot be waived", mend))
        elif one.rule not in RULES:
            near = get_close_matches(one.rule, RULES, n=1)
            mend = f"write {near[0]}" if near else "see: codex-leg rules"
            faults.append(ContractError(one.where, "/rule", f"no such rule: {one.rule!r}", mend))
    if faults:
        raise ContractErrors(faults)
