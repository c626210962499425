"""SARIF: valid, with rules, places and fingerprints that stay the same."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft4Validator, Draft202012Validator

from harness.drift.findings import Unchecked
from harness.drift.rules import RULES
from harness.drift.waivers import Waived
from harness.reference.npm import InstallError, Tarball, pack
from harness.report import Report
from harness.report.as_sarif import as_sarif

from .reports import ANY_REPORT, a_waiver, added, hostile, many, removed, small

USED = Draft202012Validator(
    json.loads((Path(__file__).parent / "fixtures" / "sarif-2.1.0-used.json").read_text())
)

#: The package of Microsoft's SARIF SDK that carries the schema of the standard.
OFFICIAL = Tarball(
    "@microsoft/jest-sarif@1.0.0-beta.0",
    "sha512-A1fOhPd6Ic5iDk4F9YPw1qNB4XF+7+IviR7xl8r2F6QzQkx5cpY9LsGk2rExiFIEcBbjpVnSmwWGBukASkiQ9A==",
)


def everything() -> Report:
    left = [Unchecked("codex/x", "no snapshot yet")]
    findings = [one for rule in RULES for one in many(1, RULES[rule].level, rule)]
    return small(
        findings=[
            *findings,
            removed(where="a b/ü.sse:3"),
            removed(where="/srv/x.sse:1", probe=None),
        ],
        unchecked=left,
        quarantined=left,
        waived=[Waived(added(), a_waiver())],
    )


def run_of(report: Report) -> Any:
    document = json.loads(as_sarif(report))
    assert [error.message for error in USED.iter_errors(document)] == []
    return document["runs"][0]


@given(ANY_REPORT)
def test_any_report_is_valid(report: Report) -> None:
    run = run_of(report)
    aside = (*report.waived, *report.known, *report.flaky)
    assert len(run["results"]) == len(report.findings) + len(aside)


def test_hostile_and_whole_reports_are_valid() -> None:
    assert len(run_of(everything())["results"]) == len(RULES) + 3
    assert len(run_of(hostile())["results"]) == 2


@pytest.mark.slow
def test_the_official_schema_finds_nothing_wrong(tmp_path: Path) -> None:
    try:
        packed = pack(OFFICIAL, tmp_path)
    except InstallError as error:
        pytest.skip(str(error))
    digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    assert f"sha512-{digest}" == OFFICIAL.integrity
    with tarfile.open(packed) as archive:
        file = archive.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json")
        assert file is not None
        validator = Draft4Validator(json.load(file))
    for report in (everything(), hostile(), Report([])):
        document = json.loads(as_sarif(report))
        assert [error.message for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors({"version": "2.1.0"}))


def test_results_point_at_the_rules_of_the_table() -> None:
    run = run_of(everything())
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["shortDescription"]["text"] == RULES[rule["id"]].means
        assert RULES[rule["id"]].mend in rule["help"]["text"]


def test_levels_become_levels_of_sarif() -> None:
    wanted = {"breaking": "error", "risky": "warning", "additive": "note", "benign": "none"}
    for level, sarif in wanted.items():
        (result,) = run_of(small(findings=[removed(level=level)]))["results"]
        assert (result["level"], result["kind"] == "fail") == (sarif, level != "benign")


def test_a_place_in_a_file_is_a_uri_and_a_line() -> None:
    def place(report: Report) -> Any:
        return run_of(report)["results"][0]["locations"][0].get("physicalLocation")

    assert place(small(findings=[removed(where="a b/ü.sse:3")])) == {
        "artifactLocation": {"uri": "a%20b/%C3%BC.sse"},
        "region": {"startLine": 3},
    }
    assert place(small(findings=[removed(where="/srv/x:1")]))["artifactLocation"] == {
        "uri": "file:///srv/x"
    }
    assert place(Report([removed()])) is None


def test_fingerprints_are_those_of_the_finding_whatever_the_wording() -> None:
    one, two = (run_of(small(findings=[removed(message=text)])) for text in ("a", "b"))
    prints = [run["results"][0]["partialFingerprints"] for run in (one, two)]
    assert prints[0] == prints[1]
    assert prints[0]["codexLeg/v1"] == removed().fingerprint
    assert prints[0]["primaryLocationLineHash"].startswith(removed().fingerprint)


def test_what_is_waived_is_a_suppressed_result() -> None:
    (result,) = run_of(Report([], waived=[Waived(added(), a_waiver())]))["results"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "announced" in suppression["justification"]


def test_a_run_that_could_not_look_was_no_success() -> None:
    assert run_of(Report([]))["invocations"][0] == {"executionSuccessful": True}
    (invocation,) = run_of(Report([], [Unchecked("codex/x", "no snapshot")]))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "codex/x: no snapshot" in invocation["toolExecutionNotifications"][0]["message"]["text"]
