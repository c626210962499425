"""Markdown: for a step's summary of at most 1 MiB, in which nothing of an answer is markup."""

from __future__ import annotations

import re

from harness.drift.findings import Unchecked
from harness.drift.waivers import Waived
from harness.report.as_markdown import as_markdown

from .reports import NASTY, a_waiver, added, many, removed, row, small

MIB = 1024 * 1024


def test_a_report_that_fits_is_there_whole() -> None:
    left = [Unchecked("codex/x", "no snapshot yet")]
    report = small(unchecked=left, waived=[Waived(added(), a_waiver())])
    text = as_markdown(report)
    for wanted in (
        "### breaking (1)",
        "### additive (1)",
        "### Could not be looked at (1)",
        "### waived (1)",
        "`responses response response.completed /response/usage` in `codex/streamed-text`",
        "seen `0 of 5`",
        "`codex-leg explain field-removed`",
        "| `auth/refresh` | `ok` | `composed` | `clean (0)` |",
    ):
        assert wanted in text
    assert "more**" not in text


def test_it_stays_below_githubs_limit_and_says_how_many_more_there_are() -> None:
    report = small(findings=many(20_000, level="risky"))
    text = as_markdown(report)
    assert 900_000 < len(text.encode()) < MIB
    shown = text.count("`response.completed: /response/usage is gone`")
    found = re.search(r"\*\*(\d+) more\*\* do not fit", text)
    assert found
    assert int(found[1]) == 20_000 + len(report.probes or ()) - shown


def test_one_huge_message_does_not_break_the_limit() -> None:
    for text in ("x" * 3 * MIB, "`" * 3 * MIB, "ü" * 3 * MIB):
        report = small(findings=[removed(message=text, pointer=text)], subject=text)
        assert len(as_markdown(report).encode()) < MIB


def test_a_comment_may_be_smaller_still() -> None:
    text = as_markdown(small(findings=many(2000)), max_bytes=60_000)
    assert len(text.encode()) < 60_000
    assert "more** do not fit" in text


def test_probes_that_are_not_clean_come_first() -> None:
    rows = [row("a/clean"), row("b/drifted", 2)]
    text = as_markdown(small(probes=rows))
    assert text.index("b/drifted") < text.index("a/clean")


def test_what_an_answer_says_stands_in_code_spans_and_nowhere_else() -> None:
    findings = [removed(message=NASTY, pointer=NASTY, event=NASTY, also=(NASTY,))]
    text = as_markdown(small(findings=findings, probes=[row(NASTY, 1, outcome=NASTY)]))
    assert text.count("evil.invalid") == 6
    outside = "".join(re.split(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", text)[::2])
    for dangerous in ("evil", "@someone", "onclick", "</script>", "red"):
        assert dangerous not in outside, outside
    (cells,) = [line for line in text.splitlines() if line.startswith("|") and "red" in line]
    assert len(re.findall(r"(?<!\\)\|", cells)) == 5
