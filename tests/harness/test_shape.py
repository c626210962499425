"""Shapes: what is volatile leaves no trace, and everything else does."""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contract import Contract
from harness.drift.kinds import base_of, header_atom, kind_atom, literal, type_atom
from harness.drift.node import Node
from harness.drift.plan import NOTHING, Compiler
from harness.drift.shape import Shape, sequence_of, shape_of, snapshot_of
from harness.drift.snapshot import Field, parse_field
from harness.exchange import Exchange, SentRequest, read_events
from tests.harness import samples

CONTRACT = Contract()
Snapshot = dict[str, Any]


def snapshot(*exchanges: Exchange, surface: str = "responses") -> Snapshot:
    return snapshot_of(shape_of(CONTRACT.schemas, surface, *exchanges))


# What must leave no trace

hexes = st.text("0123456789abcdef", min_size=8, max_size=48)
pieces = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=7)
headers = {
    "content-type": st.sampled_from(["text/event-stream", "Text/Event-Stream "]),
    "x-request-id": hexes.map("req_{}".format),
    "date": st.integers(10, 28).map("Mon, {} Sep 2026 10:00:00 GMT".format),
    "x-codex-primary-used-percent": st.integers(0, 100).map(str),
    "x-codex-primary-reset-at": st.integers(10**9, 2 * 10**9).map(str),
    "x-something-new": st.integers(0, 999).map(str),
}


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, list):
        return [shuffled(one, order) for one in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    order.shuffle(keys)
    return {key: shuffled(value[key], order) for key in keys}


@st.composite
def recordings(draw: st.DrawFn) -> Exchange:
    """The same exchange once more: other ids, times, texts, pieces, key order, header order."""
    events = samples.turn(
        samples.message(draw(hexes), draw(pieces)),
        samples.call(draw(hexes), draw(pieces), 1),
        ident=draw(hexes),
        at=draw(st.integers(1_600_000_000, 1_990_000_000)),
        tokens=draw(st.integers(0, 10**6)),
    )
    order = draw(st.randoms(use_true_random=False))
    named = [
        ("".join(order.choice((one.upper(), one)) for one in name), draw(values))
        for name, values in headers.items()
    ]
    order.shuffle(named)
    keepalives = [shuffled(event, order) for event in events]
    return samples.exchange(keepalives, named, newline=draw(st.sampled_from(["\n", "\r\n", "\r"])))


@given(recordings(), recordings())
def test_recording_the_same_exchange_again_changes_no_snapshot(
    one: Exchange, other: Exchange
) -> None:
    assert snapshot(one) == snapshot(other)


@given(st.lists(recordings(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_merging_does_not_matter(
    exchanges: list[Exchange], order: random.Random
) -> None:
    shapes = [shape_of(CONTRACT.schemas, "responses", one) for one in exchanges]
    order.shuffle(shapes)
    merged = Shape("responses")
    for shape in shapes:
        merged.merge(shape)
    whole = shape_of(CONTRACT.schemas, "responses", *exchanges)
    assert merged.snapshot() == whole.snapshot()
    assert merged.exchanges == len(exchanges)
    assert merged.evidence("response", "response.created", "/response/id") == whole.evidence(
        "response", "response.created", "/response/id"
    )


def test_keepalives_are_in_the_set_of_events_and_not_in_their_order() -> None:
    events = samples.text_turn()
    kept = snapshot(
        samples.exchange(samples.numbered([*events[:3], {"type": "keepalive"}, *events[3:]]))
    )
    assert kept["sequences"] == snapshot(samples.exchange(events))["sequences"]
    assert "keepalive" in kept["events"]


def test_the_value_of_a_query_leaves_its_name_alone() -> None:
    url = "https://chatgpt.com/backend-api/codex/models"
    one, other = (
        snapshot(
            Exchange(request=SentRequest("GET", f"{url}?client_version={version}")),
            surface="models",
        )
        for version in ("0.169.0", "1")
    )
    assert one == other
    assert one["request"] == {"/method": '"GET"', "/query/client_version": "text", "/url": url}


# What must leave a trace


def real(id_: str) -> list[dict[str, Any]]:
    exchange = Exchange.from_interaction(CONTRACT.cassettes[id_].interactions[0])
    return [event.payload for event in exchange.events]


STREAMS = ["codex/streamed-text", "codex/reasoning-with-summary", "codex/parallel-function-calls"]
#: Below these everything is the user's own: it is blob, and no form of it is a promise.
_OPAQUE = ("parameters", "schema")


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*way, key)
            if key not in _OPAQUE:
                yield from places(one, (*way, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, (*way, index))


def edit(event: Any, way: tuple[str | int, ...], change: Callable[[Any, Any], None]) -> Any:
    event = copy.deepcopy(event)
    target = event
    for key in way[:-1]:
        target = target[key]
    change(target, way[-1])
    return event


def retype(target: Any, key: Any) -> None:
    value = target[key]
    target[key] = {"new": 1} if not isinstance(value, dict) else "text"


def nullify(target: Any, key: Any) -> None:
    target[key] = None if target[key] is not None else 5


def remove(target: Any, key: Any) -> None:
    del target[key]


def rename(target: Any, key: Any) -> None:
    target[f"{key}_new"] = target.pop(key)


def add(target: Any, key: Any) -> None:
    target[f"{key}_more"] = 1


@pytest.mark.parametrize("id_", STREAMS)
@pytest.mark.parametrize("change", [retype, nullify, remove, rename, add])
def test_every_single_edit_of_every_field_changes_the_snapshot(
    id_: str, change: Callable[[Any, Any], None]
) -> None:
    edits = 0
    for event in real(id_):
        named = samples.exchange([event])
        before = snapshot(named)
        for way in places(event):
            # What has no name cannot be renamed, and the names in a map are ids.
            unnamed = isinstance(way[-1], int) or way[-2:-1] == ("items",)
            if unnamed and change in (remove, rename, add):
                continue
            edited = json.dumps(edit(event, way, change))
            body = f"event: {event['type']}\ndata: {edited}\n\n".encode()
            found, unfinished = read_events(body)
            after = Exchange(
                named.request, 200, named.headers, body, True, found, "eof", unfinished
            )
            assert snapshot(after) != before, (event["type"], way)
            edits += 1
    assert edits > 100


def set_(event: int, way: str, value: Any) -> Callable[[list[Any]], list[Any]]:
    def change(events: list[Any]) -> list[Any]:
        keys = tuple(int(key) if key.isdecimal() else key for key in way.split("/")[1:])

        def put(target: Any, key: Any) -> None:
            target[key] = value

        return [edit(one, keys, put) if i == event else one for i, one in enumerate(events)]

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_(0, "/response/status", "queued"),
        set_(0, "/response/id", "run_0a"),
        set_(0, "/response/created_at", 1790537330000),
        set_(0, "/response/created_at", 1790537330.5),
        set_(0, "/response/created_at", "2026-09-27T10:00:00Z"),
        set_(2, "/item/role", "tool"),
        set_(2, "/item/type", "note"),
        set_(2, "/item/phase", "commentary"),
        set_(0, "/sequence_number", 0.5),
        lambda events: [events[1], events[0], *events[2:]],
        lambda events: events[1:],
        lambda events: [events[0], *events],
        lambda events: [{**events[0], "type": "response.begun"}, *events[1:]],
        lambda events: [*events, {"type": "response.afterwards", "sequence_number": 9}],
        lambda events: [one for one in events if not one["type"].endswith(".delta")],
    ],
)
def test_each_change_of_form_value_or_order_changes_the_snapshot(
    change: Callable[[list[Any]], list[Any]],
) -> None:
    events = samples.text_turn()
    assert snapshot(samples.exchange(change(events))) != snapshot(samples.exchange(events))


@pytest.mark.parametrize(
    "other",
    [
        samples.exchange(samples.text_turn(), status=201),
        samples.exchange(samples.text_turn(), []),
        samples.exchange(samples.text_turn(), [("content-type", "application/json")]),
        samples.exchange(samples.text_turn(), [("content-type", "text/event-stream"), ("a", "b")]),
        samples.refusal({"detail": "no"}),
        Exchange(request=SentRequest("POST", samples.URL), status=200, body=b"<html>"),
        Exchange(request=SentRequest("POST", samples.URL), status=200, body=b"Bad Gateway"),
        Exchange(request=SentRequest("POST", samples.URL), status=200),
        Exchange(request=SentRequest("GET", samples.URL + "/x"), status=200),
    ],
)
def test_status_headers_and_the_kind_of_body_are_part_of_the_shape(other: Exchange) -> None:
    assert snapshot(other) != snapshot(samples.exchange(samples.text_turn()))


def test_event_lines_that_are_gone_or_wrong_are_part_of_the_shape() -> None:
    events = samples.text_turn()
    named = samples.exchange(events)
    bare = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events)
    wrong = re.sub(rb"event: response.created", b"event: response.begun", named.body)
    framings = []
    for body in (named.body, bare, wrong):
        found, unfinished = read_events(body)
        exchange = Exchange(named.request, 200, (), body, True, found, "eof", unfinished)
        framings.append(snapshot(exchange)["response"]["/framing/name"])
    assert framings == ["type", "none", "other | type"]


# What a shape says


def test_a_snapshot_is_readable_sorted_and_json() -> None:
    found = snapshot(samples.exchange(samples.text_turn()))
    assert json.loads(json.dumps(found)) == found
    assert found["response"] == {
        "/body": "stream",
        "/ended": "eof",
        "/framing/name": "type",
        "/header/content-type": '"text/event-stream"',
        "/status": "200",
    }
    assert found["sequences"] == [
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added(message)",
            "response.content_part.added(output_text)",
            "response.output_text.delta+",
            "response.output_text.done",
            "response.content_part.done(output_text)",
            "response.output_item.done(message)",
            "response.completed",
        ]
    ]
    created = found["events"]["response.created"]
    assert list(created) == sorted(created)
    assert created["/response/id"] == "id(resp_)"
    assert created["/response/created_at"] == "time(s)"
    assert created["/type"] == '"response.created"'
    assert created["/response/status"] == '~"in_progress"'


