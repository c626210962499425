"""The events of a stream: the short way is the decoder's, and what was written oddly is told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.events import NOT_JSON, Event, parse_json, read_events, read_stream, refuse_constant
from leg.limits import Limits
from leg.sse import SSEDecoder

UNBOUNDED = Limits(line=None, event=None, total=None)

#: Lines as servers write them, and as none should.
LINES = [
    b"event: a\n", b"event:b\n", b"event: \n", b"event\n", b'data: {"type":"a"}\n', b"data:1\n",
    b"data:  x\n", b"data: \n", b"data\n", b"\n", b"\n", b"\n", b"\r", b"\r\n", b": ping\n", b":\n",
    b"id: 1\n", b"id\n", b"retry: 5\n", b"\xef\xbb\xbf", b"\xe2\x82", b"\xff", b"data: [DONE]\n",
    "data: \u2028\x0b\x1c\x85\n".encode(), b"data: 1", b"other: x\n",
]  # fmt: skip
bodies = st.lists(st.sampled_from(LINES), max_size=12).map(b"".join)
plain_bodies = st.lists(
    st.tuples(
        st.sampled_from([b"", b"event: a\n", b"event: \n", b"event:b\n"]),
        st.sampled_from([b"data: 1", b'data: {"type": "a"}', b"data:", b"data: \xff"]),
        st.just(b"\n\n"),
    ).map(b"".join),
    max_size=6,
).map(b"".join)


def decoded(body: bytes, size: int | None = None) -> tuple[tuple[Event, ...], bool]:
    """What the leg's own decoder makes of it, fed in pieces of this size."""
    decoder = SSEDecoder(UNBOUNDED)
    step = size or max(1, len(body))
    found = [one for at in range(0, len(body), step) for one in decoder.feed(body[at : at + step])]
    events = (Event.of(one.event, one.data, one.line) for one in found)
    return tuple(events), decoder.pending


@given(bodies | plain_bodies)
def test_all_at_once_gives_what_the_decoder_gives_byte_by_byte(body: bytes) -> None:
    assert read_events(body) == decoded(body) == decoded(body, 1)


@given(plain_bodies)
def test_a_plain_stream_is_told_to_be_plain(body: bytes) -> None:
    assert read_stream(body).plain


@pytest.mark.parametrize(
    "body",
    [
        b": ping\n\ndata: 1\n\n", b"id: 1\ndata: 1\n\n", b"retry: 1\n\ndata: 1\n\n",
        b"data: 1\ndata: 2\n\n", b"data: 1\r\n\r\n", b"\xef\xbb\xbfdata: 1\n\n", b"data: 1\n\n\n",
        b"data: 1\n", b"data: 1", b"event: a\n\n",
    ],
)  # fmt: skip
def test_whatever_else_a_stream_holds_makes_it_not_plain(body: bytes) -> None:
    assert not read_stream(body).plain


json_texts = st.text(max_size=8) | st.sampled_from(
    [
        "1",
        " 1",
        "1 ",
        "1 2",
        "[1]x",
        "\ufeff1",
        "NaN",
        '{"a":1,"a":2}',
        "",
        "nul",
        '"\ud800"',
        "-",
        "18446744073709551616",
        "[-9223372036854775809]",
        "1E400",
    ]
)


@given(json_texts)
def test_json_is_what_the_json_module_reads_less_its_nan(text: str) -> None:
    try:
        wanted = json.loads(text, parse_constant=refuse_constant)
    except ValueError:
        wanted = NOT_JSON
    found = parse_json(text)
    assert found == wanted or (found is not NOT_JSON and repr(found) == repr(wanted))


def test_json_that_is_too_deep_is_no_json() -> None:
    assert parse_json("[" * 100_000) is NOT_JSON
