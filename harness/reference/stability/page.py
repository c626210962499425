"""``docs/stability.md``: what it costs to depend on this protocol. Every number is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.contract import Contract
from harness.incidents import FOLDER, read_incidents
from harness.reference.history import History, history_of
from harness.reference.history.facts import Fact, name_of_place
from harness.reference.leg import leg_requests
from harness.reference.wire.captured import Captured, Reader

from .ages import CLASSES, cohorts, survivals
from .caught import history_told, lead_told, levels_of, witnesses_told
from .changes import Step, by_month, steps_of
from .witnesses import Sighting, sightings
from .words import counted, middle, percent, sign_of, table

__all__ = ["stability_page"]

_DAYS: Final = (30, 90, 180, 365)
#: So many changes of a release are named.
_NAMED: Final = 6
_COHORTS: Final = 6


@dataclass(frozen=True, slots=True)
class _Data:
    """All that the page is made of."""

    contract: Contract
    captured: Sequence[Captured]
    history: History
    steps: Sequence[Step]
    incidents: Sequence[Mapping[str, Any]]
    sightings: Sequence[Sighting]


def stability_page(contract: Contract) -> str:
    """``docs/stability.md``.

    Raises:
        ContractErrors: a capture, or a file of the corpus, cannot be read.
    """
    reader = Reader(contract)
    captured = [reader.read(version) for version in contract.reference.versions]
    history = history_of(captured, contract.observed.handles)
    incidents = read_incidents(contract.path(FOLDER))
    published = contract.reference.releases
    data = _Data(
        contract,
        captured,
        history,
        steps_of(captured),
        incidents,
        sightings(incidents, history, published),
    )
    lines = [
        *_answer(data),
        *_changes(data),
        *_ages(data),
        *witnesses_told(incidents, data.sightings),
        *history_told(data.sightings),
        *lead_told(data.sightings),
        *_releases(data),
    ]
    return "\n\n".join(lines) + "\n"


def _answer(data: _Data) -> Iterator[str]:
    yield "# Stability"
    yield (
        "Generated from the captures below `cassettes/reference/` and from the corpus of incidents "
        "([incidents.md](incidents.md)); `make generated` writes it anew. What a client sends is "
        "not what a server demands: a change here is a sign, an incident is a break."
    )
    yield "## What does it cost to depend on this protocol?"
    points = (_watching(data), _about_leg(data), _breaking(data), _warning(data))
    yield "\n".join(f"- {point}" for point in points)


def _watching(data: _Data) -> str:
    steps, published = data.steps, data.contract.reference.releases
    months = by_month(steps, published.values())
    changed = [one for one in steps if one.findings]
    count = sum(len(one.findings) for one in steps)
    first, last = data.history.versions[0], data.history.versions[-1]
    return (
        f"**Watching.** {counted(len(published), 'release')} from {first} to {last} are on npm; "
        f"{len(data.captured)} are captured. Of {len(steps)} steps from one captured release to "
        f"the next, {len(changed)} ({percent(len(changed) / len(steps))}) changed something on the "
        f"wire: {count} changes, {count / len(months):.0f} a month. That is a report to be read "
        f"{len(changed) / len(months):.0f} times a month."
    )


def _breaking(data: _Data) -> str:
    drift = [one for one in data.incidents if one["kind"] == "drift"]
    grave = [one for one in data.incidents if "breaking" in levels_of(one)]
    months = len({one["date"][:7] for one in data.incidents})
    return (
        f"**Breaking.** {len(data.incidents)} documented incidents in {months} months, "
        f"{len(drift)} of them drift; {len(grave)} are breaking even to a client that ignores what "
        "it does not know."
    )


def _about_leg(data: _Data) -> str:
    """What of the leg's own turn has been the same all the time."""
    turn = next(one for one in leg_requests() if one.name == "turn")
    old: list[str] = []
    young: list[str] = []
    for pointer in turn.fields:
        kind, name = name_of_place(pointer)
        row = data.history.find(Fact(turn.surface, kind, name)) if name else None
        if row is None or name.count("/") > 1:
            continue
        span = row.spans[-1]
        if span.gone is None:
            first = data.history.versions[span.first]
            (old if span.first == 0 else young).append(f"`{name}` ({first})")
    return (
        f"**Sending little.** Of the {len(old) + len(young)} headers and top-level fields that "
        f"the leg's own turn has in common with the newest release, {len(old)} have been there in "
        f"every captured release; {len(young)} came later: {', '.join(young) or 'none'}."
    )


