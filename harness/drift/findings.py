"""A finding: one classified difference, with a locator that machines can hold on to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .rules import LEVELS, RULES

__all__ = [
    "FORMAT",
    "ONCE",
    "Evidence",
    "Finding",
    "Unchecked",
    "at_or_over",
    "finding",
    "merge_findings",
    "report",
    "verdict",
    "worst",
]

FORMAT: Final = "codex-leg/findings/1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often a thing was seen, of how often it could have been."""

    seen: int
    of: int


#: Seen the one time it was looked at.
ONCE: Final = Evidence(1, 1)


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that could not be looked at. Never the same as clean."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference between two shapes, or between an exchange and the contract.

    Attributes:
        rule: its name in the table of rules.
        level: ``breaking``, ``risky``, ``additive`` or ``benign``.
        surface: the part of a backend that it was seen on.
        direction: ``request`` or ``response``.
        event: the type of the event it is in (with the type of its item in brackets where that
            tells events apart), or ``None`` outside a stream.
        pointer: the field: a JSON pointer with ``[]`` for "any item" and ``[type]`` for "any item
            of this type". Outside events it begins with ``/header/NAME``, ``/query/NAME``,
            ``/body`` or ``/status``.
        before: what was there (or what the contract wants), or ``None``.
        after: what is there now, or ``None``.
        evidence: how often it was seen.
        message: one sentence for a person. Not part of its identity.
        where: ``file:line``, if known. Not part of its identity.
        probe: the id of the probe that it was seen with, if any. Not part of its identity.
        also: the other places of the same edit, as ``EVENT POINTER``. Not part of its identity.
        explains: what follows from it and is not told by itself, as ``RULE EVENT POINTER``. The
            breaches of the contract among them belong to its fingerprint: whoever has accepted it
            without them has not accepted them.
        reads: the other places that the check behind it reads; of a breach of an invariant alone,
            and for whoever asks what it follows from.
    """

    rule: str
    level: str
    surface: str
    direction: str
    event: str | None
    pointer: str
    before: Any
    after: Any
    evidence: Evidence
    message: str
    where: str | None = None
    probe: str | None = None
    also: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    reads: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def locator(self) -> tuple[str, str, str | None, str]:
        """Where it is: surface, direction, event, pointer."""
        return (self.surface, self.direction, self.event, self.pointer)

    @property
    def identity(self) -> str:
        """Its rule, locator, before and after, as one text: whatever follows from it."""
        parts = [self.rule, *self.locator, self.before, self.after]
        return json.dumps(parts, ensure_ascii=True, separators=(",", ":"), sort_keys=True)

    @property
    def breaches(self) -> tuple[str, ...]:
        """The breaches of the contract that follow from it, in order, as ``explains`` has them."""
        rules = ((one.partition(" ")[0], one) for one in self.explains)
        return tuple(sorted({one for rule, one in rules if rule in RULES and "/" in rule}))

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that stay the same when only the wording of the message changes."""
        text = "\n".join((self.identity, *self.breaches))
        return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        """The form of ``schemas/report/findings.json``."""
        document: dict[str, Any] = {
            "rule": self.rule,
            "level": self.level,
            "surface": self.surface,
            "direction": self.direction,
            "event": self.event,
            "pointer": self.pointer,
            "before": self.before,
            "after": self.after,
            "evidence": {"seen": self.evidence.seen, "of": self.evidence.of},
            "message": self.message,
            "fingerprint": self.fingerprint,
        }
        known = {
            "probe": self.probe,
            "where": self.where,
            "also": list(self.also),
            "explains": list(self.explains),
        }
        return document | {name: value for name, value in known.items() if value}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Finding:
        """The finding behind its JSON form."""
        members = {name: value for name, value in row.items() if name != "fingerprint"}
        members["evidence"] = Evidence(**row["evidence"])
        for name in ("also", "explains"):
            members[name] = tuple(row.get(name, ()))
        return cls(**members)


def finding(
    rule: str,
    message: str,
    *,
    surface: str,
    direction: str = "response",
    event: str | None = None,
    pointer: str = "",
    before: Any = None,
    after: Any = None,
    evidence: Evidence = ONCE,
    where: str | None = None,
) -> Finding:
    """A finding at the level that the table of rules gives it (for a tolerant client)."""
    return Finding(
        rule=rule,
        level=RULES[rule].level_for(),
        surface=surface,
        direction=direction,
        event=event,
        pointer=pointer,
        before=before,
        after=after,
        evidence=evidence,
        message=message,
        where=where,
    )


def merge_findings(findings: Iterable[Finding]) -> list[Finding]:
    """The same finding in many events, or of many probes, is one with counted evidence.

    It stands at its first place and keeps the probe that it was first seen with. Within one probe
    the possible cases are the same each time; those of several probes add up.
    """
    merged: dict[str, Finding] = {}
    probes: dict[str, set[str | None]] = {}
    for one in findings:
        key = one.identity
        seen_with = probes.setdefault(key, set())
        first = merged.setdefault(key, one)
        if first is not one:
            more = 0 if one.probe in seen_with else one.evidence.of
            seen = first.evidence.seen + one.evidence.seen
            merged[key] = replace(
                first,
                # Of what breaks an order nobody says how often it could: at least as often.
                evidence=Evidence(seen, max(seen, first.evidence.of + more)),
                also=tuple(dict.fromkeys((*first.also, *one.also))),
                explains=tuple(dict.fromkeys((*first.explains, *one.explains))),
            )
        seen_with.add(one.probe)
    return list(merged.values())


def at_or_over(level: str, threshold: str) -> bool:
    """Whether a level is as grave as the threshold, or graver."""
    return LEVELS.index(level) <= LEVELS.index(threshold)


def worst(findings: Iterable[Finding]) -> str | None:
    """The gravest level among the findings, or ``None`` if there are none."""
    return min((one.level for one in findings), key=LEVELS.index, default=None)


def verdict(findings: Sequence[Finding], unchecked: Sequence[Unchecked] = ()) -> str:
    """``drift`` if anything was found, else ``unchecked`` if anything could not be looked at."""
    if findings:
        return "drift"
    return "unchecked" if unchecked else "clean"


def report(findings: Sequence[Finding], unchecked: Sequence[Unchecked] = ()) -> dict[str, Any]:
    """The document of format ``codex-leg/findings/1``."""
    return {
        "format": FORMAT,
        "verdict": verdict(findings, unchecked),
        "findings": [one.to_json() for one in findings],
        "unchecked": [{"what": one.what, "why": one.why} for one in unchecked],
    }
