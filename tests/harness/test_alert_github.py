"""Alerts on GitHub: limits honoured, the token kept, nothing made twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.alert.github import GitHub
from harness.alert.sending import NotSent
from harness.alert.text import body_of

from .github_fake import REPOSITORY, TOKEN, FakeGitHub
from .nights import Nightly, saw
from .reports import added, removed


def test_an_issue_without_our_label_is_not_ours(hub: FakeGitHub, nightly: Nightly) -> None:
    body = f"<!-- codex-leg/topic responses -->\n{body_of('responses', [])}"
    hub.add("fake", body)
    hub.add("a pull request", body, labels=("codex-leg",), pull_request={})
    nightly.tell(canary=saw(removed()))
    assert len(hub.issues) == 3
    assert [issue["title"] for issue in hub.issues[:2]] == ["fake", "a pull request"]


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
