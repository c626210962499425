"""``codex-leg reference handles``: which events and errors a release acts on."""

from __future__ import annotations

import sys

import click

from harness.cli.reference.sheet import Sheet, print_sheet
from harness.cli.reference.trying import Doing, Trying, trying_options, unchecked
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.handles.handle import handle
from harness.reference.handles.table import Handled, HandlesTable, handles_from, handles_text
from harness.reference.releases import write_text
from harness.reference.trials.baselines import BaselineFails, Choice
from harness.reference.trials.bench import default_jobs
from harness.reference.trials.opening import open_release
from harness.report.writing import print_text

__all__ = ["command"]

_SURFACES = ("responses", "responses-ws", "auth")


@click.command(
    "handles",
    epilog="Examples: codex-leg reference handles 0.169.0; codex-leg reference handles newest "
    "--surface responses --only server_is_overloaded",
)
@trying_options(_SURFACES)
@click.option("--all", "everything", is_flag=True, help="Also what it makes no difference to.")
@unchecked
def command(*, trying: Trying, everything: bool) -> Exit:
    """Find out what a release of the Codex CLI acts on: send it one thing after the other.

    Every event type and every error code that the contract knows: in a stream, in a frame of a
    WebSocket, as an HTTP answer of this status, as the answer of the token endpoint. Shown is what
    it treats otherwise than one that nobody has: retried, told, refreshed, exit code. What was
    saved is in handles/ of the contract.

    What is broken off goes on where it was. VERSION may be newest.

    Exit codes: 0 all was looked at; 4 wrong use; 6 something could not be looked at.
    """
    contract = Contract(trying.root)
    if trying.saved:
        document = contract.observed.handles(trying.version)
        if document is None:
            raise click.UsageError(f"nothing is saved of {trying.version}; run without --saved.")
        return _tell(handles_from(document), trying, everything=everything)
    choice = Choice(frozenset(trying.surfaces), trying.names, trying.transport)
    with Doing(f"handles {trying.version}") as doing:
        try:
            with open_release(
                trying.version,
                contract,
                trying.journal("handles"),
                # Most of it is waiting for the next try.
                jobs=trying.jobs or 2 * default_jobs(),
                keep=trying.keep,
                again=trying.again,
            ) as opened:
                found = handle(
                    opened.bench,
                    contract,
                    choice,
                    journal=opened.journal,
                    progress=lambda done, total, acts: doing(done, total, f"{acts} acted on"),
                )
                table = found.table(opened.version, opened.sha256)
                doing.isolation(isolated=opened.bench.isolated)
                opened.journal.remove()
        except BaselineFails as error:
            print(f"codex-leg: {trying.version}: {error}", file=sys.stderr)
            return Exit.UNCHECKED
    if not table.rows:
        raise click.UsageError("nothing that it can be sent fits --surface, --only, --transport.")
    if trying.save:
        write_text(contract.path("handles", f"{table.version}.json"), handles_text(table))
    return _tell(table, trying, everything=everything)


def _tell(table: HandlesTable, trying: Trying, *, everything: bool) -> Exit:
    rows = [row for row in table.rows if _fits(row, trying)]
    if trying.face == "json":
        shown = HandlesTable(table.version, table.sha256, tuple(rows), table.unchecked)
        print_text(handles_text(shown), "json")
    else:
        print_sheet(_sheet(table, rows, everything=everything), trying.face)
    return Exit.UNCHECKED if table.unchecked else Exit.CLEAN


def _fits(row: Handled, trying: Trying) -> bool:
    if trying.surfaces and row.surface not in trying.surfaces:
        return False
    return not trying.names or any(name in row.name for name in trying.names)


def _sheet(table: HandlesTable, rows: list[Handled], *, everything: bool) -> Sheet:
    # What it does with one that nobody has is what it does with all that are not shown.
    shown = [row for row in rows if everything or row.acts or "codex_leg_unknown" in row.name]
    cells = [(row.surface, row.kind, row.name, _known(row), _words(row)) for row in shown]
    notes = [
        f"{len(rows)} looked at, {sum(row.acts for row in rows)} not treated like what nobody has.",
        *(f"Not looked at: {what}: {why}." for what, why in table.unchecked),
    ]
    if len(shown) < len(rows):
        notes.append(f"{len(rows) - len(shown)} are treated like codex_leg_unknown: --all.")
    grave = frozenset(n for n, row in enumerate(shown) if row.reaction.outcome == "fatal")
    columns = ("SURFACE", "KIND", "NAME", "KNOWN", "DOES")
    return Sheet(f"What {table.version} acts on", columns, cells, notes, grave)


def _known(row: Handled) -> str:
    return {True: "yes", False: "no", None: ""}[row.reaction.known]


def _words(row: Handled) -> str:
    if row.is_plain:
        return f"as with {row.like}: {row.reaction.observed}"
    return row.reaction.observed + (" (not every time)" if row.flaky else "")
