"""What a report says of two sides: the files, what only one of them has, the verdict in words."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.report import Report
from harness.report.decide import exit_code
from harness.report.faces import FACES, render
from harness.report.words import verdict_of
from tests.harness import samples
from tests.harness.contracts import ROOT, codex_leg
from tests.harness.reports import a_waiver, added, removed, small
from tests.harness.test_decide import judged

LONE = Unchecked("two-turns.https", "only 0.144.4 was captured in it")
REFERENCE = ROOT / "cassettes/reference"


@pytest.mark.parametrize("face", FACES)
def test_every_face_names_what_only_one_side_has_once(face: str) -> None:
    told = render(Report([], one_sided=[LONE], command="compare", compared=["plain.https"]), face)
    parts = told.split("::group::")
    # GitHub's log has the whole report once more, in one group.
    assert len(parts) == (2 if face == "github" else 1)
    assert [part.count("only 0.144.4 was captured in it") for part in parts] == [1] * len(parts)
    assert "two-turns.https" in told


MANY = [Unchecked(f"turn-{number}", "only 0.1 was captured in it") for number in range(20)]


@pytest.mark.parametrize("face", sorted({*FACES} - {"json", "junit"}))
def test_what_was_left_for_one_reason_is_told_together(face: str) -> None:
    left = [*MANY, Unchecked("alone", "another reason")]
    told = render(Report([], one_sided=left, unchecked=MANY[:2], command="compare"), face)
    told = told.partition("::group::")[0]  # GitHub's log has all of it once more
    assert told.count("only 0.1 was captured in it") == 2  # once of what was left, once unchecked
    assert "and 15 more; --format json has all of them" in told
    assert ("turn-4" in told, "turn-5" in told) == (True, False)
    assert "another reason" in told


def test_json_and_junit_name_each_that_was_left() -> None:
    report = Report([], one_sided=MANY, command="compare")
    assert [one["what"] for one in report.to_json()["one_sided"]] == [one.what for one in MANY]
    assert all(f'name="{one.what}"' in render(report, "junit") for one in MANY)


def test_what_only_one_side_has_is_neither_drift_nor_unchecked() -> None:
    report = judged(Report([], one_sided=[LONE]))
    assert (report.verdict, exit_code(report)) == ("clean", 0)
    document = report.to_json()
    assert document["one_sided"] == [{"what": LONE.what, "why": LONE.why}]
    assert Contract().schemas.validate("report/findings.json", document) == []
    root = ET.fromstring(render(report, "junit"))  # noqa: S314 — our own
    assert [one.get("message") for one in root.iter("skipped")] == [
        "not compared: two-turns.https: only 0.144.4 was captured in it"
    ]
    (run,) = json.loads(render(report, "sarif"))["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["note"]


def test_the_annotation_of_github_names_the_other_places_and_what_follows() -> None:
    one = removed(also=("response.created /response/usage",), explains=("field-added /x",))
    annotations, _, rest = render(small(findings=[one]), "github").partition("::group::")
    (line,) = annotations.splitlines()
    log, _, verdict = rest.partition("::endgroup::\n")
    assert "explains field-added /x" in log
    assert len(verdict.splitlines()) == 1
    assert "%0Aalso response.created /response/usage%0A" in line
    assert "%0Aexplains field-added /x%0A" in line


@pytest.mark.parametrize("face", ["terminal", "markdown", "html", "github"])
def test_findings_below_the_level_are_no_drift_in_words(face: str) -> None:
    report = judged(Report([added(), added(pointer="/header/y")]), fail_on="breaking")
    assert exit_code(report) == 0
    told = render(report, face)
    assert "clean at this level" in told
    assert "2 findings below breaking (2 additive)" in told
    assert "drift:" not in told
    assert "drift" in render(replace(report, fail_on="additive"), face)


def test_the_verdict_in_words_is_that_of_the_exit_code() -> None:
    unused = judged(Report([]), waivers=[a_waiver()], whole=True)
    assert (exit_code(unused), verdict_of(unused)[0]) == (4, "wrong use")
    mild = judged(Report([added()], [Unchecked("a", "b")]), fail_on="breaking")
    assert (exit_code(mild), verdict_of(mild)[0]) == (6, "unchecked")
    assert verdict_of(judged(Report([])))[0] == "clean"
    assert verdict_of(judged(small()))[0] == "drift"


def test_a_waiver_to_mend_is_not_told_as_something_that_breaks() -> None:
    told = render(judged(Report([]), waivers=[a_waiver()], whole=True), "terminal")
    assert "WAIVERS  1 finding" in told
    assert "BREAKING" not in told
    assert told.splitlines()[-1] == "wrong use: 1 waiver to mend; no drift"


# Files


def streams(folder: Path) -> tuple[str, str]:
    events = samples.text_turn()
    old, new = folder / "old.sse", folder / "new.sse"
    old.write_bytes(samples.sse(events))
    new.write_bytes(samples.sse(events[:-1]))
    return str(old), str(new)


def report_of(face: str, *arguments: object) -> Any:
    done = codex_leg("compare", *map(str, arguments), "--format", face)
    return done.out


def test_a_finding_of_two_files_is_placed_in_the_new_one(tmp_path: Path) -> None:
    old, new = streams(tmp_path)
    sides = (old, new, "--surface", "responses")
    (one,) = json.loads(report_of("json", *sides))["findings"]
    assert one["where"] == new
    (run,) = json.loads(report_of("sarif", *sides))["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"file://{new}"
    assert report_of("github", *sides).startswith(f"::error file={new},line=1,")


def test_the_case_of_two_files_is_called_by_their_names(tmp_path: Path) -> None:
    old, new = streams(tmp_path)
    root = ET.fromstring(report_of("junit", old, new, "--surface", "responses"))  # noqa: S314
    assert [one.get("name") for one in root.iter("testcase")] == [f"{old} → {new}"]


def test_a_finding_of_two_folders_names_the_file_in_the_new_one() -> None:
    folders = [Path("cassettes/reference") / version for version in ("0.155.0", "0.156.0")]
    assert all((ROOT / one).is_dir() for one in folders)
    found = json.loads(report_of("json", *(ROOT / one for one in folders)))["findings"]
    where = {one["rule"]: one["where"] for one in found}
    assert where["client-endpoint-added"] == f"{ROOT / folders[1]}/side-calls.https.yaml"


# Captures of which one side has more runs than the other


def test_runs_that_only_one_capture_has_are_named_and_are_no_finding() -> None:
    for old, new in (("0.144.4", "0.144.5"), ("0.144.5", "0.144.4")):
        report = json.loads(report_of("json", REFERENCE / old, REFERENCE / new))
        assert (report["findings"], report["unchecked"]) == ([], [])
        lone = [one["what"] for one in report["one_sided"]]
        assert len(lone) == len(set(lone)) == 20
        assert {one["why"] for one in report["one_sided"]} == {
            f"only {REFERENCE / '0.144.4'} has it"
        }


def test_an_endpoint_that_came_has_its_host_and_the_surface_that_it_belongs_to() -> None:
    report = json.loads(report_of("json", REFERENCE / "0.155.0", REFERENCE / "0.156.0"))
    (one,) = [each for each in report["findings"] if each["rule"] == "client-endpoint-added"]
    assert one["pointer"] == "/endpoint/GET /backend-api/wham/accounts/check"
    assert one["surface"] == "accounts"
