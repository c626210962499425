"""In which release a fact appeared or vanished: from the history, and by trying what is between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from harness.contract import version_key

from .facts import HANDLES, Fact
from .history import History, HistoryRow

__all__ = ["FORMAT", "Bisected", "Edge", "Looked", "bisect", "edges_of", "to_json"]

FORMAT: Final = "codex-leg/bisect/1"

Change = Literal["appeared", "vanished"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of a fact, and the releases between which it lies.

    Attributes:
        change: ``appeared`` or ``vanished``.
        before: a release before it.
        after: a later release, after it.
        vantages: the runs that show the fact on the side that has it.
    """

    change: Change
    before: str
    after: str
    vantages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Looked:
    """A release that was tried.

    Attributes:
        version: of it.
        has: whether it has the fact; ``None`` if it could not be tried.
        why: why not.
    """

    version: str
    has: bool | None
    why: str = ""


@dataclass(slots=True)
class Bisected:
    """What is known of an edge now.

    Attributes:
        edge: as it was.
        before, after: the narrowest pair of releases that it lies between.
        between: published releases between these two; none if the release is found.
        looked: what was tried.
        why: why it is not found.
    """

    edge: Edge
    before: str
    after: str
    between: list[str] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    why: str = ""

    @property
    def is_found(self) -> bool:
        """Whether ``after`` is the release."""
        return not self.between


def edges_of(history: History, row: HistoryRow) -> Iterator[Edge]:
    """The changes of a fact that the history brackets, oldest first."""
    versions = history.versions
    for span in row.spans:
        if span.not_before is not None:
            seen = row.seen[span.first]
            yield Edge("appeared", versions[span.not_before], versions[span.first], seen)
        if span.gone is not None:
            seen = row.seen[span.seen]
            yield Edge("vanished", versions[span.seen], versions[span.gone], seen)


def bisect(
    edge: Edge,
    published: Iterable[str],
    has: Callable[[str], bool],
    *,
    most: int,
    cannot: tuple[type[Exception], ...],
) -> Bisected:
    """Halve what is between, until nothing is.

    Args:
        edge: the change. Between its two sides it happens once.
        published: the versions that there are.
        has: whether a release has the fact; called ``most`` times at most.
        most: how many releases may be tried.
        cannot: what ``has`` raises where a release cannot be tried; then its neighbour is.
    """
    found = Bisected(edge, edge.before, edge.after)
    found.between = _between(published, edge.before, edge.after)
    untried = list(found.between)
    while untried and len(found.looked) < most and HANDLES not in edge.vantages:
        version = untried[len(untried) // 2]
        try:
            is_there = has(version)
        except cannot as error:
            found.looked.append(Looked(version, None, str(error)))
            untried.remove(version)
            continue
        found.looked.append(Looked(version, is_there))
        if is_there == (edge.change == "appeared"):
            found.after = version
        else:
            found.before = version
        found.between = _between(found.between, found.before, found.after)
        tried = {one.version for one in found.looked}
        untried = [one for one in found.between if one not in tried]
    if found.between:
        found.why = _why(found, edge, most)
    return found


def _why(found: Bisected, edge: Edge, most: int) -> str:
    if HANDLES in edge.vantages:
        return "what a release acts on is found out by codex-leg reference handles VERSION"
    failed = [one for one in found.looked if one.has is None]
    if failed and len(found.looked) < most:
        return f"{failed[-1].version}: {failed[-1].why}"
    return f"{most} releases were tried, and no more may be"


def _between(versions: Iterable[str], before: str, after: str) -> list[str]:
    low, high = version_key(before), version_key(after)
    return sorted((one for one in versions if low < version_key(one) < high), key=version_key)


def to_json(
    fact: Fact, found: Sequence[Bisected], dates: Callable[[str], str | None], installed: int
) -> dict[str, Any]:
    """The document of ``schemas/report/bisect.json``."""
    return {
        "format": FORMAT,
        "fact": {"surface": fact.surface, "kind": fact.kind, "name": fact.name},
        "edges": [
            {
                "change": one.edge.change,
                "release": one.after if one.is_found else None,
                "before": {"version": one.before, "date": dates(one.before)},
                "after": {"version": one.after, "date": dates(one.after)},
                "between": one.between,
                "tried": [
                    {"version": tried.version, "has": tried.has, "why": tried.why}
                    for tried in one.looked
                ],
                "why": one.why,
            }
            for one in found
        ],
        "installed": installed,
    }
