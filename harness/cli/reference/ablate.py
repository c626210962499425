"""``codex-leg reference ablate``: what a release cannot live without."""

from __future__ import annotations

import sys
from collections import Counter

import click

from harness.cli.reference.sheet import Sheet, print_sheet
from harness.cli.reference.trying import Doing, Trying, trying_options, unchecked
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.ablation.ablate import BaselineFails, Choice, ablate
from harness.reference.ablation.table import Row, Table, table_from, text_of
from harness.reference.ablation.verdict import NO_CHANGE
from harness.reference.releases import write_text
from harness.reference.trials.opening import open_release
from harness.report.writing import print_text

__all__ = ["command"]

_SURFACES = ("accounts", "models", "auth", "responses", "responses-ws", "other")


@click.command(
    "ablate",
    epilog="Examples: codex-leg reference ablate 0.169.0; codex-leg reference ablate 0.156.0 "
    "--surface accounts; codex-leg reference ablate newest --only response.completed",
)
@trying_options(_SURFACES)
@click.option("--each", is_flag=True, help="Try each thing alone, not in groups first.")
@click.option("--all", "everything", is_flag=True, help="Also show what can be done without.")
@unchecked
def command(*, trying: Trying, each: bool, everything: bool) -> Exit:
    """Find out what a release of the Codex CLI needs: take one thing after the other away.

    Each endpoint that it calls, each header, event and field that the stand-in answers is left out
    of one turn, and then made null; an endpoint answers 404, 500, {}, nothing, or is not there.
    What changes anything is tried again. What was saved is in ablations/ of the contract.

    What is broken off goes on where it was. VERSION may be newest.

    Exit codes: 0 all was looked at; 4 wrong use; 6 something could not be looked at.
    """
    contract = Contract(trying.root)
    if trying.saved:
        document = contract.observed.ablation(trying.version)
        if document is None:
            raise click.UsageError(f"nothing is saved of {trying.version}; run without --saved.")
        return _tell(table_from(document), trying, everything=everything)
    choice = Choice(frozenset(trying.surfaces), trying.names, trying.transport)
    with Doing(f"ablate {trying.version}") as doing:
        try:
            with open_release(
                trying.version,
                contract,
                trying.journal("ablate"),
                jobs=trying.jobs,
                keep=trying.keep,
                again=trying.again,
            ) as opened:
                found = ablate(
                    opened.bench,
                    choice,
                    each=each,
                    journal=opened.journal,
                    progress=lambda done, total, failed: doing(done, total, f"{failed} failing"),
                )
                table = found.table(opened.version, opened.sha256)
                doing.isolation(isolated=opened.bench.isolated)
                opened.journal.remove()
        except BaselineFails as error:
            print(f"codex-leg: {trying.version}: {error}", file=sys.stderr)
            return Exit.UNCHECKED
    if not table.rows:
        raise click.UsageError("nothing that it is answered fits --surface, --only, --transport.")
    if trying.save:
        write_text(contract.path("ablations", f"{table.version}.json"), text_of(table))
    return _tell(table, trying, everything=everything)


def _tell(table: Table, trying: Trying, *, everything: bool) -> Exit:
    rows = [row for row in table.rows if _fits(row, trying)]
    if trying.face == "json":
        shown = Table(table.version, table.sha256, tuple(rows), table.unchecked)
        print_text(text_of(shown), "json")
    else:
        print_sheet(_sheet(table, rows, everything=everything), trying.face)
    return Exit.UNCHECKED if table.unchecked else Exit.CLEAN


def _fits(row: Row, trying: Trying) -> bool:
    if trying.surfaces and row.surface not in trying.surfaces:
        return False
    return not trying.names or any(name in row.name for name in trying.names)


def _sheet(table: Table, rows: list[Row], *, everything: bool) -> Sheet:
    shown = [row for row in rows if everything or row.observed != NO_CHANGE]
    cells = [
        ("needed" if row.required else "", row.surface, row.kind, row.name, row.observed)
        for row in shown
    ]
    needed = Counter(row.kind for row in rows if row.required)
    kinds = ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in needed.items())
    notes = [
        f"{len(rows)} looked at; needed: {kinds or 'none'}.",
        *(f"Not looked at: {what}: {why}." for what, why in table.unchecked),
    ]
    if len(shown) < len(rows):
        notes.append(f"{len(rows) - len(shown)} can be left out and nothing changes: --all.")
    grave = frozenset(number for number, row in enumerate(shown) if row.required)
    columns = ("", "SURFACE", "KIND", "NAME", "WITHOUT IT")
    return Sheet(f"What {table.version} needs", columns, cells, notes, grave)
