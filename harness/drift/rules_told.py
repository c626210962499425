"""The table of rules as documents: JSON for machines, the page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from harness.contract import Contract

from .examples import example_of
from .levels_told import depends_on
from .rules import BENIGN, DIRECTIONS, LEG, RULES, STRICT, TOLERANT, Rule
from .rules.mirrors import mirrors

__all__ = ["ABOUT", "FORMAT", "leg_words", "rule_json", "rules_json", "rules_page", "table_of"]

FORMAT: Final = "codex-leg/rules/1"

#: What a direction is about, in one sentence.
ABOUT: Final = {
    "response": "What the server answers: two sets of answers to one question are compared.",
    "request": "What the server accepts: seen where it refuses what it took, or the other way "
    "round; or where two revisions of the contract say different things.",
    "client": "What a client sends, release to release. Never breaking by itself: a sign of what "
    "the server may want tomorrow.",
    "transport": "How the two sides talk: the lines of a stream, frames, events and their order.",
    "contract": "One exchange against the contract; there is no before.",
}


def rule_json(rule: Rule) -> dict[str, Any]:
    """One rule, as ``schemas/report/rules.json`` has it."""
    example = example_of(rule.name)
    depends = "; ".join(depends_on(rule))
    return {
        "name": rule.name,
        "direction": rule.direction,
        "area": rule.area,
        "kind": rule.kind,
        "action": rule.action,
        "levels": {
            TOLERANT: rule.level_for(TOLERANT),
            STRICT: rule.level_for(STRICT),
            LEG: {
                "read": rule.level_for(LEG, read=True),
                "unread": rule.level_for(LEG, read=False),
            },
        },
        "means": rule.means,
        "mend": rule.mend,
        **({} if not depends else {"depends": depends}),
        "mirrors": list(mirrors(rule, RULES)),
        "example": None
        if example is None
        else [
            {"place": place, "before": before, "after": after}
            for place, before, after in example.told()
        ],
    }


def rules_json(rules: Iterable[Rule]) -> dict[str, Any]:
    """The document of format ``codex-leg/rules/1``."""
    return {"format": FORMAT, "rules": [rule_json(one) for one in rules]}


def leg_words(rule: Rule) -> str:
    """How grave a rule is to our own leg, in words."""
    read, unread = (rule.level_for(LEG, read=one) for one in (True, False))
    return read if read == unread else f"{read} where it reads the place, else {unread}"


def table_of(rules: Iterable[Rule]) -> Iterator[str]:
    """Rules as a table in Markdown, line by line."""
    yield "| rule | tolerant | strict | leg | area, kind, action | what it says |"
    yield "|---|---|---|---|---|---|"
    for rule in rules:
        read, unread = (rule.level_for(LEG, read=one) for one in (True, False))
        leg = read if read == unread else f"{read}, {unread} unread"
        axes = f"{rule.area}, {rule.kind}, {rule.action}"
        cells = (f"`{rule.name}`", rule.level, rule.strict, leg, axes, rule.means)
        yield f"| {' | '.join(cells)} |"


def rules_page(_contract: Contract) -> str:
    """The page ``docs/rules.md``."""
    lines = [
        "# Rules",
        "",
        "<!-- Made from harness/drift/rules/ by `make generated`; do not edit. -->",
        "",
        f"There are {len(RULES)} kinds of difference. Each has a name that never changes, four",
        "axes (direction, area, kind, action), and a level for each kind of consumer:",
        "",
        "* **tolerant**: it reads what it knows and ignores the rest (the default);",
        "* **strict**: it validates all that it gets;",
        "* **leg**: our own leg; what it does not read does not hurt it (`schemas/reads.json`).",
        "",
        "| level | what it says |",
        "|---|---|",
        "| breaking | a client that was right yesterday fails or answers wrongly today |",
        "| risky | the evidence cannot decide, or it depends on the consumer |",
        "| additive | new and harmless |",
        f"| {BENIGN} | recorded, never alerted |",
        "",
        "A removal is breaking only where the contract requires the place, or where it was",
        "counted: always there in at least five answers before, and in none of at least three",
        "since. With less evidence it is risky. That a value is null is risky where the",
        "contract's schema of the place allows null, and breaking elsewhere.",
        "",
        "`codex-leg rules` prints this table, `codex-leg explain RULE` one rule with an example.",
    ]
    for direction in DIRECTIONS:
        members = [one for one in RULES.values() if one.direction == direction]
        lines += ["", f"## {direction.capitalize()} ({len(members)})", "", ABOUT[direction], ""]
        lines += table_of(members)
    return "\n".join(lines) + "\n"
