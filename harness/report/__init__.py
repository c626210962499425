"""What was found and what was not looked at: one model, shown by many faces.

A command that looks makes a :class:`Report` of what it found. ``decide`` weighs it for a kind of
consumer and against the waivers; ``faces`` shows it; ``writing`` brings it to a terminal or a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.contract import Waiver
from harness.drift.findings import FORMAT, Finding, Unchecked
from harness.drift.rules import BENIGN, TOLERANT
from harness.drift.waivers import WAIVER_RULES, Waived

__all__ = ["Known", "ProbeRow", "Report"]


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One probe in a report; the members are those of ``schemas/report/findings.json``."""

    id: str
    title: str
    outcome: str
    expected: str
    provenance: str
    drift: int
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """The row as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Known:
    """A finding that an earlier report has, and the day of its first sight, if that is known."""

    finding: Finding
    since: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The form of ``schemas/report/findings.json``."""
        return self.finding.to_json() | ({"since": self.since} if self.since else {})


@dataclass(frozen=True, slots=True)
class Report:
    """One run of a command that looks for differences.

    Attributes:
        findings: what differs, gravest first.
        unchecked: what could not be looked at.
        probes: one row a probe, if the command asked probes; else ``None``.
        seconds: how long it took.
        quarantined: what could not be parsed.
        command: the command that looked.
        subject: what it looked at, in a few words; ``""`` for the whole contract.
        compared: the names of what was compared, if not probes. A finding's ``probe`` is one of
            them.
        made: when.
        profile: the kind of consumer that the levels are for.
        fail_on: the level from which on a finding fails the run.
        waived: findings that do not count, with their waivers.
        expiring: waivers that soon end.
        known: findings that do not count, because an earlier report has them already.
        flaky: findings that did not show each time it was asked; they do not count.
        one_sided: what was not compared, because only one of two sides has it, or because it is a
            file of another kind. That is no drift, and nothing that could not be looked at.
    """

    findings: Sequence[Finding]
    unchecked: Sequence[Unchecked] = ()
    probes: Sequence[ProbeRow] | None = None
    seconds: float | None = None
    quarantined: Sequence[Unchecked] = ()
    command: str = "verify"
    subject: str = ""
    compared: Sequence[str] = ()
    made: datetime | None = None
    profile: str = TOLERANT
    fail_on: str = BENIGN
    waived: Sequence[Waived] = ()
    expiring: Sequence[Waiver] = ()
    known: Sequence[Known] = ()
    flaky: Sequence[Finding] = ()
    one_sided: Sequence[Unchecked] = ()

    @property
    def drift(self) -> list[Finding]:
        """The findings, less what is wrong with waivers."""
        return [one for one in self.findings if one.rule not in WAIVER_RULES]

    @property
    def waivers_to_mend(self) -> list[Finding]:
        """What is wrong with waivers: they match nothing, or have ended."""
        return [one for one in self.findings if one.rule in WAIVER_RULES]

    @property
    def verdict(self) -> str:
        """``drift``, else ``quarantined``, ``unchecked``, ``wrong use``, ``flaky``; else ``clean``.

        Wrong use is a waiver that has to be mended, which says nothing about the backend.
        """
        if self.drift:
            return "drift"
        if self.quarantined:
            return "quarantined"
        if self.unchecked:
            return "unchecked"
        if self.waivers_to_mend:
            return "wrong use"
        return "flaky" if self.flaky else "clean"

    def to_json(self) -> dict[str, Any]:
        """The document of ``schemas/report/findings.json``."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "command": self.command,
            "verdict": self.verdict,
            "profile": self.profile,
            "fail_on": self.fail_on,
            "findings": [one.to_json() for one in self.drift],
            "unchecked": [_left(one) for one in self.unchecked],
            "waived": [one.to_json() for one in self.waived],
        }
        if self.waivers_to_mend:
            document["waivers_to_mend"] = [one.to_json() for one in self.waivers_to_mend]
        if self.quarantined:
            document["quarantined"] = [_left(one) for one in self.quarantined]
        if self.one_sided:
            document["one_sided"] = [_left(one) for one in self.one_sided]
        if self.known:
            document["known"] = [one.to_json() for one in self.known]
        if self.flaky:
            document["flaky"] = [one.to_json() for one in self.flaky]
        if self.probes is not None:
            document["probes"] = [row.to_json() for row in self.probes]
        return document


def _left(one: Unchecked) -> dict[str, str]:
    return {"what": one.what, "why": one.why}
