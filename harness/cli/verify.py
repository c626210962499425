"""``codex-leg verify``: every probe, its verdict, one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.contract import Contract
from harness.exits import Exit, WrongUse
from harness.verification import verify

__all__ = ["command"]


@click.command(
    "verify",
    epilog="Examples: codex-leg verify codex/streamed-text; codex-leg verify plan --format json",
)
@click.argument("probes", nargs=-1, metavar="[PROBE]...")
@click.option("-k", "expression", default="", help="Only probes whose id matches, as pytest's -k.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: a folder with probes/, cassettes/, schemas/ and snapshots/.",
)
@click.option(
    "-n",
    "--workers",
    type=click.IntRange(min=1),
    help="How many processes share the work; by default, one a core where that pays.",
)
@click.option(
    "--pytest",
    "pytest_args",
    multiple=True,
    metavar="ARGUMENT",
    help="An argument for pytest, such as --pytest=--junitxml=out.xml. Repeatable.",
)
@report_options
def command(
    *,
    probes: tuple[str, ...],
    expression: str,
    root: Path | None,
    workers: int | None,
    pytest_args: tuple[str, ...],
    options: ReportOptions,
) -> Exit:
    """Replay every probe against its cassette through the leg, with the network shut.

    Each answer is checked against the schemas and the order of events, and its shape is compared
    with the one that was adopted. PROBE is an id or a folder of probes; all of them by default.
    """
    contract = Contract(root)
    judge = Judge(contract, options)
    try:
        found = verify(
            contract,
            probes=probes,
            expression=expression,
            workers=workers,
            pytest_args=pytest_args,
        )
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    # However probes were selected: whoever asked them all has looked at everything.
    whole = len(found.probes or ()) == len(contract.probes)
    return judge.conclude(replace(found, subject=" ".join(probes)), whole=whole)
