"""Plant, look, and count: what was found, as how many findings, of which rule, at which level."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.drift.findings import Finding
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange
from harness.judge import differences

from .expect import Expected, Mutant
from .subject import Subject

__all__ = ["NOISE", "Score", "Verdict", "look_at", "snapshot"]

#: Of mutants in which nothing is to be found.
NOISE = "(noise)"


@dataclass(frozen=True)
class Verdict:
    """What came of one mutant.

    Attributes:
        name: its exchange, its operator, its place.
        operator: the kind of its edit.
        rule: the rule that was expected; of noise, ``(noise)``.
        found: whether anything was found; of noise, whether nothing was.
        one: whether exactly one thing was found, of the expected rule, at the planted place.
        level: whether it has an expected level, too.
        told: what was wanted and what was found, if it is not right.
    """

    name: str
    operator: str
    rule: str
    found: bool
    one: bool
    level: bool
    told: str = ""


def snapshot(subject: Subject, exchange: Exchange) -> dict[str, Any]:
    """The shape of an exchange as it would be adopted."""
    return snapshot_of(shape_of(subject.schemas, subject.surface, exchange))


def look_at(mutants: Iterable[Mutant]) -> Iterator[Verdict]:
    """Look at each mutant as ``verify`` does, with the unedited exchange for what was adopted."""
    adopted: dict[str, dict[str, Any]] = {}
    for mutant in mutants:
        subject = mutant.subject
        if subject.name not in adopted:
            adopted[subject.name] = snapshot(subject, subject.exchange)
        yield _look(mutant, adopted[subject.name])


def _look(mutant: Mutant, before: dict[str, Any]) -> Verdict:
    subject = mutant.subject
    exchange = Exchange.from_interaction(mutant.interaction)
    found = differences(
        subject.schemas,
        subject.surface,
        exchange,
        before,
        snapshot(subject, exchange),
        ended_early=subject.ended_early,
    )
    expected = mutant.expected
    if expected is None:
        quiet = not found
        told = "" if quiet else f"expected nothing; found {_told(found)}"
        return Verdict(mutant.name, mutant.operator, NOISE, quiet, quiet, quiet, told)
    is_one = len(found) == 1 and _is_right(found[0], expected)
    is_level = is_one and found[0].level in expected.levels
    told = "" if is_level else f"expected {_wanted(expected)}; found {_told(found)}"
    return Verdict(mutant.name, mutant.operator, expected.rule, bool(found), is_one, is_level, told)


def _is_right(one: Finding, expected: Expected) -> bool:
    if one.rule != expected.rule:
        return False
    if expected.event is not None and (one.event or "").partition("(")[0] != expected.event:
        return False
    return expected.pointer is None or re.sub(r"\[[^\]/]*\]", "[]", one.pointer) == expected.pointer


def _wanted(expected: Expected) -> str:
    levels = "/".join(sorted(expected.levels))
    place = " ".join(part for part in (expected.event, expected.pointer) if part)
    return f"{levels} {expected.rule} {place}".rstrip()


def _told(found: Iterable[Finding]) -> str:
    lines = [f"{one.level} {one.rule} {one.event or ''} {one.pointer}".rstrip() for one in found]
    more = f" and {len(lines) - 5} more" if len(lines) > 5 else ""
    return ("; ".join(lines[:5]) or "nothing") + more


@dataclass
class Row:
    """The counts of one rule, or of one kind of edit."""

    planted: int = 0
    found: int = 0
    one: int = 0
    level: int = 0

    def add(self, verdict: Verdict) -> None:
        self.planted += 1
        self.found += verdict.found
        self.one += verdict.one
        self.level += verdict.level

    def merge(self, other: Row) -> None:
        self.planted += other.planted
        self.found += other.found
        self.one += other.one
        self.level += other.level

    def to_json(self) -> dict[str, int]:
        return {
            "planted": self.planted,
            "found": self.found,
            "one": self.one,
            "level": self.level,
        }


@dataclass
class Score:
    """All counts: by rule and by kind of edit; and what was not right.

    Attributes:
        rules, operators: the counts; noise stands by itself.
        wrong: the verdicts that are not right.
        exchanges: how many exchanges were edited.
    """

    rules: dict[str, Row] = field(default_factory=dict)
    operators: dict[str, Row] = field(default_factory=dict)
    noise: Row = field(default_factory=Row)
    wrong: list[Verdict] = field(default_factory=list)
    exchanges: int = 0

    def add(self, verdict: Verdict) -> None:
        if verdict.told:
            self.wrong.append(verdict)
        if verdict.rule == NOISE:
            self.noise.add(verdict)
            return
        self.rules.setdefault(verdict.rule, Row()).add(verdict)
        self.operators.setdefault(verdict.operator, Row()).add(verdict)

    def merge(self, other: Score) -> None:
        for mine, theirs in ((self.rules, other.rules), (self.operators, other.operators)):
            for name, row in theirs.items():
                mine.setdefault(name, Row()).merge(row)
        self.noise.merge(other.noise)
        self.wrong += other.wrong
        self.exchanges += other.exchanges

    @property
    def total(self) -> Row:
        """The counts of all edits; noise is not among them."""
        total = Row()
        for row in self.rules.values():
            total.merge(row)
        return total

    @property
    def wrong_by_rule(self) -> Counter[str]:
        return Counter(one.rule for one in self.wrong)
