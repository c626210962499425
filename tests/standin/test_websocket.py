"""WebSockets against the stand-in, with a client of somebody else."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from harness.standin.limits import Limits
from harness.standin.recording import Recorded
from harness.standin.server import Observer, StandIn
from harness.standin.values import Reply, WsReply
from tests.standin.fakes import FRAMES, FakeBackend, FakeSession, raw, speaks

PATH = "/backend-api/codex/responses"
BOTH = pytest.mark.parametrize("compression", ["deflate", None])


@contextmanager
def opened(stand_in: StandIn, **more: Any) -> Iterator[ClientConnection]:
    url = stand_in.url.replace("http", "ws", 1) + PATH
    with connect(url, proxy=None, max_size=None, close_timeout=5, **more) as one:
        yield one


def conversation(
    *broken: Mapping[str, Any], messages: int = 1, **more: Any
) -> tuple[list[str | bytes], int | None]:
    """What comes in answer to a message, until it is complete or the connection ends; the code."""
    got: list[str | bytes] = []
    with StandIn(speaks(*broken, **more)) as stand_in, opened(stand_in) as one:
        try:
            for _ in range(messages):
                one.send("{}")
                while True:
                    got.append(one.recv(timeout=5))
                    if "completed" in str(got[-1]) or "limit_reached" in str(got[-1]):
                        break
        except ConnectionClosed as closed:
            return got, closed.rcvd.code if closed.rcvd else None
    return got, None


class TestTheHandshake:
    @BOTH
    def test_is_answered_as_the_backend_answers_it(self, compression: Any) -> None:
        backend = speaks()
        backend.session.headers = (("x-models-etag", "abc"), ("Connection", "close"))  # type: ignore[union-attr]
        with StandIn(backend) as stand_in, opened(stand_in, compression=compression) as one:
            assert one.response is not None
            headers = one.response.headers
            assert headers["x-models-etag"] == "abc"
            assert headers.get_all("Connection") == ["Upgrade"]
            # Without parameters: so it was seen live.
            wanted = "permessage-deflate" if compression else None
            assert headers.get("Sec-WebSocket-Extensions") == wanted
        (asked,) = backend.asked
        assert (asked.transport, asked.method, asked.host) == ("websocket", "GET", "chatgpt.com")

    def test_works_through_the_proxy(self) -> None:
        backend = speaks()
        with StandIn(backend) as stand_in:
            trust = ssl.create_default_context(cafile=str(stand_in.ca_file))
            with connect(f"wss://chatgpt.com{PATH}", proxy=stand_in.proxy_url, ssl=trust) as one:
                one.send("{}")
                assert one.recv(timeout=5) == FRAMES[0]
        assert (backend.asked[0].host, backend.asked[0].scheme) == ("chatgpt.com", "https")

    @pytest.mark.parametrize("status", [426, 401, 503])
    def test_may_be_refused_with_an_answer(self, status: int) -> None:
        backend = FakeBackend(session=Reply(status, (("x-why", "so"),), b"no", source="test/no"))
        with StandIn(backend) as stand_in:
            with pytest.raises(InvalidStatus) as refused, opened(stand_in):
                pass
            assert refused.value.response.status_code == status
            assert refused.value.response.headers["x-why"] == "so"
            assert refused.value.response.body == b"no"
            assert stand_in.settle()
            assert stand_in.exchanges[0].ended == "eof"

    def test_may_fail_like_the_backend_behind_it(self) -> None:
        class Failing(FakeBackend):
            def open(self, incoming: Any) -> Any:
                raise LookupError(incoming.path)

        with StandIn(Failing()) as stand_in:
            with pytest.raises(InvalidStatus, match="500"), opened(stand_in):
                pass

    def test_and_the_first_frame_may_come_in_one_packet(self) -> None:
        head = (
            f"GET {PATH} HTTP/1.1\r\nHost: chatgpt.com\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        # A text frame "{}", masked with zeros.
        frame = b"\x81\x82\x00\x00\x00\x00{}"
        with StandIn(speaks()) as stand_in:
            seen = raw(stand_in, head.encode() + frame, until=FRAMES[2].encode())

        assert seen.data.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert all(one.encode() in seen.data for one in FRAMES)


class TestMessages:
    @BOTH
    def test_are_answered_one_after_the_other(self, compression: Any) -> None:
        asked: list[str] = []

        def reply(text: str) -> WsReply:
            asked.append(text)
            return WsReply((f'{{"echo":{text}}}', '{"type":"ü"}'))

        with StandIn(FakeBackend(session=FakeSession(reply))) as stand_in:
            with opened(stand_in, compression=compression) as one:
                for number in range(3):
                    one.send(f"{number}")
                    assert one.recv(timeout=5) == f'{{"echo":{number}}}'
                    assert one.recv(timeout=5) == '{"type":"ü"}'
        assert asked == ["0", "1", "2"]

    def test_may_come_in_fragments_with_pings_between_them(self) -> None:
        with StandIn(speaks()) as stand_in, opened(stand_in) as one:
            one.send(iter(['{"a"', ':"', "x" * 100_000, '"}']))
            assert one.ping().wait(5)
            assert one.recv(timeout=5) == FRAMES[0]
            assert json.loads(stand_in.exchanges[0].frames[0].text) == {"a": "x" * 100_000}

    def test_are_answered_while_the_answer_waits(self) -> None:
        with StandIn(speaks({"fault": "stall"})) as stand_in, opened(stand_in) as one:
            one.send("{}")
            assert one.ping().wait(5)

    @pytest.mark.parametrize(
        ("sent", "code"), [(b"\x00\x01", 1003), ("x" * 2_000_000, 1009)], ids=["binary", "big"]
    )
    def test_that_no_backend_takes_close_the_connection(self, sent: Any, code: int) -> None:
        with StandIn(speaks(), limits=Limits(body=1_000_000)) as stand_in:
            with opened(stand_in) as one, pytest.raises(ConnectionClosedError) as closed:
                one.send(sent)
                one.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code

    def test_that_the_backend_fails_on_close_with_1011(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(text: str) -> WsReply:
            raise LookupError(text)

        with StandIn(FakeBackend(session=FakeSession(fail))) as stand_in:
            with opened(stand_in) as one, pytest.raises(ConnectionClosedError) as closed:
                one.send("{}")
                one.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
        assert "the backend failed on a frame" in caplog.text

    def test_of_noise_do_not_harm_anybody(self) -> None:
        with StandIn(speaks()) as stand_in:
            with opened(stand_in) as one:
                one.socket.sendall(b"\xff" * 100)
                with pytest.raises(ConnectionClosed):
                    one.recv(timeout=5)
            with opened(stand_in) as one:
                one.send("{}")
                assert one.recv(timeout=5) == FRAMES[0]


class TestFaults:
    def test_of_events_are_faults_of_frames(self) -> None:
        got, _ = conversation({"fault": "repeat-event", "event": 1})
        assert got == [FRAMES[0], *FRAMES]
        got, _ = conversation({"fault": "garbage-line", "after_event": 2, "text": "{"})
        assert got == [*FRAMES[:2], "{", FRAMES[2]]

    @pytest.mark.parametrize("name", ["drip", "split-in-character"])
    @BOTH
    def test_that_split_make_fragments(self, name: str, compression: Any) -> None:
        backend = speaks({"fault": name, "pause_seconds": 0})
        with StandIn(backend) as stand_in, opened(stand_in, compression=compression) as one:
            one.send("{}")
            fragments = [list(one.recv_streaming(decode=False)) for _ in FRAMES]
            assert one.response is not None
        assert [b"".join(map(bytes, parts)).decode() for parts in fragments] == [*FRAMES]
        assert len(fragments[1]) > 1
        assert [frame.text for frame in stand_in.exchanges[0].frames] == ["{}", *FRAMES]

    @pytest.mark.parametrize("code", [1000, 1001, 1008, 1009, 1011])
    def test_close_with_the_code(self, code: int) -> None:
        broken = {"fault": "ws-close", "code": code, "after_frame": 2}

        assert conversation(broken) == ([*FRAMES[:2]], code)
        assert conversation(close_code=code, frames=FRAMES[:1]) == ([FRAMES[0]], code)

    def test_end_without_a_close_frame(self) -> None:
        assert conversation({"fault": "ws-close", "code": 1006}, messages=2) == ([*FRAMES], None)
        broken = {"fault": "early-end", "after_event": 1, "clean": False}
        assert conversation(broken) == ([FRAMES[0]], None)
        # A clean end of a WebSocket is a close frame.
        assert conversation({"fault": "early-end", "after_event": 1}) == ([FRAMES[0]], 1000)

    def test_reset_the_connection(self) -> None:
        broken = {"fault": "reset", "after_event": 1}
        with StandIn(speaks(broken)) as stand_in:
            with opened(stand_in) as one, pytest.raises(ConnectionClosedError) as closed:
                one.send("{}")
                for _ in range(2):
                    one.recv(timeout=5)
            assert isinstance(closed.value.__cause__, ConnectionResetError)
            _until(lambda: stand_in.exchanges[0].ended == "reset")

    def test_cut_a_message_in_the_middle(self) -> None:
        broken = {"fault": "early-end", "at_byte": len(FRAMES[0]) + 5, "clean": False}

        assert conversation(broken) == ([FRAMES[0]], None)

    def test_send_a_binary_frame(self) -> None:
        got, _ = conversation({"fault": "ws-binary", "frame": 2})

        assert got == [FRAMES[0], FRAMES[1].encode(), FRAMES[2]]

    def test_send_an_oversized_frame(self) -> None:
        size = 3_000_000
        got, _ = conversation({"fault": "ws-oversized-frame", "frame_bytes": size})

        assert [len(got[0]), *got[1:]] == [size, *FRAMES]
        assert json.loads(got[0])["type"] == "response.codex_leg_unknown"

    def test_end_the_connection_when_it_is_too_old(self) -> None:
        got, _ = conversation({"fault": "ws-limit", "seconds": 0}, messages=2)

        assert [json.loads(one)["error"]["code"] for one in got] == [
            "websocket_connection_limit_reached"
        ] * 2

    def test_break_off_an_answer_when_the_connection_is_too_old(self) -> None:
        broken = (
            {"fault": "delay", "seconds": 30, "after_event": 1},
            {"fault": "ws-limit", "seconds": 1},
        )
        started = time.monotonic()
        got, _ = conversation(*broken, messages=2)

        assert time.monotonic() - started < 10
        assert [json.loads(one)["type"] for one in got] == ["response.created", "error", "error"]

    def test_break_off_a_message_too(self) -> None:
        broken = (
            {"fault": "delay", "seconds": 30, "at_byte": 5},
            {"fault": "ws-limit", "seconds": 1},
        )
        got, _ = conversation(*broken)

        assert got[0] == FRAMES[0][:5]
        assert json.loads(got[1])["status"] == 400


class TestTheEnd:
    def test_is_the_clients_to_choose(self) -> None:
        with StandIn(speaks({"fault": "endless", "pause_seconds": 0.001})) as stand_in:
            with opened(stand_in) as one:
                one.send("{}")
                one.recv(timeout=5)
            _until(lambda: stand_in.exchanges[0].ended == "client-left")
            assert stand_in.exchanges[0].close_code == 1000

    def test_may_come_without_a_word(self) -> None:
        with StandIn(speaks({"fault": "stall"})) as stand_in:
            with opened(stand_in) as one:
                one.send("{}")
                one.ping().wait(5)
                one.socket.shutdown(socket.SHUT_RDWR)
                _until(lambda: stand_in.exchanges[0].ended == "client-left")

    def test_comes_to_the_idle(self) -> None:
        with StandIn(speaks(), limits=Limits(idle_seconds=0.05)) as stand_in:
            with opened(stand_in) as one, pytest.raises(ConnectionClosed):
                one.recv(timeout=5)
            _until(lambda: stand_in.exchanges[0].ended == "timeout")

    def test_comes_when_the_stand_in_is_stopped(self) -> None:
        stand_in = StandIn(speaks({"fault": "stall"})).start()
        with opened(stand_in) as one:
            one.send("{}")
            assert one.ping().wait(5)
            stand_in.stop()
            with pytest.raises(ConnectionClosed) as closed:
                one.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert stand_in.exchanges[0].ended == "stopped"

    def test_does_not_come_by_another_scenario(self) -> None:
        """An open WebSocket keeps the session that it was opened with."""
        with StandIn(speaks()) as stand_in, opened(stand_in) as one:
            stand_in.backend = FakeBackend()
            one.send("{}")
            assert one.recv(timeout=5) == FRAMES[0]


def test_an_observer_sees_every_turn() -> None:
    turns: list[tuple[int, str, str]] = []

    class Seen(Observer):
        def turn(self, recorded: Recorded, text: str, reply: WsReply) -> None:
            turns.append((recorded.number, text, reply.source))

    with StandIn(speaks(source="codex/x"), observer=Seen()) as stand_in:
        with opened(stand_in) as one:
            one.send('{"a":1}')
            one.recv(timeout=5)

    assert turns == [(1, '{"a":1}', "codex/x")]


def _until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
