"""How sure one can be that a thing is gone: counted, or wanted by the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from harness.contract import Schemas

from .findings import ONCE, Evidence
from .snapshot import Field
from .typenames import base_of_label

__all__ = ["ENOUGH_AFTER", "ENOUGH_BEFORE", "NEVER", "Counted", "Evidences"]

#: Something that was always there is gone for sure if it was seen so often before …
ENOUGH_BEFORE: Final = 5
#: … and was looked for so often since, and never seen.
ENOUGH_AFTER: Final = 3
#: Not seen the one time it was looked for.
NEVER: Final = Evidence(0, 1)


class Counted(Protocol):
    """Whoever has counted: :class:`harness.drift.shape.Shape`."""

    @property
    def sequences(self) -> Mapping[tuple[str, ...], int]:
        """How often each order of events was seen."""
        ...

    @property
    def exchanges(self) -> int:
        """How many exchanges were counted."""
        ...

    def evidence(self, direction: str, event: str | None, pointer: str) -> Evidence:
        """How often something stood at a place, of how often it could have."""
        ...

    def field(self, direction: str, event: str | None, pointer: str) -> Field | None:
        """What stood at a place in all that was counted; ``None`` if nothing did."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidences:
    """What backs a comparison, as far as it is at hand.

    Attributes:
        schemas: the contract: what it requires is missed at once, however little was seen.
        before, after: the counted shapes behind the two snapshots.
    """

    schemas: Schemas | None = None
    before: Counted | None = None
    after: Counted | None = None

    def of_field(self, direction: str, event: str | None, pointer: str, *, gone: bool) -> Evidence:
        """How often the value at a place was seen since."""
        if self.after is None:
            return NEVER if gone else ONCE
        return self.after.evidence(direction, event, pointer)

    def of_event(self, label: str, *, gone: bool = False, before: bool = False) -> Evidence:
        """In how many streams an event was seen since, or before."""
        counted = self.before if before else self.after
        if counted is None:
            return NEVER if gone else ONCE
        return _streams(counted, label)

    def is_field_gone(self, direction: str, event: str | None, pointer: str) -> bool:
        """Whether what was always there is counted as gone, and not merely not seen."""
        if self.before is None or self.after is None:
            return False
        # Ten pieces of one text, or rows of one list, are one look and not ten.
        looks = _exchanges(self.before, event), _exchanges(self.after, event)
        if looks[0] < ENOUGH_BEFORE or looks[1] < ENOUGH_AFTER:
            return False
        return _is_enough(
            self.before.evidence(direction, event, pointer),
            # A place that is gone has no count of its own: what could have held it, has.
            self.after.evidence(direction, event, pointer),
        )

    def is_event_gone(self, label: str) -> bool:
        """Whether an event that always came is counted as gone."""
        if self.before is None or self.after is None:
            return False
        return _is_enough(_streams(self.before, label), _streams(self.after, label))


def _exchanges(counted: Counted, event: str | None) -> int:
    """In how many exchanges there was anything to look at: those that had the event."""
    return counted.exchanges if event is None else counted.evidence("response", event, "").seen


def _is_enough(before: Evidence, after: Evidence) -> bool:
    always = before.seen >= ENOUGH_BEFORE and before.seen >= before.of
    return always and after.seen == 0 and after.of >= ENOUGH_AFTER


def _streams(counted: Counted, label: str) -> Evidence:
    """The streams that an event came in, of all: those of a label, or of a type with any item."""
    seen = of = 0
    for sequence, count in counted.sequences.items():
        of += count
        labels = {one.removesuffix("+") for one in sequence}
        if label in labels or label in map(base_of_label, labels):
            seen += count
    return Evidence(seen, of)
