"""``codex-leg canary``: ask the live services what anybody can ask."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.contract import Contract
from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import LEVELS
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.probes import probes_named
from harness.recording.canaries import Flock, Seen, canaries_of
from harness.recording.confirming import MIN_WAIT, TIMES, Confirmed
from harness.report import Report
from harness.whole_files import write_whole

__all__ = ["command"]


@click.command(
    "canary",
    epilog="""
    \b
    Examples:
      codex-leg canary
      codex-leg canary canary/auth-refresh-bogus-token --confirm 0
      codex-leg canary --format json --output canary.json --keep evidence/
    """,
)
@click.argument("probes", nargs=-1, metavar="[PROBE]…")
@click.option(
    "--confirm",
    "times",
    type=click.IntRange(0, 20),
    default=TIMES,
    show_default=True,
    help="Ask so often again what is breaking; only what shows each time counts.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=MIN_WAIT,
    show_default=True,
    help="Seconds before each time that it is asked again.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the scrubbed answers there, as cassettes.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: its canaries are asked.",
)
@report_options
def command(
    *,
    probes: Sequence[str],
    times: int,
    wait: float,
    keep: Path | None,
    root: Path | None,
    options: ReportOptions,
) -> Exit:
    """Ask what needs no credential or a made-up one, and say whether the answers are as they were.

    One request a canary, one after the other; no credential is read. A host that answers 429 is
    left alone. What something in between answers (a challenge, a 5xx), or nobody does, is "could
    not look".

    Exit codes: 0 clean; 1 drift; 4 wrong use; 5 there is no canary; 6 could not look; 7 an answer
    could not be read.
    """
    started = time.perf_counter()
    contract = Contract(root)
    judge = Judge(contract, options)
    try:
        ids = _chosen(contract, probes)
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    flock = Flock(contract)
    seen = []
    for one in flock.look(ids):
        seen.append(one)
        _say(f"{one.row.id}: {one.left.why if one.left else one.row.outcome}")
    confirmed = flock.confirm(seen, times=times, wait=wait, sleep=time.sleep, tell=_say)
    if keep is not None:
        _keep(keep, seen)
    return judge.conclude(_report(seen, confirmed, time.perf_counter() - started))


def _chosen(contract: Contract, names: Sequence[str]) -> list[str]:
    known = canaries_of(contract)
    wanted = probes_named(contract, names) if names else known
    for id_ in wanted:
        if id_ not in known:
            raise WrongUse(f"{id_} is no canary: a canary is below canary/ and needs no login.")
    return wanted


def _report(seen: Sequence[Seen], confirmed: Confirmed, seconds: float) -> Report:
    left = [one.left for one in seen if one.left is not None and not one.unreadable]
    if confirmed.unconfirmed:
        why = "it was to be asked again, and did not answer; it counts as it was seen first"
        left.append(Unchecked("confirmation of what is breaking", why))
    return Report(
        findings=_gravest_first(confirmed.findings),
        flaky=_gravest_first(confirmed.flaky),
        unchecked=left,
        quarantined=[one.left for one in seen if one.left is not None and one.unreadable],
        probes=[one.row for one in seen],
        command="canary",
        seconds=seconds,
    )


def _gravest_first(findings: Sequence[Finding]) -> list[Finding]:
    # Each with its own probe, also where two show the same: an alert is over when both do not.
    return sorted(findings, key=lambda one: LEVELS.index(one.level))


def _keep(folder: Path, seen: Sequence[Seen]) -> None:
    for one in seen:
        if one.cassette:
            file = folder / f"{one.row.id}.yaml"
            try:
                write_whole(file, one.cassette)
            except OSError as error:
                raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from None


def _say(line: str) -> None:
    print(f"codex-leg: {visible(line)}", file=sys.stderr)