def test_presence_is_counted_and_reduced_to_always_and_sometimes() -> None:
    events = samples.turn(samples.message("0b", ["a", "b", "c"]))
    del events[4]["obfuscation"]
    shape = shape_of(CONTRACT.schemas, "responses", samples.exchange(events))
    delta = shape.snapshot()["events"]["response.output_text.delta"]
    assert (delta["/obfuscation"], delta["/delta"]) == ("? blob", "text")
    found = shape.evidence("response", "response.output_text.delta", "/obfuscation")
    assert (found.seen, found.of) == (2, 3)
    assert shape.evidence("response", "response.output_text.delta", "/none/at/all").seen == 0
    assert shape.evidence("response", "no.such.event", "/x").seen == 0


def test_a_union_stays_a_union_and_null_matches_only_null() -> None:
    events = samples.turn(samples.message("0b", ["a", "b"]))
    events[4]["delta"] = None
    events[5]["delta"] = 7
    del events[6]
    found = snapshot(samples.exchange(events))["events"]["response.output_text.delta"]
    assert found["/delta"] == "integer | null"


def test_items_of_a_list_are_told_apart_by_their_type() -> None:
    events = samples.text_turn()
    events[-1]["response"]["output"] = [
        {"type": "message", "id": "msg_1", "role": "assistant", "content": []},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "a/b", "id": "x_1"},
    ]
    found = snapshot(samples.exchange(events))["events"]["response.completed"]
    assert found["/response/output/[message]/id"] == "id(msg_)"
    assert found["/response/output/[reasoning]/id"] == "id(rs_)"
    assert found["/response/output/[a~1b]/id"] == "id(x_)"


