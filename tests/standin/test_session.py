"""The backend without sockets: the WebSocket, frame by frame."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.checks import check_exchange
from harness.contract import Contract
from harness.exchange import Exchange
from harness.standin.answers import events_of_text
from harness.standin.backend import Backend
from harness.standin.rulebook import Rulebook
from harness.standin.session import Session
from harness.standin.values import Reply, WsReply
from tests.standin.asking import CALL_ID, LITE, NOW, ask, body, frame, lite_body, message

CONTRACT = Contract()
RULEBOOK = Rulebook(CONTRACT)


def backend(scenario: str = "default", rulebook: Rulebook = RULEBOOK) -> Backend:
    return Backend(CONTRACT, scenario, rulebook=rulebook, clock=lambda: NOW)


def session_of(player: Backend, **given: Any) -> Session:
    found = player.open(ask("upgrade", **given))
    assert isinstance(found, Session)
    return found


def opened(scenario: str = "default", **given: Any) -> Session:
    return session_of(backend(scenario), **given)


def connect(scenario: str = "default", **given: Any) -> Any:
    return backend(scenario).open(ask("upgrade", **given))


def payloads(reply: WsReply) -> list[dict[str, Any]]:
    return [json.loads(one) for one in reply.frames]


def types(reply: WsReply) -> list[str]:
    return [one["type"] for one in payloads(reply)]


def response_id(reply: WsReply) -> str:
    found = next(one["response"]["id"] for one in payloads(reply) if "response" in one)
    assert isinstance(found, str)
    return found


def only(reply: WsReply) -> dict[str, Any]:
    (found,) = payloads(reply)
    return found


# ---------------------------------------------------------------- the handshake


def test_an_upgrade_opens_a_session_with_the_tag_of_the_catalogue() -> None:
    headers = dict(opened().headers)
    player = backend()
    assert headers["x-models-etag"] == dict(player.answer(ask("models")).headers)["etag"]


def test_another_address_is_no_websocket() -> None:
    reply = connect(path="/backend-api/codex/models")
    assert isinstance(reply, Reply)
    assert reply.status == 404


@pytest.mark.parametrize("bearer", [None, "expired", "plan"])
def test_an_upgrade_needs_a_login(bearer: str | None) -> None:
    reply = connect(bearer=bearer)
    assert isinstance(reply, Reply)
    assert reply.status in (401, 403)


@pytest.mark.parametrize(
    ("scenario", "status"),
    [("unauthorized", 401), ("token-revoked", 401), ("server-error", 502)],
)
def test_what_stands_before_the_model_refuses_the_handshake(scenario: str, status: int) -> None:
    reply = connect(scenario)
    assert isinstance(reply, Reply)
    assert reply.status == status


def test_a_step_for_the_handshake_refuses_it() -> None:
    reply = connect("websocket-refused-426")
    assert isinstance(reply, Reply)
    assert [one.name for one in reply.faults] == ["status"]


@pytest.mark.parametrize("scenario", ["closed-before-header", "html-challenge"])
def test_a_fault_that_comes_before_any_answer_comes_before_the_upgrade(scenario: str) -> None:
    reply = connect(scenario)
    assert isinstance(reply, Reply)
    assert reply.faults


def test_a_refused_handshake_uses_the_step_up() -> None:
    player = backend("unauthorized-once")
    assert isinstance(player.open(ask("upgrade")), Reply)
    assert types(session_of(player).frame(frame()))[-1] == "response.completed"


# ---------------------------------------------------------------- a turn


def test_a_turn_is_the_limits_and_then_the_events_of_the_cassette() -> None:
    reply = opened().frame(frame(**lite_body()))
    limits, *rest = types(reply)
    recorded = CONTRACT.cassettes["codex/streamed-text"].interactions[0].body
    assert isinstance(recorded, str)
    assert limits == "codex.rate_limits"
    assert rest == [json.loads(one)["type"] for one in events_of_text(recorded)]
    assert (reply.close_code, reply.source) == (None, "codex/streamed-text")


def test_the_frames_of_a_turn_keep_the_contract() -> None:
    reply = opened().frame(frame())
    exchange = Exchange.from_jsonl("\n".join(reply.frames).encode())
    assert check_exchange(CONTRACT.schemas, "responses", exchange, report_unknown=True) == []


def test_the_limits_end_in_the_future() -> None:
    limits = payloads(opened().frame(frame()))[0]["rate_limits"]
    for window in filter(None, (limits["primary"], limits.get("secondary"))):
        assert window["reset_at"] - int(NOW) == window["reset_after_seconds"]


def test_a_frame_is_held_against_the_rules_of_a_body() -> None:
    reply = opened().frame(frame(store=True))
    error = only(reply)
    assert reply.close_code is None
    assert reply.source == "rule store-must-be-false-websocket (codex/store-must-be-false)"
    assert error == {
        "type": "error",
        "status": 400,
        "error": {"type": "invalid_request_error", "message": "Store must be set to false"},
    }


def test_the_header_of_the_handshake_counts_for_every_frame() -> None:
    session = opened(headers={LITE: "true"})
    assert "Responses-Lite" in only(session.frame(frame(model="gpt-5.5")))["error"]["message"]
    assert types(opened().frame(frame(model="gpt-5.5"))) != ["error"]


# ---------------------------------------------------------------- one connection's own


def test_a_request_that_prepares_gets_a_response_that_holds_nothing() -> None:
    session = opened("stream-cut")
    prepared = session.frame(frame(input=[], generate=False))
    assert types(prepared) == ["codex.rate_limits", "response.created", "response.completed"]
    # What the scenario is about comes with the first turn.
    first = session.frame(frame(previous_response_id=response_id(prepared)))
    assert (first.source, first.close_code) == ("codex/stream-cut", 1000)


def test_a_turn_goes_on_from_a_response_of_this_connection() -> None:
    session = opened()
    first = response_id(session.frame(frame()))
    output = {"type": "function_call_output", "call_id": CALL_ID, "output": "ok"}
    second = session.frame(frame(previous_response_id=first, input=[output]))
    assert types(second)[-1] == "response.completed"
    assert response_id(second) != first


@pytest.mark.parametrize("of", ["another connection", "nobody"])
def test_a_response_of_another_connection_is_not_found(of: str) -> None:
    player = backend()
    one, other = session_of(player), session_of(player)
    there = response_id(one.frame(frame())) if of == "another connection" else "resp_0"
    refused = other.frame(frame(previous_response_id=there))
    assert only(refused) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "code": "previous_response_not_found",
            "message": f"Previous response with id '{there}' not found.",
            "param": "previous_response_id",
        },
        "status": 400,
    }
    assert refused.close_code is None
    assert types(other.frame(frame()))[-1] == "response.completed"


def test_tools_that_were_offered_before_are_still_offered() -> None:
    session = opened("tool-call")
    offered = lite_body(input=[lite_body()["input"][0]], generate=False)
    prepared = response_id(session.frame(frame(**offered)))
    first = session.frame(frame(previous_response_id=prepared, input=[message()]))
    item = next(one["item"] for one in payloads(first) if "item" in one)
    assert (item["type"], item["name"]) == ("custom_tool_call", "exec")
    output = {"type": "custom_tool_call_output", "call_id": item["call_id"], "output": "ok"}
    then = session.frame(frame(previous_response_id=response_id(first), input=[output]))
    assert then.source == "codex/streamed-text"
    again = session.frame(frame(previous_response_id=response_id(then), input=[message()]))
    assert again.source == "codex/function-call"


# ---------------------------------------------------------------- refusals as frames


def test_the_limit_of_the_plan_comes_with_its_headers() -> None:
    error = only(opened("usage-limit").frame(frame()))
    assert error["type"] == "error"
    assert error["status_code"] == 429
    assert error["error"]["type"] == "usage_limit_reached"
    assert error["error"]["resets_at"] > NOW
    assert all(name.startswith("X-Codex-") for name in error["headers"])
    assert {"X-Codex-Primary-Used-Percent"} <= set(error["headers"])


def test_a_limit_of_the_rate_comes_with_the_seconds_to_wait() -> None:
    session = opened("rate-limited-retry-after")
    error = only(session.frame(frame()))
    assert error["status_code"] == 429
    assert error["headers"] == {"Retry-After": "1"}
    session.frame(frame())
    assert types(session.frame(frame()))[-1] == "response.completed"


def test_an_error_of_the_model_layer_stays_as_it_is() -> None:
    session = session_of(backend(rulebook=Rulebook(CONTRACT, strict=True)))
    error = only(session.frame(frame(reasoning={"summary": "all"})))
    recorded = CONTRACT.cassettes["codex/summary-none"].interactions[0].body
    assert (error["type"], error["status"]) == ("error", 400)
    assert set(error["error"]) == set(json.loads(recorded)["error"])


@pytest.mark.parametrize(
    "scenario",
    ["usage-limit", "usage-limit-no-reset", "rate-limited-retry-after"],
)
def test_error_frames_keep_the_contract(scenario: str) -> None:
    reply = opened(scenario).frame(frame())
    problems = CONTRACT.schemas.validate("errors/codex.json", only(reply))
    assert problems == []


# ---------------------------------------------------------------- what a client may send besides


def test_a_response_that_was_broken_off_can_be_interrupted_once() -> None:
    session = opened("stall")
    turn = session.frame(frame())
    assert turn.faults
    interrupt = json.dumps({"type": "response.interrupt", "response_id": response_id(turn)})
    event = only(session.frame(interrupt))
    assert event["type"] == "response.incomplete"
    assert event["response"]["id"] == response_id(turn)
    assert event["response"]["incomplete_details"] == {"reason": "interrupted"}
    exchange = Exchange.from_jsonl(json.dumps(event).encode())
    found = check_exchange(CONTRACT.schemas, "responses", exchange, excerpt=True)
    assert found == []
    assert session.frame(interrupt).frames == ()


@pytest.mark.parametrize("response", [None, "resp_0", 5, {}])
def test_an_interrupt_of_nothing_is_not_answered(response: Any) -> None:
    session = opened()
    session.frame(frame())
    sent = json.dumps({"type": "response.interrupt", "response_id": response})
    assert session.frame(sent).frames == ()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", "[" * 9999, "\ud800"])
def test_a_frame_that_is_no_object_closes_the_connection(text: str) -> None:
    assert opened().frame(text).close_code == 1007


@pytest.mark.parametrize("kind", [None, 5, "response.cancel", "session.update", {}, []])
def test_a_frame_of_another_type_is_not_answered(kind: Any) -> None:
    reply = opened().frame(json.dumps({"type": kind, "input": []}))
    assert (reply.frames, reply.close_code) == ((), None)


@pytest.mark.parametrize("previous", [None, 5, {}, [], "x" * 9999])
def test_an_odd_previous_response_is_answered(previous: Any) -> None:
    lax = backend(rulebook=Rulebook(CONTRACT, off=set(CONTRACT.rules)))
    reply = session_of(lax).frame(frame(previous_response_id=previous))
    assert types(reply)[-1] == ("response.completed" if previous is None else "error")


@pytest.mark.parametrize("close", ["1000", "1001", "1006", "1008", "1009", "1011"])
def test_the_codes_that_a_connection_can_end_with_are_faults_of_the_wire(close: str) -> None:
    reply = opened(f"websocket-close-{close}").frame(frame())
    assert reply.faults


def test_a_body_in_a_frame_is_flat() -> None:
    session = opened()
    nested = json.dumps({"type": "response.create", "response": body()})
    assert types(session.frame(nested)) == ["error"]
