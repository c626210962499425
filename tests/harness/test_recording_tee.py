"""What a tee keeps is what was on the wire; what the leg makes of it is what it makes without."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

import leg
from harness.recording.asking import ask_live
from harness.recording.tee import Taken, listening
from harness.standin.play import make_standin
from tests.harness.recordings import contract, credential, event

DONE = event({"type": "response.completed", "response": {"id": "resp_1", "output": []}})
TEXT = event({"type": "response.output_text.delta", "item_id": "m", "delta": "ok"})
HEAD = b"HTTP/1.1 200 OK\r\nX-Odd-CASE: 1\r\ncontent-TYPE: text/event-stream\r\nx-odd-case: 2\r\n"
Script = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Script], str]]:
    """Serve one connection with a script; give its base URL."""
    made: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def begin(script: Script) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        made.append(listener)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                script(connection)

        threads.append(threading.Thread(target=answer, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/backend-api/codex"

    yield begin
    for one in made:
        one.close()
    for thread in threads:
        thread.join(5)


def take(url: str, limits: leg.Limits | None = None) -> tuple[Taken, str]:
    """Ask through the leg; what was taken, and what the leg made of it."""
    one = leg.Credential(
        leg.CredentialKind.CODEX_SUBSCRIPTION, "a-token", "test", "account-1", base_url=url
    )
    with listening() as tee, leg.Client(one, limits=limits) as client:
        try:
            client.respond("hello", instructions="x")
            outcome = "ok"
        except leg.LegError as error:
            outcome = error.outcome
    (taken,) = tee.taken
    return taken, outcome


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_pieces_come_as_they_were_sent_and_headers_keep_their_case(
    serve: Callable[[Script], str],
) -> None:
    pieces = [TEXT[:11], TEXT[11:], DONE]

    def script(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for one in pieces:
            connection.sendall(chunk(one))
            time.sleep(0.03)
        connection.sendall(b"0\r\n\r\n")

    taken, outcome = take(serve(script))
    assert outcome == "ok"
    assert [piece for _, piece in taken.pieces] == pieces
    assert [name for name, _ in taken.headers] == [
        "X-Odd-CASE", "content-TYPE", "x-odd-case", "Transfer-Encoding",
    ]  # fmt: skip
    offsets = [offset for offset, _ in taken.pieces]
    assert offsets == sorted(offsets)
    assert offsets[0] < offsets[-1]
    assert taken.ended == "eof"
    assert ("authorization", "Bearer a-token") in taken.sent_headers
    assert taken.sent.startswith(b'{"model"')


def test_an_end_that_nobody_waited_for_is_seen(serve: Callable[[Script], str]) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(TEXT) + chunk(DONE))
        time.sleep(0.05)
        connection.sendall(chunk(b": late\n\n") + b"0\r\n\r\n")

    taken, outcome = take(serve(script))
    assert (outcome, taken.ended) == ("ok", "eof")
    assert b"".join(piece for _, piece in taken.pieces) == TEXT + DONE + b": late\n\n"


def test_a_connection_that_breaks_is_a_reset(serve: Callable[[Script], str]) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(TEXT))

    taken, outcome = take(serve(script))
    assert (outcome, taken.ended) == ("stream_cut", "reset")
    assert b"".join(piece for _, piece in taken.pieces) == TEXT


def test_silence_is_a_stall(serve: Callable[[Script], str]) -> None:
    stop = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(TEXT))
        stop.wait(5)

    taken, outcome = take(serve(script), leg.Limits(idle=0.2))
    stop.set()
    assert (outcome, taken.ended) == ("stream_stalled", "stalled")


def test_a_body_without_end_is_left(serve: Callable[[Script], str]) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(TEXT) + chunk(DONE))
        try:
            while True:
                connection.sendall(chunk(b":" * 60_000 + b"\n"))
        except OSError:
            return

    taken, outcome = take(serve(script))
    assert (outcome, taken.ended) == ("ok", "left")


def test_what_is_compressed_is_kept_as_it_came(serve: Callable[[Script], str]) -> None:
    packed = gzip.compress(TEXT + DONE)

    def script(connection: socket.socket) -> None:
        length = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(HEAD + length.encode() + packed)

    taken, outcome = take(serve(script))
    assert (outcome, taken.ended) == ("ok", "eof")
    assert b"".join(piece for _, piece in taken.pieces) == packed


def test_an_answer_that_never_came_is_told_from_one_that_did() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    taken, outcome = take(f"http://127.0.0.1:{port}/backend-api/codex")
    assert outcome == "transport_failed"
    assert (taken.status, taken.ended, taken.pieces) == (None, None, [])


def test_nobody_listens_once_the_block_is_left(serve: Callable[[Script], str]) -> None:
    with listening() as tee:
        pass

    def script(connection: socket.socket) -> None:
        body = TEXT + DONE
        connection.sendall(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    one = leg.Credential(
        leg.CredentialKind.CODEX_SUBSCRIPTION, "a-token", "test", "a", base_url=serve(script)
    )
    with leg.Client(one) as client:
        assert client.complete("hello") == "ok"
    assert tee.taken == []


def test_a_probe_is_asked_with_one_request_and_the_legs_own_outcome() -> None:
    probe = contract().pair("codex/store-must-be-false").probe
    with make_standin() as standin:
        from dataclasses import replace

        one = replace(credential(), base_url=f"{standin.url}/backend-api/codex")
        asked = ask_live(probe, one, streamed=False)
        standin.settle()
        assert len(standin.exchanges) == 1
    assert asked.heard.outcome == "store_must_be_false"
    assert asked.taken is not None
    assert asked.taken.status == 400
    assert one.token not in repr(asked.taken)
