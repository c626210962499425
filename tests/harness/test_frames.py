"""Exchanges over WebSocket: the same events, one a frame, and what the client sent between them."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract, ContractError, Frame, Interaction, interactions_of
from harness.drift.compare import compare
from harness.drift.shape import Shape, shape_of
from harness.exchange import Exchange
from tests.harness import samples

CONTRACT = Contract()
URL = "wss://chatgpt.com/backend-api/codex/responses"
CREATE = {
    "type": "response.create",
    "model": "gpt-6-astra",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
    ],
    "store": False,
}


def frame(sender: str, at: float, payload: Any, **more: Any) -> dict[str, Any]:
    return {"from": sender, "at": at, "text": json.dumps(payload), **more}


def turn(*sent: Any) -> list[dict[str, Any]]:
    asked = [frame("client", 1.5, one) for one in sent or (CREATE,)]
    return [*asked, *(frame("server", 9, one) for one in samples.text_turn())]


def cassette(frames: list[dict[str, Any]] | None, **more: Any) -> dict[str, Any]:
    part = {"from": "codex-cli 0.169.0 run against a loopback stand-in (2026-11-22)"}
    interaction = {
        "request": {"method": "GET", "uri": URL, "headers": {}, "body": None},
        "response": {
            "status": {"code": 101, "message": ""},
            "headers": {"upgrade": ["websocket"]},
            "body": {"string": ""},
        },
        "provenance": {
            "kind": "captured",
            "date": "2026-11-22",
            "source": part["from"],
            "client": {"name": "codex-cli", "version": "0.169.0"},
            "parts": {"request": part, "status": part, "headers": part, "body": {"from": "none"}},
        },
        **({} if frames is None else {"frames": frames}),
        **more,
    }
    return {"version": 1, "interactions": [interaction]}


def read(frames: list[dict[str, Any]] | None, **more: Any) -> Interaction:
    return interactions_of(json.dumps(cassette(frames, **more)).encode(), "x.yaml")[0]


def shape(*exchanges: Exchange) -> Shape:
    return shape_of(CONTRACT.schemas, "responses-ws", *exchanges)


def over_ws(frames: list[dict[str, Any]], **more: Any) -> Exchange:
    return Exchange.from_interaction(read(frames, **more))


def test_frames_are_values_and_keep_their_order_and_sender(tmp_path: Path) -> None:
    frames = [frame("client", 1.5, 1), frame("server", 2, 2, bytes=9), frame("server", 3, 3)]
    frames[2]["binary"] = True
    path = tmp_path / "ws.yaml"
    path.write_text(json.dumps(cassette(frames, close_code=1000)), encoding="utf-8")
    interaction = CONTRACT.read_cassette(path).interactions[0]
    assert interaction == read(frames, close_code=1000)
    assert interaction.frames == (
        Frame("client", 1.5, "1"),
        Frame("server", 2.0, "2", size=9),
        Frame("server", 3.0, "3", binary=True),
    )
    assert interaction.close_code == 1000


@pytest.mark.parametrize(
    "fault",
    [
        {"from": "nobody", "at": 1, "text": "x"},
        {"from": "client", "at": "soon", "text": "x"},
        {"from": "client", "at": 1},
        {"from": "client", "at": 1, "text": 7},
        {"from": "client", "at": 1, "text": "x", "bytes": "many"},
        "text",
    ],
)
def test_a_frame_that_is_none_is_refused_in_one_line(fault: Any, tmp_path: Path) -> None:
    frames = [frame("server", 1, {}), fault]
    with pytest.raises(ContractError) as refused:
        read(frames)
    assert str(refused.value).startswith("x.yaml: /interactions/0/frames/1")
    assert "\n" not in str(refused.value)
    path = tmp_path / "ws.yaml"
    path.write_text(json.dumps(cassette(frames)), encoding="utf-8")
    with pytest.raises(ContractError, match="/interactions/0/frames/1"):
        CONTRACT.read_cassette(path)


def test_frames_of_the_server_are_the_events_and_those_of_the_client_are_kept() -> None:
    exchange = over_ws(turn(), close_code=1006)
    assert [one.payload for one in exchange.events] == samples.text_turn()
    assert {one.name for one in exchange.events} == {None}
    assert [one.payload for one in exchange.sent_frames] == [CREATE]
    assert (exchange.transport, exchange.is_stream, exchange.close_code) == ("ws", True, 1006)
    assert over_ws([]).transport == "ws"


def test_a_handshake_that_is_refused_is_an_answer_over_http() -> None:
    interaction = read(None)
    refused = Exchange.from_interaction(
        Interaction(interaction.request, 401, {}, '{"detail":"no"}', interaction.provenance)
    )
    assert (refused.transport, refused.is_stream, refused.events) == ("http", False, ())


def test_both_transports_carry_the_same_events() -> None:
    ws = shape(over_ws(turn())).snapshot()
    sse = shape_of(CONTRACT.schemas, "responses", samples.exchange(samples.text_turn())).snapshot()
    assert ws["events"] == sse["events"]
    assert ws["sequences"] == sse["sequences"]
    assert ws["response"]["/body"] == "frames"
    assert sse["response"]["/body"] == "stream"


def test_what_the_client_sent_is_in_the_request_half_by_type_and_in_its_order() -> None:
    processed = {"type": "response.processed", "response_id": "resp_0a"}
    found = shape(over_ws(turn(CREATE, processed, CREATE))).snapshot()
    request = found["request"]
    assert request["/transport"] == "ws"
    assert request["/url"] == URL
    assert request["/frame/response.create"] == "object"
    assert request["/frame/response.create/model"] == "slug"
    assert request["/frame/response.create/input/[message]/role"] == '~"user"'
    assert request["/frame/response.processed/response_id"] == "string"
    assert found["sent"] == [["response.create", "response.processed", "response.create"]]
    assert CONTRACT.schemas.validate("snapshot.json", found) == []
    other = shape(over_ws(turn(processed, CREATE, CREATE))).snapshot()
    assert other["sent"] == [["response.processed", "response.create+"]]
    assert other["request"] == request


def test_evidence_of_frames_is_found_under_their_pointers() -> None:
    counted = shape(over_ws(turn()), over_ws(turn({**CREATE, "generate": False})))
    asked = counted.evidence("request", None, "/frame/response.create/generate")
    assert (asked.seen, asked.of) == (1, 2)
    assert counted.evidence("request", None, "/frame/response.other/x").seen == 0


def test_binary_frames_and_the_close_code_are_facts_of_the_framing() -> None:
    frames = turn()
    frames[1] = {**frames[1], "binary": True}
    found = shape(over_ws(frames, close_code=1011)).snapshot()["response"]
    framing = {place: line for place, line in found.items() if "/framing" in place}
    assert framing == {"/framing/binary": "present", "/framing/close": "1011"}
    assert not any("/framing" in place for place in shape(over_ws(turn())).snapshot()["response"])


def test_frames_that_are_no_json_have_a_label_and_stop_nothing() -> None:
    frames = [{"from": side, "at": 0, "text": "{"} for side in ("client", "server")]
    frames.append({"from": "server", "at": 0, "binary": True, "bytes": 3})
    found = shape(over_ws(frames)).snapshot()
    assert found["events"] == {"(binary)": {"": "plain"}, "(not json)": {"": "plain"}}
    assert found["request"]["/frame/(not json)"] == "plain"


def binary(frame: dict[str, Any]) -> dict[str, Any]:
    """What a recorder leaves of a binary frame whose bytes are no text to it."""
    return {"from": frame["from"], "at": frame["at"], "binary": True}


@pytest.mark.parametrize("which", [slice(1, None), slice(1, 2), slice(2, 4)])
def test_frames_that_became_binary_are_one_edit_even_if_no_text_of_them_was_kept(
    which: slice,
) -> None:
    frames = turn()
    frames[which] = [binary(one) for one in frames[which]]
    plain, packed = shape(over_ws(turn())).snapshot(), shape(over_ws(frames)).snapshot()
    assert [one.rule for one in compare(plain, packed)] == ["ws-text-became-binary"]
    assert [one.rule for one in compare(packed, plain)] == ["ws-binary-became-text"]
