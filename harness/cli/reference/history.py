"""``codex-leg reference history``: which release sent what, first and last."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from harness.cli.options import unknown_name
from harness.cli.reference.sheet import Sheet, print_sheet
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.history import KINDS, History, HistoryRow, Span, read_history
from harness.report.writing import print_text

__all__ = ["command"]

_DATE: Final = re.compile(r"20[0-9]{2}(-[01][0-9](-[0-3][0-9])?)?")
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?")
_COLUMNS: Final = ("SURFACE", "KIND", "FIRST", "DATE", "LAST", "DATE", "NAME")


@click.command(
    "history",
    epilog="Examples: codex-leg reference history session-id; codex-leg reference history "
    "--since 0.155.0 --kind header; codex-leg reference history --since 2026-09 --format markdown",
)
@click.argument("name", required=False)
@click.option(
    "--since",
    metavar="VERSION|DATE",
    help="Only what came or went since this release, or since this day (2026-09-22, 2026-09).",
)
@click.option("--surface", "surfaces", multiple=True, metavar="SURFACE", help="Only this one.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only this one.")
@click.option(
    "--format",
    "face",
    type=click.Choice(["terminal", "json", "markdown"]),
    help="How to tell it; terminal by default. json follows schemas/report/history.json.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract, with its captures.",
)
def command(
    *,
    name: str | None,
    since: str | None,
    surfaces: tuple[str, ...],
    kinds: tuple[str, ...],
    face: str | None,
    as_json: bool,
    root: Path | None,
) -> Exit:
    """Show what releases of the Codex CLI send, and which releases: first and last, with dates.

    Facts are headers, fields, closed values, endpoints, transports, and the events that a release
    acts on. NAME is a part of their name. A release says nothing of a fact if it was not captured
    in a run that could show it.

    Exit codes: 0; 4 wrong use; 6 nothing is captured; 7 a capture is broken.
    """
    if as_json and face not in (None, "json"):
        raise click.UsageError(f"--json and --format {face} exclude each other.")
    history = read_history(Contract(root))
    if not history.versions:
        print("codex-leg: nothing is captured; see: codex-leg reference capture", file=sys.stderr)
        return Exit.UNCHECKED
    rows = _chosen(history, name, surfaces, kinds)
    if since is not None:
        first = _since(history, since)
        rows = [row for row in rows if _changed(row, first)]
    if as_json or face == "json":
        print_text(json.dumps(history.to_json(rows), indent=1, ensure_ascii=False) + "\n", "json")
    else:
        print_sheet(_sheet(history, rows), face or "terminal")
    return Exit.CLEAN


def _chosen(
    history: History, name: str | None, surfaces: Sequence[str], kinds: Sequence[str]
) -> list[HistoryRow]:
    known = dict.fromkeys(row.fact.surface for row in history.rows)
    for surface in surfaces:
        if surface not in known:
            raise click.UsageError(
                f"nothing was captured of a surface {surface!r}; there are: {', '.join(known)}."
            )
    rows = [
        row
        for row in history.rows
        if (not surfaces or row.fact.surface in surfaces) and (not kinds or row.fact.kind in kinds)
    ]
    if name is None:
        return rows
    found = [row for row in rows if name.lower() in row.fact.name.lower()]
    if not found:
        wrong = unknown_name("fact", name, dict.fromkeys(row.fact.name for row in rows))
        raise click.UsageError(wrong.message.replace("scenarios --facts", "reference history"))
    return found


def _since(history: History, since: str) -> int:
    """The number of the first release that counts."""
    if _VERSION.fullmatch(since):
        found = history.number(since)
    elif _DATE.fullmatch(since):
        found = history.since(since)
    else:
        raise click.UsageError(f"--since {since!r} is neither a version nor a date (2026-09-22).")
    if found is None:
        newest = history.versions[-1]
        raise click.UsageError(f"--since {since}: the newest release that is captured is {newest}.")
    return found


def _changed(row: HistoryRow, first: int) -> bool:
    """Whether it came or went with the release of this number, or later."""
    return any(
        (one.not_before is not None and one.first >= first)
        or (one.gone is not None and one.gone >= first)
        for one in row.spans
    )


def _sheet(history: History, rows: Sequence[HistoryRow]) -> Sheet:
    versions = history.versions
    span = (f"{versions[n]} ({history.day(n)})" for n in (0, -1))
    notes = [
        f"{len(rows)} of {len(history.rows)} facts, {len(versions)} releases: {' to '.join(span)}.",
        "after: the last release known not to have it, where that is not the captured one before.",
        "or earlier: no release is known not to have it.",
    ]
    cells = [_cells(history, row, one) for row in rows for one in row.spans]
    return Sheet("History of the wire", _COLUMNS, cells, notes)


def _cells(history: History, row: HistoryRow, span: Span) -> list[str]:
    first, *others = _first(history, span)
    alive = span.gone is None
    return [
        row.fact.surface,
        row.fact.kind,
        " ".join([first, *others]),
        history.day(span.first),
        "still" if alive else history.versions[span.last],
        "" if alive else history.day(span.last),
        row.fact.name,
    ]


def _first(history: History, span: Span) -> Iterator[str]:
    yield history.versions[span.first]
    if span.not_before is None:
        if span.first > 0:
            yield "(or earlier)"
    elif span.not_before < span.first - 1:
        yield f"(after {history.versions[span.not_before]})"
