"""The decoder of event streams: the WHATWG algorithm, in any chunks, within limits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.errors import StreamTooLarge
from leg.limits import Limits
from leg.sse import ServerSentEvent, SSEDecoder


def decode(*chunks: bytes, limits: Limits | None = None) -> list[tuple[str | None, str]]:
    decoder = SSEDecoder(limits)
    return [(e.event, e.data) for chunk in chunks for e in decoder.feed(chunk)]


# After https://html.spec.whatwg.org/multipage/server-sent-events.html, sections 9.2.5 and 9.2.6.
VECTORS = {
    "an event and its data": (b"event: a\ndata: 1\n\n", [("a", "1")]),
    "no event line": (b"data: 1\n\n", [(None, "1")]),
    "no space behind the colon": (b"event:a\ndata:1\n\n", [("a", "1")]),
    "only one space is dropped": (b"data:  1\n\n", [(None, " 1")]),
    "several data lines": (b"data: 1\ndata: 2\n\n", [(None, "1\n2")]),
    "an empty data line": (b"data\n\ndata:\n\n", [(None, ""), (None, "")]),
    "carriage returns": (b"data: 1\r\rdata: 2\r\r", [(None, "1"), (None, "2")]),
    "both line ends": (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [(None, "1"), (None, "2")]),
    "a comment is no event": (b": hi\n\ndata: 1\n\n", [(None, "1")]),
    "a byte order mark": (b"\xef\xbb\xbfdata: 1\n\n", [(None, "1")]),
    "no data, no event": (b"event: a\n\ndata: 1\n\n", [(None, "1")]),
    "an unknown field": (b"foo: a\ndata: 1\n\n", [(None, "1")]),
    "an unfinished event is dropped": (b"data: 1\n\ndata: 2\n", [(None, "1")]),
    "separators inside JSON": ("data: \u2028\x85\x0b\n\n".encode(), [(None, "\u2028\x85\x0b")]),
    "broken UTF-8": (b"data: \xff\n\n", [(None, "�")]),
    "an id followed by a comment": (b"id: 1\n: c\n\ndata: 1\n\n", [(None, "1")]),
}


@pytest.mark.parametrize("case", VECTORS)
def test_decodes_as_the_standard_says(case: str) -> None:
    stream, expected = VECTORS[case]
    assert decode(stream) == expected


@pytest.mark.parametrize("case", VECTORS)
def test_byte_by_byte_equals_all_at_once(case: str) -> None:
    stream, expected = VECTORS[case]
    assert decode(*(bytes([b]) for b in stream)) == expected


def test_an_id_persists_and_a_retry_must_be_digits() -> None:
    decoder = SSEDecoder()
    events = decoder.feed(
        b"id: 7\nretry: +5\ndata: a\n\ndata: b\nretry: 30\n\nid: x\0y\ndata: c\n\n"
    )
    assert [e.id for e in events] == ["7", "7", "7"]
    assert decoder.retry == 30


def test_comments_are_counted_because_some_servers_keep_alive_with_them() -> None:
    decoder = SSEDecoder()
    decoder.feed(b": a\n: b\n\n")
    assert decoder.comments == 2


def test_an_event_knows_the_line_it_began_on() -> None:
    events = SSEDecoder().feed(b": c\n\nevent: a\ndata: 1\n\ndata: 2\n\n")
    assert [e.line for e in events] == [3, 6]


def test_pending_says_that_an_event_was_left_unfinished() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"data: 1\n\n")
    assert not decoder.pending
    decoder.feed(b"data: 2\n")
    assert decoder.pending


@pytest.mark.parametrize(
    ("limits", "stream"),
    [
        (Limits(line=100), b"data: " + b"x" * 200),
        (Limits(line=100), b"x" * 60 + b"y" * 60),
        (Limits(event=100), b"data: xxxxxxxxxxxxxxxxxxxxx\n" * 6),
    ],
)
def test_a_line_or_event_over_its_limit_is_refused_before_it_is_whole(
    limits: Limits, stream: bytes
) -> None:
    with pytest.raises(StreamTooLarge, match="100 bytes"):
        decode(stream, limits=limits)


@given(
    st.lists(
        st.sampled_from(
            [b"data: {}", b"event: a", b"", b":", b"id: 1", "dätä: ü".encode(), b"data"]
        ),
        max_size=20,
    ),
    st.sampled_from([b"\n", b"\r", b"\r\n"]),
    st.data(),
)
def test_chunk_borders_never_matter(lines: list[bytes], end: bytes, data: st.DataObject) -> None:
    stream = b"".join(line + end for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    borders = [0, *cuts, len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(borders)]
    assert decode(*chunks) == decode(stream)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(stream: bytes) -> None:
    for event in SSEDecoder().feed(stream):
        assert isinstance(event, ServerSentEvent)
