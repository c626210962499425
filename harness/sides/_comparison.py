"""What comes of comparing two sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.drift.findings import Finding, Unchecked

__all__ = ["Comparison"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing two sides.

    Attributes:
        findings: what differs, each edit once, the gravest first.
        unchecked: what could not be looked at.
        quarantined: files that could not be parsed.
        compared: the keys that both sides have.
        one_sided: what was not compared, and is no drift: only one side has it, or no surface.
        pairs: how many pairs were compared.
        equal: how many of them have the same shape.
        notes: what the user has to know of how the exchanges were understood, a line each.
    """

    findings: Sequence[Finding]
    unchecked: Sequence[Unchecked]
    quarantined: Sequence[Unchecked]
    compared: Sequence[str]
    one_sided: Sequence[Unchecked]
    pairs: int
    equal: int
    notes: Sequence[str] = ()
