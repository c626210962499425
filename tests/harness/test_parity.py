"""Server-sent events and WebSocket are two transports of one protocol: parity, on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.checks import check_exchange
from harness.contract import Contract, interactions_of
from harness.drift.compare import compare
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Event, Exchange
from harness.standin.cassettes import write_cassette
from harness.standin.play import make_standin
from tests.standin.raw_wire import ask, ask_websocket, sound_request, terminal_came

from .samples import call, exchange, message, text_turn, turn

CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas


def over_websocket(payloads: Iterable[dict[str, Any]]) -> Exchange:
    """The same events, one a frame."""
    texts = [json.dumps(one) for one in payloads]
    frames = tuple(Event.of(None, text, at) for at, text in enumerate(texts, 1))
    sent = exchange([]).request
    assert sent is not None
    asked = json.dumps({"type": "response.create", **json.loads(sent.body)})
    return Exchange(
        request=replace(sent, method="GET", body=b""),
        status=101,
        is_stream=True,
        events=frames,
        transport="ws",
        sent_frames=(Event.of(None, asked, 1),),
    )


def snapshot(one: Exchange) -> dict[str, Any]:
    surface = "responses-ws" if one.transport == "ws" else "responses"
    return snapshot_of(shape_of(SCHEMAS, surface, one))


def on_both_wires(folder: Path, scenario: str) -> tuple[Exchange, Exchange]:
    """One scenario of the stand-in, asked over HTTPS and over a WebSocket, recorded, read again."""
    with make_standin(scenario, contract=CONTRACT) as standin:
        ask(standin.url, sound_request("responses"))
        ask_websocket(standin.url, QUESTION_OF_BOTH, is_over=terminal_came)
        assert standin.settle()
        files = [write_cassette(folder, one) for one in standin.exchanges]
    read = [interactions_of(file.read_bytes(), file.name)[0] for file in files]
    https, websocket = (Exchange.from_interaction(one) for one in read)
    assert (https.transport, websocket.transport) == ("http", "ws")
    return https, websocket


QUESTION_OF_BOTH = sound_request("responses").body


@pytest.mark.parametrize("scenario", ["default", "long-stream", "incomplete", "context-length"])
def test_the_same_scenario_gives_the_same_events_on_both_wires(tmp_path, scenario: str):
    https, websocket = on_both_wires(tmp_path, scenario)
    own, *shared = (one.type for one in websocket.events)
    assert own == "codex.rate_limits"  # what headers say over HTTPS
    assert [one.type for one in https.events] == shared
    one, other = snapshot(https), snapshot(websocket)
    assert one["events"] == {k: v for k, v in other["events"].items() if k != own}
    assert compare(one, other) == compare(other, one) == []
    for surface, each in (("responses", https), ("responses-ws", websocket)):
        assert check_exchange(SCHEMAS, surface, each) == []


TURNS = {
    "text": text_turn(),
    "a call": turn(call("0c", ['{"x":', "3}"])),
    "both": turn(message("0b", ["a", "b"]), call("0c", ["{}"], index=1)),
}


@pytest.mark.parametrize("name", TURNS)
def test_the_same_events_over_both_transports_are_no_difference(name: str):
    https, websocket = snapshot(exchange(TURNS[name])), snapshot(over_websocket(TURNS[name]))
    assert compare(https, websocket) == []
    assert compare(websocket, https) == []


@pytest.mark.parametrize("kind", ["codex.rate_limits", "responsesapi.websocket_timing"])
def test_what_a_websocket_has_of_its_own_breaks_no_parity(kind: str):
    own = [{"type": kind}, *text_turn()]
    https, websocket = snapshot(exchange(text_turn())), snapshot(over_websocket(own))
    assert compare(https, websocket) == compare(websocket, https) == []


def test_an_event_that_one_transport_lacks_breaks_parity_and_nothing_else():
    payloads = text_turn()
    fewer = [one for one in payloads if one["type"] != "response.in_progress"]
    (found,) = compare(snapshot(exchange(payloads)), snapshot(over_websocket(fewer)))
    assert found.rule == "ws-sse-parity-broken"
    assert found.level == "risky"


def test_frames_are_judged_by_the_schemas_of_the_events():
    payloads = text_turn()
    del payloads[-1]["response"]["id"]
    rules = {one.rule for one in check_exchange(SCHEMAS, "responses-ws", over_websocket(payloads))}
    assert "schema/required" in rules


def numbered_next(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"sequence_number": event["sequence_number"] + 1}


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda events: events.pop(0), "order/first-event"),
        (lambda events: events.pop(), "order/terminal-missing"),
        (lambda events: events.append(numbered_next(events[-1])), "order/terminal-repeated"),
    ],
)
def test_frames_are_judged_by_the_same_order(edit: Any, rule: str):
    payloads = text_turn()
    edit(payloads)
    for surface, one in (
        ("responses", exchange(payloads)),
        ("responses-ws", over_websocket(payloads)),
    ):
        assert rule in {each.rule for each in check_exchange(SCHEMAS, surface, one)}


def test_an_invariant_that_frames_break_is_found():
    payloads = text_turn()
    payloads[-1]["response"]["usage"]["total_tokens"] += 1
    found = check_exchange(SCHEMAS, "responses-ws", over_websocket(payloads))
    assert [one.rule for one in found] == ["invariant/sum"]
