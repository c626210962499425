"""Options that more than one command has."""

from __future__ import annotations

import click

from harness.drift.rules import LEVELS

__all__ = ["fail_on_option", "format_option"]

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="benign",
    show_default=True,
    help="Exit 1 from this level on; milder findings are shown and exit 0.",
)
format_option = click.option(
    "--format",
    "face",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="json follows schemas/report/findings.json.",
)
