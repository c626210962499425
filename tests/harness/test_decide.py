"""The verdict: which exit code, at whose levels, with what waived."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import LEVELS, RULES
from harness.exits import Exit
from harness.reads import Reads
from harness.report import Report
from harness.report.decide import decide, exit_code

from .reports import TODAY, a_waiver, added, removed, row, small

LEFT = [Unchecked("codex/x", "no snapshot yet")]
EXPIRED = a_waiver(expires=TODAY - timedelta(days=1))


def judged(found: Report, **how: Any) -> Report:
    return decide(found, **{"today": TODAY, **how})


#: What is there, from the mildest to the gravest → the exit code. Each is also there in the next.
STEPS: list[tuple[dict[str, Any], Exit]] = [
    ({}, Exit.CLEAN),
    ({"waivers": [EXPIRED]}, Exit.USAGE),
    ({"unchecked": LEFT}, Exit.UNCHECKED),
    ({"quarantined": LEFT}, Exit.QUARANTINED),
    ({"findings": [removed()]}, Exit.DRIFT),
    ({"probes": []}, Exit.NOTHING_RAN),
]


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_the_gravest_of_what_is_there_is_the_exit_code(step: int) -> None:
    parts = {name: value for more, _ in STEPS[: step + 1] for name, value in more.items()}
    waivers = parts.pop("waivers", [])
    report = judged(Report(**{"findings": [], **parts}), waivers=waivers)
    assert exit_code(report) == STEPS[step][1]


@given(st.lists(st.sampled_from(LEVELS), max_size=4), st.sampled_from(LEVELS))
def test_a_finding_fails_the_run_from_the_level_on_that_was_asked_for(
    levels: list[str], fail_on: str
) -> None:
    report = judged(Report([removed(level=level) for level in levels]), fail_on=fail_on)
    fails = any(LEVELS.index(level) <= LEVELS.index(fail_on) for level in levels)
    assert exit_code(report) == (Exit.DRIFT if fails else Exit.CLEAN)
    assert len(report.findings) == len(levels)
    assert [one.level for one in report.findings] == sorted(levels, key=LEVELS.index)


def test_findings_get_the_levels_of_the_profile() -> None:
    one = next(rule for rule in RULES.values() if rule.strict != rule.level)
    found = Report([removed(rule=one.name, level=one.level)])
    for profile, level in (("tolerant", one.level), ("strict", one.strict)):
        report = judged(found, profile=profile)
        assert ([f.level for f in report.findings], report.profile) == ([level], profile)


def test_to_the_leg_what_it_does_not_read_is_benign() -> None:
    surface = {
        "header": [],
        "body": [],
        "error": [],
        "events": {"response.completed": ["/response/id"]},
    }
    reads = Reads({"reads": {"responses": surface}})
    found = Report([removed(pointer="/response/id"), removed(pointer="/response/colour")])
    report = judged(found, profile="leg", reads=reads)
    assert {one.pointer: one.level for one in report.findings} == {
        "/response/id": "breaking",
        "/response/colour": "benign",
    }


def test_a_waived_finding_does_not_count_and_is_told() -> None:
    report = judged(small(), waivers=[a_waiver()])
    assert [one.rule for one in report.findings] == ["field-removed"]
    assert [(one.finding.rule, one.waiver.owner) for one in report.waived] == [
        ("header-added", "ada")
    ]
    drift = {one.id: (one.drift, one.verdict) for one in report.probes or ()}
    assert drift == {
        "codex/streamed-text": (1, "drift"),
        "codex/usage": (0, "clean"),
        "auth/refresh": (0, "clean"),
    }
    assert exit_code(judged(small(findings=[added()]), waivers=[a_waiver()])) == Exit.CLEAN


def test_a_probe_that_was_not_looked_at_does_not_become_clean_by_a_waiver() -> None:
    found = Report(
        [added()], [Unchecked("codex/usage", "no snapshot yet")], [row("codex/usage", 1)]
    )
    report = judged(found, waivers=[a_waiver()])
    assert [one.verdict for one in report.probes or ()] == ["unchecked"]
    assert exit_code(report) == Exit.UNCHECKED


def test_an_expired_waiver_hides_nothing_and_fails_by_itself() -> None:
    report = judged(Report([added()]), waivers=[EXPIRED], fail_on="breaking")
    assert [one.rule for one in report.findings] == ["waiver-expired", "header-added"]
    assert "1 finding counts again" in report.findings[0].message
    assert exit_code(report) == Exit.USAGE
    assert exit_code(judged(Report([added()]), waivers=[EXPIRED])) == Exit.DRIFT


def test_a_waiver_holds_on_its_last_day() -> None:
    for days, waived in ((1, 1), (0, 1), (-1, 0)):
        waiver = a_waiver(expires=TODAY + timedelta(days=days))
        assert len(judged(Report([added()]), waivers=[waiver]).waived) == waived


def test_an_unused_waiver_is_a_fault_only_where_everything_was_looked_at() -> None:
    def rules(found: Report, *, whole: bool) -> list[str]:
        return [one.rule for one in judged(found, waivers=[a_waiver()], whole=whole).findings]

    assert rules(Report([]), whole=True) == ["waiver-unused"]
    assert rules(Report([]), whole=False) == []
    assert rules(Report([], LEFT), whole=True) == []
    assert rules(Report([], quarantined=LEFT), whole=True) == []
    assert rules(Report([added()]), whole=True) == []


def test_whoever_looks_a_fortnight_before_is_warned() -> None:
    def soon(days: int) -> int:
        waiver = a_waiver(expires=TODAY + timedelta(days=days))
        return len(judged(Report([]), waivers=[waiver]).expiring)

    assert [soon(days) for days in (-1, 0, 14, 15)] == [0, 1, 1, 0]


@given(st.lists(st.sampled_from([removed(), added(), added(pointer="/header/y")]), max_size=4))
def test_no_finding_is_lost_between_those_that_count_and_those_waived(found: list[Finding]) -> None:
    report = judged(Report(found), waivers=[a_waiver(locator="* * * /header/x-*")])
    after = [*report.findings, *(one.finding for one in report.waived)]
    assert sorted(map(repr, after)) == sorted(map(repr, found))
    assert judged(replace(report, waived=()), waivers=[]).findings == report.findings


def test_what_an_earlier_report_has_is_told_and_does_not_count() -> None:
    found = judged(small(), known={removed().fingerprint: "2026-11-20"})
    assert [one.fingerprint for one in found.findings] == [added().fingerprint]
    assert [(one.finding.rule, one.since) for one in found.known] == [
        (removed().rule, "2026-11-20")
    ]
    rows = {one.id: one.verdict for one in found.probes or ()}
    assert (rows["codex/streamed-text"], rows["codex/usage"]) == ("clean", "drift")
    assert exit_code(found) is Exit.DRIFT


def test_only_known_and_flaky_findings_are_no_drift() -> None:
    both = {one.fingerprint: None for one in small().findings}
    assert exit_code(judged(small(flaky=[removed()]), known=both)) is Exit.CLEAN
