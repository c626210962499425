"""Options that more than one command has."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from harness.drift.rules import LEVELS, PROFILES
from harness.report.faces import FACES

__all__ = ["ReportOptions", "report_options", "unknown_name"]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How a command that looks for differences is to judge them and to tell of them.

    Attributes:
        face: one of ``FACES``.
        output: the file to write, or ``None`` for standard output.
        fail_on: the level from which on a finding fails the run.
        profile: the kind of consumer that the levels are for.
        waivers: a file of waivers instead of the contract's, or ``None``.
        baseline_report: an earlier report, of which the findings do not count, or ``None``.
    """

    face: str
    output: Path | None
    fail_on: str
    profile: str
    waivers: Path | None
    baseline_report: Path | None = None


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a report; it gets them as ``options: ReportOptions``.

    Above it stand the command's own options and arguments, below it the function.
    """

    @functools.wraps(command)
    def with_options(
        *,
        face: str | None,
        as_json: bool,
        output: Path | None,
        fail_on: str,
        profile: str,
        waivers: Path | None,
        baseline_report: Path | None,
        **others: Any,
    ) -> Any:
        if as_json and face not in (None, "json"):
            raise click.UsageError(f"--json and --format {face} exclude each other.")
        shown = "json" if as_json else face or "terminal"
        if output is not None and str(output) == "-":
            output = None
        options = ReportOptions(shown, output, fail_on, profile, waivers, baseline_report)
        return command(options=options, **others)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


_OPTIONS: Final = (
    click.option(
        "--format",
        "face",
        type=click.Choice(FACES),
        help="How to tell it; terminal by default. json follows schemas/report/findings.json.",
    ),
    click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
    click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write it to FILE, whole or not at all; the terminal shows the terminal's face then.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(LEVELS),
        default="benign",
        show_default=True,
        help="Exit 1 from this level on; milder findings are shown and exit 0.",
    ),
    click.option(
        "--profile",
        type=click.Choice(PROFILES),
        default=PROFILES[0],
        show_default=True,
        help="Whose client: one that ignores what it does not know, one that validates, our leg.",
    ),
    click.option(
        "--waivers",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Accepted drift, instead of the contract's waivers.toml; see docs/contract.md.",
    ),
    click.option(
        "--baseline-report",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="An earlier report (--format json, or codex-leg alert --write-known): what it has is "
        "told as known, and does not count.",
    ),
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
