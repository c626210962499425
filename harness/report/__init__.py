"""What was found and what was not looked at: one model, shown by many faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.drift.findings import FORMAT, Finding, Unchecked, verdict

__all__ = ["ProbeRow", "Report"]


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
class Report:
    """One run of a command that looks for differences.

    Attributes:
        findings: what differs, gravest first.
        unchecked: what could not be looked at.
        probes: one row a probe, if the command asked probes; else ``None``.
        seconds: how long it took.
    """

    findings: Sequence[Finding]
    unchecked: Sequence[Unchecked] = ()
    probes: Sequence[ProbeRow] | None = None
    seconds: float | None = None

    @property
    def verdict(self) -> str:
        """``clean``, ``drift`` or ``unchecked``."""
        return verdict(self.findings, self.unchecked)

    def to_json(self) -> dict[str, Any]:
        """The document of ``schemas/report/findings.json``."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "verdict": self.verdict,
            "findings": [one.to_json() for one in self.findings],
            "unchecked": [{"what": one.what, "why": one.why} for one in self.unchecked],
        }
        if self.probes is not None:
            document["probes"] = [row.to_json() for row in self.probes]
        return document