def test_keys_of_a_map_are_taken_out() -> None:
    events = samples.text_turn()
    usage = events[-1]["response"]["usage"]
    usage["attribution"] = {"items": {"msg_1": {"input_tokens": 1}, "msg_2": {"input_tokens": 2}}}
    found = snapshot(samples.exchange(events))["events"]["response.completed"]
    assert found["/response/usage/attribution/items/{}/input_tokens"] == "count"
    assert not any("msg_1" in place for place in found)


def test_without_a_schema_a_value_is_known_by_its_json_type() -> None:
    node = Node()
    node.observe(NOTHING, {"a": [1, 1.5, "x", True, None, {}, [], [[]]], "[x]": 1, "b/c": 2})
    found = {place: str(field) for place, field in node.fields()}
    assert (
        found["/a/[]"]
        == "array | array(empty) | boolean | integer | null | number | object | string"
    )
    assert found["/~2[x]"] == "integer"
    assert found["/b~1c"] == "integer"


def test_a_refusal_has_the_shape_of_the_error_contract() -> None:
    found = snapshot(samples.refusal({"detail": "Unsupported parameter: max_output_tokens"}))
    other = snapshot(samples.refusal({"detail": "Store must be set to false"}))
    told = [one.pop("refusal") for one in (found, other)]
    assert found == other
    assert found["response"]["/body/detail"] == "text"
    assert [one["outcome"] for one in told] == ["unsupported_parameter", "store_must_be_false"]


