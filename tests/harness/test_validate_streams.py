"""One mistake in a stream is one finding, at its own line; what was not published is not judged."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.findings import Evidence, Finding, Unchecked
from harness.exchange import Exchange
from harness.sides import Comparison, Lens, compare_sides, open_sides
from harness.validate import check_exchange, validate_file
from tests.harness import samples
from tests.harness.test_frames import CREATE, frame, over_ws, shape, turn

CONTRACT = Contract()
Events = list[dict[str, Any]]


def check(exchange: Exchange, surface: str = "responses") -> list[Finding]:
    return check_exchange(CONTRACT.schemas, surface, exchange)


def validated(path: Path, content: bytes) -> list[Finding]:
    path.write_bytes(content)
    return validate_file(path, "responses")


def test_one_wrong_number_is_one_finding(tmp_path: Path) -> None:
    events = samples.text_turn()
    events[5]["sequence_number"] = 9
    (one,) = validated(tmp_path / "x.sse", samples.sse(events))
    assert (one.rule, one.where) == ("order/sequence-gap", f"{tmp_path / 'x.sse'}:16")


def test_a_missing_empty_line_at_the_end_is_told_of_the_last_event(tmp_path: Path) -> None:
    (one,) = validated(tmp_path / "x.sse", samples.sse(samples.text_turn())[:-1])
    assert (one.rule, one.event) == ("sse/last-event-unfinished", "response.completed")
    assert one.where == f"{tmp_path / 'x.sse'}:{3 * len(samples.text_turn()) - 2}"


@pytest.mark.parametrize("left_out", [40, 200, 900])
def test_a_stream_that_breaks_off_lacks_its_end_and_nothing_else(
    tmp_path: Path, left_out: int
) -> None:
    body = samples.sse(samples.text_turn())[:-left_out]
    (one,) = validated(tmp_path / "x.sse", body)
    assert one.rule == "order/terminal-missing"
    line = body.count(b"\n") + 1
    assert one.where in {f"{tmp_path / 'x.sse'}:{at}" for at in (line, line - 1, line - 2)}


@pytest.mark.parametrize("kind", ["response.output_text.delta", "response.reasoning_text.delta"])
def test_a_key_of_a_map_is_not_part_of_where_a_finding_is(kind: str) -> None:
    def of(key: str) -> Finding:
        events = copy.deepcopy(samples.text_turn())
        events[-1]["response"]["usage"]["attribution"] = {"items": {key: "not a share"}}
        (one,) = check(samples.exchange(events))
        return one

    one, other = of("msg_1"), of(kind)
    assert one.pointer == "/response/usage/attribution/items/{}"
    assert one.fingerprint == other.fingerprint


def two_turns() -> list[dict[str, Any]]:
    again = [frame("server", 9, one) for one in samples.turn(samples.message("0d", ["x"]))]
    return [*turn(), frame("client", 10, CREATE), *again]


def test_each_answer_over_one_websocket_is_a_stream_of_its_own() -> None:
    assert check(over_ws(two_turns()), "responses-ws") == []
    exchange = over_ws(two_turns())
    assert [len(one) for one in exchange.turns] == [11, 9]
    assert [one for each in exchange.turns for one in each] == list(exchange.events)


def test_a_question_over_a_websocket_that_is_never_answered_lacks_its_end() -> None:
    (one,) = check(over_ws([*turn(), frame("client", 10, CREATE)]), "responses-ws")
    assert one.rule == "order/terminal-missing"
    (one,) = check(over_ws(two_turns()[:-1]), "responses-ws")
    assert (one.rule, one.message[:9]) == ("order/terminal-missing", "event 19:")


def test_how_often_was_asked_over_a_websocket_is_no_other_order() -> None:
    once, often = shape(over_ws(turn())), shape(over_ws([*turn(), *turn(), *turn()]))
    assert once.snapshot()["sequences"] == often.snapshot()["sequences"]


def test_frames_that_were_not_published_are_not_judged() -> None:
    left: list[Unchecked] = []
    path = CONTRACT.path("cassettes/reference/0.169.0", "two-turns.websocket.yaml")
    assert validate_file(path, "responses-ws", unchecked=left) == []
    assert [one.why for one in left] == ["not published", "not published"]
    assert left[0].what.endswith("two-turns.websocket.yaml: the events of exchange 1")


def test_an_answer_that_was_not_published_is_not_judged_and_that_is_told() -> None:
    left: list[Unchecked] = []
    path = CONTRACT.path("cassettes/reference/0.169.0", "plain.https.yaml")
    found = validate_file(path, "responses", unchecked=left)
    assert [one.message for one in found] == []
    assert "not published" in {one.why for one in left}


def test_the_same_finding_in_two_exchanges_of_a_cassette_counts_both(tmp_path: Path) -> None:
    text = CONTRACT.path("cassettes/codex", "usage.yaml").read_text(encoding="utf-8")
    path = tmp_path / "usage.yaml"
    broken = text.replace('"plan_type": "', '"plan_kind": "').replace('"plan_type":"', '"kind":"')
    head, rows = broken.split("interactions:\n", 1)
    path.write_text(f"{head}interactions:\n{rows}{rows}", encoding="utf-8")
    (one,) = validate_file(path, "usage")
    assert (one.rule, one.evidence) == ("schema/required", Evidence(2, 2))


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ('"used_percent": 34', '"used_percent": "34"', "/body/rate_limit/primary_window"),
        ("headers: {}", "headers: {Content-Length: [many]}", "/header/content-length"),
    ],
)
def test_a_finding_in_a_cassette_is_on_the_line_of_its_place(
    tmp_path: Path, old: str, new: str, pointer: str
) -> None:
    text = CONTRACT.path("cassettes/codex", "usage.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "usage.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    (one,) = validate_file(path, "usage")
    assert one.pointer.startswith(pointer)
    line = int(str(one.where).rpartition(":")[2])
    assert new in path.read_text(encoding="utf-8").splitlines()[line - 1]


# A .jsonl keeps the events, and nothing of how they were written


def compared(old: Path, new: Path) -> Comparison:
    with open_sides((str(old), str(new)), contract=CONTRACT, raw=True) as (before, after):
        return compare_sides(before, after, Lens(CONTRACT.schemas, "responses"))


@pytest.mark.parametrize(
    "written",
    [
        lambda body: body,
        lambda body: body.replace(b"event: ", b": a comment\nid: 7\nevent: "),
        lambda body: b"\xef\xbb\xbf" + body.replace(b"event: ", b"event: not."),
    ],
)
def test_a_stream_and_its_events_one_a_line_are_the_same(
    tmp_path: Path, written: Callable[[bytes], bytes]
) -> None:
    stream, lines = tmp_path / "x.sse", tmp_path / "x.jsonl"
    events = samples.text_turn()
    stream.write_bytes(written(samples.sse(events)))
    lines.write_text("".join(f"{json.dumps(one)}\n" for one in events), encoding="utf-8")
    assert compared(stream, lines).findings == []
    assert compared(lines, stream).findings == []


def test_what_a_stream_lacks_is_seen_in_its_events_one_a_line_too(tmp_path: Path) -> None:
    stream, lines = tmp_path / "x.sse", tmp_path / "x.jsonl"
    events = samples.text_turn()
    stream.write_bytes(samples.sse(events))
    lines.write_text("".join(f"{json.dumps(one)}\n" for one in events[:-1]), encoding="utf-8")
    assert [one.rule for one in compared(stream, lines).findings] == ["stream-cut"]
