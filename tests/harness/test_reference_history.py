"""``codex-leg reference history``: which release had what, as far as anybody has looked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import run
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.history import Fact, History, history_of
from harness.reference.history.facts import facts_of
from harness.reference.history.spans import Span, deciding, spans_of

from . import captures
from .captures import beside, captured, socket, turn

CONTRACT = Contract()
PLAIN = frozenset({"plain"})
BOTH = frozenset({"plain", "tool"})


def spans(seen: Sequence[str], looked_at: Sequence[str] = ()) -> list[tuple[int, int]]:
    """The spans of a fact; the runs of each release are letters: ``p``, ``t``."""
    found = {number: frozenset(runs) for number, runs in enumerate(seen) if runs}
    looked = [frozenset(runs) for runs in looked_at or ["p"] * len(seen)]
    return [(one.first, one.last) for one in spans_of(found, looked)]


@pytest.mark.parametrize(
    ("seen", "looked_at", "expected"),
    [
        # All in an ordinary turn.
        (["", "p", "p", ""], [], [(1, 2)]),
        (["p", "", "p"], [], [(0, 0), (2, 2)]),
        (["", "", "p"], [], [(2, 2)]),
        # Seen in another run only, which some releases were not captured in.
        (["t", "", "t", ""], ["pt", "p", "pt", "p"], [(0, 3)]),
        (["t", "", "", ""], ["pt", "p", "pt", "p"], [(0, 0)]),
        (["", "", "t", ""], ["pt", "p", "pt", "p"], [(2, 3)]),
        # It is gone from the run in which it was.
        (["pt", "", ""], ["pt", "p", "p"], [(0, 0)]),
        # It will be there in a run that was looked at.
        (["", "p"], ["p", "pt"], [(1, 1)]),
    ],
)
def test_a_release_speaks_only_of_what_it_was_looked_at_for(
    seen: list[str], looked_at: list[str], expected: list[tuple[int, int]]
) -> None:
    assert spans(seen, looked_at) == expected


def test_a_span_says_what_is_known_around_it() -> None:
    looked = [frozenset("pt"), frozenset("p"), frozenset("pt"), frozenset("p"), frozenset("pt")]
    found = spans_of({2: frozenset("t")}, looked)
    assert found == (Span(first=2, last=2, seen=2, not_before=0, gone=4),)


RUNS = st.frozensets(st.sampled_from("abc"))


@given(st.lists(st.tuples(RUNS, RUNS), max_size=12))
def test_spans_hold_every_release_that_shows_it_and_none_that_is_known_not_to(
    releases: list[tuple[frozenset[str], frozenset[str]]],
) -> None:
    looked = [one | other for one, other in releases]
    seen = {number: one for number, (one, _) in enumerate(releases) if one}
    found = spans_of(seen, looked)
    inside = {n for one in found for n in range(one.first, one.last + 1)}
    assert seen.keys() <= inside
    assert all(one.first in seen and one.seen in seen for one in found)
    for one, other in pairwise(found):
        # Between two spans somebody has looked, and found nothing.
        assert one.last < (one.gone or 0) <= (other.not_before or 0) < other.first
    assert all(one.last == len(looked) - 1 for one in found if one.gone is None)


def test_the_ordinary_turn_decides_about_what_it_ever_shows() -> None:
    seen = {0: frozenset({"plain", "tool"}), 1: frozenset({"tool"})}
    assert deciding(seen, PLAIN) == {0: PLAIN}
    only = {1: frozenset({"tool"})}
    assert deciding(only, PLAIN) == only


def facts(*releases: tuple[str, dict[str, list]]) -> History:
    return history_of(captured(version, runs) for version, runs in releases)


def told(history: History, fact: Fact) -> list[list[str]]:
    row = history.find(fact)
    versions = history.versions
    return [] if row is None else [[versions[s.first], versions[s.last]] for s in row.spans]


def test_names_are_those_of_the_design() -> None:
    inner = json.dumps({"kind": "turn"})
    one = turn(headers={"X-Meta": inner, "openai-beta": "a=b"}, tools=[{"type": "custom", "n": []}])
    runs = {
        "plain.https": [one],
        "plain.websocket": [socket()],
        "side-calls.https": [beside("https://chatgpt.com/backend-api/x?limit=200")],
    }
    found = facts_of(captured("0.1.0", runs))
    assert {
        Fact("responses", "transport", "https"),
        Fact("responses-ws", "transport", "websocket"),
        Fact("responses", "endpoint", "POST chatgpt.com/backend-api/codex/responses"),
        Fact("other", "endpoint", "GET chatgpt.com/backend-api/x"),
        Fact("other", "field", "?limit"),
        Fact("other", "value", "?limit: 200"),
        Fact("responses", "header", "x-meta"),
        Fact("responses", "header", "x-meta/kind"),
        Fact("responses", "value", "x-meta/kind: turn"),
        Fact("responses", "value", "openai-beta: a=b"),
        Fact("responses", "field", "/input/[message]/content/[input_text]/text"),
        Fact("responses", "field", "/tools/[custom]/n"),
        Fact("responses", "value", "/store: false"),
        Fact("responses-ws", "field", "/[response.create]/store"),
    } <= found.keys()
    names = {fact.name for fact in found}
    # Placeholders and texts are nobody's values.
    assert not any("{" in name.partition(": ")[2] or "text:" in name for name in names)


def test_a_field_of_one_run_is_not_gone_where_that_run_was_not_captured() -> None:
    whole = {"plain.https": [turn()], "tool-call.https": [turn(previous="a")]}
    history = facts(
        ("0.1.0", whole), ("0.2.0", {"plain.https": [turn()]}), ("0.3.0", whole),
        ("0.4.0", {"plain.https": [turn()]}),
    )  # fmt: skip
    assert told(history, Fact("responses", "field", "/previous")) == [["0.1.0", "0.4.0"]]
    gone = facts(("0.1.0", whole), ("0.2.0", {**whole, "tool-call.https": [turn()]}))
    assert told(gone, Fact("responses", "field", "/previous")) == [["0.1.0", "0.1.0"]]


def test_what_a_release_acts_on_is_part_of_the_history() -> None:
    def handles(version: str) -> dict | None:
        rows = [
            {"surface": "responses", "kind": "event", "name": "response.done", "acts": True},
            {"surface": "responses", "kind": "event", "name": "response.queued", "acts": False},
            {"surface": "responses", "kind": "failed", "name": "slow_down", "acts": True},
        ]
        return {"rows": rows if version == "0.1.0" else rows[:1]} if version != "0.2.0" else None

    history = history_of((captured(one) for one in ("0.1.0", "0.2.0", "0.3.0")), handles)
    assert told(history, Fact("responses", "event", "response.done")) == [["0.1.0", "0.3.0"]]
    failed = Fact("responses", "event", "response.failed: slow_down")
    assert told(history, failed) == [["0.1.0", "0.1.0"]]
    assert told(history, Fact("responses", "event", "response.queued")) == []


# The captures that come with the contract.


@pytest.fixture(name="history")
def read_once(monkeypatch: pytest.MonkeyPatch) -> History:
    found = captures.history()
    monkeypatch.setattr("harness.cli.reference.history.read_history", lambda _: found)
    return found


@pytest.mark.parametrize(
    ("fact", "after", "first", "last"),
    # As measured by somebody else, on 40 releases: (last old, first new) of its coming, or going.
    [
        (("responses", "header", "openai-beta"), None, None, ("0.50.0", "0.53.0")),
        (("responses", "header", "conversation_id"), None, None, ("0.80.0", "0.87.0")),
        (("models", "endpoint", "GET chatgpt.com/backend-api/codex/models"),
         "0.87.0", "0.92.0", None),
        (("responses", "value", "content-encoding: zstd"), "0.92.0", "0.95.0", None),
        (("responses", "header", "x-codex-turn-metadata"), "0.98.0", "0.100.0", None),
        (("responses", "header", "x-client-request-id"), "0.111.0", "0.115.0", None),
        (("responses", "field", "/reasoning/summary"), None, None, ("0.111.0", "0.115.0")),
        (("responses-ws", "transport", "websocket"), "0.115.0", "0.118.0", None),
        (("responses", "field", "/client_metadata"), "0.118.0", "0.122.0", None),
        (("responses", "header", "x-codex-window-id"), "0.118.0", "0.122.0", None),
        (("responses", "header", "thread_id"), "0.125.0", "0.129.0", ("0.130.0", "0.132.0")),
        (("responses", "header", "session-id"), "0.129.0", "0.132.0", None),
        (("responses", "header", "x-codex-routing-hint"), "0.146.0", "0.148.0", None),
        (("accounts", "endpoint", "GET chatgpt.com/backend-api/wham/accounts/check"),
         "0.155.0", "0.156.0", None),
        (("responses", "field", "/client_metadata/mcp_attribution"), "0.156.0", "0.157.0", None),
        (("responses", "header", "x-codex-turn-metadata/history_initialization"),
         "0.161.0", "0.163.0", None),
        (("auth", "field", "/refresh_reason"), "0.161.0", "0.165.0", None),
        (("other", "endpoint", "GET chatgpt.com/backend-api/plugins/featured"),
         "0.115.0", "0.117.0", ("0.166.0", "0.169.0")),
    ],
)  # fmt: skip
def test_the_history_agrees_with_what_was_measured_before(
    history: History,
    fact: tuple[str, str, str],
    after: str | None,
    first: str | None,
    last: tuple[str, str] | None,
) -> None:
    row = history.find(Fact(*fact))
    assert row is not None
    (span,) = row.spans
    if first is not None and after is not None:
        assert span.not_before is not None
        assert span.not_before >= (history.number(after) or 0)
        assert span.first <= (history.number(first) or 0)
    if last is None:
        assert span.gone is None
    else:
        assert span.gone is not None
        assert span.seen >= (history.number(last[0]) or 0)
        assert span.gone <= (history.number(last[1]) or 0)


def test_at_least_sixty_releases_from_0_42_on_are_in_it(history: History) -> None:
    assert len(history.versions) >= 60
    assert history.versions[0] == "0.42.0"


def test_its_json_is_as_the_schema_says_and_its_spans_are_captured_releases(
    history: History,
) -> None:
    document = history.to_json()
    assert CONTRACT.schemas.validate("report/history.json", document) == []
    order = {one["version"]: number for number, one in enumerate(document["releases"])}
    for row in document["facts"]:
        ends = [order[version] for span in row["spans"] for version in span]
        assert ends == sorted(ends)


# The command.


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["reference", "history", *arguments])
    return code, *capsys.readouterr()


@pytest.mark.usefixtures("history")
def test_a_name_is_searched_and_shown_with_dates(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = command(capsys, "SESSION-ID", "--surface", "responses")
    assert code == Exit.CLEAN
    (row,) = [line for line in out.splitlines() if line.endswith("session-id")]
    assert row.split() == ["responses", "header", "0.131.0", "2026-05-18", "still", "session-id"]


@pytest.mark.usefixtures("history")
def test_since_leaves_what_has_not_changed_out(capsys: pytest.CaptureFixture[str]) -> None:
    def names(*arguments: str) -> set[str]:
        code, out, _ = command(capsys, *arguments, "--json")
        assert code == Exit.CLEAN
        return {row["name"] for row in json.loads(out)["facts"]}

    check = "GET chatgpt.com/backend-api/wham/accounts/check"
    assert check in names("--since", "0.156.0", "--kind", "endpoint")
    assert check not in names("--since", "0.157.0")
    assert check in names("--since", "2026-09-22")
    assert names("--since", "2026-09") >= names("--since", "2026-10")
    assert "session_id" not in names("--since", "0.132.0")
    assert "session_id" in names("--since", "0.131.0")


def test_what_nobody_looked_at_before_is_not_said_to_have_come(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"surface": "responses", "kind": "failed", "name": "slow_down", "acts": True}
    of_last = {"0.3.0": {"rows": [row]}}
    found = history_of((captured(f"0.{number}.0") for number in (1, 2, 3)), of_last.get)
    monkeypatch.setattr("harness.cli.reference.history.read_history", lambda _: found)
    _, out, _ = command(capsys, "slow_down")
    assert "0.3.0 (or earlier)" in out
    _, out, _ = command(capsys, "--since", "0.2.0", "--json")
    assert json.loads(out)["facts"] == []


@pytest.mark.usefixtures("history")
def test_markdown_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = command(capsys, "zstd", "--format", "markdown")
    assert "| responses | value | 0.93.0 | 2026-01-30 | still |  | content-encoding: zstd |" in out


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sesion-idd"], "did you mean session-id"),
        (["--since", "yesterday"], "neither a version nor a date"),
        (["--since", "9.0.0"], "the newest release that is captured"),
        (["--surface", "nowhere"], "there are: accounts"),
        (["--json", "--format", "markdown"], "exclude each other"),
    ],
)
def test_wrong_use_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, out, err = command(capsys, *arguments)
    assert (code, out) == (Exit.USAGE, "")
    (line,) = err.splitlines()
    assert said in line


def test_without_captures_it_says_that_it_could_not_look(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("probes", "schemas", "cassettes"):
        (tmp_path / name).mkdir()
    code, out, err = command(capsys, "--root", str(tmp_path))
    assert (code, out) == (Exit.UNCHECKED, "")
    assert "nothing is captured" in err
