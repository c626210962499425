"""Why a finding can be at another level than its rule: in words, for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .certainty import DEPENDS
from .outcomes import SHAKY_RULES
from .rules import BREAKING, LEG, Rule

__all__ = ["depends_on"]

_SHAKY: Final = (
    "no finding at all but something that could not be looked at (exit 6), unless --proved says, "
    "or other answers of the same side show, that credential and quota were good"
)
_MODEL: Final = (
    "risky, unless it was the default or is one of the leg's own table: nobody is known to ask for "
    "any other"
)
_UNKNOWN: Final = (
    "breaking, if the order of the stream breaks by it: the report names the breach behind "
    "'explains'"
)
_GRAVER: Final = (
    "as grave as what follows from it, where that is graver: the report names it behind 'explains'"
)
_STRICT_ONLY: Final = (
    "between two contracts risky, where its sources disagree or it depends on the account "
    "(strict_only in the rulebook), and where the schemas cannot say it for sure"
)
_READS: Final = "what the leg reads, for --profile leg, stands in schemas/reads.json"
_FATAL: Final = f"{_READS}; there the evidence makes it no milder"


def depends_on(rule: Rule) -> Iterator[str]:
    """Each reason for which a finding of a rule can be at another level than the table says."""
    if rule.name in DEPENDS:
        yield DEPENDS[rule.name]
    if rule.name in SHAKY_RULES:
        yield _SHAKY
    if rule.name == "model-removed":
        yield _MODEL
    if rule.name.endswith("-unknown"):
        yield _UNKNOWN
    elif rule.direction in ("response", "request", "transport") and rule.level != BREAKING:
        yield _GRAVER
    if rule.direction == "request" and rule.level == BREAKING:
        yield _STRICT_ONLY
    if rule.level_for(LEG, read=True) != rule.level_for(LEG, read=False):
        yield _FATAL if rule.fatal_where_read else _READS
