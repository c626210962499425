"""``codex-leg alert``: each surface has one issue, told once, and closed when it is over."""

from __future__ import annotations

import json
import re
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.alert import github as github_module
from harness.alert.github import GitHub
from harness.alert.ledger import Ledger
from harness.alert.row import Row
from harness.alert.sending import NotSent
from harness.alert.text import MAX_BODY, body_of, change_of, title_of
from harness.cli import run
from harness.contract import Contract
from harness.drift.findings import Finding, Unchecked
from harness.report import Report
from harness.report.faces import render

from .github_fake import REPOSITORY, TOKEN, FakeGitHub, github
from .reports import NASTY, added, hostile, many, removed, row

LOOK = "codex/streamed-text"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    monkeypatch.setattr(github_module, "_PAUSE", 0.0)
    for name in (
        "GITHUB_STEP_SUMMARY",
        "CODEX_LEG_WEBHOOK_URL",
        "CODEX_LEG_SLACK_URL",
        "CODEX_LEG_APPRISE_URLS",
    ):
        monkeypatch.delenv(name, raising=False)
    with github() as fake:
        for name, value in fake.env().items():
            monkeypatch.setenv(name, value)
        yield fake


class Nightly:
    """Reports in a folder, told of as the nightly does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tell(self, *arguments: str, **reports: Report | None) -> int:
        files = []
        for witness, report in reports.items():
            file = self.folder / f"{witness}.json"
            file.unlink(missing_ok=True)
            if report is not None:
                file.write_text(render(report, "json"), encoding="utf-8")
            files.append(str(file))
        return run(["alert", *arguments, *files])


@pytest.fixture
def nightly(tmp_path: Path) -> Nightly:
    return Nightly(tmp_path)


def saw(*findings: Finding, left: Sequence[Unchecked] = (), **verdicts: str) -> Report:
    """A run that asked two probes."""
    names = (LOOK, "codex/usage")
    drifted = {one.probe for one in findings}
    rows = [
        row(name, verdict=verdicts.get(name.rpartition("/")[2].replace("-", "_"))
            or ("drift" if name in drifted else "clean"))
        for name in names
    ]  # fmt: skip
    return Report(findings, left, rows, command="canary")


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


def test_an_issue_without_our_label_is_not_ours(hub: FakeGitHub, nightly: Nightly) -> None:
    body = f"<!-- codex-leg/topic responses -->\n{body_of('responses', [])}"
    hub.add("fake", body)
    hub.add("a pull request", body, labels=("codex-leg",), pull_request={})
    nightly.tell(canary=saw(removed()))
    assert len(hub.issues) == 3
    assert [issue["title"] for issue in hub.issues[:2]] == ["fake", "a pull request"]


def test_a_spoilt_issue_is_written_anew(hub: FakeGitHub, nightly: Nightly) -> None:
    nightly.tell(canary=saw(removed()))
    issue = hub.topic("responses")
    issue["body"] = issue["body"].replace('"rows":[', '"rows":[7,')
    nightly.tell(canary=saw(removed()))
    assert Ledger.read(hub.topic("responses")["body"]) is not None
    assert len(hub.issues) == 1


def test_all_pages_are_read(hub: FakeGitHub, nightly: Nightly) -> None:
    for index in range(120):
        hub.add(f"other {index}", "text", labels=("codex-leg",))
    nightly.tell(canary=saw(removed()))
    nightly.tell(canary=saw(removed()))
    assert len(hub.issues) == 121


def hub_with(fake: FakeGitHub, waits: list[float]) -> GitHub:
    return GitHub(REPOSITORY, TOKEN, api=fake.url, sleep=waits.append, now=lambda: 1000.0)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (403, {"retry-after": "9"}, 9.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}, 30.0),
        (429, {}, 60.0),
        (502, {}, 1.0),
    ],
)
def test_limits_are_honoured(
    hub: FakeGitHub, status: int, headers: dict[str, str], wait: float
) -> None:
    waits: list[float] = []
    hub.refusals = [("GET", status, headers)]
    with hub_with(hub, waits) as place:
        assert place.issues() == []
    assert waits == [wait]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 422])
def test_a_refusal_is_told_and_not_asked_again(
    hub: FakeGitHub, nightly: Nightly, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    elsewhere = {"location": "http://127.0.0.2:9/steal"} if status == 301 else {}
    hub.refusals = [("GET", status, elsewhere)]
    assert nightly.tell(canary=saw(removed())) == 6
    assert len(hub.asked) == 1
    said = capsys.readouterr()
    assert f": {status}: " in said.err
    assert TOKEN not in said.err + said.out


def test_nobody_waits_for_an_hour(hub: FakeGitHub) -> None:
    waits: list[float] = []
    hub.refusals = [("GET", 429, {"retry-after": "3600"})]
    with hub_with(hub, waits) as place, pytest.raises(NotSent, match="not lifted"):
        place.issues()
    assert waits == []


def test_what_may_have_been_made_is_not_made_twice(hub: FakeGitHub, nightly: Nightly) -> None:
    hub.refusals = [("POST", 502, {})]
    assert nightly.tell(canary=saw(removed())) == 6
    assert [one for one in hub.writes() if one[0] == "POST"] == hub.writes()
    assert len(hub.writes()) == 1


def test_one_failure_does_not_keep_the_others_back(hub: FakeGitHub, nightly: Nightly) -> None:
    hub.refusals = [("POST", 422, {})]
    other = replace(added(), surface="usage")
    assert nightly.tell(canary=saw(removed(), other)) == 6
    assert len(hub.issues) == 1


def test_an_issue_without_its_label_is_an_error(hub: FakeGitHub, nightly: Nightly) -> None:
    hub.labels_dropped = True
    assert nightly.tell(canary=saw(removed())) == 6


@pytest.mark.parametrize("api", ["http://github.example", "ftp://github.example"])
def test_the_token_is_sent_over_tls_alone(api: str) -> None:
    with pytest.raises(NotSent, match="https"):
        GitHub(REPOSITORY, TOKEN, api=api)


@pytest.mark.parametrize("repository", ["", "a", "a/b/c", "../x", "a/b?x"])
def test_a_repository_is_an_owner_and_a_name(repository: str) -> None:
    with pytest.raises(NotSent, match="OWNER/NAME"):
        GitHub(repository, TOKEN)


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


def test_hooks_get_the_news_once(
    hub: FakeGitHub, nightly: Nightly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_LEG_WEBHOOK_URL", f"{hub.url}/hook/a")
    monkeypatch.setenv("CODEX_LEG_SLACK_URL", f"{hub.url}/hook/slack")
    report = saw(removed(message="<!channel> & gone"))
    nightly.tell(canary=report)
    nightly.tell(canary=report)
    (_, document), (_, slack) = hub.hooks
    assert Contract().schemas.validate("report/alert.json", document) == []
    assert document["actions"][0]["findings"][0]["leg_reads_it"] == "yes"
    assert "&lt;!channel&gt; &amp; gone" in slack["text"]


def test_a_hook_that_fails_is_told_without_its_address(
    hub: FakeGitHub,
    nightly: Nightly,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CODEX_LEG_SLACK_URL", "http://127.0.0.1:9/services/SECRET")
    assert nightly.tell(canary=saw(removed())) == 6
    said = capsys.readouterr()
    assert "CODEX_LEG_SLACK_URL: 127.0.0.1" in said.err
    assert "SECRET" not in said.err + said.out


def test_apprise_is_used_where_it_is_installed(
    hub: FakeGitHub, nightly: Nightly, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    class Apprise:
        def add(self, address: str) -> bool:
            sent.append(address)
            return True

        def notify(self, *, title: str, body: str) -> bool:
            sent.append((title, body))
            return True

    module = types.ModuleType("apprise")
    module.Apprise = Apprise  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    monkeypatch.setenv("CODEX_LEG_APPRISE_URLS", "json://a json://b")
    nightly.tell(canary=saw(removed()))
    assert sent[:2] == ["json://a", "json://b"]
    assert "responses has changed" in sent[2][1]


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
