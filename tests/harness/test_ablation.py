"""Ablation: it finds what a client needs, all of it and nothing else, and says what it saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from harness.contract import Contract
from harness.reference.ablation.ablate import Ablated, ablate
from harness.reference.ablation.table import Case, Row, Table
from harness.reference.ablation.verdict import NO_CHANGE, judge
from harness.reference.clients import CodexCli
from harness.reference.trials.baselines import BaselineFails, Choice, baselines
from harness.reference.trials.bench import BenchError, ClosedBench, OpenBench
from harness.reference.trials.journal import Journal
from harness.reference.trials.meddling import Meddler, Nothing
from harness.reference.trials.rounds import Asked, Rounds
from harness.reference.trials.seen import Part, Seen, last_error, shortened
from harness.reference.trials.settings import BY_NAME, Setting
from harness.reference.trials.together import Together
from harness.reference.trials.trial import Trials
from harness.reference.trials.without import Without
from harness.standin.values import Incoming, Reply, WsReply

from .scripted import IMPATIENT, FakeBench, Scripted, seen

PLAIN = BY_NAME["plain"]
HTTPS = BY_NAME["plain over HTTPS"]
WEBSOCKET = BY_NAME["plain over WebSocket"]
LIMIT = BY_NAME["limit over HTTPS"]

#: Of all that the stand-in answers, what the scripted client needs (see its docstring).
NEEDED = {
    ("accounts", "endpoint", "GET chatgpt.com/backend-api/wham/accounts/check"),
    ("accounts", "field", "/accounts"),
    ("accounts", "field", "/accounts/[]"),
    ("accounts", "field", "/accounts/[]/id"),
    ("auth", "field", "/access_token"),
    ("responses", "event", "response.output_item.done"),
    ("responses", "event", "response.completed"),
    ("responses", "field", "/[429]/error"),
    ("responses", "field", "/[429]/error/type"),
    ("responses", "field", "/[response.completed]/response/id"),
    ("responses", "field", "/[response.completed]/response/usage/total_tokens"),
    ("responses", "field", "/[response.output_item.done]/item/[function_call]/type"),
    ("responses", "field", "/[response.output_item.done]/item/[function_call]/call_id"),
    ("responses", "field", "/[response.output_item.done]/item/[function_call]/arguments"),
}
PLACES = {(surface, name) for surface, _, name in NEEDED}
OTHERS = (
    "/account",
    "/token",
    "/id_token",
    "/[429]",
    "x-codex",
    "/[response.completed]/response/",
    "/[response.created]/response/",
)


class Some(Choice):
    """What is looked at: what the client needs, and five times as much that it does not."""

    def takes(self, surface: str, name: str) -> bool:
        if not super().takes(surface, name):
            return False
        return (surface, name) in PLACES or name.startswith(OTHERS)


@pytest.fixture(scope="module")
def bench() -> Iterator[OpenBench]:
    with OpenBench(Trials(Scripted(), Contract(), IMPATIENT), jobs=4) as bench:
        yield bench


@pytest.fixture(scope="module")
def found(bench: OpenBench) -> Ablated:
    return ablate(bench, Some(frozenset({"accounts", "auth", "responses"})))


@pytest.fixture(scope="module")
def table(found: Ablated) -> Table:
    return found.table("9.9.9", "0" * 64)


def test_exactly_what_the_client_needs_is_found(table: Table) -> None:
    needed = {(one.surface, one.kind, one.name) for one in table.rows if one.required}
    assert needed == NEEDED
    assert len(table.rows) > 5 * len(NEEDED)


def test_what_happened_is_said(table: Table) -> None:
    rows = {(one.surface, one.name): one for one in table.rows}
    lost = rows["responses", "/[response.completed]/response/id"]
    assert lost.observed == (
        "removed: exit 1; no answer; requests over HTTPS: 3; says “stream disconnected: no "
        "ResponseCompleted” / null: no change"
    )
    hung = rows["accounts", "GET chatgpt.com/backend-api/wham/accounts/check"]
    assert hung.observed.endswith(
        "no answer: waits and does nothing; no answer; the model is not asked"
    )


def test_a_turn_that_shows_nothing_is_told_not_hidden(table: Table) -> None:
    # It refreshes after a 401 only.
    assert table.unchecked == (("the turn “expired”", "no new token is fetched"),)


def test_the_table_is_valid_and_comes_back_from_its_file(table: Table) -> None:
    document = json.loads(table.text())
    assert Contract().schemas.validate("report/ablation.json", document) == []
    assert Table.from_json(document) == table


def test_one_by_one_and_in_groups_it_is_the_same(bench: OpenBench) -> None:
    names = ("response/usage/input_tokens", "response/usage/total_tokens")
    choice = Choice(frozenset({"responses"}), names, transport="https")
    tables = [
        ablate(bench, choice, each=each).table("9.9.9", "0" * 64).text() for each in (True, False)
    ]
    assert tables[0] == tables[1]
    assert "usage/total_tokens" in tables[0]


# The machinery, without any client.


def part(**facts: object) -> Part:
    plain = {"surface": "responses", "endpoint": "POST x", "status": 200}
    return Part(**{**plain, **facts})  # type: ignore[arg-type]


def needs(name: str, *, parts: tuple[Part, ...]) -> FakeBench:
    """A client that drops every answer without a field of this name."""

    def take(setting: Setting, meddler: Meddler) -> Seen:
        changes = meddler.changes if isinstance(meddler, Together) else (meddler,)
        fails = any(isinstance(one, Without) and one.name == name for one in changes)
        return seen(exit_code=1, answered=False) if fails else seen(parts=parts)

    return FakeBench(take)


def test_a_group_that_changes_nothing_is_not_taken_apart() -> None:
    fields = {f"f{number}": 1 for number in range(40)}
    bench = needs("/nothing", parts=(part(body=fields),))
    found = ablate(bench, Choice(frozenset({"responses"})))
    rows = [row for row in found.table("1", "").rows if row.kind == "field"]
    assert [row.observed for row in rows] == [NO_CHANGE] * 40
    groups = [one for _, one in bench.asked if isinstance(one, Together)]
    assert [len(one.changes) for one in groups] == [40, 40]


def test_one_among_many_is_found_and_confirmed() -> None:
    fields = {f"f{number}": 1 for number in range(40)}
    bench = needs("/f17", parts=(part(body=fields),))
    found = ablate(bench, Choice(frozenset({"responses"}), ("/f",)))
    rows = found.table("1", "").rows
    assert [row.name for row in rows if row.required] == ["/f17"]
    alone = [
        one for _, one in bench.asked if one == Without("responses", "field", "/f17", "removed")
    ]
    assert len(alone) == 2


def test_a_way_that_is_skipped_is_not_tried() -> None:
    bench = needs("/nothing", parts=(part(surface="accounts"),))
    hurried = Choice(frozenset({"accounts"}), skipped=frozenset({"no answer"}))
    for choice, tried in ((hurried, False), (Choice(frozenset({"accounts"})), True)):
        (row,) = ablate(bench, choice).table("1", "").rows
        assert ("no answer" in {one.how for one in row.cases}) is tried
        assert {"404", "500"} <= {one.how for one in row.cases}


def test_nothing_is_taken_together_with_what_it_stands_in_or_with_a_type() -> None:
    body = {"type": "t", "a": {"type": "u", "b": 1, "c": [{"d": 1}]}, "e": 1}
    bench = needs("/nothing", parts=(part(body=body),))
    ablate(bench, Choice(frozenset({"responses"})))
    for _, one in bench.asked:
        names = [change.name for change in one.changes] if isinstance(one, Together) else []
        assert not any(a != b and b.startswith(f"{a}/") for a in names for b in names)
        types = [name for name in names if name.endswith("/type")]
        assert types in ([], names)


def test_without_a_good_turn_nothing_is_said() -> None:
    bench = FakeBench(lambda *_: seen(answered=False, exit_code=1, said="no network"))
    with pytest.raises(BaselineFails, match="no answer, exit 1: no network"):
        ablate(bench)


def test_a_turn_that_is_never_the_same_judges_nothing() -> None:
    count = iter(range(1, 1000))
    bench = FakeBench(
        lambda setting, _: seen(calls={"https": next(count) if setting is HTTPS else 1})
    )
    found = ablate(bench, Choice(frozenset({"responses"}), transport="https"))
    assert found.cases == []
    assert ("the turn “plain over HTTPS”", "it is another one every time") in found.unchecked


def test_a_turn_that_is_the_same_twice_of_three_times_judges() -> None:
    counts = iter([2, 1, 1])
    bench = FakeBench(lambda *_: seen(calls={"accounts": next(counts)}))
    unchecked: list[tuple[str, str]] = []
    assert baselines(bench, lambda setting: setting is PLAIN, unchecked)[PLAIN] == seen()


def rounds_of(bench: FakeBench, journal: Journal | None = None) -> Rounds[str]:
    return Rounds(bench, lambda _, one: one.said, lambda said: said == "", journal)


@pytest.mark.parametrize(
    ("says", "finding", "flaky"),
    [
        ([""], "", False),
        (["a", "a"], "a", False),
        (["a", "", "a"], "a", True),
        (["a", "", ""], "", True),
    ],
)
def test_what_is_not_as_expected_is_seen_again(says: list[str], finding: str, flaky: bool) -> None:
    answers = iter(says)
    bench = FakeBench(lambda *_: seen(said=next(answers)))
    (believed,) = rounds_of(bench).take([Asked(HTTPS, Nothing())])
    assert (believed.finding, believed.flaky) == (finding, flaky)
    assert len(bench.asked) == len(says)


def test_what_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    changes = [Without("responses", "header", f"x-{number}", "removed") for number in range(6)]
    asked = [Asked(HTTPS, one) for one in changes]

    class Broken(FakeBench):
        def submit(self, *args: object, **more: object) -> Future[Seen]:
            if len(self.asked) == 4:
                raise KeyboardInterrupt
            return super().submit(*args, **more)  # type: ignore[arg-type]

    file = tmp_path / "seen" / "journal.jsonl"
    broken = Broken(lambda *_: seen())
    with pytest.raises(KeyboardInterrupt):
        for one in asked:
            list(rounds_of(broken, Journal(file, "this")).take([one]))
    with file.open("a") as half:
        half.write('{"key": "torn')
    whole = FakeBench(lambda *_: seen())
    assert len(list(rounds_of(whole, Journal(file, "this")).take(asked))) == 6
    assert [one for _, one in whole.asked] == changes[4:]
    # About another binary, nothing of it holds.
    other = FakeBench(lambda *_: seen())
    list(rounds_of(other, Journal(file, "that")).take(asked))
    assert len(other.asked) == 6


# What is taken away, on the wire.

STREAM = Reply(
    200,
    (("content-type", "text/event-stream"), ("X-Models-Etag", "a")),
    b'event: response.created\ndata: {"type":"response.created","response":{"id":"r"}}\n\n'
    b'event: response.completed\ndata: {"type":"response.completed","response":{"id":"r"}}\n\n',
    stream=True,
)
ASKED = Incoming("POST", "chatgpt.com", "/backend-api/codex/responses")


def without(kind: str, name: str, how: str = "removed") -> Reply:
    return Without("responses", kind, name, how).answer(ASKED, STREAM)


def test_a_field_goes_from_its_event_alone() -> None:
    body = without("field", "/[response.completed]/response/id").body.decode()
    assert '"type":"response.created","response":{"id":"r"}' in body
    assert '"type":"response.completed","response":{}' in body
    assert body.count("event: ") == 2


def test_a_null_an_event_a_header_and_the_event_lines() -> None:
    nulled = without("field", "/[response.created]/response", "null").body
    assert b'{"type":"response.created","response":null}' in nulled
    assert b"response.created" not in without("event", "response.created").body
    assert without("header", "x-models-etag").headers == (("content-type", "text/event-stream"),)
    assert b"event:" not in without("transport", "sse/event").body


def test_an_endpoint_goes_by_its_name_alone() -> None:
    gone = Without("responses", "endpoint", "POST chatgpt.com/backend-api/codex/responses", "404")
    assert gone.answer(ASKED, STREAM).status == 404
    elsewhere = Incoming("POST", "chatgpt.com", "/backend-api/codex/responses/compact")
    assert gone.answer(elsewhere, STREAM) is STREAM


def test_a_refusal_has_fields_of_its_own() -> None:
    refusal = Reply(429, (), b'{"error":{"type":"usage_limit_reached"}}')
    change = Without("responses", "field", "/[429]/error/type", "removed")
    assert change.answer(ASKED, refusal).body == b'{"error":{}}'
    assert change.answer(ASKED, Reply(401, (), refusal.body)).body == refusal.body


def test_a_websocket_whose_answer_has_no_end_any_more_is_closed() -> None:
    frames = ('{"type":"response.created"}', '{"type":"response.completed"}')
    change = Without("responses-ws", "event", "response.completed", "removed")
    changed = change.frames(WsReply(frames), warming=False)
    assert (changed.frames, changed.close_code) == (frames[:1], 1000)
    other = Without("responses-ws", "event", "response.created", "removed")
    assert other.frames(WsReply(frames), warming=False) == WsReply(frames[1:])


# What is made of it.


def verdict(
    after: Seen, *, setting: Setting = HTTPS, kind: str = "field", surface: str = ""
) -> str:
    before = seen(said="limit. Try at TIME." if setting is LIMIT else "")
    found = judge(setting, surface, kind, before, after)
    return f"{'fails' if found.fails else 'goes'}: {found.observed}"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (seen(), "goes: no change"),
        (seen(answered=False), "fails: no answer"),
        (seen(calls={"https": 2}), "fails: requests over HTTPS: 2"),
        (seen(calls={"accounts": 2}), "goes: accounts/check: 2"),
        (seen(exit_code=1, answered=False, said="x"), "fails: exit 1; no answer; says “x”"),
        (seen(end="loops", exit_code=None, calls={"https": 99}), "fails: asks without end"),
        (seen(end="late", exit_code=None, said="half"), "fails: still trying when it was ended"),
    ],
)
def test_a_verdict_is_a_few_words(after: Seen, said: str) -> None:
    assert verdict(after) == said


def test_without_an_endpoint_another_way_will_do_but_without_a_field_it_has_failed() -> None:
    fallen = seen(calls={"https": 1, "websocket": 7})
    before = seen(calls={"https": 0, "websocket": 1, "frames": 1})
    for kind, fails in (("endpoint", False), ("field", True)):
        assert judge(WEBSOCKET, "responses-ws", kind, before, fallen).fails is fails


def test_a_catalogue_that_is_not_taken_fails_the_catalogue_alone() -> None:
    after = seen(catalogue=False)
    assert verdict(after, setting=PLAIN, surface="models") == "fails: takes its own catalogue"
    assert verdict(after, setting=PLAIN, surface="accounts") == "goes: no change"
    assert verdict(after, setting=PLAIN, surface="models", kind="endpoint").startswith("goes")


def test_of_a_refusal_the_first_sentence_counts() -> None:
    told = {"answered": True, "exit_code": 0}
    assert verdict(seen(said="limit. Later.", **told), setting=LIMIT).startswith("goes: says")
    assert verdict(seen(said="other. Later.", **told), setting=LIMIT).startswith("fails: says")


def test_a_row_says_the_same_thing_once() -> None:
    cases = [Case("plain", how, True, "a") for how in ("404", "500")]
    assert Row("s", "endpoint", "n", tuple(cases)).observed == "a"
    cases.append(Case("plain", "empty", False, NO_CHANGE, flaky=True))
    row = Row("s", "endpoint", "n", tuple(cases))
    assert row.observed == "404, 500: a / empty: no change (not every time)"
    assert row.required
    assert not Row("s", "endpoint", "n", (cases[2],)).required


def test_errors_are_read_without_what_differs_from_run_to_run() -> None:
    stderr = (
        "2026-11-22T11:26:48Z ERROR rmcp::x: ERROR: no\n"
        "ERROR: Reconnecting... 5/5\n"
        "ERROR: response resp_49d9f978acee55858df74e18 failed, try again at 3:19 PM.\n"
    )
    assert last_error(["", stderr]) == "response resp_ID failed, try again at TIME."
    old = "[2026-11-22T11:28:38] ERROR: try again in 3 hours 51 minutes.\n"
    assert last_error([old, ""]) == "try again in TIME."
    assert last_error(["", "Error: timed out after 20s"]) == "timed out after 20s"
    assert len(shortened("x" * 1000)) == 400


def test_a_process_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    # It is no contract: the process ends at once.
    client = CodexCli("1", "0" * 64, "/nothing")
    with pytest.raises(BenchError, match="does not come up"):
        ClosedBench(client, tmp_path, jobs=1)


def test_a_client_that_cannot_be_run_is_told() -> None:
    client = CodexCli("1", "0" * 64, "/nothing")
    with ClosedBench(client, Contract().root, jobs=1) as bench:
        future = bench.submit(HTTPS, Nothing())
        with pytest.raises(BenchError, match="No such file"):
            future.result(60)
