"""Confirm before anybody is woken: what is breaking is asked again, and counts if it always shows.

The service answers from many machines; one of them being new, or ill, for a minute is no drift.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.drift.findings import Finding
from harness.drift.rules import BREAKING

__all__ = ["MIN_WAIT", "TIMES", "Confirmed", "ask_again", "confirm", "doubtful"]

#: How often what is breaking is asked again, and the seconds before each time.
TIMES: Final = 3
MIN_WAIT: Final = 45.0

#: One more look: the findings, or ``None`` if it could not be looked.
Look = Sequence[Finding] | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is left of the findings of a first look.

    Attributes:
        findings: those that count, in the order they came.
        flaky: breaking ones that another look did not show.
        unconfirmed: how many looks could not be made. Nothing is taken for flaky because of them.
    """

    findings: Sequence[Finding]
    flaky: Sequence[Finding] = field(default=())
    unconfirmed: int = 0


def doubtful(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that are to be seen more than once before they count."""
    return [one for one in findings if one.level == BREAKING]


def confirm(first: Sequence[Finding], looks: Sequence[Look]) -> Confirmed:
    """Keep, of what is breaking, what every look shows; findings are the same by fingerprint.

    Args:
        first: the findings of the first look, milder ones too; those stay as they are.
        looks: those of the further looks.
    """
    seen = [{one.fingerprint for one in look} for look in looks if look is not None]
    gone = [one for one in doubtful(first) if not all(one.fingerprint in look for look in seen)]
    lost = {one.fingerprint for one in gone}
    return Confirmed(
        findings=[one for one in first if one.fingerprint not in lost],
        flaky=gone,
        unconfirmed=len(looks) - len(seen),
    )


def ask_again(
    first: Sequence[Finding],
    look: Callable[[], Look],
    *,
    times: int = TIMES,
    wait: float = MIN_WAIT,
    sleep: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] = lambda _: None,
) -> Confirmed:
    """Look again, if anything of the first look is breaking, and keep what all looks show.

    Args:
        first: the findings of the first look.
        look: asks the same once more.
        times: how often at most; 0 to believe the first look.
        wait: the seconds before each further look.
        sleep: waits.
        tell: told of each further look, in a few words.
    """
    looks: list[Look] = []
    known = Confirmed(first)
    while len(looks) < times and doubtful(known.findings):
        tell(f"confirming: look {len(looks) + 1} of {times} in {wait:g} s")
        sleep(wait)
        looks.append(look())
        known = confirm(first, looks)
    return known
