"""The terminal's face: what a person reads first, in words that can be searched for."""

from __future__ import annotations

from harness.drift.findings import Unchecked
from harness.drift.waivers import Waived
from harness.report import Report
from harness.report.as_terminal import MAX_OF_A_RULE, as_terminal

from .reports import NASTY, a_waiver, added, hostile, many, removed, small


def test_findings_are_grouped_by_level_and_rule_with_place_message_and_evidence() -> None:
    report = small(findings=[removed(), removed(pointer="/response/id"), added()])
    text = as_terminal(report)
    breaking, additive = text.index("BREAKING  2 findings"), text.index("ADDITIVE  1 finding\n")
    assert breaking < text.index("field-removed: ") < text.index("/response/id") < additive
    assert text.count("field-removed: ") == 2  # its heading, and what to do first
    assert "codex/streamed-text  responses response response.completed /response/usage" in text
    assert "      response.completed: /response/usage is gone\n      seen 0 of 5\n" in text


def test_other_places_of_one_edit_are_named_or_counted() -> None:
    places = tuple(f"event.{index} /a" for index in range(8))
    text = as_terminal(small(findings=[removed(also=places)]))
    assert "also event.0 /a, " in text
    assert "event.4 /a, and 3 more" in text


def test_it_says_what_to_do_first_and_where_more_is_told() -> None:
    lines = as_terminal(small(findings=[removed(), added()])).splitlines()
    assert lines[-2].startswith("first: field-removed: see what reads it")
    assert "    more: codex-leg explain header-added" in lines


def test_the_last_line_is_the_verdict() -> None:
    last = as_terminal(small()).splitlines()[-1]
    assert last == "drift: 3 probes (3 composed); 1 breaking, 1 additive; 1.5 s"
    assert as_terminal(Report([])).splitlines() == ["clean: no drift"]


def test_what_was_not_looked_at_is_as_loud_as_what_failed() -> None:
    left = [Unchecked("codex/usage", "no snapshot yet")]
    text = as_terminal(Report([], left, quarantined=[Unchecked("a.yaml", "not YAML")]))
    assert "UNCHECKED  1 could not be looked at\n  codex/usage: no snapshot yet\n" in text
    assert "QUARANTINED  1 could not be read\n  a.yaml: not YAML\n" in text
    # And where nothing says that anything could be looked at, nobody says that there is no drift.
    assert text.splitlines()[-1] == "quarantined: 1 not readable; 1 not looked at"
    text = as_terminal(Report([], left, compared=["codex/models"]))
    assert text.splitlines()[-1] == "unchecked: 1 comparison; no drift; 1 not looked at"


def test_what_is_waived_is_told_with_its_owner_and_its_last_day() -> None:
    text = as_terminal(Report([], waived=[Waived(added(), a_waiver())]))
    assert (
        "header-added  responses response - /header/x-new  until 2027-11-22 (ada): announced"
        in text
    )
    assert "1 waived (the first until 2027-11-22)" in text


def test_a_thousand_findings_of_one_rule_do_not_hide_the_one_of_another() -> None:
    text = as_terminal(small(findings=[*many(1000), added()]))
    assert f"{1000 - MAX_OF_A_RULE} more; --format json has all of them" in text
    assert text.count("responses response response.completed") == MAX_OF_A_RULE
    assert "x-new is new" in text


def test_what_an_answer_says_is_spelt_out() -> None:
    text = as_terminal(hostile())
    assert r"/a is \x1b[31mred\ud800\x9b2J\u202e\nend ü ::error::x ##\[error]y" in text
    assert NASTY not in text
