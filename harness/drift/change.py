"""One edit at one place: what every comparison is made of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Change"]


@dataclass(frozen=True, slots=True)
class Change:
    """One edit at one place.

    Attributes:
        rule: the name of the edit: the rule that it comes under in a field of an answer.
        pointer: the place; of what was renamed or moved, the old one.
        before, after: the lines of the fields, or the two places of what was renamed or moved.
        below: how many fields went or came with it.
        explains: milder edits of the same place.
    """

    rule: str
    pointer: str
    before: str | None
    after: str | None
    below: int = 0
    explains: tuple[str, ...] = ()