def _warning(data: _Data) -> str:
    seen = [one for one in data.sightings if one.is_named]
    verdicts = Counter(one.verdict for one in seen)
    said = (
        f"**Warning.** Of the {len(seen)} incidents that a capture can see and that name their "
        f"release, {verdicts['found']} are found in the history at that release, "
        f"{verdicts['partly']} partly."
    )
    leads = [one.lead for one in data.sightings if one.lead is not None]
    if leads:
        said += (
            f" From the release to the first public report by somebody else it took "
            f"{middle(leads)} days in the middle, {min(leads)} at least, {max(leads)} at most."
        )
    return said


def _changes(data: _Data) -> Iterator[str]:
    months = by_month(data.steps, data.contract.reference.releases.values())
    totals: Counter[str] = Counter()
    for month in months:
        totals += month.findings
    surfaces = [name for name, _ in totals.most_common()]
    undated = [one.version for one in data.contract.reference.releases.values() if not one.date]
    yield "## Changes by month and surface"
    yield (
        "Findings of `codex-leg reference diff` between neighbours, less the benign ones. A change "
        "that shows over both transports counts once, under `responses`; `other` is what the "
        "client calls beside the turn and the contract does not know. Of "
        f"{counted(len(undated), 'release')} nobody says the day; they count in the month by which "
        "they were there."
    )
    cells = [_month(one.name, one.published, one.changed, one.findings, surfaces) for one in months]
    published, changed = (sum(counts) for counts in zip(
        *((one.published, one.changed) for one in months), strict=True))  # fmt: skip
    cells.append(_month("**all**", published, changed, totals, surfaces))
    yield table(
        ["month", " on npm", " that changed", *(f" {name}" for name in surfaces), " all"], cells
    )


def _month(
    name: str, published: int, changed: int, found: Counter[str], surfaces: Sequence[str]
) -> list[str]:
    counts = [*(found[surface] for surface in surfaces), found.total()]
    return [name, str(published), str(changed), *(str(count or "") for count in counts)]


def _ages(data: _Data) -> Iterator[str]:
    found = survivals(data.history)
    yield "## How long things live"
    yield (
        "Kaplan and Meier's estimate over everything that came after the first captured release: "
        "the share that is still sent so many days after it came. Most are still alive, and count "
        "for as long as they were watched. WebSocket is left out: it is the same protocol again."
    )
    cells = []
    for name, one in found.items():
        half = f"{one.half_life} days" if one.half_life is not None else f"over {one.longest} days"
        shares = [percent(one.at(days)) for days in _DAYS]
        cells.append([name, str(one.count), str(one.ended), *shares, half])
    columns = ["", " came", " gone", *(f" {days} days" for days in _DAYS), " half-life"]
    yield table(columns, cells)
    count = len(data.captured) - 1
    numbers = sorted({count * part // _COHORTS for part in range(_COHORTS)})
    yield "What a release sent, and how much of it the newest one still sends:"
    cells = [
        [one.version, one.day, *(f"{kept} of {of}" for kept, of in one.kept.values())]
        for one in cohorts(data.history, numbers)
    ]
    yield table(["release", "date", *(f" {name}" for name in CLASSES)], cells)


def _releases(data: _Data) -> Iterator[str]:
    yield "## What changed, release by release"
    yield (
        "Steps without a change are left out. `codex-leg reference diff` shows each in full, "
        "`codex-leg reference history NAME` where a thing began and ended."
    )
    cells = []
    for one in data.steps:
        if one.findings:
            signs = list(dict.fromkeys(sign_of(each) for each in one.findings))
            more = f", and {len(signs) - _NAMED} more" if len(signs) > _NAMED else ""
            day = one.after.release.day if one.after.release is not None else ""
            cells.append(
                [one.before.version, one.after.version, day, ", ".join(signs[:_NAMED]) + more]
            )
    yield table(["after", "in", "date", "what"], cells)
