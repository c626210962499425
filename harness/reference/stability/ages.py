"""How long facts of the history have lived, and what of an old release is still sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from harness.contract import Release
from harness.reference.history import Fact, History, HistoryRow

from .survival import Life, Survival, survival_of

__all__ = ["CLASSES", "Cohort", "cohorts", "day_of", "survivals"]

#: The same protocol over another transport: what is counted twice says nothing more.
_TWIN: Final = "responses-ws"


def _is_header(fact: Fact) -> bool:
    return fact.kind == "header" and "/" not in fact.name


def _is_top_field(fact: Fact) -> bool:
    return fact.kind == "field" and fact.name.count("/") == 1


def _is_field(fact: Fact) -> bool:
    return fact.kind == "field" or (fact.kind == "header" and "/" in fact.name)


#: What is counted together, by what it is called.
CLASSES: Final[dict[str, Callable[[Fact], bool]]] = {
    "headers": _is_header,
    "top-level fields": _is_top_field,
    "fields, nested ones too": _is_field,
    "closed values": lambda fact: fact.kind == "value",
    "endpoints": lambda fact: fact.kind == "endpoint",
}


def day_of(release: Release | None) -> date | None:
    """The day by which a release was there: that of its publication, where it is known."""
    text = None if release is None else release.date or release.not_after
    return None if text is None else date.fromisoformat(text)


def survivals(history: History) -> dict[str, Survival]:
    """How long things live, by class: those that came after the first captured release."""
    return {
        name: survival_of(
            life
            for row in history.rows
            if row.fact.surface != _TWIN and belongs(row.fact)
            for life in _lives(history, row)
        )
        for name, belongs in CLASSES.items()
    }


def _lives(history: History, row: HistoryRow) -> Iterator[Life]:
    newest = day_of(history.releases[-1])
    for span in row.spans:
        born = day_of(history.releases[span.first])
        end = newest if span.gone is None else day_of(history.releases[span.gone])
        # How old what the first release had already was, nobody knows.
        if span.not_before is not None and born is not None and end is not None:
            yield Life((end - born).days, span.gone is not None)


@dataclass(frozen=True, slots=True)
class Cohort:
    """What a release sent, and how much of that the newest one still sends.

    Attributes:
        version: of the release.
        day: when it was published, as far as it is known.
        kept: of each class, (how many are still sent, of how many).
    """

    version: str
    day: str
    kept: dict[str, tuple[int, int]]


def cohorts(history: History, numbers: list[int]) -> list[Cohort]:
    """The cohorts of the releases of these numbers."""
    return [
        Cohort(
            history.versions[number],
            history.day(number),
            {name: _kept(history, number, belongs) for name, belongs in CLASSES.items()},
        )
        for number in numbers
    ]


def _kept(history: History, number: int, belongs: Callable[[Fact], bool]) -> tuple[int, int]:
    last = len(history.versions) - 1
    there = [
        row
        for row in history.rows
        if row.fact.surface != _TWIN and belongs(row.fact) and _is_there(row, number)
    ]
    return sum(_is_there(row, last) for row in there), len(there)


def _is_there(row: HistoryRow, number: int) -> bool:
    return any(one.first <= number <= one.last for one in row.spans)
