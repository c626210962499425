"""Options that more than one command has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import click

from harness.drift.rules import LEVELS

__all__ = ["fail_on_option", "format_option", "unknown_name"]

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


def unknown_name(kind: str, name: str, known: Iterable[str]) -> click.UsageError:
    """The error for a name that is none; it names the closest ones."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    # A part of a name is what people remember.
    close += [one for one in names if name and name in one and one not in close][: 3 - len(close)]
    option = "" if kind == "scenario" else f" --{kind}s"
    hint = f"did you mean {' or '.join(close)}?" if close else f"see: codex-leg scenarios{option}"
    return click.UsageError(f"there is no {kind} {name!r}; {hint}")