def test_a_refusal_is_told_only_where_all_were_refused_for_it() -> None:
    refused = samples.refusal({"detail": "Store must be set to false"})
    other = samples.refusal({"detail": "Unsupported parameter: max_output_tokens"})
    accepted = samples.exchange(samples.text_turn())
    assert snapshot(refused, refused)["refusal"] == snapshot(refused)["refusal"]
    assert "refusal" not in snapshot(refused, other)
    assert "refusal" not in snapshot(refused, accepted)
    assert "refusal" not in snapshot(accepted)


def test_every_probe_of_the_contract_has_a_shape_that_parses_back() -> None:
    for pair in CONTRACT.load():
        exchange = Exchange.from_interaction(pair.cassette.interactions[0])
        found = snapshot(exchange, surface=pair.probe.surface)
        for fields in (found["request"], found["response"], *found.get("events", {}).values()):
            for text in fields.values():
                assert str(parse_field(text)) == text


# Kinds


@pytest.mark.parametrize(
    ("kind", "value", "atom"),
    [
        ("id", "resp_01ae", "id(resp_)"),
        ("id", "call_Ab_Cd-e", "id(call_)"),
        ("id", "user-xyz", "id(user-)"),
        ("id", "00000000-0000-4000-8000-REDACTED0000", "id(uuid)"),
        ("id", "REDACTED", "id"),
        ("id", "", "id(empty)"),
        ("id", 7, "integer"),
        ("id", None, "null"),
        ("time", 1790537330, "time(s)"),
        ("time", 0, "time(s)"),
        ("time", 1790537330000, "time(ms)"),
        ("time", 1790537330.25, "time(s decimal)"),
        ("time", "2026-09-27T10:00:00Z", "time(rfc3339)"),
        ("time", "2026-09-27T10:00:00.123456Z", "time(rfc3339)"),
        ("time", "2026-09-27T10:00:00+02:00", "time(rfc3339 +)"),
        ("time", "2026-09-27T10:00:00", "time(rfc3339 -)"),
        ("time", "2026-09-27", "time(date)"),
        ("time", "Sun, 27 Sep 2026 10:00:00 GMT", "time(http)"),
        ("time", "6m0s", "time(duration)"),
        ("time", "1790537330", "time(s text)"),
        ("time", "soon", "time(text)"),
        ("time", True, "boolean"),
        ("count", 3, "count"),
        ("count", 3.5, "count(decimal)"),
        ("count", "3.50", "count(text)"),
        ("count", "many", "string"),
        ("count", float("nan"), "count(decimal)"),
        ("time", float("inf"), "time(none decimal)"),
        ("text", "x", "text"),
        ("text", ["x"], "array"),
        ("slug", "gpt-5.5", "slug"),
        ("blob", {"a": 1}, "blob(object)"),
        ("blob", [], "blob(array)"),
        ("url", "https://x/y", "url(https)"),
        ("url", "/y", "url(relative)"),
        ("limit", 300, "limit(300)"),
        ("limit", 300.0, "limit(300)"),
        ("limit", 0.5, "limit(0.5)"),
        ("limit", "10080", "limit(10080 text)"),
        ("limit", "", "string"),
        ("limit", None, "null"),
        ("limit", True, "boolean"),
        ("colour", "red", "string"),
    ],
)
def test_a_kind_keeps_the_form_of_a_value_and_drops_the_rest(
    kind: str, value: Any, atom: str
) -> None:
    assert kind_atom(kind, value) == atom


@pytest.mark.parametrize(
    ("said", "meant"),
    [(299, 300), (10079, 10080), (17940, 18000), (604740, 604800), (863999, 864000), (300, 300),
     (0, 0), (2592000, 2592000)],
)  # fmt: skip
def test_a_period_that_has_lost_its_last_second_or_minute_is_the_same(
    said: int, meant: int
) -> None:
    assert kind_atom("limit", said) == kind_atom("limit", meant) == f"limit({meant})"
    assert kind_atom("limit", str(said)) == f"limit({meant} text)"


