"""What each fault does to an answer, without a socket."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract
from harness.exchange import read_events
from harness.standin.faults import FAULTS, FaultError, parse_fault
from harness.standin.plans import http_plan, ws_plan
from harness.standin.steps import (
    Close,
    Head,
    Limit,
    Oversized,
    Reset,
    Send,
    Split,
    Stall,
    Step,
    Wait,
    WsClose,
    events_of,
    pieces,
)
from harness.standin.values import Reply, WsReply
from tests.standin.fakes import (
    ANSWER,
    COMPLETED,
    CREATED,
    DELTA,
    EVENT_STREAM,
    FRAMES,
    compact,
    faults,
    sse,
)

Given = Mapping[str, Any]
ONE, TWO, THREE = sse(CREATED), sse(DELTA), sse(COMPLETED)
UNKNOWN = {"type": "response.codex_leg_unknown", "unheard_of": {"a": [1, None, "ü"]}}
GARBAGE = b'{"type":"response.output_text.delta","delta":'


def stream(*broken: Given, body: bytes = ANSWER) -> list[Step]:
    return list(http_plan(Reply(200, EVENT_STREAM, body, stream=True, faults=faults(*broken))))


def body(*broken: Given) -> list[Step]:
    reply = Reply(404, (("content-type", "application/json"),), b'{"detail":"ja"}')
    return list(http_plan(Reply(reply.status, reply.headers, reply.body, faults=faults(*broken))))


def frames(*broken: Given, **more: Any) -> list[Step]:
    return list(ws_plan(WsReply(FRAMES, faults(*broken), **more)))


def sent(steps: list[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Send))


def head(steps: list[Step]) -> Head:
    return next(step for step in steps if isinstance(step, Head))


def rest(steps: list[Step]) -> list[Step]:
    return [step for step in steps if not isinstance(step, Head)]


def fault(name: str, **parameters: Any) -> Given:
    return {"fault": name, **parameters}


#: What is sent of the three events, fault by fault. The rest of this file is about what is not
#: bytes: pauses, ends, heads.
BYTES: list[tuple[Given, bytes]] = [
    (fault("repeat-event"), ONE * 2 + TWO * 2 + THREE * 2),
    (fault("repeat-event", event=2, times=3), ONE + TWO * 4 + THREE),
    (fault("reorder-events"), TWO + ONE + THREE),
    (fault("reorder-events", event=1, by=2), TWO + THREE + ONE),
    (fault("reorder-events", event=2, by=7), ONE + THREE + TWO),
    (fault("unknown-event"), sse(UNKNOWN) + ANSWER),
    (fault("unknown-event", after_event=3, times=2), ANSWER + sse(UNKNOWN) * 2),
    (fault("garbage-line"), ONE + b"data: " + GARBAGE + b"\n\n" + TWO + THREE),
    (fault("garbage-line", form="line", text="??"), ONE + b"??\n" + TWO + THREE),
    (fault("missing-blank-line", event=1), ONE[:-1] + TWO + THREE),
    (fault("missing-blank-line"), ONE[:-1] + TWO[:-1] + THREE[:-1]),
    (fault("crlf"), ANSWER.replace(b"\n", b"\r\n")),
    (fault("cr"), ANSWER.replace(b"\n", b"\r")),
    (fault("bom"), b"\xef\xbb\xbf" + ANSWER),
    (fault("comments"), b"".join(b": keep-alive\n" + one for one in (ONE, TWO, THREE))),
    (fault("duplicate-terminal"), ANSWER + THREE),
    (fault("duplicate-terminal", times=2), ANSWER + THREE * 2),
    (fault("no-terminal"), ONE + TWO),
    (fault("early-end", after_event=2), ONE + TWO),
    (fault("early-end", at_byte=5), ONE[:5]),
    (fault("reset", after_event=1), ONE),
    (fault("stall", at_byte=len(ONE) + 1), ONE + TWO[:1]),
    (fault("stall"), b""),
    (fault("delay", seconds=1, at_byte=3), ANSWER),
    (fault("drip"), ANSWER),
    (fault("split-in-character"), ANSWER),
    (fault("content-type", value=None), ANSWER),
    (fault("status", status=503), ANSWER),
    (fault("status", status=503, body="no"), b"no"),
    (fault("slow-header"), ANSWER),
    (fault("close-before-header"), b""),
    # Of a WebSocket, and nothing to do with HTTP.
    (fault("ws-close", code=1011), ANSWER),
    (fault("ws-limit", seconds=1), ANSWER),
    (fault("ws-oversized-frame"), ANSWER),
    (fault("ws-binary"), ANSWER),
    (
        fault("multi-line-data"),
        ANSWER.replace(b",", b",\ndata: ").replace(b"n,\ndata:  ja", b"n, ja"),
    ),
]


@pytest.mark.parametrize(("broken", "expected"), BYTES, ids=lambda one: str(one)[:50])
def test_the_bytes_of_a_stream_with_a_fault(broken: Given, expected: bytes) -> None:
    assert sent(stream(broken)) == expected


def test_every_fault_is_tried_in_this_file() -> None:
    elsewhere = {"huge-line", "endless", "html-challenge"}

    assert {one["fault"] for one, _ in BYTES} | elsewhere == set(FAULTS)


#: The faults of an event stream, which a WebSocket has too.
FRAME_CASES: list[tuple[Given, list[str]]] = [
    (fault("repeat-event", event=1), [FRAMES[0], *FRAMES]),
    (fault("reorder-events"), [FRAMES[1], FRAMES[0], FRAMES[2]]),
    (fault("unknown-event"), [compact(UNKNOWN), *FRAMES]),
    (fault("garbage-line", form="line"), [FRAMES[0], GARBAGE.decode(), *FRAMES[1:]]),
    (fault("duplicate-terminal"), [*FRAMES, FRAMES[2]]),
    (fault("no-terminal"), [*FRAMES[:2]]),
    # What is not there in a WebSocket is left alone.
    *((fault(name), [*FRAMES]) for name in ("crlf", "cr", "bom", "comments", "slow-header")),
]


@pytest.mark.parametrize(("broken", "expected"), FRAME_CASES, ids=lambda one: str(one)[:50])
def test_the_frames_of_a_websocket_with_a_fault(broken: Given, expected: list[str]) -> None:
    assert frames(broken) == [Send(one.encode()) for one in expected]


def test_the_bytes_of_no_fault_are_the_bytes_of_every_cassette() -> None:
    contract = Contract()
    bodies = [one.interactions[0] for one in contract.cassettes.values()]

    assert len(bodies) > 90
    for interaction in bodies:
        text = interaction.body
        raw = text.encode() if isinstance(text, str) else text
        assert sent(stream(body=raw)) == raw
        if interaction.stream is not None:
            events, unfinished = read_events(raw)
            ends = [step.ends for step in events_of(raw)]
            assert ends.count(True) == len(events)
            assert ends.count(False) == unfinished


@given(st.binary())
def test_the_bytes_of_no_fault_are_the_bytes_of_any_body(data: bytes) -> None:
    assert sent(stream(body=data)) == data
    # Neither do they depend on how they are split.
    split = Split(size=3, characters=True)
    assert b"".join(pieces(data, split)) == data


LINES = st.lists(
    st.sampled_from(["data: {}", "event: a", ":c", "", "data: ü", "id: 1", "x"]), max_size=12
)


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_an_event_is_found_whatever_its_lines_end_with(lines: list[str], end: str) -> None:
    data = "".join(line + end for line in lines).encode()

    found = list(events_of(data))

    assert b"".join(one.data for one in found) == data
    # A decoder that gets them one by one sees each event at its end.
    for one in found:
        _, unfinished = read_events(one.data)
        assert not (one.ends and unfinished)


NAMES = st.sampled_from(
    [
        fault("delay", seconds=0.1, after_event=1),
        fault("drip", bytes_per_write=2),
        fault("split-in-character"),
        fault("repeat-event", event=1),
        fault("reorder-events"),
        fault("unknown-event", after_event=1),
        fault("garbage-line"),
        fault("crlf"),
        fault("cr"),
        fault("bom"),
        fault("multi-line-data"),
        fault("comments"),
        fault("duplicate-terminal"),
        fault("huge-line", line_bytes=2048, after_event=2),
        fault("missing-blank-line", event=2),
        fault("status", status=500),
        fault("slow-header"),
        fault("stall", at_byte=40),
        fault("reset", after_event=2),
        fault("early-end", at_byte=10),
    ]
)


@given(st.lists(NAMES, max_size=6))
def test_any_faults_compose(broken: list[Given]) -> None:
    for steps in (stream(*broken), body(*broken), [Head(1), *frames(*broken)]):
        # One head, and nothing behind the end.
        assert sum(isinstance(step, Head) for step in steps) == 1
        ends = [isinstance(step, Close | Reset | WsClose) for step in steps]
        assert not any(ends[:-1])


def test_faults_apply_in_the_order_that_they_are_listed() -> None:
    repeat, reset = fault("repeat-event", event=1), fault("reset", after_event=2)

    assert sent(stream(repeat, reset)) == ONE * 2
    assert sent(stream(reset, repeat)) == ONE * 2 + TWO


def test_a_drip_survives_what_rewrites_the_events_after_it() -> None:
    steps = stream(fault("drip", bytes_per_write=4), fault("crlf"))

    assert sent(steps) == ANSWER.replace(b"\n", b"\r\n")
    assert {step.split for step in steps if isinstance(step, Send)} == {Split(4, pause=0.001)}


def test_a_delay_is_before_the_answer_or_at_its_place_or_before_each_event() -> None:
    assert stream(fault("delay", seconds=2))[0] == Wait(2)
    assert rest(stream(fault("delay", seconds=2, at_byte=0)))[0] == Wait(2)
    assert rest(stream(fault("delay", seconds=2, after_event=1)))[:2] == [Send(ONE), Wait(2)]
    assert rest(stream(fault("delay", seconds=2, at_byte=3)))[:3] == [
        Send(ONE[:3], ends=False),
        Wait(2),
        Send(ONE[3:]),
    ]
    each = rest(stream(fault("delay", seconds=2, each_event=True)))
    assert each == [Wait(2), Send(ONE), Wait(2), Send(TWO), Wait(2), Send(THREE)]


def test_a_stall_is_the_last_that_comes() -> None:
    assert rest(stream(fault("stall", after_event=2, max_seconds=9))) == [
        Send(ONE),
        Send(TWO),
        Stall(9),
        Close(),
    ]
    assert frames(fault("stall")) == [Stall(600), Close()]


def test_a_split_in_a_character_is_in_each_that_has_more_than_one_byte() -> None:
    data = "aü€𝄞z".encode()

    assert list(pieces(data, Split(characters=True))) == [
        b"a\xc3",
        b"\xbc\xe2",
        b"\x82\xac\xf0",
        b"\x9d\x84\x9ez",
    ]


def test_a_drip_begins_at_its_place() -> None:
    first, *others = rest(stream(fault("drip", after_event=1, bytes_per_write=7, pause_seconds=0)))

    assert first == Send(ONE)
    assert [one.split for one in others if isinstance(one, Send)] == [Split(7)] * 2
    assert list(pieces(b"12345678", Split(7))) == [b"1234567", b"8"]


def test_an_early_end_is_clean_or_not() -> None:
    clean, cut = fault("early-end", after_event=1), fault("early-end", after_event=1, clean=False)

    assert rest(stream(clean)) == [Send(ONE)]
    assert rest(stream(cut)) == [Send(ONE), Close()]
    assert frames(clean) == [Send(FRAMES[0].encode()), WsClose(1000)]
    assert frames(cut) == [Send(FRAMES[0].encode()), Close()]
    # The length that was promised would give a clean end away.
    assert head(body(fault("early-end", at_byte=3))).length is None
    assert head(body(fault("early-end", at_byte=3, clean=False))).length == 15


def test_a_place_beyond_the_end_is_the_end() -> None:
    assert rest(stream(fault("reset", after_event=99)))[-2:] == [Send(THREE), Reset()]
    assert rest(stream(fault("reset", at_byte=len(ANSWER))))[-2:] == [Send(THREE), Reset()]
    assert rest(stream(fault("reset")))[0] == Reset()


def test_a_huge_line_is_as_long_as_it_says_and_is_never_held() -> None:
    steps = stream(fault("huge-line", line_bytes=3_000_000, after_event=1))

    events, _ = read_events(sent(steps))
    assert [one.type for one in events] == [
        CREATED["type"],
        UNKNOWN["type"],
        DELTA["type"],
        COMPLETED["type"],
    ]
    lines = sent(steps).split(b"\n")
    assert max(len(line) for line in lines) == 3_000_000
    assert max(len(step.data) for step in steps if isinstance(step, Send)) <= 65536
    assert len(json.loads(sent(frames(fault("huge-line", line_bytes=5000)))[:5000])) == 2


def test_an_endless_stream_repeats_its_last_event_instead_of_its_end() -> None:
    broken = faults(fault("endless", pause_seconds=0.5, max_seconds=500))
    plan = http_plan(Reply(200, EVENT_STREAM, ANSWER, stream=True, faults=broken))

    assert list(islice(plan, 7))[1:] == [Send(ONE), Send(TWO), *[Wait(0.5), Send(TWO)] * 2]
    assert len(stream(fault("endless", pause_seconds=0.5, max_seconds=5))) == 3 + 20 + 1
    repeated = stream(fault("endless", pause_seconds=1, max_seconds=2, after_event=1))
    assert rest(repeated) == [Send(ONE), *[Wait(1), Send(ONE)] * 2, Close()]


def test_the_content_type_is_replaced_or_taken_away() -> None:
    assert head(stream(fault("content-type", value="text/plain"))).headers == (
        ("content-type", "text/plain"),
    )
    assert head(stream(fault("content-type", value=None))).headers == ()


def test_a_challenge_is_a_page_in_place_of_the_answer() -> None:
    for steps in (stream(fault("html-challenge")), body(fault("html-challenge"))):
        page = sent(steps)
        assert head(steps).status == 403
        assert dict(head(steps).headers)["cf-mitigated"] == "challenge"
        assert head(steps).length == len(page)
        assert b"Just a moment..." in page
    assert head(stream(fault("html-challenge", status=200))).status == 200


def test_a_status_comes_with_its_headers() -> None:
    steps = stream(fault("status", status=429, headers={"retry-after": "2"}, body="{}"))

    assert head(steps) == Head(429, (*EVENT_STREAM, ("retry-after", "2")), 2)
    assert sent(steps) == b"{}"
    assert head(body(fault("status", status=500))).length == 15


def test_the_header_is_slow_or_does_not_come() -> None:
    slow = head(stream(fault("slow-header", bytes_per_write=9, pause_seconds=1)))

    assert slow.split == Split(9, pause=1)
    assert stream(fault("close-before-header")) == [Close()]
    assert stream(fault("close-before-header", reset=True)) == [Reset()]
    late = stream(fault("delay", seconds=1), fault("close-before-header"))
    assert late == [Wait(1), Close()]


def test_a_byte_order_mark_is_counted() -> None:
    assert head(body(fault("bom"))).length == 18
    assert sent(body(fault("bom"))) == b'\xef\xbb\xbf{"detail":"ja"}'


def test_data_in_several_lines_is_the_same_json() -> None:
    tricky = {"type": "a", "text": 'a,"b\\",c', "list": [1, 2, 3], "more": {"x": ",", "y": 1}}
    for lines in (2, 3, 99):
        data = sent(stream(fault("multi-line-data", lines=lines), body=sse(tricky)))
        events, _ = read_events(data)
        assert [one.payload for one in events] == [tricky]
        assert 2 <= data.count(b"data: ") <= lines


def test_only_the_events_that_end_a_response_are_terminal() -> None:
    impostor = {"type": "response.output_text.delta", "delta": '"type":"response.completed"'}
    nested = {"type": "response.x", "item": {"type": "error"}}
    failed = {"type": "response.failed"}
    data = sse(impostor, nested, {"type": "error"}, failed)

    assert sent(stream(fault("no-terminal"), body=data)) == sse(impostor, nested)
    assert sent(stream(fault("crlf"), fault("no-terminal"), body=data)) == sse(
        impostor, nested
    ).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1009, 1011])
def test_a_websocket_closes_with_the_code_after_its_frame(code: int) -> None:
    first, *_ = (Send(one.encode()) for one in FRAMES)

    assert frames(fault("ws-close", code=code))[-1] == WsClose(code)
    assert frames(fault("ws-close", code=code), close_code=1000)[-2:] == [
        Send(FRAMES[2].encode()),
        WsClose(code),
    ]
    after = frames(fault("ws-close", code=code, after_frame=1, reason="so"))
    assert after == [first, WsClose(code, "so")]


def test_the_limit_of_a_connection_is_armed_before_anything_is_sent() -> None:
    armed, *others = frames(fault("ws-limit", seconds=60))

    assert isinstance(armed, Limit)
    assert armed.seconds == 60
    error = json.loads(armed.frame)
    assert error["error"]["code"] == "websocket_connection_limit_reached"
    assert "(60 minutes)" in error["error"]["message"]
    assert others == frames()


def test_an_oversized_or_a_binary_frame_stands_where_it_should() -> None:
    oversized = frames(fault("ws-oversized-frame", frame_bytes=2000, after_frame=2))
    binary = frames(fault("ws-binary", frame=2))

    assert oversized[2] == Oversized(2000)
    assert [one.binary for one in binary if isinstance(one, Send)] == [False, True, False]
    every = frames(fault("ws-binary"))
    assert all(one.binary for one in every if isinstance(one, Send))


WRONG: list[tuple[Given, str, str]] = [
    ({"fault": "rest"}, "fault", "did you mean reset"),
    ({"fault": "kaputt-9"}, "fault", "one of: delay, stall,"),
    ({}, "fault", "needs `fault`"),
    (fault("reset", after=1), "after", "it has at_byte, after_event"),
    (fault("crlf", x=1), "x", "it has none"),
    (fault("delay"), "seconds", "needs seconds"),
    (fault("delay", seconds="1"), "seconds", "not a number"),
    (fault("delay", seconds=True), "seconds", "not a number"),
    (fault("delay", seconds=-1), "seconds", "not 0 to 86400"),
    (fault("delay", seconds=math.nan), "seconds", "not 0 to 86400"),
    (fault("delay", seconds=math.inf), "seconds", "not 0 to 86400"),
    (fault("drip", bytes_per_write=0), "bytes_per_write", "not 1 to"),
    (fault("reset", at_byte=1, after_event=1), "at_byte", "give one of them"),
    (fault("reset", at_byte=1.5), "at_byte", "a whole number or null"),
    (fault("reorder-events", by=2), "by", "no `event`"),
    (fault("garbage-line", form="lines"), "form", "not line or data"),
    (fault("garbage-line", text="a\nb"), "text", "more than one line"),
    (fault("comments", text="a\rb"), "text", "more than one line"),
    (fault("content-type", value="a\r\nb: c"), "value", "cannot be written into a header"),
    (fault("status", status=99), "status", "not 200 to"),
    (fault("status", status=700), "status", "not 200 to 599"),
    (fault("status", status=200, headers={"a": 1}), "headers", "a mapping of texts"),
    (fault("html-challenge", status=600), "status", "not 200 to 599"),
    (fault("ws-close", code=1005), "code", "not one of 1000"),
    (fault("ws-close", code=1000, reason="x" * 200), "reason", "longer than 123 bytes"),
]


@pytest.mark.parametrize(("mapping", "key", "says"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_fault_is_refused_in_one_line(mapping: Given, key: str, says: str) -> None:
    with pytest.raises(FaultError) as refused:
        parse_fault(mapping)

    assert refused.value.key == key
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_fault_says_what_it_does_and_has_units_in_its_parameters() -> None:
    for name, kind in FAULTS.items():
        assert kind.name == name
        assert name == name.lower()
        assert kind.__doc__
        for parameter, its_type in kind.parameters().items():
            if its_type is float:
                assert parameter.endswith("seconds"), (name, parameter)
