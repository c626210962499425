"""What a check of the order of a stream finds (:mod:`harness.order`)."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Violation"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of the order. ``index`` counts events from 0; it is -1 for an empty stream.

    ``since`` is the first event whose breach it can follow from: where what is wrong here began.
    """

    rule: str
    index: int
    event: str | None
    pointer: str
    message: str
    since: int = field(default=0, compare=False)
