"""``codex-leg reference handles``: which events and errors a release acts on."""

from __future__ import annotations

import click

from harness.cli.reference.measuring import Measuring, Progress
from harness.cli.reference.sheet import Sheet
from harness.cli.reference.trying import Trying, trying_options, unchecked
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.handles.handle import handle
from harness.reference.handles.table import Handled, HandlesTable
from harness.reference.trials.baselines import Choice
from harness.reference.trials.bench import default_jobs
from harness.reference.trials.opening import Opened

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

    def take(
        opened: Opened, contract: Contract, choice: Choice, progress: Progress
    ) -> HandlesTable:
        found = handle(opened.bench, contract, choice, journal=opened.journal, progress=progress)
        return found.table(opened.version, opened.sha256)

    return Measuring(
        command="handles",
        folder="handles",
        saved=lambda contract, version: contract.observed.handles(version),
        read=HandlesTable.from_json,
        take=take,
        counts="acted on",
        nothing="nothing that it can be sent",
        sheet=lambda table: _sheet(table, everything=everything),
        # Most of it is waiting for the next try.
    ).run(trying, trying.jobs or 2 * default_jobs())


def _sheet(table: HandlesTable, *, everything: bool) -> Sheet:
    rows = table.rows
    # What it does with one that nobody has is what it does with all that are not shown.
    shown = [row for row in rows if everything or row.acts or not row.like]
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