def test_where_a_number_is_declared_a_whole_one_is_like_any_other() -> None:
    assert type_atom(1, number=True) == type_atom(1.5, number=True) == "number"
    assert kind_atom("count", 1.5, number=True) == kind_atom("count", 1, number=True) == "count"
    assert kind_atom("time", 1.5, number=True) == "time(s)"


@pytest.mark.parametrize(
    ("name", "value", "atom"),
    [
        ("content-type", "Text/Event-Stream;charset=UTF-8", '"text/event-stream"'),
        ("x", "", "empty"),
        ("x", "True", "boolean"),
        ("x", "12", "number"),
        ("x", "12.5", "number"),
        ("x", "1790537330", "time(s)"),
        ("x", "1790537330000", "time(ms)"),
        ("date", "Sun, 27 Sep 2026 10:00:00 GMT", "time(http)"),
        ("x", "6m0s", "time(duration)"),
        ("x", "req_0123456789", "id(req_)"),
        ("x", "something else", "text"),
    ],
)
def test_a_header_is_known_by_the_form_of_its_value(name: str, value: str, atom: str) -> None:
    assert header_atom(name, value) == atom


@pytest.mark.parametrize(
    ("atom", "base"),
    [
        ("id(resp_)", "string"),
        ("time(s)", "number"),
        ("time(s decimal)", "number"),
        ("time(s text)", "string"),
        ("time(rfc3339)", "string"),
        ("count", "number"),
        ("count(decimal)", "number"),
        ("count(text)", "string"),
        ("limit(300)", "number"),
        ("limit(300 text)", "string"),
        ("integer", "number"),
        ('~"a(b"', "string"),
        ('"x"', "string"),
        ("200", "number"),
        ("-1", "number"),
        ("true", "boolean"),
        ("blob", "string"),
        ("blob(object)", "object"),
        ("array(empty)", "array"),
        ("null", "null"),
        ("object", "object"),
    ],
)
def test_every_atom_has_the_json_type_it_came_from(atom: str, base: str) -> None:
    assert base_of(atom) == base


@given(
    st.sets(st.text(max_size=12).map(lambda text: literal(text, is_open=True) or "x")),
    st.booleans(),
)
def test_a_field_and_its_line_say_the_same(atoms: set[str], always: bool) -> None:
    field = Field(frozenset({*atoms, "null", "id(resp_)"}), always)
    assert parse_field(str(field)) == field


def test_a_run_of_events_is_one_step_and_a_single_piece_is_a_run() -> None:
    assert sequence_of(["a", "x.delta", "b", "b", "b", "a"]) == ("a", "x.delta+", "b+", "a")
    assert sequence_of(["x.delta", "x.delta"]) == sequence_of(["x.delta"]) == ("x.delta+",)
    assert sequence_of(["content_block_delta(text_delta)"]) == ("content_block_delta(text_delta)+",)


# Nothing whatever raises

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
types = st.sampled_from(
    ["response.created", "response.completed", "error", "x", "response.output_item.added"]
)


@given(
    st.lists(
        json_values
        | st.fixed_dictionaries({"type": types, "response": json_values, "item": json_values}),
        max_size=4,
    ),
    st.integers(100, 599),
    json_values,
)
@settings(max_examples=60)
def test_no_json_whatever_stops_the_shape(payloads: list[Any], status: int, value: Any) -> None:
    body = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in payloads)
    events, unfinished = read_events(body)
    sent = SentRequest("POST", samples.URL, (), json.dumps(value).encode())
    stream = Exchange(sent, status, (("X", ""),), body, True, events, None, unfinished)
    single = Exchange(sent, status, (), json.dumps(value).encode())
    for exchange in (stream, single):
        found = snapshot(exchange)
        assert found == snapshot(exchange)


def test_a_value_of_any_depth_has_a_shape() -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    node = Node()
    node.observe(NOTHING, value)
    assert str(dict(node.fields())["/[]" * 65]) == "deep"


def test_a_schema_that_refers_to_itself_is_walked_as_deep_as_the_value() -> None:
    tree = {"type": "object", "properties": {"id": {"x-kind": "id"}, "next": {"$ref": "#"}}}

    class Loop:
        def resolve(self, *_: str) -> tuple[str, Any]:
            return "tree.json", tree

    node = Node()
    node.observe(Compiler(Loop()).plan("tree.json"), {"next": {"next": {"id": "a_1"}}})
    assert str(dict(node.fields())["/next/next/id"]) == "id(a_)"
