"""``codex-leg verify``: every probe, its verdict, one table."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import fail_on_option, format_option
from harness.contract import Contract
from harness.drift.findings import at_or_over
from harness.exits import Exit
from harness.report import Report
from harness.report.faces import show
from harness.verification import WrongUse, verify

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
    "--pytest",
    "pytest_args",
    multiple=True,
    metavar="ARGUMENT",
    help="An argument for pytest, such as --pytest=--junitxml=out.xml. Repeatable.",
)
@fail_on_option
@format_option
def command(
    *,
    probes: tuple[str, ...],
    expression: str,
    root: Path | None,
    pytest_args: tuple[str, ...],
    fail_on: str,
    face: str,
) -> int:
    """Replay every probe against its cassette through the leg, with the network shut.

    Each answer is checked against the schemas and the order of events, and its shape is compared
    with the one that was adopted. PROBE is an id or a folder of probes; all of them by default.
    """
    try:
        report = verify(
            Contract(root), probes=probes, expression=expression, pytest_args=pytest_args
        )
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    show(report, face)
    return exit_code(report, fail_on)


def exit_code(report: Report, fail_on: str) -> Exit:
    """Drift outranks what could not be looked at: both are red, but drift is known."""
    if report.probes is not None and not report.probes:
        return Exit.NOTHING_RAN
    if any(at_or_over(one.level, fail_on) for one in report.findings):
        return Exit.DRIFT
    return Exit.UNCHECKED if report.unchecked else Exit.CLEAN
