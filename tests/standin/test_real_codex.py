"""Released Codex CLIs against the stand-in, unmodified, with the proxy alone.

Each release is installed from npm once a machine (100 to 400 MB), and runs where nothing but
loopback can be reached. A release that cannot be installed is skipped, but not in CI: there it
fails.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.exchange import Exchange
from harness.netns import available
from harness.reference import ACCOUNT, InstallError, Release, cache_folder, install, newest

from .turn import Turn, take_turn

pytestmark = pytest.mark.real_codex

# The home of each test is its own; what is installed is everybody's.
CACHE = cache_folder()
#: Era → release. The newest is what npm says today.
RELEASES = {
    "newest": "newest",
    "before the routing call": "0.154.0",
    "before the WebSocket": "0.110.0",
    "oldest": "0.42.0",
}
WITH_WEBSOCKET = ("newest", "before the routing call")
#: Every way a release has: the one that it takes by itself, and HTTPS where that is another one.
WAYS = [
    *((era, "websocket") for era in WITH_WEBSOCKET),
    *((era, "https") for era in RELEASES),
]
HTTPS_ONLY = "websocket-refused-426"
TakeTurn = Callable[..., Turn]


def text_of(probe: str) -> str:
    """The text of a recorded answer."""
    (interaction,) = Contract().cassettes[probe].interactions
    events = Exchange.from_interaction(interaction).events
    deltas = [one.payload["delta"] for one in events if one.type == "response.output_text.delta"]
    return "".join(deltas)


@pytest.fixture(scope="session")
def releases() -> Callable[[str], Release]:
    def release(era: str) -> Release:
        try:
            wanted = RELEASES[era]
            return install(newest() if wanted == "newest" else wanted, CACHE)
        except InstallError as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(error))

    return release


@pytest.fixture(params=WAYS, ids=" over ".join)
def way(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def turn(way: tuple[str, str], releases: Callable[[str], Release], tmp_path: Path) -> TakeTurn:
    """Takes a turn of this release, this way, and checks what holds for every turn."""
    era, transport = way
    release = releases(era)

    def take(scenario: str = "default", **plan: Any) -> Turn:
        names = [scenario]
        if transport == "https" and era in WITH_WEBSOCKET:
            names.append(HTTPS_ONLY)
        turn = take_turn(release.binary, tmp_path, names, **plan)
        check_every_turn(turn, release, way)
        return turn

    return take


def check_every_turn(turn: Turn, release: Release, way: tuple[str, str]) -> None:
    """It could reach nothing else, came as itself, and the way that was meant."""
    era, transport = way
    assert turn.isolated is available()
    assert {one["scheme"] for one in turn.exchanges} == {"https"}
    assert {one["host"] for one in turn.exchanges} <= {"chatgpt.com", "auth.openai.com"}, turn.why()
    asked = turn.asked("/codex/responses")
    assert asked, turn.why()
    for one in asked:
        headers = {name.lower(): value for name, value in one["headers"]}
        assert f"/{release.version} " in headers["user-agent"]
        assert headers["chatgpt-account-id"] == ACCOUNT
    upgrades = [one for one in asked if one["transport"] == "websocket"]
    posts = [one for one in asked if one["transport"] == "http"]
    if transport == "websocket":
        assert posts == [], turn.why()
    else:
        assert {one["status"] for one in upgrades} == ({426} if era in WITH_WEBSOCKET else set())
        assert posts, turn.why()


def real_requests(turn: Turn) -> list[dict[str, Any]]:
    """Requests to the model without the one that only warms the connection up."""
    return [one for one in turn.requests if one.get("generate") is not False]


def bearers(turn: Turn) -> list[str]:
    """The bearer of each request to the model, in order."""
    return [
        next(value for name, value in one["headers"] if name.lower() == "authorization")
        for one in turn.asked("/codex/responses")
        if one["status"] != 426
    ]


def test_a_turn_is_answered(turn: TakeTurn) -> None:
    took = turn()
    assert took.exit_code == 0, took.why()
    assert took.stdout.rstrip().endswith(text_of("codex/streamed-text")) or (
        # The oldest release prints the sum of its tokens behind the answer.
        f"\n{text_of('codex/streamed-text')}\n" in took.stdout
    ), took.why()
    (asked,) = real_requests(took)
    assert "say PONG" in json.dumps(asked["input"])
    assert (asked["stream"], asked["store"]) == (True, False)


def test_a_strict_stand_in_refuses_nothing_that_a_release_sends(turn: TakeTurn) -> None:
    """What the real backend serves every day breaks no rule of the rulebook."""
    took = turn(strict=True)
    refused = [one["source"] for one in took.exchanges if one["source"].startswith("rule ")]
    assert refused == [], took.why()
    assert took.exit_code == 0, took.why()


def test_a_tool_call_is_run_and_its_output_sent_back(turn: TakeTurn) -> None:
    took = turn("tool-call")
    assert took.exit_code == 0, took.why()
    first, second = real_requests(took)
    assert output_of(first) is None
    assert re.search(r"^codex-leg$", output_of(second) or "", re.MULTILINE), took.why()
    assert text_of("codex/streamed-text") in took.stdout


def output_of(asked: dict[str, Any]) -> str | None:
    """The output of a tool in a request, as text."""
    last = asked["input"][-1] if asked["input"] else {}
    if not str(last.get("type")).endswith("_call_output"):
        return None
    output = last["output"]
    if isinstance(output, list):
        return "\n".join(part["text"] for part in output)
    try:
        # The oldest release wraps it.
        return str(json.loads(output)["output"])
    except (ValueError, TypeError, KeyError):
        return str(output)


def test_a_token_that_has_expired_is_refreshed_and_the_turn_goes_on(turn: TakeTurn) -> None:
    took = turn(expired=True)
    assert took.exit_code == 0, took.why()
    check_refreshed(took)


def test_a_token_that_is_not_accepted_is_refreshed_and_the_turn_goes_on(turn: TakeTurn) -> None:
    took = turn("refresh")
    assert took.exit_code == 0, took.why()
    assert bearers(took)[0] == f"Bearer {took.auth_before['tokens']['access_token']}"
    check_refreshed(took)


def check_refreshed(took: Turn) -> None:
    """The token endpoint was asked once, and what it gave is stored and used."""
    (refresh,) = took.asked("/oauth/token")
    assert (refresh["method"], refresh["status"]) == ("POST", 200)
    before, after = took.auth_before["tokens"], took.auth["tokens"]
    assert refresh["body"]["refresh_token"] == before["refresh_token"]
    for name in ("access_token", "refresh_token", "id_token"):
        assert after[name] != before[name], name
    assert after["account_id"] == ACCOUNT
    assert bearers(took)[-1] == f"Bearer {after['access_token']}", took.why()
    assert took.auth["last_refresh"] > took.auth_before["last_refresh"]


def test_a_usage_limit_is_told_with_the_time_of_its_end(turn: TakeTurn) -> None:
    took = turn("usage-limit")
    said = took.stdout + took.stderr
    assert re.search(r"hit your usage limit", said), took.why()
    assert re.search(r"try again (at|in) [^.]*\d", said), took.why()
    assert len(real_requests(took)) == 1, took.why()
