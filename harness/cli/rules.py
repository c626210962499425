"""``codex-leg rules``: every kind of difference, and how grave it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from harness.cli.lines import Line, print_lines
from harness.drift.rules import AREAS, DIRECTIONS, LEVELS, RULES, Rule
from harness.drift.rules_told import ABOUT, rules_json, table_of
from harness.exits import Exit
from harness.report.writing import print_text

__all__ = ["command"]


@click.command(
    "rules",
    epilog="Examples: codex-leg rules --level breaking; codex-leg rules --area header "
    "--format json",
)
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Only rules of this direction.")
@click.option("--level", type=click.Choice(LEVELS), help="Only rules of this (tolerant) level.")
@click.option("--area", type=click.Choice(AREAS), help="Only rules of this area.")
@click.option(
    "--format",
    "face",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="json follows schemas/report/rules.json.",
)
def command(*, direction: str | None, level: str | None, area: str | None, face: str) -> Exit:
    """List the rules: what kinds of difference there are, and how grave each one is.

    Levels are given for a tolerant client, and for a strict one where it feels otherwise.
    """
    wanted = {"direction": direction, "level": level, "area": area}
    rules = [
        one
        for one in RULES.values()
        if all(value in (None, getattr(one, axis)) for axis, value in wanted.items())
    ]
    if face == "json":
        text = json.dumps(rules_json(rules), ensure_ascii=False, indent=2)
        print_text(f"{text}\n", "json")
    elif face == "markdown":
        print_text("\n".join(table_of(rules)) + "\n", "markdown")
    else:
        print_lines(_lines(rules))
    return Exit.CLEAN


def _lines(rules: list[Rule]) -> Iterator[Line]:
    width = max((len(one.name) for one in rules), default=0)
    for direction in DIRECTIONS:
        members = [one for one in rules if one.direction == direction]
        if members:
            yield Line((f"{direction} ({len(members)})", "head"))
            yield Line((ABOUT[direction], "dim"))
            for one in members:
                yield _line(one, width)
            yield Line()
    count = f"{len(rules)} rule{'s' * (len(rules) != 1)}"
    yield Line(count if len(rules) == len(RULES) else f"{count} of {len(RULES)}")
    yield Line(("More on one: codex-leg explain RULE", "dim"))


def _line(one: Rule, width: int) -> Line:
    strict = "" if one.strict == one.level else f" (strict: {one.strict})"
    return Line(
        ("  ", ""),
        (one.name.ljust(width), "name"),
        ("  ", ""),
        (one.level.ljust(len("breaking")), one.level),
        (f"  {one.means}", ""),
        (strict, "dim"),
        indent=width + len("breaking") + 6,
    )
