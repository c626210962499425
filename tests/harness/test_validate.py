"""Validating exchanges and files: what breaks the contract is found, named, and placed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract, ContractError
from harness.drift.findings import Evidence, Finding, Unchecked
from harness.exchange import NOT_JSON, Exchange, SentRequest
from harness.exits import WrongUse
from harness.lines import line_of_pointer
from harness.validate import ENDED_EARLY, check_exchange, validate_file
from tests.harness import samples

CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas
Events = list[dict[str, Any]]
USAGE = "https://chatgpt.com/backend-api/wham/usage"


def check(exchange: Exchange, surface: str = "responses", **options: Any) -> list[Finding]:
    return check_exchange(SCHEMAS, surface, exchange, **options)


def test_a_sound_exchange_has_no_finding() -> None:
    left: list[Unchecked] = []
    assert check(samples.exchange(samples.text_turn()), unchecked=left) == []
    assert left == []


def test_every_probe_of_the_contract_keeps_it() -> None:
    for pair in CONTRACT.load():
        for interaction in pair.cassette.interactions:
            found = check(
                Exchange.from_interaction(interaction),
                pair.probe.surface,
                ended_early=pair.probe.expect.outcome in ENDED_EARLY,
            )
            assert found == [], pair.probe.id


def broken(edit: Callable[[Events], Any], **options: Any) -> list[Finding]:
    events = copy.deepcopy(samples.text_turn())
    events = edit(events) or events
    return check(samples.exchange(events), **options)


def test_a_missing_field_names_the_event_the_field_and_the_rule() -> None:
    def edit(events: Events) -> None:
        del events[-1]["response"]["id"]

    (one,) = broken(edit)
    assert (one.rule, one.level) == ("schema/required", "breaking")
    assert (one.event, one.pointer) == ("response.completed", "/response/id")
    assert (one.before, one.after) == ("present", None)
    assert one.message == "response.completed /response/id is missing"


def test_a_violation_in_many_events_is_one_finding_with_counted_evidence() -> None:
    def edit(events: Events) -> None:
        for event in events[4:6]:
            event["delta"] = 7

    findings = broken(edit)
    one = next(one for one in findings if one.rule == "schema/type")
    assert (one.pointer, one.before, one.after) == ("/delta", "string", "integer")
    assert one.evidence == Evidence(2, 3)


def test_an_item_of_a_list_is_found_at_any_place_in_it() -> None:
    def edit(events: Events) -> None:
        del events[-2]["item"]["content"][0]["text"]

    (one,) = broken(edit)
    assert one.pointer == "/item/content/[output_text]/text"


def test_breaches_of_the_order_are_findings_with_the_number_of_the_event() -> None:
    (one,) = broken(lambda events: events[:-1])
    assert (one.rule, one.level) == ("order/terminal-missing", "breaking")
    assert one.message.startswith("event 10: the stream ends without")
    assert broken(lambda events: events[:-1], ended_early=True) == []


def body_of(lines: list[str]) -> Exchange:
    return Exchange.from_sse("".join(lines).encode())


def frames(events: Events) -> list[str]:
    return [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events]


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda lines: [*lines, "data: [DONE]\n\n"], "sse/done-sentinel"),
        (lambda lines: [*lines[:2], "data: {oops\n\n", *lines[2:]], "sse/data-not-json"),
        (lambda lines: [lines[0].replace("event: r", "event: R"), *lines[1:]],
         "sse/event-name-differs"),
        (lambda lines: [*lines[:-1], lines[-1].rstrip()], "sse/last-event-unfinished"),
    ],
)  # fmt: skip
def test_what_is_no_event_of_this_protocol_has_its_rule(
    edit: Callable[[list[str]], list[str]], rule: str
) -> None:
    rules = {one.rule for one in check(body_of(edit(frames(samples.text_turn()))))}
    assert rule in rules
    assert not any(one.startswith("schema/") for one in rules)


def test_an_event_without_a_type_breaks_the_schema_of_every_event() -> None:
    lines = frames(samples.text_turn())
    rules = {one.rule for one in check(body_of(['data: {"x":1}\n\n', "data: 7\n\n", *lines]))}
    assert rules == {"schema/required", "schema/type"}


def test_an_event_that_nobody_described_is_not_looked_at_or_reported_on_request() -> None:
    events = samples.numbered([*samples.text_turn()[:3], {"type": "new.one"}])
    left: list[Unchecked] = []
    exchange = samples.exchange(events)
    assert check(exchange, ended_early=True, unchecked=left) == []
    assert left == [Unchecked("new.one", "the contract has no such event")]
    (one,) = check(exchange, ended_early=True, report_unknown=True)
    assert (one.rule, one.level, one.event) == ("event-unknown", "additive", "new.one")


def test_a_refusal_is_judged_by_the_error_contract_alone() -> None:
    assert check(samples.refusal({"detail": "Unsupported parameter: x"})) == []
    (one,) = check(samples.refusal({"detail": 7}))
    assert (one.rule, one.pointer) == ("schema/type", "/body/detail")
    # Its request is not judged: it may well be what was wrong.
    request = SentRequest("POST", samples.URL, (), b'{"stream": "no"}')
    assert check(Exchange(request, 400, (), b'{"detail":"Stream must be set to true"}')) == []
    assert check(Exchange(request, 503, (), b"Service Unavailable")) == []


def test_the_request_of_an_accepted_exchange_is_judged() -> None:
    base = samples.exchange(samples.text_turn())
    sent = SentRequest("POST", samples.URL, (), b'{"model": 7}')
    found = check(Exchange(sent, 200, (), base.body, True, base.events, "eof"))
    model = next(one for one in found if one.pointer == "/body/model")
    assert (model.direction, model.rule, model.level) == ("request", "request-schema/type", "risky")


def test_headers_are_judged_whatever_their_case() -> None:
    headers = [("X-Codex-Primary-Used-Percent", "a lot")]
    (one,) = check(samples.exchange(samples.text_turn(), headers))
    assert (one.rule, one.pointer) == ("schema/other", "/header/x-codex-primary-used-percent")
    # The text that breaks the pattern is no part of its identity.
    other = check(samples.exchange(samples.text_turn(), [(headers[0][0], "much")]))[0]
    assert other.fingerprint == one.fingerprint


def test_a_page_where_json_or_a_stream_should_be_is_a_finding() -> None:
    page = Exchange(SentRequest("GET", USAGE), 200, (), b"<html>")
    assert [one.rule for one in check(page, "usage")] == ["answer-not-json"]
    body = Exchange(SentRequest("POST", samples.URL, (), b""), 200, (), b"{}")
    assert "answer-not-stream" in [one.rule for one in check(body)]


def test_what_has_no_schema_is_said_to_be_unchecked() -> None:
    left: list[Unchecked] = []
    strange = Exchange(SentRequest("GET", "https://chatgpt.com/backend-api/odd"), 200, (), b"{}")
    assert check(strange, unchecked=left) == []
    assert check(Exchange(strange.request, 403, (), b"<html>"), unchecked=left) == []
    assert [one.what for one in left] == ["GET https://chatgpt.com/backend-api/odd"] * 2
    left.clear()
    assert check(Exchange.from_sse(b"data: {}\n\n"), "usage", unchecked=left) == []
    assert [one.what for one in left] == ["stream"]
    left.clear()
    refused = Exchange(SentRequest("GET", USAGE), 403, (), b"<html>")
    assert check(refused, "usage", unchecked=left) == []
    assert [one.what for one in left] == ["body"]


# Files


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def make(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return make


Make = Callable[[str, str | bytes], Path]


def test_a_stream_file_gives_the_line_of_the_event(file: Make) -> None:
    events = samples.text_turn()
    del events[3]["part"]
    path = file("x.sse", ": hello\n\n" + "".join(frames(events)))
    (one,) = validate_file(path, "responses")
    assert one.where == f"{path}:12"
    assert (one.event, one.pointer) == ("response.content_part.added", "/part")


def test_a_file_of_frames_has_one_event_a_line(file: Make) -> None:
    events = samples.text_turn()
    events[4]["delta"] = "another text"
    path = file("x.jsonl", "\n".join(json.dumps(one) for one in events) + "\n\n")
    (one,) = validate_file(path, "responses")
    assert (one.rule, one.where) == ("order/aggregate-mismatch", f"{path}:8")


def test_frames_of_a_websocket_need_not_be_a_whole_turn(file: Make) -> None:
    frame = {"type": "codex.rate_limits", "plan_type": "plus", "rate_limits": None}
    path = file("x.jsonl", json.dumps(frame))
    assert not [one for one in validate_file(path, "responses") if one.rule[:5] == "order"]


BODIES: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("responses", {"detail": "Store must be set to false"}, []),
    ("responses", {"detail": 7}, [("schema/type", "/body/detail")]),
    ("responses", {"error": {"message": 7}}, [("schema/type", "/body/error/message")]),
    ("responses", {"type": "response.output_text.delta", "delta": 7},
     [("schema/type", "/delta")]),
    ("responses", {"type": "error", "error": {"code": "x", "message": "m"}}, []),
    ("platform", {"object": "response", "id": 7}, [("schema/type", "/body/id")]),
    ("usage", {"plan_type": "plus", "rate_limit": 7}, [("schema/type", "/body/rate_limit")]),
    ("auth", {"error": "invalid_grant"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("surface", "body", "expected"), BODIES)
def test_a_body_is_judged_for_what_its_keys_say_it_is(
    file: Make, surface: str, body: Any, expected: list[tuple[str, str]]
) -> None:
    found = validate_file(file("x.json", json.dumps(body)), surface)
    places = [(one.rule, one.pointer) for one in found]
    assert [one for one in expected if one not in places] == []
    if not expected:
        assert places == []


def test_a_body_file_gives_the_line_of_the_field(file: Make) -> None:
    text = '{\n  "detail":\n    7\n}\n'
    path = file("x.json", text)
    (one,) = validate_file(path, "responses")
    assert one.where == f"{path}:3"


def test_a_part_of_a_stream_is_sound_as_an_excerpt(file: Make) -> None:
    lines = frames(samples.text_turn())
    path = file("x.sse", "".join(lines[4:7])[:-2])
    cause = next(one for one in validate_file(path, "responses") if one.rule == "order/first-event")
    follows = {told.partition(" ")[0] for told in cause.explains}
    assert {"order/sequence-base", "order/terminal-missing"} <= follows
    assert validate_file(path, "responses", excerpt=True) == []
    spoilt = file("y.sse", "".join(lines[4:7]).replace('"output_index": 0', '"output_index": -1'))
    assert [one.rule for one in validate_file(spoilt, "responses", excerpt=True)] == [
        "schema/other"
    ]


def test_a_line_that_is_no_event_among_events_is_told_as_such(file: Make) -> None:
    events = [json.dumps(one) for one in samples.text_turn()]
    path = file("x.jsonl", "\n".join([*events[:3], '{"a": 1}', *events[3:]]))
    (one,) = validate_file(path, "responses")
    assert (one.where, one.message) == (f"{path}:4", "what is no event: /type is missing")


def test_a_refusal_that_repeats_another_status_is_a_finding() -> None:
    body = {"error": {"message": "m", "code": "token_revoked"}, "status": 401}
    assert check(samples.refusal(body, 401)) == []
    (one,) = check(samples.refusal(body, 403))
    assert (one.rule, one.pointer, one.after) == ("status-differs", "/body/status", 401)


def test_a_cassette_gives_lines_of_its_own_file(tmp_path: Path) -> None:
    source = CONTRACT.path("cassettes/codex/streamed-text.yaml")
    lines = source.read_text("utf-8").split("\n")
    number = next(i for i, line in enumerate(lines) if '"type":"response.output_text.done"' in line)
    lines[number] = lines[number].replace('"output_index":0', '"output_index":"0"')
    path = tmp_path / "x.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert validate_file(source, "responses") == []
    (one,) = validate_file(path, "responses")
    assert (one.pointer, one.where) == ("/output_index", f"{path}:{number}")


def test_a_cassette_tells_by_its_addresses_what_answered(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    text = (CONTRACT.root / "cassettes/codex/usage.yaml").read_text("utf-8")
    file.write_text(text.replace('"plan_type": "', '"plan_type_": "'), "utf-8")
    found = validate_file(file)
    assert found
    assert {one.surface for one in found} == {"usage"}
    elsewhere = text.replace("https://chatgpt.com/", "https://example.invalid/")
    file.write_text(elsewhere, "utf-8")
    unchecked: list[Unchecked] = []
    assert validate_file(file, unchecked=unchecked) == []
    assert [one.why for one in unchecked] == ["no surface has this address"]


def test_an_answer_alone_has_to_be_named(file: Make) -> None:
    with pytest.raises(WrongUse, match="name what answered with --surface"):
        validate_file(file("usage.json", "{}"))


def test_a_cassette_of_a_stream_that_its_probe_calls_cut_may_lack_its_end() -> None:
    (cut,) = [one for one in CONTRACT.probes.values() if one.expect.outcome == "stream_cut"]
    assert validate_file(CONTRACT.path(f"cassettes/{cut.id}.yaml"), cut.surface) == []


FILE_FAULTS: list[tuple[str, str | bytes, str]] = [
    ("x.txt", "", "is a file of a kind that is not known (.txt) — name it .sse, .jsonl"),
    ("x.json", '{"a": }', "line 1, column 7: not JSON: Expecting value"),
    ("x.json", b"\xff", "byte 0: not UTF-8"),
    ("x.json", "[" * 100_000, "not JSON"),
    ("x.json", "1" * 5_000, "not JSON"),
    ("x.json", '{"status": 400, "body": {"detail": "no"}}', "/body: looks like a record of an"),
    ("x.json", '{"transport": "https", "endpoint": "/r", "status": 400, "body": {"detail": "n"}}',
     "/body: looks like a record of an exchange, not like the body of an answer — put the body"),
    ("x.json", '{"raw": "{}"}', "/raw: looks like a record"),
    ("x.json", '{"status": 200, "response": {"output": []}}', "/response: looks like a record"),
    ("x.json", '{"name": "x", "version": 1}',
     "/: is no body of responses: it has none of the members of one, but name, version — name"),
    ("x.jsonl", '{"a": 1}\n[]', "line 1: is no event: '{\"a\": 1}' — write one event or frame"),
    ("x.jsonl", "\nplain text", "line 2, column 1: not JSON: Expecting value — mend"),
    ("x.sse", "<html></html>", "holds no event — an event stream has lines that begin with"),
    ("x.sse", "", "holds no event"),
    ("x.jsonl", "\n\n", "holds no event — one JSON value a line"),
    ("x.yaml", "a: b: c", "line 1, column 5: not YAML"),
    ("x.yaml", "version: 1\ninteractions: []", "/interactions: is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line"), FILE_FAULTS)
def test_a_file_that_is_not_what_it_is_called_is_one_line(
    file: Make, name: str, text: str | bytes, line: str
) -> None:
    path = file(name, text)
    with pytest.raises(ContractError) as caught:
        validate_file(path, "responses")
    assert str(caught.value).startswith(f"{path}: {line}")


def test_a_file_or_a_surface_that_is_not_there_is_one_line(tmp_path: Path, file: Make) -> None:
    with pytest.raises(ContractError, match="cannot be read: No such file"):
        validate_file(tmp_path / "none.sse", "responses")
    with pytest.raises(WrongUse, match="there is no surface 'nowhere'"):
        validate_file(file("x.json", "{}"), "nowhere")


@pytest.mark.parametrize("suffix", [".sse", ".jsonl", ".json", ".yaml"])
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_raise_anything_but_a_contract_error(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, body: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / f"x{suffix}"
    path.write_bytes(body)
    try:
        found = validate_file(path, "responses", contract=CONTRACT)
    except ContractError as error:
        assert all("\n" not in str(one) for one in error.errors)
    else:
        assert all(one.where for one in found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from(["responses", "plan", "usage", "auth", "anthropic"]))
def test_no_json_whatever_stops_the_check(value: Any, surface: str) -> None:
    body = json.dumps(value).encode()
    for status in (200, 400):
        check(Exchange.from_json(body, status), surface)
    check(Exchange.from_sse(b"data: " + body + b"\n\n"), surface)


# Exchanges and lines


def test_a_request_body_is_json_a_form_or_nothing() -> None:
    def payload(body: bytes) -> Any:
        return SentRequest("POST", "https://x/y", (), body).payload()

    assert payload(b'{"a": 1}') == {"a": 1}
    assert payload(b"a=1+2&b=") == {"a": "1 2", "b": ""}
    assert payload(b"") is None
    assert payload(b"plain") is NOT_JSON


def test_an_exchange_of_a_cassette_keeps_every_byte_and_event() -> None:
    interaction = CONTRACT.cassettes["codex/streamed-text"].interactions[0]
    exchange = Exchange.from_interaction(interaction)
    assert isinstance(interaction.body, str)
    assert exchange.body.decode() == interaction.body
    assert (exchange.is_stream, exchange.ended, exchange.unfinished) == (True, "eof", False)
    assert exchange.events[0].type == exchange.events[0].name == "response.created"
    assert exchange.request is not None
    assert exchange.request.payload() == CONTRACT.probes["codex/streamed-text"].request.body


@given(json_values)
def test_the_line_of_every_value_is_the_line_it_stands_on(value: Any) -> None:
    text = json.dumps(value, indent=1)
    lines = text.split("\n")

    def walk(inner: Any, pointer: str) -> None:
        line = lines[line_of_pointer(text, pointer) - 1]
        start = "{" if isinstance(inner, dict) else "[" if isinstance(inner, list) else None
        assert (start or json.dumps(inner)) in line
        below = inner.items() if isinstance(inner, dict) else enumerate(inner) if start else ()
        for key, one in below:
            walk(one, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")

    walk(value, "")
    assert line_of_pointer(text, "/no/such/place") >= 1
