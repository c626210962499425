"""What became of each model, and how all of them look together: each edit once.

That a model came or went is the cause; that the rows of the list look otherwise since then follows.
What one model has lost, another one still shows: that is told by the model's name, not by the
list's shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from .catalogue_changes import claim_shapes, compare_catalogues
from .certainty import level_of_null
from .claims import generic, is_near, with_consequence
from .demands import Demands
from .findings import Finding
from .lacking import newly_lacking
from .pairs import is_typed_item
from .rules import BREAKING
from .snapshot import Field, Snapshot, parse_field

__all__ = ["with_catalogues"]

_GONE: Final = "model-removed"
_NEW: Final = "model-added"
_NULL: Final = ("became-nullable", "value-became-null")
_NONE: Final = frozenset({"null"})
_NOTHING: Final = Field(frozenset(), always=False)
#: Rules whose findings hold the lines of a field on both sides, and not two places or two names.
_ABOUT_LINES: Final = re.compile(
    r"field-(added|removed|unobserved|became-.*)|(enum|open)-value-.*|array-now-may-be-.*"
    r"|type-(widened|narrowed)|became-(not-)?nullable|null-became-value|value-became-null"
    r"|limit-.*|(number|string)-format-changed|id-form-changed|time-unit-changed"
)


def with_catalogues(
    found: Sequence[Finding],
    before: Snapshot,
    after: Snapshot,
    surface: str,
    demands: Demands | None = None,
) -> list[Finding]:
    """The findings, in which what became of each model takes the place of how all look together.

    Args:
        found: what the shapes of two answers tell.
        before, after: their snapshots, with a catalogue each if they have one.
        surface: the surface to name in the findings.
        demands: what the contract says of the members of models, if it is at hand.
    """
    here, there = before.get("catalogue"), after.get("catalogue")
    if here is None or there is None:
        return list(found)
    said = [
        replace(one, level=level_of_null(one, demands)) if one.rule in _NULL else one
        for one in compare_catalogues(here, there, surface=surface)
    ]
    # Null where a value was has to be read in another way; best told of the model that has it.
    told = {generic(one.pointer) for one in said if one.rule in _NULL}
    kept = [one for one in found if one.rule in _NULL and one.pointer not in told]
    others = [one for one in found if one not in kept]
    left = [*kept, *claim_shapes(others, said, (here, there))]
    olds = frozenset(here["models"].keys() & there["models"].keys())
    lacks = newly_lacking(here.get("lacks", {}), there.get("lacks", {}), olds)
    rows = f"{here['at']}/[]"
    lost = (
        one for one in lacks if _field(before.get("response", {}).get(rows + one)).atoms - _NONE
    )
    return _Models(there["at"], there.get("key", ""), frozenset(lost)).told(left, said)


@dataclass(frozen=True, slots=True)
class _Models:
    """A list of models: its place, and the member of its items that holds their names.

    ``lost`` are the members that a model of both sides had before, and does not have now.
    """

    at: str
    key: str
    lost: frozenset[str] = frozenset()

    def told(self, found: Sequence[Finding], said: Sequence[Finding]) -> list[Finding]:
        """The findings of a list's shape, and of what became of each model in it: each edit once.

        Args:
            found: what the shapes tell.
            said: what the catalogues tell.
        """
        causes = list(found)
        left: list[Finding] = []
        for one in said:
            at = next((k for k, each in enumerate(causes) if self._causes(each, one)), None)
            # One word that became another is gone, and new; the graver of the two tells of both.
            swapped = next((k for k, each in enumerate(left) if _is_swap(each, one)), None)
            if at is not None:
                causes[at] = with_consequence(causes[at], one)
            elif swapped is not None:
                both = replace(left[swapped], after=one.after)
                left[swapped] = with_consequence(both, one)
            else:
                left.append(one)
        return [*self._without_consequences(causes, left), *left]

    def _causes(self, shown: Finding, one: Finding) -> bool:
        """Whether what the shape shows is the edit, and what became of a model follows from it."""
        if f"{self.at}/".startswith(f"{shown.pointer}/"):
            return True
        told = {each.rpartition(" ")[2] for each in shown.explains}
        if one.rule in (_GONE, _NEW):
            # Rows that lost their name are nobody's any more.
            names = (f"{self.at}/[]", f"{self.at}/[]{self.key}")
            return shown.pointer in names or shown.after in names or names[1] in told
        if generic(one.pointer) in told:
            return True
        is_below = shown.pointer.startswith(f"{self.at}/")
        return is_below and (is_near(shown.pointer, generic(one.pointer)) or one.pointer == self.at)

    def _without_consequences(
        self, shown: Sequence[Finding], models: list[Finding]
    ) -> Iterator[Finding]:
        """What the shape shows, less what follows from a model's coming or going.

        That is told with the model, in ``models``: a new one can be as grave as what it brings.
        """
        places = {rule: _first(models, rule) for rule in (_GONE, _NEW)}
        for one in shown:
            cause = self._cause(one, places)
            if cause is None:
                yield one
                continue
            caused = with_consequence(models[cause], one)
            if models[cause].rule == _NEW and one.level != BREAKING:
                # What the contract allows a row to lack, a new one need not have.
                caused = replace(caused, level=models[cause].level)
            models[cause] = caused

    def _cause(self, one: Finding, places: Mapping[str, int | None]) -> int | None:
        if not one.pointer.startswith(f"{self.at}/[]/") or one.pointer == f"{self.at}/[]{self.key}":
            return None
        if not _ABOUT_LINES.fullmatch(one.rule) or is_typed_item(one.pointer):
            return None
        before, after = _field(one.before), _field(one.after)
        gone, new = places[_GONE], places[_NEW]
        if gone is not None and _is_of_fewer(after, before):
            return gone
        if one.pointer.removeprefix(f"{self.at}/[]") in self.lost:
            return None
        if new is not None and _is_of_fewer(before, after):
            return new
        # Some came and others went: those that stayed show what both sides have in common.
        both = Field(before.atoms & after.atoms, always=bool(before.atoms & after.atoms))
        is_either = _is_of_fewer(both, before) and _is_of_fewer(both, after)
        return gone if None not in (gone, new) and is_either else None


def _first(findings: Sequence[Finding], rule: str) -> int | None:
    return next((index for index, one in enumerate(findings) if one.rule == rule), None)


def _field(line: Any) -> Field:
    return _NOTHING if line is None else parse_field(str(line))


def _is_of_fewer(few: Field, many: Field) -> bool:
    """Whether a place can look like ``few`` in some of the rows that look like ``many`` in all."""
    if not few.atoms:
        return not many.always
    return few.atoms <= many.atoms and (few.always or not many.always)


def _is_swap(gone: Finding, new: Finding) -> bool:
    rules = (gone.rule, new.rule)
    is_swap = rules == ("model-capability-removed", "model-capability-added")
    return is_swap and gone.pointer == new.pointer
