"""One request of the leg against what a release sends: same, allowed to differ, or drift. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from harness.drift.findings import Finding, Unchecked, finding
from harness.drift.kinds import base_of
from harness.drift.snapshot import Field, Fields, parent_of
from harness.reference.history.facts import name_of_place
from harness.reference.wire.atoms import is_value
from harness.reference.wire.captured import Captured, Request

from .allowances import FILE, Allowance
from .requests import Asked

__all__ = ["SAME", "Row", "Verdicts", "against"]

SAME: Final = "same"
_ALLOWED: Final = "allowed"
_DRIFT: Final = "drift"
#: What whoever puts a request on the wire adds to it.
_OF_THE_WIRE: Final = frozenset({"/header/host", "/header/content-length", "/header/connection"})
_TOPS: Final = frozenset({"/header", "/query", ""})

Way = Literal["same", "missing", "extra", "value"]
_RULES: Final = {"missing": "leg/missing", "extra": "leg/extra", "value": "leg/value"}


@dataclass(frozen=True, slots=True)
class Row:
    """One place of one request.

    Attributes:
        request: which one of the leg's.
        surface: its part of the backend.
        kind, name: of the place, as in the history.
        pointer: of the place, as in a finding.
        way: ``same``; ``missing``: only the reference client sends it; ``extra``: only the leg
            does; ``value``: both, and not the same.
        theirs, ours: what is sent there, in one line each; ``None`` for nothing.
        allowance: what allows the difference, if anything does.
    """

    request: str
    surface: str
    kind: str
    name: str
    pointer: str
    way: Way
    theirs: str | None
    ours: str | None
    allowance: Allowance | None = None

    @property
    def verdict(self) -> str:
        """``same``, ``allowed`` or ``drift``."""
        if self.way == SAME:
            return SAME
        return _ALLOWED if self.allowance is not None else _DRIFT


@dataclass(slots=True)
class Verdicts:
    """What came of it.

    Attributes:
        rows: every place of every request.
        unused: allowances that nothing needs.
        unchecked: requests that could not be looked at.
    """

    rows: list[Row] = field(default_factory=list)
    unused: list[Allowance] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """What is neither the same nor allowed, and what is allowed for nothing."""
        told: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            if row.verdict == _DRIFT:
                told.setdefault((row.surface, row.pointer), row)
        return [
            *(_drift(row) for row in told.values()),
            *(_unused(one) for one in self.unused),
        ]


def against(asked: Iterable[Asked], newest: Captured, allowances: Sequence[Allowance]) -> Verdicts:
    """Set requests of the leg against a captured release.

    Args:
        asked: the requests.
        newest: the release.
        allowances: what may differ. One stands for its place and all that is below it.
    """
    found = Verdicts()
    used: set[Allowance] = set()
    seen: set[str] = set()
    missed: set[str] = set()
    for one in asked:
        if not newest.looked_at.intersection(one.vantages):
            runs = " or ".join(one.vantages)
            why = f"codex-cli {newest.version} is not captured in {runs}"
            found.unchecked.append(Unchecked(one.name, why))
            missed.add(one.surface)
            continue
        rows = list(_rows(one, _theirs(one, newest), allowances))
        used.update(row.allowance for row in rows if row.allowance is not None)
        seen.add(one.surface)
        found.rows += rows
    found.unused = [one for one in allowances if one.surface in seen - missed and one not in used]
    return found


def _theirs(asked: Asked, newest: Captured) -> Request | None:
    """The same request of the client; the last one of its run, in which most has happened."""
    for vantage in asked.vantages:
        requests = [one for one in newest.of([vantage]) if one.call == asked.call]
        if requests:
            return requests[-1]
    return None


def _rows(asked: Asked, theirs: Request | None, allowances: Sequence[Allowance]) -> Iterator[Row]:
    if theirs is None:
        name = asked.call.name
        allowed = _allowance(allowances, asked.surface, "endpoint", name)
        yield Row(
            asked.name, asked.surface, "endpoint", name, asked.call.pointer,
            "extra", None, name, allowed,
        )  # fmt: skip
        return
    for pointer in sorted({*asked.fields, *theirs.fields}):
        kind, name = name_of_place(pointer)
        ours, other = asked.fields.get(pointer), theirs.fields.get(pointer)
        if not name or pointer in _OF_THE_WIRE or _follows(pointer, asked.fields, theirs.fields):
            continue
        way = _way(ours, other)
        yield Row(
            asked.name, asked.surface, kind, name, pointer, way, _told(other), _told(ours),
            None if way == SAME else _allowance(allowances, asked.surface, kind, name),
        )  # fmt: skip


def _follows(pointer: str, ours: Fields, theirs: Fields) -> bool:
    """Whether it is there, or is not, because of what is above it."""
    above = parent_of(pointer)
    return above not in _TOPS and (above in ours) != (above in theirs)


def _way(ours: Field | None, theirs: Field | None) -> Way:
    if ours is None:
        return "missing"
    if theirs is None:
        return "extra"
    known = {_form(atom) for atom in theirs.atoms}
    return "same" if all(_form(atom) in known for atom in ours.atoms) else "value"


def _form(atom: str) -> str:
    """A value as it is; of what stands for something, what it is."""
    return atom if is_value(atom) else atom.partition("(")[0] or base_of(atom)


def _told(one: Field | None) -> str | None:
    return None if one is None else str(one)


def _allowance(
    allowances: Sequence[Allowance], surface: str, kind: str, name: str
) -> Allowance | None:
    return next(
        (
            one
            for one in allowances
            if (one.surface, one.kind) == (surface, kind) and f"{name}/".startswith(f"{one.name}/")
        ),
        None,
    )


_SAYS: Final = {
    "missing": "the reference client sends it ({theirs}), the leg does not, and nothing allows it",
    "extra": "the leg sends it ({ours}), the reference client does not, and nothing allows it",
    "value": "the leg sends {ours}, the reference client {theirs}, and nothing allows it",
}


def _drift(row: Row) -> Finding:
    said = _SAYS[row.way].format(ours=row.ours, theirs=row.theirs)
    return finding(
        _RULES[row.way],
        f"{row.request}, {row.name}: {said}",
        surface=row.surface,
        direction="request",
        pointer=row.pointer,
        before=row.theirs,
        after=row.ours,
    )


def _unused(one: Allowance) -> Finding:
    return finding(
        "leg/allowance-unused",
        f"{one.kind} {one.name}: the two do not differ there any more",
        surface=one.surface,
        direction="request",
        pointer=f"/{one.kind}/{one.name}",
        before=one.reason,
        where=f"schemas/{FILE}",
    )
