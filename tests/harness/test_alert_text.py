"""What an alert says and keeps: bounded, harmless, and nothing lost that does not fit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.alert.ledger import Ledger
from harness.alert.row import Row
from harness.alert.text import MAX_BODY, body_of, change_of, title_of
from harness.cli import run
from harness.contract import Contract
from harness.drift.findings import Unchecked
from harness.report import Report
from harness.report.faces import render

from .github_fake import FakeGitHub
from .nights import LOOK, Nightly, saw
from .reports import NASTY, added, hostile, many, removed


def test_nothing_that_others_wrote_acts(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=replace(hostile(), waived=()))
    for issue in hub.issues:
        text = issue["body"]
        shown = text[: text.index("<!-- codex-leg/told/1")]
        assert "\x1b" not in text
        outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", shown, flags=re.DOTALL)
        assert "@someone" not in outside
        assert Ledger.read(text) is not None


def test_secrets_are_kept_out(hub: FakeGitHub, nightly: Nightly, tmp_path: Path) -> None:
    secret = "sk-proj-abcdefghijklmnopqrstuvwx"
    document = json.loads(render(saw(removed()), "json"))
    document["findings"][0]["message"] = f"the key {secret} is refused"
    (tmp_path / "canary.json").write_text(json.dumps(document))
    run(["alert", str(tmp_path / "canary.json")])
    assert secret not in json.dumps(hub.issues)


@pytest.mark.parametrize("count", [1, 40, 3000])
def test_a_body_is_never_too_long(count: int) -> None:
    rows = [
        Row(
            id=f"{index:012x}", rule="field-removed", level="breaking", place="ü\n`" * 900,
            message=NASTY.encode("utf-8", "replace").decode() * 40, since="2026-11-22",
            sights=(f"canary {'p' * 300}",), run="r" * 500, seen="1 of 1", hit="yes",
        )
        for index in range(count)
    ]  # fmt: skip
    body = body_of("responses", rows)
    assert len(body.encode()) < MAX_BODY
    assert len(change_of(Ledger("responses"), rows).encode()) < MAX_BODY
    assert len(title_of("responses" * 100, rows)) < 256
    ledger = Ledger.read(body)
    assert ledger is not None
    assert len(ledger.rows) + ledger.left_out == count
    if ledger.left_out:
        assert "more** do not fit here" in body


def test_thousands_of_findings_told_twice_are_told_once(hub: FakeGitHub, nightly: Nightly) -> None:
    report = saw(*many(2000))
    nightly.tell(canary=report)
    nightly.tell(canary=report)
    assert len(hub.writes()) == 1


BLIND = saw(left=[Unchecked(LOOK, "the network was lost")], streamed_text="unchecked")


@pytest.mark.parametrize(
    "later", [{"record": BLIND}, {"canary": saw()}, {"canary": None}],
    ids=["not-looked", "another-witness", "no-report"],
)  # fmt: skip
def test_what_did_not_fit_stays_until_somebody_has_looked(
    hub: FakeGitHub, nightly: Nightly, later: dict[str, Report | None]
) -> None:
    nightly.tell(record=saw(*many(2000)))
    nightly.tell(**later)
    ledger = Ledger.read(hub.topic("responses")["body"])
    assert ledger is not None
    assert len(ledger.rows) + ledger.left_out == 2000
    assert "more** were told before" in hub.topic("responses")["body"]
    nightly.tell(record=saw(*many(2000)))
    assert 1 not in hub.comments
    nightly.tell(record=saw(*many(1990)))
    assert hub.comments[1] == ["It has changed: 2000 before, 1990 now.\n"]
    nightly.tell(record=saw())
    assert hub.topic("responses")["state"] == "closed"


def test_an_issue_that_cannot_be_read_is_not_closed_by_who_did_not_look(
    hub: FakeGitHub, nightly: Nightly
) -> None:
    nightly.tell(record=saw(removed()))
    issue = hub.topic("responses")
    issue["body"] = issue["body"].replace('"rows":[', '"rows":[7,')
    nightly.tell(record=BLIND)
    assert issue["state"] == "open"
    nightly.tell(record=saw())
    assert issue["state"] == "closed"


def test_writing_what_is_known_tells_nobody_anything(
    hub: FakeGitHub, nightly: Nightly, tmp_path: Path
) -> None:
    nightly.tell(record=saw(*many(2000)))
    hub.topic("responses")["title"] = "renamed by a person"
    hub.asked.clear()
    assert run(["alert", "--write-known", str(tmp_path / "known.json")]) == 0
    assert hub.writes() == []
    known = json.loads((tmp_path / "known.json").read_bytes())
    assert len(known["findings"]) + known["left_out"] == 2000


def test_since_is_the_day_of_the_first_sight(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()))
    issue = hub.topic("responses")
    today = date.today().isoformat()  # noqa: DTZ011 — only to be replaced
    ledger = Ledger.read(issue["body"])
    assert ledger is not None
    issue["body"] = issue["body"].replace(ledger.rows[0].since, "2026-01-02")
    nightly.tell(canary=saw(removed(), added()))
    assert "**Since** 2026-01-02" in issue["body"]
    assert today not in issue["body"].split("<details>")[0]


def test_what_is_told_is_the_baseline_of_a_pull_request(
    hub: FakeGitHub, nightly: Nightly, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nightly.tell(canary=saw(removed()))
    known = tmp_path / "known.json"
    assert run(["alert", "--write-known", str(known)]) == 0
    document = json.loads(known.read_bytes())
    assert Contract().schemas.validate("report/known.json", document) == []
    assert [one["fingerprint"] for one in document["findings"]] == [removed().fingerprint]
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"a": 1, "b": 1}')
    new.write_text('{"a": "1", "b": "1"}')
    report = tmp_path / "report.json"
    command = ["compare", str(old), str(new), "--surface", "usage", "--json"]
    assert run([*command, "-o", str(report)]) == 1
    capsys.readouterr()
    assert run([*command, "--baseline-report", str(report)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["verdict"] == "clean"
    assert shown["known"]
