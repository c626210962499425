"""``codex-leg reference ablate``: what a release cannot live without."""

from __future__ import annotations

from collections import Counter

import click

from harness.cli.reference.measuring import Measuring, Progress
from harness.cli.reference.sheet import Sheet
from harness.cli.reference.trying import Trying, trying_options, unchecked
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.ablation.ablate import ablate
from harness.reference.ablation.table import Table
from harness.reference.ablation.verdict import NO_CHANGE
from harness.reference.trials.baselines import Choice
from harness.reference.trials.opening import Opened

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

    def take(opened: Opened, contract: Contract, choice: Choice, progress: Progress) -> Table:
        del contract
        found = ablate(opened.bench, choice, each=each, journal=opened.journal, progress=progress)
        return found.table(opened.version, opened.sha256)

    return Measuring(
        command="ablate",
        folder="ablations",
        saved=lambda contract, version: contract.observed.ablation(version),
        read=Table.from_json,
        take=take,
        counts="failing",
        nothing="nothing that it is answered",
        sheet=lambda table: _sheet(table, everything=everything),
    ).run(trying, trying.jobs)


def _sheet(table: Table, *, everything: bool) -> Sheet:
    rows = table.rows
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
