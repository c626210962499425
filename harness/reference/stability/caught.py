"""The sections of ``docs/stability.md`` about incidents: who catches them, and how early. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from .witnesses import Expected, Sighting, first_report
from .words import middle, table

__all__ = ["Incidents", "history_told", "lead_told", "levels_of", "witnesses_told"]

Incidents = Sequence[Mapping[str, Any]]

_WITNESSES: Final = ("probe", "capture", "canary")
#: Probes run once a night: days after the change, at most.
_NIGHT: Final = 1


def witnesses_told(incidents: Incidents, found: Sequence[Sighting]) -> Iterator[str]:
    """What each witness would have caught, and when."""
    yield "## What each witness would have caught, and when"
    yield (
        "A *probe* asks the live service with a credential, a *canary* asks it without one, a "
        "*capture* runs the reference client on loopback. Probes and canaries see a change in the "
        "night after it happened; a capture sees it on the day of the release, which may be before "
        "the service changes. A rule that was always there (latent) shows the first time that a "
        "probe asks."
    )
    cells = []
    for name in _WITNESSES:
        seen = [one for one in incidents if name in one["witness"]]
        alone = [one for one in seen if len(one["witness"]) == 1]
        kinds = Counter(one["kind"] for one in seen)
        grave = sum("breaking" in levels_of(one) for one in seen)
        cells.append(
            [name, str(len(seen)), str(len(alone)), str(grave), str(kinds["drift"]),
             str(kinds["latent-rule"]), str(kinds["outage"] + kinds["policy"])]
        )  # fmt: skip
    nobody = [one["id"] for one in incidents if not one["witness"]]
    columns = ["witness", " sees", " alone", " breaking", " drift", " latent", " outage, policy"]
    yield table(columns, cells)
    yield (
        f"{len(incidents)} incidents; {len(nobody)} are seen by none: "
        f"{', '.join(nobody) or 'none'}."
    )
    yield (
        "When: the drift of which somebody else than the vendor spoke on a known day. A probe and "
        "a canary count from the night after the day that the incident is dated, which often is "
        "the day of that very report; a capture from the day of the release in which the history "
        "has it ([below](#lead-time))."
    )
    columns = ["witness", " dated", " before the first report", " days before, in the middle",
               " at most", " on its day or in the night after"]  # fmt: skip
    yield table(columns, _when(incidents, found))


def _when(incidents: Incidents, found: Sequence[Sighting]) -> Iterator[list[str]]:
    """How much earlier than the first report by somebody else, by witness: days."""
    for name in _WITNESSES:
        leads = _leads(name, incidents, found)
        early = [days for days in leads if days > 0]
        if leads:
            counts = [str(len(leads)), str(len(early)), middle(early) if early else ""]
            yield [name, *counts, str(max(early, default="")), str(len(leads) - len(early))]


def _leads(name: str, incidents: Incidents, found: Sequence[Sighting]) -> list[int]:
    if name == "capture":
        return [one.lead for one in found if one.lead is not None]
    leads = []
    for one in incidents:
        day = date.fromisoformat(one["date"])
        report = first_report(one, day)
        if name in one["witness"] and one["kind"] == "drift" and report is not None:
            leads.append((report - day).days - _NIGHT)
    return leads


def history_told(found: Sequence[Sighting]) -> Iterator[str]:
    """Which incidents the history has, and which it misses."""
    named = [one for one in found if one.is_named]
    yield "## Incidents in the history"
    yield (
        "Every incident of which a capture shows something in the requests, and that names a "
        "release that is on npm. *In the history*: between which captured releases the place "
        "changed."
    )
    yield table(
        ["incident", "place", "named", "in the history", "found"],
        [row for one in named for row in _rows(one)],
    )
    yield "\n".join(["Misses:", "", *_misses(named)])
    others = [one for one in found if not one.is_named]
    yield "Incidents that name no release, with what the history has at their places:"
    yield table(
        ["incident", "date", "place", "in the history"],
        [
            [f"**{one.incident['id']}**", one.incident["date"], f"`{each.pointer}`", _edges(each)]
            for one in others
            for each in one.expected
        ],
    )


def _rows(one: Sighting) -> Iterator[list[str]]:
    releases = one.incident["releases"]
    named = " → ".join(releases[side] or "?" for side in ("before", "after"))
    for number, each in enumerate(one.expected):
        is_first = number == 0
        yield [
            _title(one) if is_first else "",
            f"{each.change}: `{each.pointer}`",
            named if is_first else "",
            " → ".join(each.found[:2]) if each.found is not None else _edges(each),
            "yes" if each.found is not None else "**no**",
        ]


def _title(one: Sighting) -> str:
    return f"**{one.incident['id']}** {one.incident['title']}"


def _edges(each: Expected) -> str:
    return ", ".join(f"{before} → {after}" for before, after, _ in each.edges) or "not seen"


def _misses(named: Sequence[Sighting]) -> Iterator[str]:
    missed = [one for one in named if one.verdict != "found"]
    for one in missed:
        gone = [each for each in one.expected if each.found is None]
        places = ", ".join(f"`{each.pointer}`" for each in gone)
        if any(each.edges for each in gone):
            why = "it changed at another release than the incident names"
        else:
            why = "no run of ours makes the client send it"
        note = one.incident.get("witness_note") or one.incident.get("note")
        yield f"- **{one.incident['id']}** {places}: {why}.{f' {note}' if note else ''}"
    if not missed:
        yield "- none."


def lead_told(found: Sequence[Sighting]) -> Iterator[str]:
    """How long after a release the world noticed."""
    rows = [one for one in found if one.released is not None]
    yield "## Lead time"
    yield (
        "From the day of the release that showed it to the first dated public report since, by "
        "somebody else than the vendor. Upstream commits and alpha builds are earlier still."
    )
    yield table(
        ["incident", "release", "released", "first report", " days"],
        [
            [_title(one), _release(one), str(one.released), str(one.report or "none since"),
             "" if one.lead is None else str(one.lead)]
            for one in rows
        ],
    )  # fmt: skip


def _release(one: Sighting) -> str:
    return next(
        each.found[1]
        for each in one.expected
        if each.found is not None and each.found[2] == one.released
    )


def levels_of(incident: Mapping[str, Any]) -> set[str]:
    """How grave an incident is to a client that ignores what it does not know."""
    return {
        one["level"]
        for case in incident.get("cases", ())
        for one in case["expect"]
        if one.get("profile") != "strict"
    }
