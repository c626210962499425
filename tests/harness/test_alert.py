"""``codex-leg alert``: each surface has one issue, told once, and closed when it is over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.alert.ledger import Ledger
from harness.cli import run
from harness.drift.findings import Unchecked
from harness.report import Report
from harness.report.faces import render

from .github_fake import FakeGitHub
from .nights import LOOK, Nightly, saw
from .reports import added, removed


def test_each_surface_has_one_issue(hub: FakeGitHub, nightly: Nightly) -> None:
    other = replace(added(), surface="usage")
    assert nightly.tell(canary=saw(removed(), added(), other)) == 0
    assert len(hub.issues) == 2
    issue = hub.topic("responses")
    assert issue["title"] == "codex-leg: responses has changed (1 breaking, 1 additive)"
    assert issue["labels"] == [{"name": "codex-leg"}]
    for part in ("What has changed", "/response/usage is gone", "the leg: **yes**", "**Since**",
                 "What to do first", "seen 0 of 5", f"codex-leg canary {LOOK}"):  # fmt: skip
        assert part in issue["body"], part


def test_told_twice_nothing_more_is_sent(hub: FakeGitHub, nightly: Nightly) -> None:
    report = saw(removed(), left=[Unchecked("codex/usage", "quota")])
    nightly.tell(canary=report)
    before = len(hub.writes())
    nightly.tell(canary=report)
    assert before == 2
    assert len(hub.writes()) == before


def test_other_words_for_the_same_are_no_news(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()))
    nightly.tell(canary=saw(removed(message="gone, in other words")))
    assert "in other words" in hub.topic("responses")["body"]
    assert hub.comments == {}


def test_a_change_is_commented_on(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()))
    nightly.tell(canary=saw(removed(), added()))
    (comment,) = hub.comments[1]
    assert "**New** (1)" in comment
    assert "x-new is new" in comment
    assert "Gone" not in comment


def test_what_becomes_graver_is_commented_on(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed(level="risky")))
    nightly.tell(canary=saw(removed(level="breaking")))
    (comment,) = hub.comments[1]
    assert "As grave as that now" in comment


def test_it_is_closed_once_it_is_over_and_reopened_when_it_is_back(
    hub: FakeGitHub, nightly: Nightly
) -> None:
    nightly.tell(canary=saw(removed()))
    assert nightly.tell(canary=saw()) == 0
    issue = hub.topic("responses")
    assert issue["state"] == "closed"
    assert "**Over.**" in hub.comments[1][-1]
    nightly.tell(canary=saw())
    assert len(hub.comments[1]) == 1
    nightly.tell(canary=saw(removed()))
    assert len(hub.issues) == 1
    assert hub.topic("responses")["state"] == "open"


def test_what_was_not_looked_at_closes_nothing(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()))
    left = [Unchecked(LOOK, "the network was lost")]
    assert nightly.tell(canary=saw(left=left, streamed_text="unchecked")) == 6
    assert hub.topic("responses")["state"] == "open"
    assert hub.topic("could-not-look")["state"] == "open"


@pytest.mark.parametrize("other", ["record", "reference"])
def test_another_witness_closes_nothing(hub: FakeGitHub, nightly: Nightly, other: str) -> None:
    nightly.tell(canary=saw(removed()))
    nightly.tell(**{other: saw()})
    assert hub.topic("responses")["state"] == "open"


def test_of_two_witnesses_both_have_to_look_again(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()), record=saw(removed()))
    nightly.tell(canary=saw())
    assert hub.topic("responses")["state"] == "open"
    nightly.tell(record=saw())
    assert hub.topic("responses")["state"] == "closed"


def test_a_flaky_finding_neither_opens_nor_closes(hub: FakeGitHub, nightly: Nightly) -> None:
    flaky = replace(saw(), flaky=[removed()])
    assert nightly.tell(canary=flaky) == 0
    assert hub.issues == []
    nightly.tell(canary=saw(removed()))
    nightly.tell(canary=flaky)
    assert hub.topic("responses")["state"] == "open"


def test_benign_findings_are_never_told(hub: FakeGitHub, nightly: Nightly) -> None:
    assert nightly.tell(canary=saw(removed(level="benign"))) == 0
    assert hub.issues == []


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format": "codex-leg/findings/1"}'])
def test_a_report_that_is_missing_empty_or_broken_is_red(
    hub: FakeGitHub, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "canary.json"
    if text is not None:
        file.write_text(text)
    assert run(["alert", str(file)]) == 6
    assert "the report of canary" in hub.topic("could-not-look")["body"]


@pytest.mark.parametrize("spoilt", [{"evidence": None}, {"of_the_future": 1}])
def test_a_report_of_another_version_is_red(
    hub: FakeGitHub, nightly: Nightly, tmp_path: Path, spoilt: dict[str, Any]
) -> None:
    document = json.loads(render(saw(removed()), "json"))
    document["findings"][0] |= spoilt
    (tmp_path / "canary.json").write_text(json.dumps(document))
    assert run(["alert", str(tmp_path / "canary.json")]) == 6
    assert hub.topic("could-not-look")["state"] == "open"


def test_a_run_that_asked_nothing_is_red(hub: FakeGitHub, nightly: Nightly) -> None:
    assert nightly.tell(canary=Report([], probes=[], command="canary")) == 6
    assert "no probe was asked" in hub.topic("could-not-look")["body"]


def test_could_not_look_closes_when_it_could(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=None)
    nightly.tell(canary=saw())
    assert hub.topic("could-not-look")["state"] == "closed"


def test_one_report_of_all_witnesses_is_shown_with_the_job(
    hub: FakeGitHub, nightly: Nightly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    nightly.tell(canary=saw(removed()), reference=None)
    text = (tmp_path / "summary.md").read_text()
    assert "| `canary` | 1 finding, 0 not looked at |" in text
    assert "| `reference` | 0 findings, 1 not looked at |" in text
    assert "What has changed" in text
    assert "codex-leg/told/1" not in text


def test_dry_run_does_nothing(
    hub: FakeGitHub, nightly: Nightly, capsys: pytest.CaptureFixture[str]
) -> None:
    nightly.tell("--dry-run", canary=saw(removed()))
    assert hub.writes() == []
    assert "would open a new issue (responses)" in capsys.readouterr().out


def test_a_spoilt_issue_is_written_anew(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()))
    issue = hub.topic("responses")
    issue["body"] = issue["body"].replace('"rows":[', '"rows":[7,')
    nightly.tell(canary=saw(removed()))
    assert Ledger.read(hub.topic("responses")["body"]) is not None
    assert len(hub.issues) == 1


def test_without_github_and_without_a_file_it_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    assert run(["alert", str(tmp_path / "x.json")]) == 4


def test_a_file_will_do_where_there_is_no_github(nightly: Nightly, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    assert nightly.tell("--state", state, canary=saw(removed())) == 0
    first = Path(state).read_bytes()
    nightly.tell("--state", state, canary=saw(removed()))
    assert Path(state).read_bytes() == first
    nightly.tell("--state", state, canary=saw())
    assert [one["is_open"] for one in json.loads(Path(state).read_bytes())["issues"]] == [False]
