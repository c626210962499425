"""Every operator: one class a kind of single edit, each with what it must be found as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from .answers import ANSWER_OPERATORS
from .event_types import TYPE_OPERATORS
from .events import EVENT_OPERATORS
from .everywhere import EverywhereOperator
from .expect import Mutant
from .fields import FIELD_OPERATORS
from .lines import LINE_OPERATORS, VARIANT_OPERATORS, variants
from .noise import NoiseOperator
from .refusals import REFUSAL_OPERATORS
from .requests import REQUEST_OPERATORS
from .subject import Subject
from .values import VALUE_OPERATORS
from .websockets import FRAME_OPERATORS, as_websocket

__all__ = ["EDITS", "Operator", "noise_of", "plant"]


class Operator(Protocol):
    """One kind of edit."""

    name: ClassVar[str]

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one exchange."""
        ...


#: Edits of an exchange over HTTP.
EDITS: tuple[type[Operator], ...] = (
    *FIELD_OPERATORS,
    *VALUE_OPERATORS,
    EverywhereOperator,
    *EVENT_OPERATORS,
    *TYPE_OPERATORS,
    *LINE_OPERATORS,
    *ANSWER_OPERATORS,
    *REFUSAL_OPERATORS,
    *REQUEST_OPERATORS,
)


def plant(subject: Subject) -> Iterator[Mutant]:
    """Every mutant of one exchange, with one edit each; of a few, also as frames and otherwise."""
    for operator in EDITS:
        yield from operator().plant(subject)
    if subject.name in ("codex/streamed-text", "codex/function-call"):
        framed = as_websocket(subject)
        for each in FRAME_OPERATORS:
            yield from each().plant(framed)
        for variant in variants(subject):
            for operator in VARIANT_OPERATORS:
                yield from operator().plant(variant)


def noise_of(subject: Subject) -> Iterator[Mutant]:
    """The same exchange with differences that mean nothing."""
    yield from NoiseOperator().plant(subject)
