"""What a capture shows, place by place: forms of values, and where they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reference.names import EPOCH
from harness.reference.texts import digest_of
from harness.reference.wire.atoms import atom_of, is_closed, is_value, value_of

from .captures import SESSION, beside, captured, socket, turn

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "atom"),
    [
        ("auto", '~"auto"'),
        (True, "~true"),
        (SESSION, "id(uuid v7)"),
        (SESSION.replace("-7", "-4"), "id(uuid v4)"),
        (f"msg_{SESSION}", "id(msg_uuid v7)"),
        ("resp_" + "0" * 30, "id(resp_)"),
        (f"{SESSION}:0", '~"{uuid v7}:0"'),
        ("Bearer REDACTED-token-1", '~"Bearer {token}"'),
        ("REDACTED-token-1", "blob"),
        ("text:12:0123456789ab", "text"),
        (EPOCH, "time(s)"),
        (EPOCH * 1000, "time(ms)"),
        (float(EPOCH), "time(s decimal)"),
        (str(EPOCH * 1000), "time(ms text)"),
        ("2000-01-01T00:00:00.000Z", "time(rfc3339)"),
        ("0" * 15 + "1", "id(hex 16)"),
        (3, "integer"),
        (0.5, "number"),
        (None, "null"),
        ([], "array(empty)"),
        ("say PONG", "text"),
        ("codex-leg-unknown-model", "text"),
        ("x" * 100, "text"),
    ],
)
def test_a_value_of_a_capture_has_a_form(value: Any, atom: str) -> None:
    assert atom_of(value) == atom


def test_only_what_another_client_could_send_is_a_closed_value() -> None:
    atoms = [atom_of(one) for one in ("auto", True, f"{SESSION}:0", SESSION, "")]
    assert [is_closed(one) for one in atoms] == [True, True, False, False, False]
    assert [value_of(one) for one in atoms if is_value(one)] == ["auto", "true", "{uuid v7}:0", ""]


@given(st.text(min_size=1))
def test_the_words_of_a_text_that_is_kept_as_its_hash_are_not_seen(text: str) -> None:
    assert atom_of(digest_of(text)) == "text"


@given(JSON)
def test_every_body_has_places_and_each_of_them_a_form(value: Any) -> None:
    release = captured("0.1.0", {"plain.https": [turn(value={"": value})]})
    (request,) = release.requests
    assert all(field.atoms for field in request.fields.values())
    # A place is below another one, or at the top.
    for place in request.fields:
        above = place.rpartition("/")[0]
        assert above in request.fields or above in ("", "/header")


def fields(release: Any) -> dict[str, str]:
    (request,) = release.requests
    return {place: str(field) for place, field in request.fields.items()}


def test_json_inside_of_a_header_and_of_metadata_is_looked_into() -> None:
    inner = json.dumps({"request_kind": "turn", "turn_id": SESSION})
    one = turn(headers={"x-meta": inner}, client_metadata={"x-meta": inner, "plain": "a"})
    found = fields(captured("0.1.0", {"plain.https": [one]}))
    for place in ("/header/x-meta", "/body/client_metadata/x-meta"):
        assert found[place] == "object"
        assert found[f"{place}/request_kind"] == '~"turn"'
        assert found[f"{place}/turn_id"] == "id(uuid v7)"
    assert found["/body/client_metadata/plain"] == '~"a"'


def test_items_are_told_apart_by_type_and_members_are_there_always_or_sometimes() -> None:
    items = [{"type": "a", "x": 1}, {"type": "a", "x": 1, "y": None}, {"type": "b"}, 5]
    found = fields(captured("0.1.0", {"plain.https": [turn(input=items)]}))
    assert found["/body/input/[a]/x"] == "integer"
    assert found["/body/input/[a]/y"] == "? null"
    assert found["/body/input/[b]"] == "object"
    assert found["/body/input/[]"] == "integer"


def test_of_a_tools_parameters_the_keywords_are_kept_and_not_the_names() -> None:
    inner = {"type": "object", "properties": {"deep": {"type": "string", "encrypted": True}}}
    parameters = {"type": "object", "properties": {"to": {"items": inner}}, "required": ["to"]}
    tool = {"type": "function", "name": "send", "parameters": parameters}
    found = fields(captured("0.1.0", {"plain.https": [turn(tools=[tool])]}))
    below = [place for place in found if place.startswith("/body/tools/[function]/parameters/")]
    start = "/body/tools/[function]/parameters/{}"
    assert sorted(below) == [
        start,
        *(f"{start}/{one}" for one in ("encrypted", "items", "properties", "required", "type")),
    ]
    assert found["/body/tools/[function]/name"] == '~"send"'


def test_what_a_request_says_twice_is_another_value_once() -> None:
    metadata = json.dumps({"model": "gpt-6-astra", "reasoning_effort": "low", "other": "low"})
    headers = {"x-hint": "model=gpt-6-astra", "x-meta": metadata}
    found = fields(captured("0.1.0", {"plain.https": [turn(headers=headers)]}))
    assert found["/body/model"] == '~"gpt-6-astra"'
    assert found["/header/x-hint"] == '~"model={model}"'
    assert found["/header/x-meta/model"] == '~"{model}"'
    assert found["/header/x-meta/reasoning_effort"] == '~"{effort}"'
    assert found["/header/x-meta/other"] == '~"low"'


def test_the_frames_of_a_websocket_are_requests_of_their_own() -> None:
    release = captured("0.1.0", {"plain.websocket": [socket({"generate": False}, {})]})
    handshake, prewarm, frame = release.requests
    assert (handshake.surface, handshake.label) == ("responses-ws", "")
    assert (prewarm.label, frame.label) == ("response.create (prewarm)", "response.create")
    assert str(frame.fields["/frame/response.create/store"]) == "~false"
    assert {one.call.name for one in release.requests} == {
        "GET chatgpt.com/backend-api/codex/responses"
    }


def test_a_call_that_the_contract_does_not_know_has_a_surface_too() -> None:
    calls = [
        beside("https://chatgpt.com/backend-api/wham/accounts/check"),
        beside("https://api.github.com/repos/openai/plugins?a=b"),
    ]
    release = captured("0.1.0", {"plain.https": [turn()], "side-calls.https": calls})
    found = {one.call.name: one.surface for one in release.requests}
    assert found["GET chatgpt.com/backend-api/wham/accounts/check"] == "accounts"
    assert found["GET api.github.com/repos/openai/plugins"] == "other"


@pytest.mark.parametrize(
    ("runs", "transports", "expected"),
    [
        (["plain.https"], ("https", "websocket"), {"plain.https"}),
        (["plain.https"], ("https",), {"plain.https", "plain.websocket"}),
        (["tool-call.https"], ("https", "websocket"), set()),
    ],
)
def test_where_nothing_can_be_there_it_was_looked_at(
    runs: list[str], transports: tuple[str, ...], expected: set[str]
) -> None:
    release = captured("0.1.0", {run: [turn()] for run in runs}, transports=transports)
    beside_it = {"side-calls.https", "model-list.https"} if "plain.https" in runs else set()
    assert release.looked_at == {*runs, *expected, *beside_it}
