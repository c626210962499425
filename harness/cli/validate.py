"""``codex-leg validate``: one file of any kind against the contract."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.drift.rules import RISKY
from harness.exits import Exit, WrongUse
from harness.report import Report
from harness.validate import validate_file

__all__ = ["command"]


@click.command(
    "validate",
    epilog="Example: codex-leg validate answer.sse --surface responses",
    # What no schema knows is told, and is no error: the contract forbids nothing that is new.
    context_settings={"default_map": {"fail_on": RISKY}},
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--surface",
    metavar="SURFACE",
    help="What answered: responses, usage, auth …; a cassette tells it by its addresses.",
)
@click.option(
    "--excerpt",
    is_flag=True,
    help="FILE is a part of a stream: it may begin and end anywhere.",
)
@report_options
def command(*, file: Path, surface: str | None, excerpt: bool, options: ReportOptions) -> Exit:
    """Check FILE against the contract: its schemas and the order of its events.

    FILE is an event stream (.sse), one event or frame a line (.jsonl), a body (.json), or a
    cassette (.yaml).

    What the contract has no word for (an event, a field, an item of another type) is told as
    additive, and exits 0 unless --fail-on asks for more.
    """
    contract = Contract()
    known = sorted(contract.schemas.document("index.json")["surfaces"])
    if surface is not None and surface not in known:
        raise click.BadParameter(
            f"{surface!r} is none of {', '.join(known)}.", param_hint="--surface"
        )
    if not file.is_file():
        raise click.BadParameter(f"{file} is not a file.", param_hint="FILE")
    judge = Judge(contract, options)
    unchecked: list[Unchecked] = []
    try:
        found = validate_file(
            file, surface, excerpt=excerpt, contract=contract, unchecked=unchecked
        )
    except WrongUse as error:
        raise click.UsageError(str(error)) from None
    return judge.conclude(Report(found, unchecked, command="validate", subject=str(file)))
