"""``codex-leg adopt``: show the drift, ask, and make what is seen now what holds."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.adoption import Adoption, carry_out, plan
from harness.contract import Contract
from harness.drift.findings import Unchecked, finding
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.probes import probes_named
from harness.report import Report
from harness.report.decide import exit_code
from harness.report.faces import FACES
from harness.report.writing import show

__all__ = ["command"]


@click.command(
    "adopt",
    epilog="Examples: codex-leg adopt --dry-run; codex-leg adopt codex/streamed-text --yes",
)
@click.argument("probes", nargs=-1, metavar="[PROBE]...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be adopted, and change nothing.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: a folder with probes/, cassettes/, schemas/ and snapshots/.",
)
@click.option(
    "--format",
    "face",
    type=click.Choice(FACES),
    default="terminal",
    help="How to tell it; terminal by default.",
)
def command(
    *, probes: tuple[str, ...], yes: bool, dry_run: bool, root: Path | None, face: str
) -> Exit:
    """Adopt the shapes that the cassettes have now, after showing in what they differ.

    Nothing else writes snapshots/. PROBE is an id or a folder of probes; with none, the shapes of
    probes that are gone are removed, too. Exit codes: 0 adopted, or nothing to adopt; 1 drift that
    was shown and not adopted; 4 it cannot ask (no terminal) and was not given --yes.
    """
    contract = Contract(root)
    try:
        adoption = plan(contract, probes_named(contract, probes))
        report = _report(adoption)
        show(report, face)
        if adoption.is_empty:
            _say("nothing to adopt")
            return Exit.CLEAN
        if dry_run or not (yes or _asked(adoption)):
            return exit_code(report)
        carry_out(contract, adoption)
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    _say(f"adopted: {_counted(adoption)}")
    return Exit.CLEAN


def _report(adoption: Adoption) -> Report:
    gone = [
        finding(
            "coverage-dropped",
            f"no probe asks {id_} any more; its shape will be removed",
            surface=surface,
            before=id_,
        )
        for id_, surface in adoption.removed.items()
    ]
    return Report(
        findings=[*adoption.findings, *gone],
        unchecked=[Unchecked(id_, "no shape was adopted yet") for id_ in adoption.added],
        command="adopt",
        compared=adoption.probes,
    )


def _asked(adoption: Adoption) -> bool:
    if not sys.stdin.isatty():
        raise WrongUse("nobody can be asked here; look at --dry-run, then say --yes.")
    return click.confirm(f"Adopt {_counted(adoption)}?", default=False, err=True)


def _counted(adoption: Adoption) -> str:
    parts = {
        "changed": len(adoption.changed),
        "new": len(adoption.added),
        "removed": len(adoption.removed),
    }
    said = [f"{count} {name}" for name, count in parts.items() if count]
    return f"{', '.join(said)} shape{'s' * (sum(parts.values()) != 1)}"


def _say(line: str) -> None:
    print(f"codex-leg: {visible(line)}", file=sys.stderr)
