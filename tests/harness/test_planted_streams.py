"""Edits of streams that no shape sees, and of WebSockets with several turns: one finding each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract import ContractError
from harness.drift.findings import Finding
from harness.exchange import Exchange
from harness.validate import validate_file

from .contracts import ROOT
from .planted import Interaction, compared, in_events, planted, stream_of, told

Blocks = list[str]

SEQUENCE = ("order/sequence-gap", "breaking", "response.output_text.delta /sequence_number")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.yaml"


def blocks_of(text: str) -> Blocks:
    return text.rstrip("\n").split("\n\n")


def text_of(blocks: Blocks) -> str:
    return "\n\n".join(blocks) + "\n\n"


def with_blocks(edit: Callable[[Blocks], Any]) -> Callable[[Interaction], None]:
    def go(one: Interaction) -> None:
        blocks = blocks_of(one["response"]["body"]["string"])
        edit(blocks)
        one["response"]["body"]["string"] = text_of(blocks)

    return go


def at(kind: str, **members: Any) -> Callable[[Interaction], None]:
    return in_events(lambda event: event.update(members) if event["type"] == kind else None)


# What the order of a stream says, and its shape does not


def test_a_lost_piece_of_a_text_is_found_and_what_does_not_add_up_follows(new: Path) -> None:
    sides = planted("codex/long-text", new, with_blocks(lambda blocks: blocks.pop(7)))
    assert told(sides) == [SEQUENCE]
    (one,) = compared(*sides)[1]["findings"]
    assert one["explains"] == ["order/aggregate-mismatch response.output_text.done /text"]


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (at("response.output_text.done", text="Something else."), "order/aggregate-mismatch"),
        (at("response.output_text.done", sequence_number=99), "order/sequence-gap"),
        (at("response.output_text.done", item_id="msg_other"), "order/place-changed"),
        (at("response.output_text.done", output_index=7), "order/place-changed"),
    ],
)
def test_a_stream_that_contradicts_itself_now_is_one_finding(
    new: Path, edit: Callable[[Interaction], None], rule: str
) -> None:
    assert [one[:2] for one in told(planted("codex/streamed-text", new, edit))] == [
        (rule, "breaking")
    ]


def test_another_response_at_the_end_than_at_the_beginning_is_found(new: Path) -> None:
    def edit(event: dict[str, Any]) -> None:
        if event["type"] == "response.completed":
            event["response"]["id"] = "resp_" + "0" * 50

    sides = planted("codex/streamed-text", new, in_events(edit))
    assert [one[0] for one in told(sides)] == ["order/response-changed"]


def test_an_order_that_was_broken_before_is_no_news(new: Path) -> None:
    _, old = planted("codex/long-text", new, with_blocks(lambda blocks: blocks.pop(7)))
    _, other = planted(
        "codex/long-text", new.with_name("b.yaml"), with_blocks(lambda blocks: blocks.pop(9))
    )
    assert compared(old, other)[1]["findings"] == []


def test_what_the_shapes_tell_already_is_told_once(new: Path) -> None:
    def edit(blocks: Blocks) -> None:
        blocks[:] = [one for one in blocks if "response.output_text.delta" not in one]

    sides = planted("codex/long-text", new, with_blocks(edit))
    ((rule, level, place),) = told(sides)
    assert rule.startswith("event-type-")
    assert (level, place) == ("breaking", "response.output_text.delta")


# A WebSocket that is asked twice


def turn(blocks: Blocks, name: str) -> list[str]:
    """The frames of one answer, as if it were another response."""
    frames = (block.partition("data: ")[2] for block in blocks)
    return [one.replace("resp_", f"resp_{name}") for one in frames]


def websocket(target: Path, *turns: list[str]) -> Path:
    """A WebSocket that was asked as often as there are turns."""
    asked = json.dumps({"type": "response.create", "model": "gpt-6-astra"})
    frames = []
    for one in turns:
        frames.append({"from": "client", "at": 0, "text": asked})
        frames += [{"from": "server", "at": 1, "text": text} for text in one]
    document = {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": "GET",
                    "uri": "wss://chatgpt.com/backend-api/codex/responses",
                    "headers": {},
                    "body": None,
                },
                "response": {
                    "status": {"code": 101, "message": ""},
                    "headers": {},
                    "body": {"string": ""},
                },
                "frames": frames,
            }
        ],
    }
    target.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=10**6))
    return target


@pytest.fixture
def blocks() -> Blocks:
    return blocks_of(stream_of(ROOT / "cassettes/codex/streamed-text.yaml"))


@pytest.fixture
def twice(tmp_path: Path, blocks: Blocks) -> Path:
    return websocket(tmp_path / "old.yaml", turn(blocks, "a"), turn(blocks, "b"))


REFUSED = (
    '{"type": "error", "status": 429, "error": {"type": "usage_limit_reached", '
    '"message": "The usage limit has been reached"}}'
)


def test_a_second_turn_that_is_refused_could_not_be_looked_at(
    new: Path, twice: Path, blocks: Blocks
) -> None:
    code, report = compared(twice, websocket(new, turn(blocks, "a"), [REFUSED]))
    assert (code, report["findings"]) == (6, [])
    assert "usage_limit_reached" in report["unchecked"][0]["why"]
    (one,) = compared(twice, new, "--proved")[1]["findings"]
    assert one["rule"] == "limit-hit"


def test_a_second_turn_that_fails_is_no_stream_that_breaks_off(
    new: Path, twice: Path, blocks: Blocks
) -> None:
    failed = turn(blocks, "b")
    last = json.loads(failed[-1])
    last["type"] = "response.failed"
    last["response"]["status"] = "failed"
    last["response"]["error"] = {"code": "server_is_overloaded", "message": "Later."}
    failed[-1] = json.dumps(last)
    code, report = compared(twice, websocket(new, turn(blocks, "a"), failed))
    assert (code, report["findings"]) == (6, [])


def test_pieces_that_only_one_turn_lost_are_named(new: Path, twice: Path, blocks: Blocks) -> None:
    less = [one for one in turn(blocks, "b") if "output_text.delta" not in one]
    (one,) = compared(twice, websocket(new, turn(blocks, "a"), less))[1]["findings"]
    assert one["event"] == "response.output_text.delta"
    assert one["message"].endswith("in 2 of 2 streams became in 1 of 2 streams")


def place_of(one: Finding) -> int:
    return int((one.where or ":0").rpartition(":")[2])


def test_a_finding_in_a_frame_is_on_the_line_of_the_frame(new: Path, blocks: Blocks) -> None:
    frames = turn(blocks, "a")
    frames[5] = frames[5].replace('"sequence_number":5', '"sequence_number":7')
    (one,) = validate_file(websocket(new, frames), "responses-ws")
    line = new.read_text().splitlines()[place_of(one) - 1]
    assert (one.rule, '"sequence_number":7' in line) == ("order/sequence-gap", True)


@pytest.mark.parametrize("with_client", [True, False])
def test_lines_of_two_turns_are_two_answers(
    tmp_path: Path, blocks: Blocks, with_client: bool
) -> None:
    asked = ['{"type": "response.create", "model": "gpt-6-astra"}'] if with_client else []
    file = tmp_path / "turns.jsonl"
    file.write_text("\n".join([*asked, *turn(blocks, "a"), *asked, *turn(blocks, "b")]))
    assert validate_file(file, "responses-ws") == []
    file.write_text("\n".join([*asked, *turn(blocks, "a")[:-1], *asked, *turn(blocks, "b")]))
    assert [one.rule for one in validate_file(file, "responses-ws")] == ["order/terminal-missing"]


AT_ONCE = '{"type": "error", "status": 429, "error": {"code": "rate_limit_exceeded"}}'


def test_a_question_that_is_refused_at_once_is_an_answer_of_its_own(blocks: Blocks) -> None:
    """In the lines of a server alone, too: no ``response.created`` announces it."""
    first, second = turn(blocks, "a"), turn(blocks, "b")
    for lines, sizes in (
        ([*first, AT_ONCE], [len(first), 1]),
        ([*first, AT_ONCE, *second], [len(first), 1, len(second)]),
        ([AT_ONCE, *first], [1, len(first)]),
        ([AT_ONCE, AT_ONCE], [1, 1]),
    ):
        exchange = Exchange.from_jsonl("\n".join(lines).encode())
        assert [len(one) for one in exchange.turns] == sizes


def test_a_second_question_that_is_refused_now_could_not_be_looked_at(
    tmp_path: Path, blocks: Blocks
) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.write_text("\n".join([*turn(blocks, "a"), *turn(blocks, "b")]))
    new.write_text("\n".join([*turn(blocks, "a"), AT_ONCE]))
    code, report = compared(old, new, "--surface", "responses-ws")
    assert (code, report["findings"], len(report["unchecked"])) == (6, [], 1)
    assert [one[0] for one in told((old, new), "--surface", "responses-ws", "--proved")] == [
        "limit-hit"
    ]


# validate


def doubled(blocks: Blocks) -> None:
    blocks.insert(4, blocks[4])


def swapped(blocks: Blocks) -> None:
    blocks[5], blocks[6] = blocks[6], blocks[5]


def of_another_item(blocks: Blocks) -> None:
    name = json.loads(blocks[6].partition("data: ")[2])["item_id"]
    blocks[6] = blocks[6].replace(name, "msg_other")


def broken(blocks: Blocks) -> None:
    blocks[0] = blocks[0].replace("data: {", "data: {{", 1)


def after_the_end(blocks: Blocks) -> None:
    blocks.append(blocks[4])


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (doubled, "order/sequence-repeat"),
        (swapped, "order/sequence-gap"),
        (of_another_item, "order/place-changed"),
        (broken, "sse/data-not-json"),
        (after_the_end, "order/sequence-repeat"),
        (lambda blocks: blocks.pop(0), "order/first-event"),
    ],
)
def test_one_mistake_in_a_stream_is_one_finding_of_validate(
    tmp_path: Path, blocks: Blocks, edit: Callable[[Blocks], Any], rule: str
) -> None:
    edit(blocks)
    file = tmp_path / "x.sse"
    file.write_text(text_of(blocks))
    assert [one.rule for one in validate_file(file, "responses")] == [rule]


def test_a_cassette_that_vcrpy_recorded_can_be_validated(new: Path) -> None:
    planted("codex/streamed-text", new, lambda one: one.pop("provenance"))
    assert validate_file(new, "responses") == []
    planted("codex/streamed-text", new, at("response.output_text.done", text=7))
    assert "schema/type" in [one.rule for one in validate_file(new, "responses")]


def test_a_key_that_stands_twice_is_told(tmp_path: Path, blocks: Blocks) -> None:
    blocks[4] = blocks[4].replace('"delta":', '"delta":"x","delta":', 1)
    file = tmp_path / "x.sse"
    file.write_text(text_of(blocks))
    (one,) = validate_file(file, "responses")
    assert (one.rule, one.event, one.after) == (
        "schema/other",
        "response.output_text.delta",
        "delta",
    )


def test_nan_is_no_json(tmp_path: Path, blocks: Blocks) -> None:
    blocks[4] = blocks[4].replace('"output_index":0', '"output_index":NaN', 1)
    stream, body = tmp_path / "x.sse", tmp_path / "x.json"
    stream.write_text(text_of(blocks))
    assert [one.rule for one in validate_file(stream, "responses")] == ["sse/data-not-json"]
    body.write_text('{"plan_type": NaN}')
    with pytest.raises(ContractError, match="NaN is no JSON"):
        validate_file(body, "usage")
