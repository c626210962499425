"""How a stream was written and came: each oddity is a fact, and noise is none."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract
from harness.drift.framing import framing_of
from harness.drift.shape import shape_of
from harness.exchange import Event, Exchange
from harness.grammar import Grammar
from tests.harness import samples

SCHEMAS = Contract().schemas
GRAMMAR = Grammar.from_data(SCHEMAS.document("responses/order.json"))
BODY = samples.sse(samples.text_turn())
PLAIN = (("name", "type"),)


def facts(body: bytes) -> tuple[tuple[str, str], ...]:
    return framing_of(Exchange.from_sse(body), GRAMMAR)


def test_of_a_plain_stream_only_its_names_are_told() -> None:
    assert facts(BODY) == PLAIN


@pytest.mark.parametrize(
    ("fact", "change"),
    [
        (("bom", "present"), lambda body: b"\xef\xbb\xbf" + body),
        (("comment", "present"), lambda body: b": keep-alive\n\n" + body),
        (("comment", "present"), lambda body: body.replace(b"\n\n", b"\n\n:\n\n")),
        (("id", "present"), lambda body: body.replace(b"data:", b"id: 7\ndata:", 1)),
        (("id", "present"), lambda body: b"id\n\n" + body),
        (("retry", "present"), lambda body: b"retry: 100\n\n" + body),
        (("multiline", "present"), lambda body: body.replace(b'"delta": ', b'"delta":\ndata: ')),
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_each_oddity_is_one_fact_whatever_ends_the_lines(
    fact: tuple[str, str], change: Callable[[bytes], bytes], newline: bytes
) -> None:
    body = change(BODY)
    assert body != BODY
    assert facts(body.replace(b"\n", newline)) == tuple(sorted((*PLAIN, fact)))


@given(st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(1, 999), min_size=2))
def test_line_endings_and_chunks_are_noise(newline: str, sizes: list[int]) -> None:
    body = samples.sse(samples.text_turn(), newline)
    came = tuple((float(at), size) for at, size in enumerate(sizes))
    exchange = replace(Exchange.from_sse(body), chunks=came)
    assert framing_of(exchange, GRAMMAR) == (("arrival", "streamed"), *PLAIN)


def test_a_comment_more_or_less_is_noise() -> None:
    one, many = (b": ping\n\n" * count + BODY for count in (1, 9))
    assert facts(one) == facts(many)


def test_data_with_the_words_of_a_field_in_it_is_data() -> None:
    events = samples.turn(samples.message("0b", ["\n: x\nid: 1\nretry: 2\ndata: 3\ndata: 4\n"]))
    assert facts(samples.sse(events)) == PLAIN
    assert facts(samples.sse(events, "\r\n")) == PLAIN


def test_several_lines_that_no_empty_line_ends_are_no_event() -> None:
    assert facts(BODY + b"data: 1\ndata: 2\n") == PLAIN


def test_names_that_are_gone_or_wrong_are_told() -> None:
    assert facts(BODY.replace(b"event: ", b"ignored: ")) == (("name", "none"),)
    some = BODY.replace(b"event: response.created", b"event: begin")
    assert facts(some) == (("name", "other"), ("name", "type"))


@pytest.mark.parametrize(
    ("chunks", "arrival"),
    [
        (((0.0, len(BODY)),), "buffered"),
        (((0.0, 0), (5.0, len(BODY)), (6.0, 0)), "buffered"),
        (((0.0, 1), (5.0, len(BODY) - 1)), "streamed"),
    ],
)
def test_a_stream_that_came_at_once_is_told_where_the_times_are_known(
    chunks: tuple[tuple[float, int], ...], arrival: str
) -> None:
    exchange = replace(Exchange.from_sse(BODY), chunks=chunks)
    assert framing_of(exchange, GRAMMAR) == (("arrival", arrival), *PLAIN)
    short = replace(Exchange.from_sse(b'data: {"type":"response.completed"}\n\n'), chunks=chunks)
    assert framing_of(short, GRAMMAR) == (("name", "none"),)


def cut(events: list[dict[str, Any]]) -> bool:
    return ("terminal", "missing") in facts(samples.sse(events))


def test_a_response_without_its_last_event_is_cut() -> None:
    events = samples.text_turn()
    assert not cut(events)
    assert cut(events[:-1])
    assert cut(events[:1])
    assert ("terminal", "missing") in facts(b"")


def test_an_error_with_a_status_of_its_own_is_an_end() -> None:
    events = samples.text_turn()[:2]
    assert cut([*events, {"type": "error", "message": "no"}])
    assert not cut([*events, {"type": "error", "status": 429}])


def test_over_a_websocket_events_of_no_response_have_no_end_to_miss() -> None:
    def ws(*payloads: dict[str, Any]) -> Exchange:
        events = (Event.of(None, json.dumps(one), 1) for one in payloads)
        return Exchange(status=101, is_stream=True, transport="ws", events=tuple(events))

    assert framing_of(ws({"type": "codex.rate_limits"}), GRAMMAR) == ()
    assert framing_of(ws(), GRAMMAR) == ()
    assert framing_of(ws({"type": "response.created"}), GRAMMAR) == (("terminal", "missing"),)


def test_without_a_grammar_nobody_knows_the_end() -> None:
    assert framing_of(Exchange.from_sse(b"data: {}\n\n")) == (("name", "none"),)


def test_the_facts_are_lines_of_the_snapshot_and_sometimes_is_told() -> None:
    odd = Exchange.from_sse(b"\xef\xbb\xbf" + BODY)
    shape = shape_of(SCHEMAS, "responses", odd, Exchange.from_sse(BODY))
    found = shape.snapshot()["response"]
    framing = {place: line for place, line in found.items() if place.startswith("/framing")}
    assert framing == {"/framing/bom": "? present", "/framing/name": "type"}


def test_another_body_is_looked_at_anew() -> None:
    odd = replace(Exchange.from_sse(BODY), body=b"\xef\xbb\xbf: x\n\n" + BODY)
    assert framing_of(odd, GRAMMAR) == (("bom", "present"), ("comment", "present"), *PLAIN)
