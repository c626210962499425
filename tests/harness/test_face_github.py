"""Annotations: GitHub's limits are kept, and what does not fit is said."""

from __future__ import annotations

import re

from harness.drift.findings import Unchecked
from harness.drift.waivers import place_of
from harness.report import Report
from harness.report.as_github import LIMITS, as_github
from harness.report.as_terminal import MAX_OF_A_RULE

from .reports import added, many, removed, small


def annotations(report: Report, level: str) -> list[str]:
    return [line for line in as_github(report).splitlines() if line.startswith(f"::{level} ")]


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it (src/Runner.Common/ActionCommand.cs)."""
    found = re.fullmatch(r"::([a-z]+) (.*?)::(.*)", line)
    assert found
    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    back = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text: str) -> str:
        for code, character in back.items():
            text = text.replace(code, character)
        return text

    return found[1], {name: plain(value) for name, value in properties.items()}, plain(found[3])


def test_levels_become_githubs_levels() -> None:
    report = small(findings=[removed(), removed(level="risky"), added(), added(level="benign")])
    counts = [len(annotations(report, level)) for level in ("error", "warning", "notice")]
    assert counts == [1, 1, 1]


def test_an_annotation_names_the_file_the_line_the_rule_and_the_mend() -> None:
    (line,) = annotations(small(findings=[removed(where="a,b:c/answer.sse:12")]), "error")
    command, properties, text = parsed(line)
    assert command == "error"
    assert properties == {
        "file": "a,b:c/answer.sse",
        "line": "12",
        "title": "breaking: field-removed",
    }
    assert text.startswith("response.completed: /response/usage is gone (codex/streamed-text)\n")
    assert "\nmend: see what reads it" in text


def test_a_finding_of_a_probe_is_shown_at_its_cassette() -> None:
    (line,) = annotations(small(findings=[removed()]), "error")
    assert parsed(line)[1]["file"] == "cassettes/codex/streamed-text.yaml"
    (line,) = annotations(small(findings=[removed(rule="probe/outcome")]), "error")
    assert parsed(line)[1]["file"] == "probes/codex/streamed-text.yaml"


def test_percent_line_breaks_colons_and_commas_arrive_as_they_are() -> None:
    (line,) = annotations(small(findings=[removed(message="100% of a,b: 1%0A")]), "error")
    assert "100%25 of a,b: 1%250A" in line
    assert parsed(line)[2].startswith("100% of a,b: 1%0A (")


def test_never_more_than_github_shows_and_the_rest_is_counted() -> None:
    levels = {"error": "breaking", "warning": "risky", "notice": "additive"}
    report = small(findings=[one for level in levels.values() for one in many(40, level)])
    for command, level in levels.items():
        lines = annotations(report, command)
        assert len(lines) == LIMITS[command] <= 10
        assert parsed(lines[-1])[2].startswith(f"{40 - LIMITS[command] + 1} more {level} findings")
    # 50 in a job: two steps of ours fit.
    assert 2 * sum(LIMITS.values()) <= 50


def test_as_many_as_fit_are_shown_without_a_word_about_more() -> None:
    lines = annotations(small(findings=many(LIMITS["error"])), "error")
    assert len(lines) == LIMITS["error"]
    assert "more" not in lines[-1]


def log_of(report: Report) -> list[str]:
    """The lines of the group, as the log of a step shows them."""
    lines = as_github(report).splitlines()
    start, end = lines.index("::group::codex-leg: the whole report"), lines.index("::endgroup::")
    return lines[start + 1 : end]


def test_the_log_names_each_finding_that_is_no_annotation() -> None:
    findings = [
        one
        for level in ("breaking", "risky", "additive")
        for one in many(MAX_OF_A_RULE + 10, level)
    ]
    log = "\n".join(log_of(small(findings=findings)))
    named = re.findall(r"^ {4}\S+ {2}(.*)", log, re.MULTILINE)
    assert sorted(named) == sorted(place_of(one) for one in findings)
    assert "more; --format json" not in log


def test_benign_drift_alone_is_named_in_the_log() -> None:
    report = small(findings=[added(level="benign")])
    assert not [line for line in as_github(report).splitlines() if line.startswith("::notice")]
    assert any("/header/x-new" in line for line in log_of(report))
    assert as_github(report).splitlines()[-1].startswith("drift: ")


def test_no_text_of_an_answer_ends_the_group_or_is_a_command() -> None:
    log = log_of(small(findings=[removed(message="a\n::endgroup::\n::error::x")]))
    assert any("::endgroup::" in line for line in log)
    assert not any(line.lstrip().startswith("::") for line in log)


def test_what_was_not_looked_at_is_not_crowded_out() -> None:
    left = [Unchecked(f"codex/{index}", "no snapshot yet") for index in range(30)]
    lines = annotations(small(findings=many(40), unchecked=left, quarantined=left[:1]), "error")
    assert len(lines) == LIMITS["error"]
    assert [parsed(line)[1]["title"] for line in lines[:2]] == [
        "1 could not be read",
        "30 could not be looked at",
    ]
    assert "codex/4, and 25 more; --format json has all of them" in parsed(lines[1])[2]


def test_the_verdict_is_a_plain_line() -> None:
    assert as_github(Report([])) == "clean: no drift\n"
