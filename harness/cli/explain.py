"""``codex-leg explain``: one rule, whom it hurts, an example, and what to do."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator

import click

from harness.cli.lines import Line, print_lines
from harness.drift.examples import Example, example_of
from harness.drift.levels_told import depends_on
from harness.drift.rules import RULES, STRICT, TOLERANT, Rule
from harness.drift.rules.mirrors import mirrors
from harness.drift.rules_told import ABOUT, FORMAT, leg_words, rule_json
from harness.exits import Exit
from harness.report.writing import print_text

__all__ = ["command"]


@click.command(
    "explain",
    epilog="Examples: codex-leg explain field-removed; codex-leg explain sse/done-sentinel "
    "--format json",
)
@click.argument("rule")
@click.option(
    "--format",
    "face",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json follows schemas/report/rules.json.",
)
def command(*, rule: str, face: str) -> Exit:
    """Explain RULE: what it says, how grave it is to whom, an example, and what to do about it."""
    found = RULES.get(rule.strip().lower())
    if found is None:
        raise _unknown(rule)
    if face == "json":
        document = {"format": FORMAT, "rules": [rule_json(found)]}
        print_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "json")
    else:
        print_lines(_lines(found))
    return Exit.CLEAN


def _unknown(name: str) -> click.UsageError:
    asked = name.strip().lower()
    # A part of a name is what people remember.
    near = [one for one in RULES if asked and asked in one][:3]
    near += difflib.get_close_matches(asked, RULES, n=3, cutoff=0.6)
    names = " or ".join(list(dict.fromkeys(near))[:3])
    hint = f"did you mean {names}?" if names else "see: codex-leg rules"
    return click.UsageError(f"there is no rule {name!r}; {hint}", click.get_current_context())


def _lines(rule: Rule) -> Iterator[Line]:
    yield Line((rule.name, "head"), f": {rule.means}")
    yield Line()
    yield _fact("direction", rule.direction)
    yield Line((ABOUT[rule.direction], "dim"), first=13, indent=13)
    for axis in ("area", "kind", "action"):
        yield _fact(axis, getattr(rule, axis))
    yield Line()
    for profile in (TOLERANT, STRICT):
        level = rule.level_for(profile)
        yield _fact(profile, level, level)
    yield _fact("leg", leg_words(rule), leg_words(rule).partition(" ")[0])
    for reason in depends_on(rule):
        yield _fact("but", reason)
    example = example_of(rule.name)
    if example is not None:
        yield Line()
        yield from _example(example)
    yield Line()
    yield _fact("mend", rule.mend)
    opposite = mirrors(rule, RULES)
    if opposite:
        yield _fact("opposite", ", ".join(opposite))


def _fact(name: str, value: str, style: str = "") -> Line:
    return Line((f"  {name:<9}  ", "dim"), (value, style), indent=13)


def _example(example: Example) -> Iterator[Line]:
    yield Line(("  example", "dim"))
    for place, before, after in example.told():
        if place:
            yield Line((place, "name"), first=4, indent=4)
        yield Line(("before  ", "dim"), before, first=6, indent=14)
        yield Line(("after   ", "dim"), after, first=6, indent=14)
