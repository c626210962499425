"""``codex-leg validate``: one file of any kind against the contract."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import fail_on_option, format_option
from harness.cli.verify import exit_code
from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.exits import Exit
from harness.report import Report
from harness.report.faces import show
from harness.validate import validate_file

__all__ = ["command"]


def _surfaces() -> list[str]:
    return sorted(Contract().schemas.document("index.json")["surfaces"])


@click.command(
    "validate",
    epilog="Example: codex-leg validate answer.sse --surface responses",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--surface", required=True, metavar="SURFACE", help="What answered: responses, usage, auth …"
)
@click.option(
    "--excerpt",
    is_flag=True,
    help="FILE is a part of a stream: it may begin and end anywhere.",
)
@fail_on_option
@format_option
def command(*, file: Path, surface: str, excerpt: bool, fail_on: str, face: str) -> Exit:
    """Check FILE against the contract: its schemas and the order of its events.

    FILE is an event stream (.sse), one event or frame a line (.jsonl), a body (.json), or a
    cassette (.yaml).
    """
    known = _surfaces()
    if surface not in known:
        raise click.BadParameter(
            f"{surface!r} is none of {', '.join(known)}.", param_hint="--surface"
        )
    if not file.is_file():
        raise click.BadParameter(f"{file} is not a file.", param_hint="FILE")
    unchecked: list[Unchecked] = []
    found = validate_file(file, surface, excerpt=excerpt, unchecked=unchecked)
    report = Report(found, unchecked)
    show(report, face)
    return exit_code(report, fail_on)
