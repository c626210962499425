"""The result of an ablation: what a release needs, as values and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from harness.reference.ablation.verdict import NO_CHANGE
from harness.reference.trials.measured import Measured
from harness.reference.trials.settings import SETTINGS
from harness.reference.trials.without import HOWS

__all__ = ["Case", "Row", "Table"]

_KINDS: Final = tuple(HOWS)
_SURFACES: Final = ("accounts", "models", "usage", "auth", "responses", "responses-ws", "other")
_SETTINGS: Final = [one.name for one in SETTINGS]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing taken away in one way, in one turn.

    Attributes:
        turn: the name of the turn.
        how: the way.
        fails: whether the turn does not lead to what it is for any more.
        observed: what happened.
        flaky: whether it was not the same every time; then ``observed`` is the most frequent.
    """

    turn: str
    how: str
    fails: bool
    observed: str
    flaky: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return self.observed == NO_CHANGE and not (self.fails or self.flaky)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing: an endpoint, a header, an event, a field.

    Attributes:
        surface: whose answers it is in.
        kind: what it is.
        name: how it is called.
        cases: what was tried, in order.
    """

    surface: str
    kind: str
    name: str
    cases: tuple[Case, ...]

    @property
    def required(self) -> bool:
        """Whether a turn fails without it: where it is simply not there."""
        return any(one.fails for one in self.cases if one.how in ("removed", "404"))

    @property
    def observed(self) -> str:
        """What happened, the same things said once."""
        turns = list(dict.fromkeys(one.turn for one in self.cases))
        said = [(turn, _said([one for one in self.cases if one.turn == turn])) for turn in turns]
        if len({text for _, text in said}) == 1:
            return said[0][1]
        return " | ".join(f"{turn}: {text}" for turn, text in said)

    def to_json(self) -> dict[str, Any]:
        """It as JSON: cases that changed nothing are named, the others told."""
        unchanged: dict[str, list[str]] = {}
        for one in self.cases:
            if one.is_quiet:
                unchanged.setdefault(one.turn, []).append(one.how)
        return {
            "surface": self.surface,
            "kind": self.kind,
            "name": self.name,
            "required": self.required,
            "observed": self.observed,
            "cases": [
                {
                    "turn": one.turn,
                    "how": one.how,
                    "fails": one.fails,
                    "observed": one.observed,
                    **({"flaky": True} if one.flaky else {}),
                }
                for one in self.cases
                if not one.is_quiet
            ],
            "unchanged": unchanged,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Row:
        """The row in such JSON."""
        cases = [
            Case(one["turn"], one["how"], one["fails"], one["observed"], "flaky" in one)
            for one in document["cases"]
        ]
        cases += [
            Case(turn, how, fails=False, observed=NO_CHANGE)
            for turn, hows in document["unchanged"].items()
            for how in hows
        ]
        ordered = tuple(sorted(cases, key=_case_order))
        return cls(document["surface"], document["kind"], document["name"], ordered)


def _said(cases: Sequence[Case]) -> str:
    by_text: dict[str, list[str]] = {}
    for one in cases:
        text = one.observed + (" (not every time)" if one.flaky else "")
        by_text.setdefault(text, []).append(one.how)
    if len(by_text) == 1:
        return next(iter(by_text))
    return " / ".join(f"{', '.join(hows)}: {text}" for text, hows in by_text.items())


@dataclass(frozen=True, slots=True)
class Table(Measured[Row]):
    """What a release needs."""

    FORMAT: ClassVar[str] = "codex-leg/ablation/1"

    @classmethod
    def of(
        cls,
        version: str,
        sha256: str,
        cases: Iterable[tuple[tuple[str, str, str], Case]],
        unchecked: Iterable[tuple[str, str]] = (),
    ) -> Table:
        """The table of these cases, each with the surface, kind and name it is about."""
        found: dict[tuple[str, str, str], list[Case]] = {}
        for thing, case in cases:
            found.setdefault(thing, []).append(case)
        rows = [Row(*thing, tuple(sorted(one, key=_case_order))) for thing, one in found.items()]
        return cls(version, sha256, tuple(sorted(rows, key=_row_order)), tuple(unchecked))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Table:
        """The table in a document that is valid under ``schemas/report/ablation.json``."""
        return cls.told(document, (Row.from_json(row) for row in document["rows"]))


def _case_order(case: Case) -> tuple[int, int]:
    hows = [*HOWS["endpoint"], "426", *HOWS["field"]]
    return _SETTINGS.index(case.turn), hows.index(case.how)


def _row_order(row: Row) -> tuple[int, int, str]:
    return _SURFACES.index(row.surface), _KINDS.index(row.kind), row.name
