"""``codex-leg shape``: what a set of exchanges looks like, counted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from harness.cli.progress import Progress
from harness.contract import Contract
from harness.drift.shape import Shape
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.report.left import by_reason
from harness.shape_table import shape_table
from harness.sides import Lens, Place, open_sides, shapes_of

__all__ = ["command"]

FORMAT = "codex-leg/shapes/1"


@click.command(
    "shape",
    epilog="""
    \b
    Examples:
      codex-leg shape cassettes/codex/streamed-text.yaml
      codex-leg shape cassettes/codex --format json
      codex-leg shape answer.sse --surface responses
    """,
)
@click.argument("side")
@click.option(
    "--surface",
    metavar="SURFACE",
    help="What answered: responses, usage, auth … Raw answers need it.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The contract to go by.",
)
@click.option(
    "--format",
    "face",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="json follows schemas/report/shapes.json.",
)
def command(*, side: str, surface: str | None, root: Path | None, face: str) -> Exit:
    """Count the fields, types and values of the exchanges of SIDE, by endpoint and outcome.

    SIDE is whatever codex-leg compare takes: a cassette, a folder, a raw answer, a contract, a git
    revision. No content is shown: ids, times and texts are taken out.
    """
    contract = Contract(root)
    try:
        with open_sides((side,), contract=contract, raw=surface is not None) as (opened,):
            lens = Lens(contract.schemas, surface)
            left = [f"not read: {one}" for one in by_reason(opened.left_out)]
            for note in (opened.note, *left):
                if note:
                    print(f"codex-leg: {visible(note)}", file=sys.stderr)
            with Progress(opened.size) as progress:
                shapes = shapes_of(opened, lens, progress)
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    if face == "json":
        print(json.dumps(_document(side, shapes), indent=2))
    else:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        for line in shape_table(shapes).split("\n"):
            print(visible(line).encode(encoding, "backslashreplace").decode(encoding))
    return Exit.CLEAN


def _document(side: str, shapes: dict[Place, Shape]) -> dict[str, Any]:
    rows = [
        {"endpoint": place.endpoint, "outcome": place.outcome, "evidence": shape.to_json()}
        for place, shape in shapes.items()
    ]
    return {"format": FORMAT, "side": side, "shapes": rows}
