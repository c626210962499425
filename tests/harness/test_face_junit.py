"""JUnit: a case for all that was looked at, and never a green one for what was not."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given

from harness.drift.findings import Unchecked
from harness.drift.waivers import Waived
from harness.report import Report
from harness.report.as_junit import as_junit

from .reports import ANY_REPORT, a_waiver, added, hostile, removed, row, small, xml

#: What jenkinsci/xunit-plugin, junit-10.xsd, allows: element → its attributes (those with ! are
#: required), and the elements in it. Only what we write is listed.
SCHEMA = {
    "testsuites": ("name time tests failures errors", "testsuite"),
    "testsuite": ("name! tests! failures! errors! time skipped timestamp", "properties testcase"),
    "properties": ("", "property"),
    "property": ("name! value!", ""),
    "testcase": ("name! time classname", "skipped error failure system-out system-err"),
    "failure": ("type message", ""),
    "error": ("type message", ""),
    "system-out": ("", ""),
}
_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def violations(element: ET.Element) -> list[str]:
    attributes, children = (part.split() for part in SCHEMA[element.tag])
    found = [f"{element.tag} lacks {name}" for name in attributes
             if name.endswith("!") and name[:-1] not in element.attrib]  # fmt: skip
    known = {name.rstrip("!") for name in attributes}
    found += [f"{element.tag} has {name}" for name in element.attrib if name not in known]
    if not _TIME.fullmatch(element.get("time", "")):
        found.append(f"time is {element.get('time')}")
    for below in element:
        if below.tag not in children:
            found.append(f"{below.tag} in {element.tag}")
        else:
            found += violations(below)
    return found


def parsed(report: Report) -> ET.Element:
    return xml(as_junit(report))


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def outcome(case: ET.Element) -> str:
    return next(
        (tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None), "ok"
    )


@given(ANY_REPORT)
def test_the_document_keeps_the_schema_and_the_counts_are_right(report: Report) -> None:
    root = parsed(report)
    assert violations(root) == []
    for element in (root, *root.iter("testsuite")):
        below = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(below)
        for tag in ("failure", "error"):
            assert int(element.attrib[f"{tag}s"]) == sum(outcome(case) == tag for case in below)


def test_every_probe_is_a_case_and_those_as_before_pass() -> None:
    root = parsed(small())
    assert {name: outcome(case) for name, case in cases(root).items()} == {
        "codex/streamed-text": "failure",
        "codex/usage": "failure",
        "auth/refresh": "ok",
    }
    assert [suite.attrib["name"] for suite in root.iter("testsuite")] == ["codex", "auth"]


def test_all_findings_of_a_probe_are_in_one_failure() -> None:
    report = small(findings=[removed(), removed(pointer="/response/id", rule="field-moved")])
    (failure,) = cases(parsed(report))["codex/streamed-text"].findall("failure")
    assert failure.attrib["message"] == "2 findings: field-removed, field-moved"
    assert "/response/usage" in (failure.text or "")
    assert "/response/id" in (failure.text or "")


def test_what_was_not_looked_at_is_an_error_never_skipped() -> None:
    left = [Unchecked("codex/x", "no snapshot yet"), Unchecked("auth/live", "no credential")]
    rows = [row("codex/x", verdict="unchecked")]
    root = parsed(small(findings=[], probes=rows, unchecked=left))
    known = cases(root)
    assert {name: outcome(case) for name, case in known.items()} == {
        "codex/x": "error",
        "auth/live": "error",
    }
    assert "no snapshot yet" in known["codex/x"].find("error").attrib["message"]  # type: ignore[union-attr]


def test_findings_below_the_level_to_fail_on_do_not_fail_their_case() -> None:
    case = cases(parsed(small(fail_on="risky")))["codex/usage"]
    assert outcome(case) == "ok"
    assert "additive header-added: " in case.findtext("system-out", "")


def test_what_is_waived_passes_and_is_told() -> None:
    gone = Waived(added(), a_waiver())
    case = cases(parsed(small(findings=[], waived=[gone])))["codex/usage"]
    assert outcome(case) == "ok"
    assert "until 2027-11-22 (ada): announced" in case.findtext("system-out", "")


def test_a_command_without_probes_has_a_case_too() -> None:
    clean = cases(parsed(Report([], command="validate", subject="answer.sse")))
    assert {name: outcome(case) for name, case in clean.items()} == {"answer.sse": "ok"}
    found = Report([removed(probe=None)], command="validate", subject="answer.sse")
    assert {name: outcome(case) for name, case in cases(parsed(found)).items()} == {
        "answer.sse": "failure"
    }


def test_every_comparison_is_a_case() -> None:
    report = Report([removed()], command="compare", compared=["codex/streamed-text", "codex/usage"])
    assert {name: outcome(case) for name, case in cases(parsed(report)).items()} == {
        "codex/streamed-text": "failure",
        "codex/usage": "ok",
    }


def test_what_an_answer_says_is_text() -> None:
    assert violations(parsed(hostile())) == []
