"""``codex-leg reference bisect``: the release in which something appeared or vanished."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from harness.cli.options import unknown_name
from harness.cli.reference.steps import Steps
from harness.contract import Contract, version_key
from harness.exits import Exit
from harness.lines import visible
from harness.reference import npm
from harness.reference.history import KINDS, Fact, History, HistoryRow, read_history
from harness.reference.history.bisect import Bisected, Edge, bisect, edges_of, to_json
from harness.reference.releases import stable
from harness.report.writing import print_text

__all__ = ["command"]

_MOST: Final = 8
_NAMED: Final = 8


@click.command(
    "bisect",
    epilog="Examples: codex-leg reference bisect session-id; codex-leg reference bisect "
    "/client_metadata --surface responses; codex-leg reference bisect zstd --good 0.92.0 "
    "--bad 0.95.0",
)
@click.argument("name")
@click.option("--good", metavar="VERSION", help="A release before the change.")
@click.option("--bad", metavar="VERSION", help="A later release, after the change.")
@click.option("--surface", metavar="SURFACE", help="Where there are several facts of this name.")
@click.option("--kind", type=click.Choice(KINDS), help="The same.")
@click.option(
    "--most",
    type=click.IntRange(0, 64),
    default=_MOST,
    show_default=True,
    help="So many releases are run.",
)
@click.option("--keep", is_flag=True, help="Keep what was installed (100 to 400 MB each).")
@click.option("--json", "as_json", is_flag=True, help="For machines: schemas/report/bisect.json.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract, with its captures.",
)
def command(
    *,
    name: str,
    good: str | None,
    bad: str | None,
    surface: str | None,
    kind: str | None,
    most: int,
    keep: bool,
    as_json: bool,
    root: Path | None,
) -> Exit:
    """Find the exact release in which a header, field, value, endpoint … appeared or vanished.

    The history says between which captured releases that was. Of those published in between, as
    few as possible are installed, run for one turn, and removed again. Nothing is written.

    Exit codes: 0 found; 4 wrong use; 6 not found: something could not be run.
    """
    contract = Contract(root)
    history = read_history(contract)
    row = _row_of(history, name, surface, kind)
    edges = _edges(history, row, good, bad)
    published, note = _published(contract)
    if note:
        print(f"codex-leg: {visible(note)}", file=sys.stderr)
    found, installed = _bisect(contract, row.fact, edges, published, most, keep=keep)
    releases = contract.reference.releases

    def date(version: str) -> str | None:
        return releases[version].date if version in releases else None

    if as_json:
        document = to_json(row.fact, found, date, installed)
        print_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "json")
    else:
        print_text("".join(f"{line}\n" for line in _lines(row.fact, found, date)), "terminal")
        print(f"codex-leg: {installed} installed", file=sys.stderr)
    is_known = bool(found) and all(one.is_found for one in found) and not note
    return Exit.CLEAN if is_known else Exit.UNCHECKED


def _row_of(history: History, name: str, surface: str | None, kind: str | None) -> HistoryRow:
    """The fact of this name, or the only one whose name holds it."""
    rows = [
        row
        for row in history.rows
        if surface in (None, row.fact.surface) and kind in (None, row.fact.kind)
    ]
    exact = [row for row in rows if row.fact.name.lower() == name.lower()]
    found = exact or [row for row in rows if name.lower() in row.fact.name.lower()]
    if not found:
        wrong = unknown_name("fact", name, dict.fromkeys(row.fact.name for row in rows))
        raise click.UsageError(wrong.message.replace("scenarios --facts", "reference history"))
    # Over HTTPS and over WebSocket the same: what is found over HTTPS is found sooner.
    places = {(row.fact.kind, row.fact.name) for row in found}
    if len(places) > 1:
        named = ", ".join(sorted(f"{kind} {name}" for kind, name in places)[:_NAMED])
        more = f", and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        raise click.UsageError(f"{len(places)} facts have {name!r} in their name: {named}{more}.")
    return found[0]


def _edges(history: History, row: HistoryRow, good: str | None, bad: str | None) -> list[Edge]:
    if good is None and bad is None:
        found = list(edges_of(history, row))
        if not found:
            raise click.UsageError(f"every captured release has it: {row.fact.name}.")
        return found
    if good is None or bad is None:
        raise click.UsageError("--good and --bad belong together.")
    if version_key(good) >= version_key(bad):
        raise click.UsageError(f"--good {good} is not older than --bad {bad}.")
    has = [_has(history, row, version) for version in (good, bad)]
    known = [one for one in edges_of(history, row) if _is_within(one, good, bad)]
    if known:
        # What is captured need not be run again.
        return known
    if has[0] == has[1]:
        which = "both have it" if has[0] else "neither has it"
        raise click.UsageError(f"{good} and {bad}: {which}, as the history says.")
    seen = row.seen[min(row.seen, key=lambda n: abs(n - (history.number(bad) or 0)))]
    return [Edge("vanished" if has[0] else "appeared", good, bad, seen)]


def _is_within(edge: Edge, good: str, bad: str) -> bool:
    low, high = version_key(good), version_key(bad)
    return low <= version_key(edge.before) and version_key(edge.after) <= high


def _has(history: History, row: HistoryRow, version: str) -> bool:
    """Whether a release has the fact, as far as the history knows."""
    key, versions = version_key(version), history.versions
    for one in row.spans:
        if version_key(versions[one.first]) <= key <= version_key(versions[one.last]):
            return True
    if version not in versions:
        raise click.UsageError(
            f"{version} is not captured, so that it is not known whether it has {row.fact.name}."
        )
    return False


def _published(contract: Contract) -> tuple[Sequence[str], str]:
    """The versions on npm; those that are known here, and why, if npm does not answer."""
    try:
        return stable(npm.times()), ""
    except npm.InstallError as error:
        return stable(contract.reference.releases), f"{error}; known releases are gone by"


def _bisect(
    contract: Contract,
    fact: Fact,
    edges: Sequence[Edge],
    published: Sequence[str],
    most: int,
    *,
    keep: bool,
) -> tuple[list[Bisected], int]:
    from harness.reference.crew import CaptureError  # noqa: PLC0415 — only to run something
    from harness.reference.history.probing import Prober, best_of  # noqa: PLC0415

    found: list[Bisected] = []
    installed: set[str] = set()
    with Steps(len(edges)) as steps:
        for edge in edges:
            steps.begin(f"{edge.before} … {edge.after}")
            prober = Prober(contract, fact, best_of(edge.vantages), keep=keep, tell=steps.step)
            left = most - sum(len(one.looked) for one in found)
            cannot = (npm.InstallError, CaptureError, OSError)
            found.append(
                bisect(edge, published, _said(prober.has, steps), most=left, cannot=cannot)
            )
            installed.update(prober.installed)
            steps.end(edge.change, _told(found[-1]))
    return found, len(installed)


def _said(has: Callable[[str], bool], steps: Steps) -> Callable[[str], bool]:
    def said(version: str) -> bool:
        steps.step(version)
        return has(version)

    return said


def _told(one: Bisected) -> str:
    if one.is_found:
        return f"in {one.after}; {one.before} is before it"
    return f"between {one.before} and {one.after}, {len(one.between)} between them: {one.why}"


def _lines(fact: Fact, found: Sequence[Bisected], date: Callable[[str], str | None]) -> list[str]:
    lines = [f"{fact.kind} {fact.name} ({fact.surface})"]
    for one in found:
        if one.is_found:
            day = date(one.after) or "date unknown"
            lines.append(f"  {one.edge.change} in {one.after} ({day}); last before: {one.before}")
        else:
            lines.append(f"  {one.edge.change} {_told(one)}")
        for tried in one.looked:
            has = {True: "has it", False: "has it not", None: f"could not be run: {tried.why}"}
            lines.append(f"    {tried.version} {has[tried.has]}")
    return [visible(line) for line in lines]
