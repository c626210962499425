"""Faults as a client meets them: bytes, pauses and ends on a real socket."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from harness.standin.server import StandIn
from harness.standin.values import Reply
from tests.standin.fakes import (
    ANSWER,
    COMPLETED,
    CREATED,
    DELTA,
    GET,
    FakeBackend,
    Seen,
    faults,
    raw,
    sse,
    streams,
    unchunk,
)

ONE, TWO, THREE = sse(CREATED), sse(DELTA), sse(COMPLETED)
PAUSE = 0.03
LAST = b"0\r\n\r\n"


def see(*broken: Mapping[str, Any], until: bytes | None = LAST, patience: float = 10) -> Seen:
    with StandIn(streams(*broken)) as one:
        return raw(one, GET, until=until, patience=patience)


def see_json(*broken: Mapping[str, Any], body: bytes = b'{"a":"ja"}') -> Seen:
    reply = Reply(200, (("content-type", "application/json"),), body, faults=faults(*broken))
    with StandIn(FakeBackend(reply)) as one:
        return raw(one, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))


def ended(*broken: Mapping[str, Any]) -> str | None:
    with StandIn(streams(*broken)) as one:
        raw(one, GET, until=LAST)
        assert one.settle()
        return one.exchanges[0].ended


def took(seen: Seen) -> float:
    """When the last byte was there. (A pause between two reads may be lost in a busy client.)"""
    return seen.reads[-1][0]


@pytest.mark.parametrize("where", [{}, {"after_event": 2}, {"at_byte": 9}, {"each_event": True}])
def test_a_delay_is_waited_for(where: Mapping[str, Any]) -> None:
    seen = see({"fault": "delay", "seconds": PAUSE, **where})

    assert took(seen) >= PAUSE
    assert b"".join(unchunk(seen.body)[0]) == ANSWER


def test_a_drip_comes_byte_by_byte() -> None:
    seen = see({"fault": "drip", "pause_seconds": 0.0005})

    chunks, complete = unchunk(seen.body)
    assert chunks == [bytes([byte]) for byte in ANSWER]
    assert complete


def test_a_character_is_split_between_two_reads() -> None:
    seen = see({"fault": "split-in-character", "pause_seconds": PAUSE})

    assert took(seen) >= PAUSE
    chunks, _ = unchunk(seen.body)
    first = next(chunk for chunk in chunks if b"gr" in chunk)
    assert first.endswith(b"gr\xc3")
    assert b"".join(chunks) == ANSWER


def test_a_drip_of_a_body_of_known_length_keeps_its_length() -> None:
    seen = see_json({"fault": "drip", "bytes_per_write": 3}, {"fault": "split-in-character"})

    assert b"content-length: 10" in seen.head
    assert seen.body == b'{"a":"ja"}'


def test_a_clean_early_end_is_the_end_of_the_answer() -> None:
    broken = {"fault": "early-end", "after_event": 2}

    assert unchunk(see(broken).body) == ([ONE, TWO], True)
    assert ended(broken) == "eof"
    seen = see_json({"fault": "early-end", "at_byte": 4})
    assert unchunk(seen.body) == ([b'{"a"'], True)


def test_an_early_end_that_is_not_clean_is_the_end_of_the_connection() -> None:
    broken = {"fault": "early-end", "after_event": 2, "clean": False}
    seen = see(broken)

    assert unchunk(seen.body) == ([ONE, TWO], False)
    assert seen.ended == "end"
    assert ended(broken) == "cut"
    short = see_json({"fault": "early-end", "at_byte": 4, "clean": False})
    assert b"content-length: 10" in short.head
    assert (short.body, short.ended) == (b'{"a"', "end")


def test_a_reset_breaks_the_connection() -> None:
    # What was written before it may or may not arrive; the pause lets it.
    broken = (
        {"fault": "delay", "seconds": PAUSE, "after_event": 1},
        {
            "fault": "reset",
            "after_event": 1,
        },
    )
    seen = see(*broken)

    assert unchunk(seen.body) == ([ONE], False)
    assert seen.ended == "reset"
    assert ended(*broken) == "reset"


def test_a_stall_keeps_the_connection_open() -> None:
    seen = see({"fault": "stall", "at_byte": 5}, patience=0.3)

    assert unchunk(seen.body) == ([ONE[:5]], False)
    assert seen.ended == "silent"
    over = see({"fault": "stall", "max_seconds": PAUSE})
    assert (over.body, over.ended) == (b"", "end")


def test_a_slow_header_comes_in_pieces() -> None:
    seen = see({"fault": "slow-header", "bytes_per_write": 10, "pause_seconds": 0.005})

    assert len(seen.reads) > 5
    assert seen.reads[0][1] == b"HTTP/1.1 2"
    assert b"".join(unchunk(seen.body)[0]) == ANSWER


@pytest.mark.parametrize(("reset", "how"), [(False, "end"), (True, "reset")])
def test_the_connection_ends_before_the_header(reset: bool, how: str) -> None:
    seen = see({"fault": "close-before-header", "reset": reset})

    assert (seen.data, seen.ended) == (b"", how)


def test_an_endless_stream_ends_when_the_client_leaves() -> None:
    with StandIn(streams({"fault": "endless", "pause_seconds": 0.0001})) as one:
        seen = raw(one, GET, until=b"".join([b"%x\r\n%b\r\n" % (len(TWO), TWO)] * 20))
        assert LAST not in seen.data
        deadline = time.monotonic() + 10
        while one.exchanges[0].ended is None and time.monotonic() < deadline:
            time.sleep(0.005)
        assert one.exchanges[0].ended == "client-left"


def test_a_huge_line_arrives_whole() -> None:
    seen = see({"fault": "huge-line", "line_bytes": 5_000_000, "after_event": 1})

    data = b"".join(unchunk(seen.body)[0])
    assert max(len(line) for line in data.split(b"\n")) == 5_000_000
    assert data.endswith(THREE)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ({"fault": "status", "status": 401}, b"HTTP/1.1 401 Unauthorized\r\n"),
        (
            {"fault": "status", "status": 429, "headers": {"retry-after": "2"}},
            b"retry-after: 2\r\n",
        ),
        ({"fault": "status", "status": 529, "body": "busy"}, b"content-length: 4\r\n"),
        ({"fault": "content-type", "value": "text/plain"}, b"content-type: text/plain\r\n"),
        ({"fault": "html-challenge"}, b"HTTP/1.1 403 Forbidden\r\n"),
        ({"fault": "html-challenge"}, b"cf-mitigated: challenge\r\n"),
    ],
)
def test_the_head_says_it(broken: Mapping[str, Any], line: bytes) -> None:
    assert line in see_json(broken).data


def test_no_content_type_is_none() -> None:
    assert b"content-type" not in see({"fault": "content-type", "value": None}).head


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("crlf", ANSWER.replace(b"\n", b"\r\n")),
        ("cr", ANSWER.replace(b"\n", b"\r")),
        ("bom", b"\xef\xbb\xbf" + ANSWER),
        ("duplicate-terminal", ANSWER + THREE),
        ("no-terminal", ONE + TWO),
        ("reorder-events", TWO + ONE + THREE),
        ("repeat-event", ONE * 2 + TWO * 2 + THREE * 2),
        ("missing-blank-line", b"".join(one[:-1] for one in (ONE, TWO, THREE))),
    ],
)
def test_the_bytes_are_those_of_the_plan(name: str, expected: bytes) -> None:
    chunks, complete = unchunk(see({"fault": name}).body)

    assert b"".join(chunks) == expected
    assert complete


def test_the_same_ends_are_seen_through_tls() -> None:
    """An orderly end of TLS is said; without that word a client has to suspect an attack."""
    clean = {"fault": "early-end", "after_event": 1}
    with StandIn(FakeBackend(Reply(200, (), ANSWER, stream=True, close=True))) as one:
        with httpx.Client(verify=_trust(one), trust_env=False) as client:
            assert client.get(one.tls_url).text == ANSWER.decode()
    with StandIn(streams({**clean, "clean": False})) as one:
        with httpx.Client(verify=_trust(one), trust_env=False) as client:
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                client.get(one.tls_url)


def test_a_reset_through_tls_is_a_reset_of_the_connection() -> None:
    delay = {"fault": "delay", "seconds": PAUSE, "after_event": 1}
    with StandIn(streams(delay, {"fault": "reset", "after_event": 1})) as one:
        port = int(one.tls_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with _trust(one).wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(GET)
                while not tls.recv(1000).endswith(b"\n\n\r\n"):
                    pass
                # Python's ssl (3.11, OpenSSL 3.0) calls it an end: so the socket below it is asked.
                with pytest.raises(ConnectionResetError):
                    socket.socket.recv(tls, 1000)


def _trust(one: StandIn) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(one.ca_file))
