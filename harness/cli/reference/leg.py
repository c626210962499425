"""``codex-leg reference leg``: the leg's own requests against the newest captured release."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.cli.reference.captures import find_captured
from harness.cli.reference.sheet import Sheet, print_sheet
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.leg import SAME, Row, Verdicts, against, leg_requests, read_allowances
from harness.report import Report

__all__ = ["command"]

_COLUMNS = ("REQUEST", "VERDICT", "KIND", "NAME", "CLIENT", "LEG", "REASON")


@click.command(
    "leg",
    epilog="Examples: codex-leg reference leg; codex-leg reference leg --all; codex-leg reference "
    "leg --version 0.166.0 --json",
)
@click.option(
    "--version",
    default="newest",
    show_default=True,
    metavar="VERSION",
    help="A captured release of the reference client.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Show every place, and not the drift alone."
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract, with its captures.",
)
@report_options
def command(*, version: str, everything: bool, root: Path | None, options: ReportOptions) -> Exit:
    """Set the leg's own requests against those of the reference client, place by place.

    The leg's builders make a turn, a turn with the output of a tool, a refresh, and ask for models,
    accounts and usage. Each header, query parameter and field is the same, allowed to differ
    (schemas/responses/allowances.json says why), or drift. An allowance that nothing needs is
    drift, too.

    Exit codes: 0 clean; 1 drift; 4 wrong use; 6 something could not be looked at.
    """
    started = time.perf_counter()
    contract = Contract(root)
    judge = Judge(contract, options)
    found = find_captured(contract, [version])
    if found.missing:
        report = Report([], unchecked=found.missing, command="reference leg", subject=version)
        return judge.conclude(report)
    (newest,) = found.captured
    verdicts = against(leg_requests(), newest, read_allowances(contract))
    if everything and options.face in ("terminal", "markdown"):
        print_sheet(_sheet(verdicts, newest.version), options.face)
    for line in _counts(verdicts):
        print(f"codex-leg: {line}", file=sys.stderr)
    report = Report(
        findings=verdicts.findings(),
        unchecked=verdicts.unchecked,
        compared=list(dict.fromkeys(row.request for row in verdicts.rows)),
        command="reference leg",
        subject=f"the leg and codex-cli {newest.version}",
        seconds=time.perf_counter() - started,
    )
    return judge.conclude(report)


def _counts(verdicts: Verdicts) -> list[str]:
    names = dict.fromkeys(row.request for row in verdicts.rows)
    counts = Counter((row.request, row.verdict) for row in verdicts.rows)
    return [
        f"{name}: {counts[name, SAME]} the same, {counts[name, 'allowed']} allowed to differ, "
        f"{counts[name, 'drift']} drift"
        for name in names
    ]


def _sheet(verdicts: Verdicts, version: str) -> Sheet:
    rows = sorted(verdicts.rows, key=lambda row: (row.verdict == SAME, row.verdict != "drift"))
    cells = [_cells(row) for row in rows]
    grave = frozenset(number for number, row in enumerate(rows) if row.verdict == "drift")
    return Sheet(f"The leg and codex-cli {version}", _COLUMNS, cells, grave=grave)


def _cells(row: Row) -> list[str]:
    is_same = row.way == SAME
    return [
        row.request,
        row.verdict,
        row.kind,
        row.name,
        "" if is_same else row.theirs or "-",
        "" if is_same else row.ours or "-",
        row.allowance.reason if row.allowance is not None else "",
    ]
