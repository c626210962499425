"""The backend without sockets: what it answers over HTTP, and how far that is adapted."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.checks import check_exchange
from harness.contract import Contract
from harness.exchange import Exchange, SentRequest
from harness.standin.backend import Backend
from harness.standin.faults import Status
from harness.standin.rulebook import Rulebook
from harness.standin.scenarios import UnknownScenario
from harness.standin.values import Incoming, Reply
from tests.standin.asking import (
    ACCOUNT,
    CALL_ID,
    ENDPOINTS,
    NOW,
    ask,
    body,
    events,
    header,
    lite_body,
    message,
    payload,
)

CONTRACT = Contract()
RULEBOOK = Rulebook(CONTRACT)
STRICT = Rulebook(CONTRACT, strict=True)
OUTPUT = {"type": "function_call_output", "call_id": CALL_ID, "output": "ok"}
EXEC_COMMAND = {"type": "function", "name": "exec_command"}
#: What answers each endpoint of a backend that is well.
WELL = {
    "responses": (200, "codex/streamed-text"),
    "compact": (200, "codex/compact"),
    "models": (200, "codex/models"),
    "usage": (200, "codex/usage"),
    "accounts": (200, "codex/accounts-check"),
    "settings": (200, "settings"),
    "bundle": (200, "bundle"),
    "token": (200, "auth/refresh-ok"),
    "plan-token": (200, "plan/refresh"),
    "discovery": (200, "canary/plan-discovery"),
    "plan-responses": (200, "plan/streamed-text"),
    "plan-models": (200, "plan/models"),
    "platform-responses": (200, "platform/responses-with-platform-key"),
    "chat-completions": (429, "platform/insufficient-quota"),
    "messages": (200, "anthropic/message-ok"),
    "platform-models": (404, "codex/not-found"),
    "other": (404, "codex/not-found"),
}
#: Where the contract has a surface for the endpoint.
SURFACES = {
    "responses": "responses",
    "compact": "responses",
    "models": "models",
    "usage": "usage",
    "accounts": "accounts",
    "token": "auth",
    "plan-token": "plan",
    "discovery": "plan",
    "plan-responses": "plan",
    "plan-models": "plan",
    "platform-responses": "platform",
    "messages": "anthropic",
}
#: What the reference client asks on the side, all of it answered 404 (reference.md 11.6).
SIDE_CALLS = (
    "GET /backend-api/ps/plugins/installed",
    "GET /backend-api/ps/plugins/list",
    "POST /backend-api/ps/mcp",
    "GET /backend-api/plugins/featured",
    "POST /backend-api/codex/analytics-events/events",
    "GET /",
    "PUT /backend-api/codex/responses",
)


def backend(scenario: str = "default", **given: Any) -> Backend:
    return Backend(CONTRACT, scenario, **{"rulebook": RULEBOOK, "clock": lambda: NOW, **given})


def exchange_of(incoming: Incoming, reply: Reply) -> Exchange:
    request = SentRequest(
        incoming.method,
        f"https://{incoming.host}{incoming.path}" + (f"?{incoming.query}" * bool(incoming.query)),
        incoming.headers,
        incoming.body,
    )
    answer = Exchange.from_sse(reply.body) if reply.stream else Exchange(body=reply.body)
    return Exchange(
        request, reply.status, reply.headers, reply.body, reply.stream, answer.events, "eof"
    )


def findings(endpoint: str, incoming: Incoming, reply: Reply) -> list[Any]:
    exchange = exchange_of(incoming, reply)
    return check_exchange(CONTRACT.schemas, SURFACES[endpoint], exchange, report_unknown=True)


def types(reply: Reply) -> list[str]:
    return [one["type"] for one in events(reply)]


# ---------------------------------------------------------------- a backend that is well


@pytest.mark.parametrize("endpoint", sorted(WELL))
def test_a_backend_that_is_well_answers_from_the_cassette_of_the_endpoint(endpoint: str) -> None:
    reply = backend().answer(ask(endpoint))
    assert (reply.status, reply.source) == WELL[endpoint]
    assert reply.faults == ()
    assert header(reply, "content-type")


@pytest.mark.parametrize("endpoint", sorted(SURFACES))
def test_what_it_answers_keeps_the_contract(endpoint: str) -> None:
    incoming = ask(endpoint)
    assert findings(endpoint, incoming, backend().answer(incoming)) == []


@pytest.mark.parametrize("call", SIDE_CALLS)
def test_what_nobody_published_is_not_found(call: str) -> None:
    method, path = call.split(" ")
    sent = ask("other", path=path)
    reply = backend().answer(Incoming(method, sent.host, path, headers=sent.headers))
    assert (reply.status, payload(reply)) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("host", ["example.org", "", "localhost", "chatgpt.com.example.org"])
def test_another_host_has_nothing(host: str) -> None:
    incoming = ask()
    strange = Incoming("POST", host, incoming.path, headers=incoming.headers, body=incoming.body)
    assert backend().answer(strange).status == 404


def test_a_region_of_the_backend_is_the_backend() -> None:
    assert backend().answer(ask(host="us.chatgpt.com")).source == "codex/streamed-text"


# ---------------------------------------------------------------- adaptation


def test_the_model_that_was_asked_for_answers() -> None:
    reply = backend().answer(ask(body=body(model="gpt-6-sol")))
    models = {one["response"]["model"] for one in events(reply) if "response" in one}
    assert models == {"gpt-6-sol"}


def test_two_turns_have_ids_of_their_own_and_each_is_consistent() -> None:
    player = backend()
    first, second = (events(player.answer(ask())) for _ in range(2))
    for turn in (first, second):
        assert len({one["response"]["id"] for one in turn if "response" in one}) == 1
        items = {one["item_id"] for one in turn if "item_id" in one}
        assert items == {one["item"]["id"] for one in turn if "item" in one}
    assert first[0]["response"]["id"] != second[0]["response"]["id"]


def test_the_times_of_an_answer_are_those_of_today() -> None:
    turn = events(backend().answer(ask()))
    times = {one["response"]["created_at"] for one in turn if "response" in one}
    assert times == {int(NOW)}
    assert turn[-1]["response"]["completed_at"] >= int(NOW)


def test_nothing_else_of_a_stream_is_adapted() -> None:
    recorded = CONTRACT.cassettes["codex/streamed-text"].interactions[0].body
    assert isinstance(recorded, str)

    def plain(text: str) -> str:
        text = re.sub(r"\b(resp|msg)_\w{20,}", r"\1_", text)
        return re.sub(r'"(model|created_at|completed_at)":("[^"]*"|\d+)', r'"\1":', text)

    assert plain(backend().answer(ask()).body.decode()) == plain(recorded)


def test_what_a_request_says_cannot_break_the_answer() -> None:
    evil = 'x"},\n\ndata: {"type":"response.failed"}\\u0000\\1\\g<0>'
    turn = events(backend().answer(ask(body=body(model=evil))))
    assert turn[-1]["response"]["model"] == evil
    assert "response.failed" not in [one["type"] for one in turn]
    refused = payload(backend(rulebook=STRICT).answer(ask(body=body(model=evil))))
    assert evil in refused["detail"]


def test_the_list_of_accounts_has_the_account_that_asks() -> None:
    found = json.dumps(payload(backend().answer(ask("accounts"))))
    assert ACCOUNT in found
    other = ask("accounts", headers={"chatgpt-account-id": "somebody-else"})
    assert "somebody-else" in json.dumps(payload(backend().answer(other)))


def test_the_usage_ends_as_far_from_now_as_it_did_from_its_day() -> None:
    limits = payload(backend().answer(ask("usage")))["rate_limit"]
    for window in filter(None, (limits["primary_window"], limits["secondary_window"])):
        assert window["reset_at"] - int(NOW) == window["reset_after_seconds"]


def test_a_limit_ends_in_the_future() -> None:
    reply = backend("usage-limit").answer(ask())
    error = payload(reply)["error"]
    assert reply.status == 429
    assert error["resets_at"] - int(NOW) == error["resets_in_seconds"] > 0
    later = [int(value) for name, value in reply.headers if name.endswith("-reset-at")]
    assert later
    assert all(one > NOW for one in later)


def test_headers_that_differ_from_answer_to_answer_do_here() -> None:
    player = backend("usage-limit")
    first, second = player.answer(ask()), player.answer(ask())
    assert all("REDACTED" not in value for _, value in first.headers)
    names = [name for name, _ in first.headers if "request-id" in name]
    assert all(header(first, name) != header(second, name) for name in names)


def test_what_frames_a_body_is_left_to_the_wire() -> None:
    framing = {"content-length", "transfer-encoding", "content-encoding", "connection"}
    for endpoint in WELL:
        assert not framing & {name for name, _ in backend().answer(ask(endpoint)).headers}


def test_a_turn_brings_a_state_that_stays_the_same_while_it_is_sent_back() -> None:
    player = backend()
    state = header(player.answer(ask()), "x-codex-turn-state")
    again = player.answer(ask(headers={"x-codex-turn-state": state}))
    assert state
    assert header(again, "x-codex-turn-state") == state
    assert header(player.answer(ask()), "x-codex-turn-state") != state
    assert header(player.answer(ask("models")), "x-codex-turn-state") is None


# ---------------------------------------------------------------- the catalogue


def shown(version: str) -> dict[str, str]:
    reply = backend().answer(ask("models", query={"client_version": version}))
    return {one["slug"]: one["minimal_client_version"] for one in payload(reply)["models"]}


def test_a_client_is_shown_the_models_that_it_is_new_enough_for() -> None:
    old, new, all_of_them = shown("0.99.0"), shown("0.169.0"), shown("0.0.0")
    assert set(old) < set(new) <= set(all_of_them)
    recorded = CONTRACT.cassettes["codex/models"].interactions[0].body
    assert len(all_of_them) == len(json.loads(recorded)["models"])


def test_a_catalogue_has_a_tag_that_does_not_depend_on_who_asks() -> None:
    player = backend()
    tags = {
        header(player.answer(ask("models", query={"client_version": one})), "etag")
        for one in ("0.169.0", "0.0.0")
    }
    assert len(tags) == 1
    (tag,) = tags
    assert str(tag).startswith('W/"')
    assert header(player.answer(ask("plan-models")), "etag") not in {None, tag}


# ---------------------------------------------------------------- the other surfaces


def test_a_key_without_a_stream_gets_a_whole_response() -> None:
    found = payload(backend().answer(ask("platform-responses")))
    assert found["object"] == "response"
    assert found["output"]
    streamed = backend().answer(ask("platform-responses", body={"input": "hi", "stream": True}))
    assert streamed.stream


def test_one_address_answers_a_plan_and_a_key_differently() -> None:
    player = backend()
    assert player.answer(ask("plan-responses")).source == "plan/streamed-text"
    key = ask("plan-responses", bearer="platform-key")
    assert player.answer(key).source == "platform/responses-with-platform-key"
    codex = player.answer(ask("plan-responses", bearer="codex"))
    assert codex.status == 401
    assert "api.responses.write" in codex.body.decode()


def test_on_2026_06_04_the_public_api_refuses_every_subscription() -> None:
    for bearer in ("codex", "claude", "opaque"):
        chat = backend().answer(ask("chat-completions", bearer=bearer))
        assert (chat.status, payload(chat)["error"]["code"]) == (429, "insufficient_quota")
        response = backend().answer(ask("platform-responses", bearer=bearer))
        assert response.status == 401
    everybody = backend("platform-2026-06-04")
    for bearer in ("plan", "platform-key", "codex"):
        assert everybody.answer(ask("plan-responses", bearer=bearer)).status == 401


def test_a_message_needs_the_beta_header_and_else_says_what_a_client_must_read() -> None:
    assert payload(backend().answer(ask("messages")))["type"] == "message"
    refused = backend().answer(ask("messages", headers={"anthropic-beta": None}))
    assert refused.status == 401


def test_a_request_to_compact_in_a_turn_is_answered_with_a_compaction() -> None:
    incoming = ask(body=body(input=[message(), {"type": "compaction_trigger"}]))
    reply = backend().answer(incoming)
    assert reply.source == "codex/compaction"
    items = [one["item"]["type"] for one in events(reply) if "item" in one]
    assert "compaction" in items


# ---------------------------------------------------------------- rules before scenarios


def test_a_request_that_breaks_a_rule_is_refused_in_every_scenario() -> None:
    player = backend("unauthorized-once")
    refused = player.answer(ask(body=body(store=True)))
    assert refused.status == 400
    assert refused.source == "rule store-must-be-false (codex/store-must-be-false)"
    # It has not used the step up.
    assert player.answer(ask()).status == 401
    assert player.answer(ask()).status == 200


def test_a_refusal_says_what_was_asked_for() -> None:
    reply = backend(rulebook=STRICT).answer(ask(body=body(model="gpt-99")))
    assert "'gpt-99'" in payload(reply)["detail"]


def test_a_parameter_that_is_not_known_is_named() -> None:
    reply = backend().answer(ask(body=body(top_k=3)))
    assert payload(reply) == {"detail": "Unsupported parameter: top_k"}


# ---------------------------------------------------------------- scenarios


def test_a_step_that_is_used_up_leaves_the_rest_to_the_next() -> None:
    player = backend("server-error-then-ok")
    assert [player.answer(ask()).status for _ in range(4)] == [503, 503, 200, 200]
    # Each endpoint counts for itself.
    assert player.answer(ask("models")).status == 200


def test_many_requests_at_once_use_a_step_up_exactly() -> None:
    player = backend("server-error-then-ok")
    with ThreadPoolExecutor(16) as pool:
        statuses = Counter(pool.map(lambda _: player.answer(ask()).status, range(48)))
    assert statuses == {503: 2, 200: 46}


def test_a_scenario_is_played_from_its_beginning() -> None:
    player = backend("unauthorized-once")
    assert player.answer(ask()).status == 401
    again = player.playing("unauthorized-once")
    assert (again.scenario, again.answer(ask()).status) == ("unauthorized-once", 401)
    assert player.answer(ask()).status == 200


def test_an_unknown_scenario_names_the_closest_ones() -> None:
    with pytest.raises(UnknownScenario, match=r"no scenario 'usage-limt': did you mean usage-limi"):
        backend("usage-limt")
    with pytest.raises(UnknownScenario, match="codex-leg scenarios lists them"):
        backend().playing("zzz")


def test_a_token_is_not_accepted_until_it_is_refreshed() -> None:
    player = backend("refresh")
    assert [player.answer(ask()).status for _ in range(3)] == [401, 401, 401]
    new = payload(player.answer(ask("token")))["access_token"]
    fresh = ask(headers={"authorization": f"Bearer {new}"})
    assert player.answer(fresh).status == 200
    assert player.answer(ask()).status == 401
    # In the next scenario that token is an old one.
    assert player.playing("refresh").answer(fresh).status == 401


def test_a_limit_without_a_time_has_none() -> None:
    error = payload(backend("usage-limit-no-reset").answer(ask()))["error"]
    assert not {"resets_at", "resets_in_seconds"} & set(error)
    assert error["type"] == "usage_limit_reached"


def test_an_answer_that_is_verbatim_names_another_account() -> None:
    found = backend("accounts-check-missing").answer(ask("accounts"))
    assert ACCOUNT not in found.body.decode()


def test_faults_are_handed_to_the_wire() -> None:
    reply = backend("rate-limited-retry-after").answer(ask())
    assert reply.faults == (Status(status=429, headers={"retry-after": "1"}, body=""),)


def test_a_refresh_that_fails_twice_succeeds_then() -> None:
    player = backend("refresh-server-error")
    replies = [player.answer(ask("token")) for _ in range(3)]
    assert [reply.status for reply in replies] == [500, 500, 200]
    assert payload(replies[2])["access_token"]


# ---------------------------------------------------------------- streams that are built


def test_a_text_is_as_long_as_the_scenario_says() -> None:
    incoming = ask()
    reply = backend("long-stream").answer(incoming)
    assert types(reply).count("response.output_text.delta") == 1000
    assert findings("responses", incoming, reply) == []
    numbers = [one["sequence_number"] for one in events(reply) if "sequence_number" in one]
    assert numbers == sorted(set(numbers))


TOOLS: dict[str, tuple[dict[str, Any], str, str]] = {
    "exec": (lite_body(), "custom_tool_call", "tools.exec_command"),
    "exec_command": (
        body(tools=[EXEC_COMMAND]),
        "function_call",
        '{"cmd":"echo codex-leg"}',
    ),
    "shell_command": (
        body(tools=[{"type": "function", "name": "shell_command"}]),
        "function_call",
        '{"command":"echo codex-leg"}',
    ),
    "shell": (
        body(tools=[{"type": "function", "name": "shell"}]),
        "function_call",
        '{"command":["bash","-lc","echo codex-leg"]}',
    ),
    "in a namespace": (
        body(tools=[{"type": "namespace", "name": "a", "tools": [EXEC_COMMAND]}]),
        "function_call",
        '{"cmd":"echo codex-leg"}',
    ),
}


@pytest.mark.parametrize("kind", TOOLS)
def test_a_tool_call_is_one_of_the_shell_tool_that_is_offered(kind: str) -> None:
    sent, type_, part = TOOLS[kind]
    incoming = ask(body=sent)
    player = backend("tool-call")
    reply = player.answer(incoming)
    assert findings("responses", incoming, reply) == []
    item = next(one["item"] for one in events(reply) if one["type"].endswith("output_item.done"))
    assert item["type"] == type_
    assert part in (item["input"] if type_ == "custom_tool_call" else item["arguments"])
    output = {**OUTPUT, "type": f"{type_}_output", "call_id": item["call_id"]}
    then = player.answer(ask(body={**sent, "input": [*sent["input"], item, output]}))
    assert then.source == "codex/streamed-text"
    # The next turn of the same conversation calls it again.
    next_turn = {**sent, "input": [*sent["input"], item, output, message("And now?")]}
    assert player.answer(ask(body=next_turn)).source == "codex/function-call"


def test_a_request_without_a_shell_tool_gets_the_text_at_once() -> None:
    assert backend("tool-call").answer(ask()).source == "codex/streamed-text"


def test_the_same_call_twice_has_ids_of_its_own() -> None:
    player = backend("tool-call")
    calls = [
        next(
            one["item"]["call_id"]
            for one in events(player.answer(ask(body=lite_body())))
            if "item" in one
        )
        for _ in range(2)
    ]
    assert calls[0] != calls[1]


@pytest.mark.parametrize("tools", [None, "x", [1, "x", None], [{"tools": 3}], {"a": 1}])
def test_tools_that_are_none_break_nothing(tools: Any) -> None:
    player = backend("tool-call", rulebook=Rulebook(CONTRACT, off=set(CONTRACT.rules)))
    odd = [{"type": "additional_tools", "tools": tools}, 5, None]
    for sent in (body(tools=tools), body(input=odd), body(input=tools)):
        assert player.answer(ask(body=sent)).source == "codex/streamed-text"


@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b"\xff\xfe", b'{"model":5,"input":{}}'])
def test_whatever_is_sent_is_answered(endpoint: str, sent: bytes) -> None:
    incoming = ask(endpoint)
    broken = Incoming(
        incoming.method, incoming.host, incoming.path, headers=incoming.headers, body=sent
    )
    reply = backend().answer(broken)
    assert 200 <= reply.status < 500
