"""Handles: what a client does with each event and error is told apart from what it does always."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from harness.contract import Contract
from harness.reference.handles.handle import handle
from harness.reference.handles.questions import NO_CODE, questions
from harness.reference.handles.reaction import react
from harness.reference.handles.samples import UNKNOWN, events_known
from harness.reference.handles.table import HandlesTable
from harness.reference.trials.baselines import Choice
from harness.reference.trials.bench import OpenBench
from harness.reference.trials.instead import Instead
from harness.reference.trials.meddling import Meddler, Nothing
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import BY_NAME, Setting
from harness.reference.trials.trial import Trials
from harness.reference.trials.worker import meddler_from
from harness.standin.values import Incoming, Reply, WsReply

from .scripted import IMPATIENT, FakeBench, Scripted, seen

HTTPS = BY_NAME["plain over HTTPS"]
WEBSOCKET = BY_NAME["plain over WebSocket"]
REFRESH = BY_NAME["401 over HTTPS"]
ASKED = Incoming("POST", "chatgpt.com", "/backend-api/codex/responses")


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


@pytest.fixture(scope="module")
def table(contract: Contract) -> Iterator[HandlesTable]:
    """Of the scripted client, which knows one code of a failure, and one type of a limit."""
    names = (
        "context_length_exceeded",
        "usage_limit_reached",
        "response.output_text.delta",
        "response.completed",
        "keepalive",
        "max_output_tokens",
    )
    with OpenBench(Trials(Scripted(), contract, IMPATIENT), jobs=4) as bench:
        choice = Choice(frozenset({"responses"}), names)
        yield handle(bench, contract, choice).table("9.9.9", "0" * 64)


def test_what_the_client_knows_is_told_apart_from_what_nobody_has(table: HandlesTable) -> None:
    acted = {(one.kind, one.name) for one in table.rows if one.acts}
    assert acted == {
        ("event", "response.completed"),
        ("event", "response.output_text.delta"),
        ("failed", "context_length_exceeded"),
        ("status", "429 error.type usage_limit_reached"),
    }


def test_what_it_does_is_said(table: HandlesTable) -> None:
    said = {(one.kind, one.name): one.reaction.observed for one in table.rows}
    assert said["failed", "context_length_exceeded"] == "fatal at once: “too long”"
    # As with one that nobody has: that it repeats the code is nothing that it does.
    retried = "2 retries, fatal: “stream disconnected: codex_leg_unknown”"
    assert said["failed", "usage_limit_reached"] == retried
    limited = "fatal at once: “you have hit your limit. Try again later.”"
    assert said["status", "429 error.type usage_limit_reached"] == limited
    assert said["event", "keepalive"] == "ignored"
    assert said["event", "response.completed"] == "fatal at once"


def test_its_own_log_says_which_events_it_knows(table: HandlesTable) -> None:
    known = {one.name: one.reaction.known for one in table.rows if one.kind == "event"}
    assert known == {
        UNKNOWN: False,
        "keepalive": False,
        "response.completed": True,
        "response.output_text.delta": True,
    }


def test_the_table_is_valid_and_comes_back_from_its_file(
    contract: Contract, table: HandlesTable
) -> None:
    document = json.loads(table.text())
    assert contract.schemas.validate("report/handles.json", document) == []
    assert HandlesTable.from_json(document) == table


def test_every_event_and_every_code_of_the_contract_is_asked(contract: Contract) -> None:
    asked = questions(contract)
    prefix = "responses/events/"
    types = {one.removeprefix(prefix)[:-5] for one in contract.schemas.paths if prefix in one}
    for surface in ("responses", "responses-ws"):
        events = {one.name for one in asked if (one.kind, one.surface) == ("event", surface)}
        assert events == types - {"unknown"} | {UNKNOWN}
    codes = contract.schemas.document("errors/codex-error.json")["properties"]["code"]["x-values"]
    for kind in ("failed", "status", "frame", "error event"):
        names = [one.name for one in asked if one.kind == kind]
        for code in [*codes, NO_CODE, "deactivated_workspace"]:
            assert any(name.endswith(code) for name in names), (kind, code)
    things = [(one.surface, one.kind, one.name) for one in asked]
    assert len(set(things)) == len(things)
    for one in asked:
        # What it is set against has to be asked, too.
        assert not one.like or (one.surface, one.kind, one.like) in things


def test_a_refusal_of_a_refresh_is_set_against_one_of_its_own_shape(contract: Contract) -> None:
    asked = [one for one in questions(contract) if one.surface == "auth"]
    assert asked
    for one in asked:
        shape = one.name.rpartition(" ")[0]
        assert one.like in ("", f"{shape} {NO_CODE}"), one.name


def test_every_event_is_one_of_its_type(contract: Contract) -> None:
    for kind, payload in events_known(contract).items():
        assert payload["type"] == kind
        schema = contract.schemas.event("responses/events", kind)
        if schema is not None:
            assert contract.schemas.validate(schema, payload) == [], kind


def test_what_is_sent_goes_from_one_process_to_another(contract: Contract) -> None:
    for one in questions(contract):
        document = json.loads(json.dumps(one.instead.to_json()))
        assert meddler_from(document) == one.instead


# Without any client.


def client(knows: str) -> FakeBench:
    """One that retries all but what it knows, over HTTPS, and has no log."""

    def take(setting: Setting, meddler: Meddler) -> Seen:
        if isinstance(meddler, Nothing) and not isinstance(meddler, Instead):
            return seen()
        assert isinstance(meddler, Instead)
        if knows in meddler.body:
            return seen(exit_code=1, answered=False, said="known")
        return seen(exit_code=1, answered=False, said="dropped", calls={"https": 6})

    return FakeBench(take)


def test_only_what_is_not_treated_like_the_rest_is_sent_again(contract: Contract) -> None:
    bench = client("slow_down")
    choice = Choice(frozenset({"responses"}), ("slow_down", "server_error"))
    found = handle(bench, contract, choice)
    rows = {(one.kind, one.name): one for one in found.rows}
    assert rows["failed", "slow_down"].acts
    assert rows["failed", "slow_down"].reaction.observed == "fatal at once: “known”"
    assert not rows["failed", "server_error"].acts
    assert rows["failed", "server_error"].reaction.observed == "5 retries, fatal: “dropped”"
    bodies = [one.body for _, one in bench.asked if isinstance(one, Instead)]
    failed = [one for one in bodies if '"type": "response.failed"' in one]
    assert sum("slow_down" in one for one in failed) == 2
    assert sum("server_error" in one for one in failed) == 1
    assert sum(NO_CODE in one for one in failed) == 2


def test_without_a_log_nobody_knows_what_is_known(contract: Contract) -> None:
    found = handle(client("x"), contract, Choice(frozenset({"responses"}), ("keepalive",)))
    assert {one.reaction.known for one in found.rows} == {None}


@pytest.mark.parametrize(
    ("setting", "after", "said"),
    [
        (HTTPS, seen(), "ignored"),
        (HTTPS, seen(warned=("rerouted",)), "answered, warns “rerouted”"),
        (HTTPS, seen(calls={"https": 2}), "1 retry, answered"),
        (HTTPS, seen(answered=False), "fatal at once"),
        (
            HTTPS,
            seen(exit_code=1, answered=False, said="401", calls={"https": 18, "token": 6}),
            "6 refreshes, 17 retries, fatal: “401”",
        ),
        (HTTPS, seen(end="waits", exit_code=None, said="half"), "waits and does nothing"),
        (
            REFRESH,
            seen(exit_code=1, answered=False, said="again", calls={"https": 0, "token": -1}),
            "no refresh, fatal: “again”",
        ),
    ],
)
def test_a_reaction_is_a_few_words(setting: Setting, after: Seen, said: str) -> None:
    assert react(setting, seen(), after).observed == said


def test_a_fall_back_to_https_is_seen() -> None:
    before = seen(calls={"https": 0, "websocket": 1, "frames": 1})
    after = seen(calls={"https": 1, "websocket": 6, "frames": 6})
    assert react(WEBSOCKET, before, after).observed == "5 retries, falls back to HTTPS, answered"
    refused = seen(calls={"https": 1, "websocket": 7, "frames": 0})
    assert react(WEBSOCKET, before, refused).retries == 6


# On the wire.

CREATED = '{"type":"response.created"}'
DELTA = '{"type":"response.output_text.delta"}'
DONE = '{"type":"response.output_item.done"}'
COMPLETED = '{"type":"response.completed"}'
STREAM = Reply(
    200,
    (),
    "".join(f"data: {one}\n\n" for one in (CREATED, DONE, COMPLETED)).encode(),
    stream=True,
)


def test_an_event_stands_before_the_content() -> None:
    body = Instead("responses", "event", DELTA).answer(ASKED, STREAM).body.decode()
    lines = [line for line in body.splitlines() if line]
    event = "event: response.output_text.delta"
    data = [f"data: {one}" for one in (CREATED, DELTA, DONE, COMPLETED)]
    assert lines == [data[0], event, *data[1:]]


def test_an_end_stands_for_all_that_would_have_come() -> None:
    failed = '{"type":"response.failed"}'
    frames = (CREATED, DONE, COMPLETED)
    change = Instead("responses-ws", "end", failed)
    assert change.frames(WsReply(frames), warming=False) == WsReply((CREATED, failed))
    assert change.frames(WsReply(frames), warming=True) == WsReply(frames)


def test_an_answer_a_handshake_and_a_frame_are_replaced_where_they_are_meant() -> None:
    answer = Instead("responses", "answer", "{}", 503, (("retry-after", "1"),))
    assert answer.answer(ASKED, STREAM).status == 503
    elsewhere = Incoming("GET", "chatgpt.com", "/backend-api/codex/models")
    assert answer.answer(elsewhere, STREAM) is STREAM
    frame = Instead("responses-ws", "frame", '{"type":"error"}')
    assert frame.frames(WsReply((CREATED,), close_code=1000), warming=False) == WsReply(
        ('{"type":"error"}',)
    )
