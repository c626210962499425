"""``codex-leg reference watch``: is there a newer release, and what is new in it?"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.cli.reference.steps import Steps
from harness.cli.reference.trying import Doing
from harness.contract import Contract
from harness.exits import Exit
from harness.lines import visible
from harness.reference.watching import Watched, ablate_calls, watch
from harness.report import Report

__all__ = ["command"]


@click.command(
    "watch",
    epilog="Examples: codex-leg reference watch; codex-leg reference watch --format json "
    "--output reference.json --fail-on breaking",
)
@click.option("--ablate/--no-ablate", "ablates", default=True, help="Whether to find out what of "
    "the new calls it cannot do without (a minute or two).")  # fmt: skip
@click.option("--keep", is_flag=True, help="Keep what was installed (100 to 400 MB).")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: its captures are compared, and the new one is written there.",
)
@report_options
def command(*, ablates: bool, keep: bool, root: Path | None, options: ReportOptions) -> Exit:
    """Look for a release that is newer than the newest capture, and say what is new in it.

    If there is one, it is installed, captured into cassettes/reference/, compared with the release
    before, and run without each thing that it newly calls; what it cannot do without is breaking.

    Exit codes: 0 nothing new, or nothing new on the wire; 1 findings; 4 wrong use; 6 could not
    look: npm does not answer, or the release does not run here.
    """
    started = time.perf_counter()
    contract = Contract(root)
    judge = Judge(contract, options)
    with Steps(1) as steps, Doing("what it needs") as doing:
        steps.begin("the newest release")
        ablate = ablate_calls(contract, lambda n, of, bad: doing(n, of, f"{bad} failing"))
        watched = watch(contract, ablate if ablates else None, keep=keep, tell=steps.step)
    for line in _lines(watched):
        print(f"codex-leg: {visible(line)}", file=sys.stderr)
    report = Report(
        findings=watched.findings,
        unchecked=watched.unchecked,
        compared=watched.compared,
        command="reference watch",
        subject=f"{watched.before or 'nothing'} → {watched.newest or '?'}",
        seconds=time.perf_counter() - started,
    )
    return judge.conclude(report)


def _lines(watched: Watched) -> list[str]:
    if not watched.newest:
        return []
    if not watched.is_new:
        return [f"nothing new: the newest release on npm is {watched.newest}, and captured"]
    said = [f"new: {watched.newest}; captured until now: {watched.before or 'nothing'}"]
    if watched.skipped:
        said.append(
            f"published in between, and not looked at: {', '.join(watched.skipped)}; "
            "codex-leg reference bisect NAME finds out where something began"
        )
    return said
