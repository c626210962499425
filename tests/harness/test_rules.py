"""The table of rules, and the two commands that show it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.rules import (
    ACTIONS,
    AREAS,
    DIRECTIONS,
    KINDS,
    LEVELS,
    PROFILES,
    RULES,
    Rule,
)
from harness.exits import Exit

from .contracts import Outcome, codex_leg

Face = tuple[str, ...]


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_ok("rules", "--format", "json").out)
    return document


def _ok(*arguments: str) -> Outcome:
    done = codex_leg(*arguments)
    assert (done.code, done.err) == (Exit.CLEAN, ""), done.err
    return done


def test_there_are_at_least_120_rules() -> None:
    assert len(RULES) >= 120


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.name)
def test_a_rule_says_where_it_stands_what_it_means_and_how_to_mend_it(rule: Rule) -> None:
    assert RULES[rule.name] is rule
    assert rule.direction in DIRECTIONS
    assert rule.area in AREAS
    assert rule.kind in KINDS
    assert rule.action in ACTIONS
    assert {rule.level, rule.strict} <= set(LEVELS)
    assert rule.name == rule.name.lower()
    assert "\n" not in rule.means + rule.mend
    assert len(rule.mend) > 10
    assert rule.means
    assert rule.means[-1] != "."


def test_every_word_of_the_axes_is_used() -> None:
    for axis, words in (
        ("direction", DIRECTIONS),
        ("area", AREAS),
        ("kind", KINDS),
        ("action", ACTIONS),
        ("level", LEVELS),
    ):
        assert {getattr(one, axis) for one in RULES.values()} == set(words), axis


def test_what_breaks_is_only_what_the_contract_judges() -> None:
    one_sided = {one.name for one in RULES.values() if one.action == "break"}
    assert {RULES[name].direction for name in one_sided} == {"contract"}


def test_a_level_is_one_of_the_profile() -> None:
    rule = RULES["field-became-optional"]
    assert [rule.level_for(profile) for profile in PROFILES] == ["risky", "breaking", "risky"]
    assert rule.level_for("leg", read=True) == "breaking"
    assert rule.level_for("leg", read=False) == "benign"
    assert rule.level_for("strict", read=False) == "breaking"
    with pytest.raises(ValueError, match="no such profile: 'lenient'"):
        rule.level_for("lenient")


def test_a_rule_that_does_not_depend_on_reading_is_as_grave_unread() -> None:
    assert RULES["endpoint-removed"].level_for("leg", read=False) == "breaking"


def test_the_list_as_json_follows_its_schema(listed: dict[str, Any]) -> None:
    assert Contract().schemas.validate("report/rules.json", listed) == []
    assert [one["name"] for one in listed["rules"]] == list(RULES)


def test_the_words_of_the_schema_are_those_of_the_table() -> None:
    members = Contract().schemas.document("report/rules.json")["$defs"]["rule"]["properties"]
    for axis, words in (
        ("direction", DIRECTIONS),
        ("area", AREAS),
        ("kind", KINDS),
        ("action", ACTIONS),
    ):
        assert members[axis]["enum"] == list(words)


def test_the_list_as_text_names_every_rule_with_its_level() -> None:
    lines = _ok("rules").out.splitlines()
    for rule in RULES.values():
        assert any(line.split()[:2] == [rule.name, rule.level] for line in lines), rule.name
    assert f"{len(RULES)} rules" in lines


def test_the_list_as_markdown_is_a_table() -> None:
    lines = _ok("rules", "--format", "markdown").out.splitlines()
    assert len(lines) == len(RULES) + 2
    assert {line.count("|") for line in lines} == {7}


@pytest.mark.parametrize(
    ("axis", "word"), [("direction", "client"), ("level", "benign"), ("area", "ws")]
)
def test_the_list_can_be_narrowed(axis: str, word: str) -> None:
    shown = json.loads(_ok("rules", f"--{axis}", word, "--format", "json").out)["rules"]
    assert [one["name"] for one in shown] == [
        one.name for one in RULES.values() if getattr(one, axis) == word
    ]


def test_what_narrows_adds_up() -> None:
    done = _ok("rules", "--level", "breaking", "--area", "header", "--direction", "response")
    assert f"2 rules of {len(RULES)}" in done.out
    assert "header-removed" in done.out


def test_a_word_that_is_none_is_wrong_use() -> None:
    done = codex_leg("rules", "--level", "grave")
    assert done.code == Exit.USAGE
    assert done.err.count("\n") == 1
    assert "'breaking', 'risky', 'additive', 'benign'" in done.err


@pytest.mark.parametrize("name", ["field-removed", "sse/done-sentinel", "union-member-added"])
def test_explain_shows_levels_an_example_and_the_mend(name: str) -> None:
    rule, out = RULES[name], _ok("explain", name).out
    said = " ".join(out.split())
    for word in (name, rule.means, rule.mend, rule.direction, rule.area, rule.kind, rule.action):
        assert word in said
    for profile in PROFILES[:2]:
        assert f"{profile} {rule.level_for(profile)}" in said
    assert "before" in out
    assert "after" in out


def test_explain_tells_what_reading_changes_for_the_leg() -> None:
    assert "leg breaking where it reads the place, else benign" in " ".join(
        _ok("explain", "field-became-optional").out.split()
    )


def test_explain_as_json_is_a_list_of_one(listed: dict[str, Any]) -> None:
    shown = json.loads(_ok("explain", "header-removed", "--format", "json").out)
    assert Contract().schemas.validate("report/rules.json", shown) == []
    assert shown["rules"] == [one for one in listed["rules"] if one["name"] == "header-removed"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("feild-removed", "field-removed"),
        ("nullable", "became-nullable"),
        ("xyzzy", "codex-leg rules"),
    ],
)
def test_explain_names_the_nearest_rules_for_a_name_that_is_none(asked: str, near: str) -> None:
    done = codex_leg("explain", asked)
    assert done.code == Exit.USAGE
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert f"there is no rule {asked!r}" in done.err
    assert near in done.err


def test_a_name_in_capitals_is_the_same_name() -> None:
    assert _ok("explain", "Field-Removed").out == _ok("explain", "field-removed").out


def test_on_a_terminal_levels_have_colours_and_long_lines_wrap(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.cli import lines

    monkeypatch.setattr(lines.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    lines.print_lines([lines.Line(("breaking", "breaking"), "  " + "word " * 12, indent=10)])
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) > 1
    assert "\x1b[1;31mbreaking" in shown[0]
    assert all(line.startswith(" " * 10) for line in shown[1:])
