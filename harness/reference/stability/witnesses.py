"""The documented incidents, and what each witness makes of them: is it found, where, how early.

What a capture can see of an incident stands in its cases, as findings of the rules ``client-…``.
Each is held against the history: does the fact change there, and between the releases that the
incident names?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from harness.contract import version_key
from harness.reference.history import Fact, History, Span
from harness.reference.history.facts import name_of_place
from harness.reference.runs import WEBSOCKET

__all__ = ["Change", "Expected", "Sighting", "first_report", "is_for_capture", "sightings"]

Change = Literal["came", "went", "changed"]

#: The vendor's own repository: what is said there of a release is no break of anybody else's.
_VENDOR: Final = "openai/codex#"
_ENDINGS: Final[Mapping[str, Change]] = {
    "-added": "came",
    "-removed": "went",
    "-renamed": "went",
    "-value-changed": "changed",
    "client-encoding-changed": "came",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that a capture should have seen.

    Attributes:
        rule: the rule that it comes under.
        pointer: the place, as in the corpus.
        change: what becomes of it.
        edges: (last release before, first release after, day) of each such change in the history.
        found: the one of these that lies between the releases of the incident.
    """

    rule: str
    pointer: str
    change: Change
    edges: tuple[tuple[str, str, date | None], ...]
    found: tuple[str, str, date | None] | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """An incident that a capture can see, and what the history says of it.

    Attributes:
        incident: as in the corpus.
        expected: what a capture should have seen, each once.
        is_named: whether the incident names a release that is on npm.
    """

    incident: Mapping[str, Any]
    expected: Sequence[Expected]
    is_named: bool

    @property
    def verdict(self) -> str:
        """``found``; ``partly``; ``elsewhere``: at another release; ``not seen``: at none."""
        found = sum(one.found is not None for one in self.expected)
        if found == len(self.expected):
            return "found"
        if found:
            return "partly"
        return "elsewhere" if any(one.edges for one in self.expected) else "not seen"

    @property
    def released(self) -> date | None:
        """The day of the release that showed it first."""
        days = [one.found[2] for one in self.expected if one.found is not None]
        return min((day for day in days if day is not None), default=None)

    @property
    def report(self) -> date | None:
        """The day of the first public report since that release, by somebody else."""
        return None if self.released is None else first_report(self.incident, self.released)

    @property
    def lead(self) -> int | None:
        """Days from the one to the other."""
        report, released = self.report, self.released
        return None if report is None or released is None else (report - released).days


def is_for_capture(incident: Mapping[str, Any]) -> bool:
    """Whether a capture of the reference client can see it, in the requests themselves."""
    return "capture" in incident["witness"] and any(_client_expectations(incident))


def sightings(
    incidents: Iterable[Mapping[str, Any]], history: History, published: Iterable[str]
) -> list[Sighting]:
    """What the history says of each incident that a capture can see.

    Args:
        incidents: the corpus.
        history: of what was captured.
        published: the versions on npm.
    """
    on_npm = frozenset(published)
    found = []
    for incident in incidents:
        if not is_for_capture(incident):
            continue
        releases = incident.get("releases", {})
        named = [releases.get(side) for side in ("before", "after")]
        expected: dict[tuple[Change, str], Expected] = {}
        for surface, rule, pointer in _client_expectations(incident):
            one = _expected(rule, pointer, surface, named, history)
            expected.setdefault((one.change, one.pointer), one)
        is_named = any(named) and all(one is None or one in on_npm for one in named)
        found.append(Sighting(incident, list(expected.values()), is_named))
    return found


def first_report(incident: Mapping[str, Any], released: date) -> date | None:
    """The first dated word about it since a release, by somebody else than the vendor."""
    days = [
        date.fromisoformat(one["date"])
        for one in incident["sources"]
        if "date" in one and not one["ref"].startswith(_VENDOR)
    ]
    return min((day for day in days if day >= released), default=None)


def _client_expectations(incident: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Surface, rule and place of what a capture shows."""
    for case in incident.get("cases", ()):
        for one in case["expect"]:
            if one["rule"].startswith("client-"):
                yield case["surface"], one["rule"], one["pointer"]


def _expected(
    rule: str, pointer: str, surface: str, named: Sequence[str | None], history: History
) -> Expected:
    change = next(change for ending, change in _ENDINGS.items() if rule.endswith(ending))
    edges = tuple(sorted(set(_edges(history, surface, pointer, change)), key=_by_version))
    fitting = (one for one in edges if _fits(one, named))
    return Expected(rule, pointer, change, edges, next(fitting, None))


def _edges(
    history: History, surface: str, pointer: str, change: Change
) -> Iterator[tuple[str, str, date | None]]:
    for row in history.rows:
        if _is_meant(row.fact, surface, pointer, change):
            for span in row.spans:
                for before, after in _ends(span, change):
                    day = history.date(after)
                    found = None if day is None else date.fromisoformat(day)
                    yield history.versions[before], history.versions[after], found


def _ends(span: Span, change: Change) -> Iterator[tuple[int, int]]:
    if change in ("came", "changed") and span.not_before is not None:
        yield span.not_before, span.first
    if change in ("went", "changed") and span.gone is not None:
        yield span.seen, span.gone


def _is_meant(fact: Fact, surface: str, pointer: str, change: Change) -> bool:
    top, _, rest = pointer.removeprefix("/").partition("/")
    if top == "endpoint":
        method, _, path = rest.partition(" ")
        found, _, address = fact.name.partition(" ")
        return fact.kind == "endpoint" and found == method and address.endswith(path)
    if top == "transport":
        return fact.kind == "transport" and fact.name == (WEBSOCKET if rest == "ws" else rest)
    if fact.surface != surface:
        return False
    kind, name = name_of_place(pointer)
    if change == "changed":
        return fact.kind == "value" and fact.name.startswith(f"{name}: ")
    return (fact.kind, fact.name) == (kind, name)


def _fits(edge: tuple[str, str, date | None], named: Sequence[str | None]) -> bool:
    """Whether a change lies where an incident says: between its releases, or at the one named."""
    low, high = version_key(edge[0]), version_key(edge[1])
    before, after = (None if one is None else version_key(one) for one in named)
    if before is not None and after is not None:
        return before <= low and high <= after
    if after is not None:
        return low < after <= high
    return before is not None and low <= before < high


def _by_version(edge: tuple[str, str, date | None]) -> tuple[Any, ...]:
    return version_key(edge[1]), version_key(edge[0])
