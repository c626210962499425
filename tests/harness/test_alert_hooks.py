"""Alerts to webhooks: the news, once, and also to one that was down."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract

from .github_fake import FakeGitHub
from .nights import Nightly, saw
from .reports import removed


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


@pytest.mark.parametrize("in_a_file", [False, True])
def test_news_that_a_hook_does_not_take_is_sent_with_the_next_run(
    hub: FakeGitHub, nightly: Nightly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    in_a_file: bool,
) -> None:  # fmt: skip
    place = ["--state", str(tmp_path / "state")] if in_a_file else []
    slack = f"{hub.url}/hook/slack"
    monkeypatch.setenv("CODEX_LEG_WEBHOOK_URL", f"{hub.url}/hook/a")
    for report, kind in ((saw(removed()), "open"), (saw(), "close")):
        hub.hooks.clear()
        monkeypatch.setenv("CODEX_LEG_SLACK_URL", "http://127.0.0.1:9/down")
        assert nightly.tell(*place, canary=report) == 6
        assert nightly.tell(*place, canary=report) == 6
        assert [one["kind"] for _, one in hub.hooks for one in one["actions"]] == [kind]
        monkeypatch.setenv("CODEX_LEG_SLACK_URL", slack)
        assert nightly.tell(*place, canary=report) == 0
        assert "responses has changed" in hub.hooks[-1][1]["text"]
        assert ("over: " in hub.hooks[-1][1]["text"]) == (kind == "close")
        said, asked = len(hub.hooks), len(hub.writes())
        assert nightly.tell(*place, canary=report) == 0
        assert (len(hub.hooks), len(hub.writes())) == (said, asked) == (2, asked)
    if not in_a_file:
        assert hub.topic("responses")["state"] == "closed"
        assert "codex-leg/owed" not in hub.topic("responses")["body"]


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
