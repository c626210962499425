"""``codex-leg reference diff``: what changed on the wire from one release to another."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.cli.reference.captures import find_captured
from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.exits import Exit
from harness.lines import visible
from harness.reference.diff import compare_captured
from harness.reference.wire.captured import Captured, Vantage
from harness.report import Report

__all__ = ["command"]


@click.command(
    "diff",
    epilog="Examples: codex-leg reference diff 0.155.0 0.156.0; codex-leg reference diff 0.130.0 "
    "newest --json; codex-leg reference diff 0.155.0 0.155.1 --capture",
)
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--capture", is_flag=True, help="Capture a release that is not captured yet.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract, with its captures.",
)
@report_options
def command(
    *, old: str, new: str, capture: bool, root: Path | None, options: ReportOptions
) -> Exit:
    """Say what release B of the Codex CLI sends otherwise than release A, each edit once.

    An edit is one finding, in however many runs and over both transports; `also` lists the rest.
    What only the reference client shows is risky; it is breaking where an ablation has shown that
    the release cannot live without it. Compared are the runs that both were captured in.

    Exit codes: 0 clean; 1 drift; 4 wrong use; 6 a release is not captured; 7 a capture is broken.
    """
    started = time.perf_counter()
    contract = Contract(root)
    judge = Judge(contract, options)
    found = find_captured(contract, (old, new), capture=capture)
    subject = f"{old} → {new}"
    if found.missing:
        report = Report([], unchecked=found.missing, command="reference diff", subject=subject)
        return judge.conclude(report)
    before, after = found.captured
    diff = compare_captured(before, after, contract.observed.ablation(after.version))
    for line in _notes(before, after):
        print(f"codex-leg: {visible(line)}", file=sys.stderr)
    report = Report(
        findings=diff.findings,
        one_sided=[*_alone(before, diff.only_before), *_alone(after, diff.only_after)],
        compared=diff.compared,
        command="reference diff",
        subject=subject,
        seconds=time.perf_counter() - started,
    )
    return judge.conclude(report)


def _alone(release: Captured, runs: Sequence[Vantage]) -> list[Unchecked]:
    """Runs that only one of the releases was captured in."""
    return [Unchecked(run, f"only {release.version} was captured in it") for run in runs]


def _notes(before: Captured, after: Captured) -> Iterator[str]:
    """What is no drift, and has to be known."""
    for one in (before, after):
        day = one.release.day if one.release is not None else ""
        if one.release is None or one.release.date is None:
            known = f" (known: {day})" if day else ""
            yield f"nobody says on which day {one.version} was published{known}"
