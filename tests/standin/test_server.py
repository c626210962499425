"""The stand-in on real sockets: how it is reached, what it understands, what it survives."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.standin.limits import Limits
from harness.standin.recording import Recorded
from harness.standin.server import Observer, StandIn, StandInError
from harness.standin.values import Incoming, Reply
from tests.standin.fakes import (
    ANSWER,
    CREATED,
    GET,
    FakeBackend,
    raw,
    sse,
    streams,
    unchunk,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

JSON = Reply(200, (("Content-Type", "application/json"), ("X-b", "1"), ("x-A", "2")), b'{"a":1}')


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(JSON)


@pytest.fixture
def stand_in(backend: FakeBackend) -> Iterator[StandIn]:
    with StandIn(backend) as one:
        yield one


def client(stand_in: StandIn, **more: Any) -> httpx.Client:
    trust = ssl.create_default_context(cafile=str(stand_in.ca_file))
    return httpx.Client(verify=trust, trust_env=False, **more)


def post(body: bytes, *headers: str) -> bytes:
    lines = ["POST /backend-api/codex/responses HTTP/1.1", "Host: chatgpt.com"]
    lines += [f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class TestHowItIsReached:
    def test_as_a_base_url(self, stand_in: StandIn, backend: FakeBackend) -> None:
        with client(stand_in) as one:
            answer = one.post(f"{stand_in.url}/backend-api/codex/responses?a=b", json={"x": 1})

        assert answer.json() == {"a": 1}
        (asked,) = backend.asked
        assert (asked.method, asked.host, asked.path, asked.query, asked.scheme) == (
            "POST",
            "chatgpt.com",
            "/backend-api/codex/responses",
            "a=b",
            "http",
        )
        assert asked.json() == {"x": 1}
        assert asked.raw_body_length == len(asked.body)
        assert asked.transport == "http"

    def test_the_same_through_tls(self, stand_in: StandIn, backend: FakeBackend) -> None:
        with client(stand_in) as one:
            for base in (stand_in.tls_url, stand_in.tls_url.replace("127.0.0.1", "localhost")):
                assert one.get(f"{base}/v1/responses").status_code == 200

        assert {(asked.host, asked.scheme) for asked in backend.asked} == {
            ("api.openai.com", "https")
        }

    def test_through_tls_on_the_plain_port_as_well(self, stand_in: StandIn) -> None:
        with client(stand_in) as one:
            assert one.get(stand_in.url.replace("http", "https")).status_code == 200

    @pytest.mark.parametrize(
        "host", ["chatgpt.com", "us.chatgpt.com", "192.0.2.7", "[2001:db8::1]"]
    )
    def test_as_a_proxy_for_any_host(
        self, stand_in: StandIn, backend: FakeBackend, host: str
    ) -> None:
        with client(stand_in, proxy=stand_in.proxy_url) as one:
            assert one.get(f"https://{host}/backend-api/codex/models").status_code == 200
            assert one.get(f"http://{host}:8080/x").status_code == 200

        tls, plain = backend.asked
        assert tls.host == plain.host == host.strip("[]")
        assert (tls.scheme, tls.path) == ("https", "/backend-api/codex/models")
        assert (plain.scheme, plain.path) == ("http", "/x")

    def test_as_a_proxy_that_is_itself_behind_tls(
        self, stand_in: StandIn, backend: FakeBackend
    ) -> None:
        trust = ssl.create_default_context(cafile=str(stand_in.ca_file))
        proxy = httpx.Proxy(stand_in.tls_url, ssl_context=trust)
        with client(stand_in, proxy=proxy) as one:
            assert one.get("https://auth.openai.com/oauth/token").status_code == 200

        assert backend.asked[0].host == "auth.openai.com"

    def test_by_a_client_that_a_hosts_file_leads_here(self, stand_in: StandIn) -> None:
        trust = ssl.create_default_context(cafile=str(stand_in.ca_file))
        port = int(stand_in.tls_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with trust.wrap_socket(plain, server_hostname="chatgpt.com") as tls:
                tls.sendall(GET)
                assert tls.recv(100).startswith(b"HTTP/1.1 200")

    def test_plain_http_inside_a_tunnel(self, stand_in: StandIn, backend: FakeBackend) -> None:
        seen = raw(
            stand_in,
            b"CONNECT chatgpt.com:80 HTTP/1.1\r\nHost: chatgpt.com:80\r\n\r\n",
            GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        )

        assert seen.data.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
        assert backend.asked[0].scheme == "http"

    def test_a_tunnel_whose_client_does_not_wait(self, stand_in: StandIn) -> None:
        """TLS that comes in one packet with the CONNECT is TLS all the same."""
        trust = ssl.create_default_context(cafile=str(stand_in.ca_file))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trust.wrap_bio(incoming, outgoing, server_hostname="chatgpt.com")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        port = int(stand_in.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            head = b"CONNECT chatgpt.com:443 HTTP/1.1\r\nHost: chatgpt.com:443\r\n\r\n"
            plain.sendall(head + outgoing.read())
            answer = b"HTTP/1.1 200 Connection established\r\n\r\n"
            got = plain.recv(len(answer))
            assert got == answer
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    incoming.write(plain.recv(65536))
        assert tls.selected_alpn_protocol() is None

    def test_with_http_1_1_alone(self, stand_in: StandIn) -> None:
        trust = ssl.create_default_context(cafile=str(stand_in.ca_file))
        trust.set_alpn_protocols(["h2", "http/1.1"])
        port = int(stand_in.tls_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with trust.wrap_socket(plain, server_hostname="localhost") as tls:
                assert tls.selected_alpn_protocol() == "http/1.1"

    @pytest.mark.parametrize(
        ("path", "host"),
        [
            ("/backend-api/codex/responses", "chatgpt.com"),
            ("/backend-api/wham/usage", "chatgpt.com"),
            ("/oauth/token", "auth.openai.com"),
            ("/api/accounts/deviceauth/token", "auth.openai.com"),
            ("/v1/messages", "api.anthropic.com"),
            ("/v1/responses", "api.openai.com"),
            ("/v1/chat/completions", "api.openai.com"),
            ("/elsewhere", "127.0.0.1"),
        ],
    )
    def test_a_path_at_its_own_address_belongs_to_a_host(
        self, stand_in: StandIn, backend: FakeBackend, path: str, host: str
    ) -> None:
        with client(stand_in) as one:
            one.get(stand_in.url + path)

        assert backend.asked[0].host == host

    def test_the_environment_leads_a_client_here(
        self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in stand_in.env().items():
            monkeypatch.setenv(name, value)

        # Nothing but the environment says where to go, and whom to trust.
        answer = httpx.get("https://chatgpt.com/backend-api/codex/models")

        assert answer.json() == {"a": 1}
        assert stand_in.env()["CODEX_BACKEND_BASE_URL"] == f"{stand_in.url}/backend-api/codex"
        assert stand_in.env()["NO_PROXY"] == ""
        for name in ("CODEX_CA_CERTIFICATE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"):
            assert Path(stand_in.env()[name]).read_bytes().startswith(b"-----BEGIN CERTIFICATE")


class TestWhatItUnderstands:
    def test_headers_are_kept_as_they_were_sent(
        self, stand_in: StandIn, backend: FakeBackend
    ) -> None:
        sent = "Zeta: 1", "aLPHA: 2", "zeta: 3", "X-Empty:"
        raw(stand_in, post(b"", *sent, "Connection: close"))

        assert backend.asked[0].headers == (
            ("Host", "chatgpt.com"),
            ("Content-Length", "0"),
            ("Zeta", "1"),
            ("aLPHA", "2"),
            ("zeta", "3"),
            ("X-Empty", ""),
            ("Connection", "close"),
        )
        assert backend.asked[0].header("ALPHA") == "2"

    def test_headers_are_written_as_they_are_given(self, stand_in: StandIn) -> None:
        seen = raw(stand_in, post(b"", "Connection: close"))

        assert seen.data == (
            b"HTTP/1.1 200 OK\r\n"
            b"Content-Type: application/json\r\nX-b: 1\r\nx-A: 2\r\n"
            b"content-length: 7\r\nconnection: close\r\n\r\n"
            b'{"a":1}'
        )

    def test_headers_that_frame_a_body_are_those_of_this_body(
        self, stand_in: StandIn, backend: FakeBackend
    ) -> None:
        framed = (("Content-Length", "99"), ("transfer-encoding", "chunked"), ("server", "x"))
        framed += (("content-encoding", "br"), ("Connection", "keep-alive"))
        backend.reply = Reply(200, framed, b"1234")

        seen = raw(stand_in, post(b"", "Connection: close"))

        assert seen.head.count(b"\r\n") == 3
        assert b"server: x\r\ncontent-length: 4\r\nconnection: close" in seen.head

    @pytest.mark.parametrize(
        ("encoding", "pack"),
        [
            ("zstd", zstd.compress),
            ("zstd", lambda body: zstd.compress(body[:9]) + zstd.compress(body[9:])),
            ("gzip", gzip.compress),
            ("GZIP", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
            ("deflate", zlib.compress),
            ("identity", bytes),
        ],
    )
    def test_packed_bodies_are_unpacked(
        self, stand_in: StandIn, backend: FakeBackend, encoding: str, pack: Any
    ) -> None:
        body = json.dumps({"input": "x" * 300_000}).encode()
        packed = pack(body)
        message = post(packed, f"Content-Encoding: {encoding}", "Connection: close")

        # In pieces, as a network gives them.
        pieces = [message[start : start + 50_000] for start in range(0, len(message), 50_000)]
        assert raw(stand_in, *pieces).data.startswith(b"HTTP/1.1 200")

        (asked,) = backend.asked
        assert asked.body == body
        assert asked.raw_body_length == len(packed)

    def test_a_chunked_body_is_put_together(self, stand_in: StandIn, backend: FakeBackend) -> None:
        with client(stand_in) as one:
            one.post(stand_in.url, content=iter([b'{"a":', b"1}"]))

        assert backend.asked[0].json() == {"a": 1}

    def test_a_body_that_is_no_json_is_none(self, stand_in: StandIn, backend: FakeBackend) -> None:
        with client(stand_in) as one:
            one.post(stand_in.url, content=b"{")

        assert backend.asked[0].json() is None

    def test_a_connection_is_kept_alive(self, stand_in: StandIn, backend: FakeBackend) -> None:
        seen = raw(stand_in, GET, GET, post(b"{}", "Connection: close"))

        assert seen.data.count(b"HTTP/1.1 200 OK") == 3
        assert len(backend.asked) == 3
        assert seen.ended == "end"

    def test_a_client_that_waits_for_100_continue_is_told_to_go_on(
        self, stand_in: StandIn, backend: FakeBackend
    ) -> None:
        port = int(stand_in.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            one.sendall(post(b"{}", "Expect: 100-continue", "Connection: close")[:-2])
            assert one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            one.sendall(b"{}")
            assert one.recv(1000).startswith(b"HTTP/1.1 200 OK")

        assert backend.asked[0].body == b"{}"

    def test_head_has_the_headers_and_no_body(self, stand_in: StandIn) -> None:
        seen = raw(stand_in, GET.replace(b"GET", b"HEAD"), GET, until=b'{"a":1}')

        assert seen.data.count(b"content-length: 7") == 2
        assert seen.data.count(b'{"a":1}') == 1

    @pytest.mark.parametrize("status", [204, 304])
    def test_some_statuses_have_no_body(
        self, stand_in: StandIn, backend: FakeBackend, status: int
    ) -> None:
        backend.reply = Reply(status, (), b"never")

        seen = raw(stand_in, post(b"", "Connection: close"))

        assert seen.body == b""
        assert b"content-length" not in seen.head

    def test_http_1_0_gets_no_chunks(self) -> None:
        with StandIn(streams()) as one:
            seen = raw(one, b"GET / HTTP/1.0\r\n\r\n")

        assert seen.body == ANSWER
        assert b"connection: close" in seen.head
        assert b"transfer-encoding" not in seen.head

    def test_a_stream_is_closed_by_its_connection_if_it_is_asked_for(self) -> None:
        backend = FakeBackend(Reply(200, (), ANSWER, stream=True, close=True))
        with StandIn(backend) as one:
            seen = raw(one, GET)

        assert seen.body == ANSWER
        assert seen.ended == "end"

    def test_a_stream_comes_event_by_event(self) -> None:
        with StandIn(streams({"fault": "stall", "after_event": 1})) as one:
            seen = raw(one, GET, until=b"\n\n")
            assert unchunk(seen.body) == ([sse(CREATED)], False)

        with StandIn(streams()) as one:
            chunks, complete = unchunk(raw(one, GET, until=b"0\r\n\r\n").body)
            assert b"".join(chunks) == ANSWER
            assert len(chunks) == 3
            assert complete
            assert [size for _, size in one.exchanges[0].chunks] == [len(one) for one in chunks]


MALFORMED = {
    "noise": (b"\x00\x01\x02\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "bad length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
    ),
    "bad chunk": (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "huge head": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 400_000 + b"\r\n\r\n", 431),
    "unknown packing": (post(b"x", "Content-Encoding: br"), 415),
    "not zstd": (post(b"{}", "Content-Encoding: zstd"), 400),
    "not gzip": (post(b"{}", "Content-Encoding: gzip"), 400),
    "half a zstd": (post(zstd.compress(b"x" * 999)[:-3], "Content-Encoding: zstd"), 400),
    "half a gzip": (post(gzip.compress(b"x" * 999)[:-3], "Content-Encoding: gzip"), 400),
    "zstd bomb": (post(zstd.compress(b"x" * 5_000_000), "Content-Encoding: zstd"), 413),
    "gzip bomb": (post(gzip.compress(b"x" * 5_000_000), "Content-Encoding: gzip"), 413),
    "huge body": (post(b"x" * 5_000_000), 413),
    "no handshake": (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        400,
    ),
    "tunnel to nowhere": (b"CONNECT :443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "tunnel to nonsense": (b"CONNECT a@b/c?d:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
}


class TestWhatItSurvives:
    @pytest.mark.parametrize("case", MALFORMED)
    def test_malformed_input_is_answered_and_logged(
        self, backend: FakeBackend, caplog: pytest.LogCaptureFixture, case: str
    ) -> None:
        sent, status = MALFORMED[case]
        with StandIn(backend, limits=Limits(body=1_000_000)) as one:
            seen = raw(one, sent)
            assert seen.data.startswith(b"HTTP/1.1 %d " % status), seen.data[:200]
            assert b"codex-leg stand-in" in seen.body
            assert seen.ended == "end"
            # It goes on for everybody else, and no backend has heard of it.
            assert raw(one, GET, until=b'{"a":1}').data.startswith(b"HTTP/1.1 200")
        assert len(backend.asked) == 1
        problems = [entry for entry in caplog.records if "refused a request" in entry.message]
        assert len(problems) == 1
        assert not any(entry.exc_info for entry in caplog.records)

    def test_a_request_that_ends_too_early(self, stand_in: StandIn) -> None:
        port = int(stand_in.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            one.sendall(post(b"12345")[:-1])
            one.shutdown(socket.SHUT_WR)
            assert one.recv(1000).startswith(b"HTTP/1.1 400")

    def test_a_request_that_stops_is_timed_out(self, backend: FakeBackend) -> None:
        with StandIn(backend, limits=Limits(request_seconds=0.05)) as one:
            assert raw(one, GET[:-2]).data.startswith(b"HTTP/1.1 408")

    def test_an_idle_connection_is_closed(self, backend: FakeBackend) -> None:
        with StandIn(backend, limits=Limits(idle_seconds=0.05)) as one:
            assert raw(one).ended == "end"
            assert raw(one, GET).ended == "end"

    def test_a_client_that_does_not_trust_the_ca(
        self, stand_in: StandIn, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get("https://chatgpt.com/", proxy=stand_in.proxy_url, trust_env=False)

        with client(stand_in, proxy=stand_in.proxy_url) as one:
            assert one.get("https://chatgpt.com/").status_code == 200
        assert "no TLS with a client for chatgpt.com" in caplog.text

    def test_a_client_that_leaves_in_the_middle(self) -> None:
        endless = {"fault": "endless", "pause_seconds": 0.001}
        with StandIn(streams(endless)) as one:
            raw(one, GET, until=b"\n\n")
            _until(lambda: one.exchanges[0].ended == "client-left")
            with StandIn(streams({"fault": "stall"})) as other:
                raw(other, GET, until=b"\r\n\r\n")
                _until(lambda: other.exchanges[0].ended == "client-left")

    def test_a_client_that_does_not_read(self) -> None:
        huge = {"fault": "huge-line", "line_bytes": 100_000_000}
        with StandIn(streams(huge), limits=Limits(write_seconds=0.05)) as one:
            port = int(one.url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=5) as lazy:
                lazy.sendall(GET)
                _until(lambda: [done.ended for done in one.exchanges] == ["timeout"])

    def test_a_backend_that_fails_is_an_answer(
        self, stand_in: StandIn, backend: FakeBackend, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(incoming: Incoming) -> Reply:
            raise LookupError("no such probe")

        backend.reply = fail
        with client(stand_in) as one:
            answer = one.get(stand_in.url)
            assert answer.status_code == 500
            assert "LookupError: no such probe" in answer.json()["detail"]
            backend.reply = JSON
            assert one.get(stand_in.url).status_code == 200
        assert "the backend failed" in caplog.text

    def test_an_observer_that_fails_changes_nothing(
        self, backend: FakeBackend, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken(Observer):
            def exchange(self, recorded: Recorded) -> None:
                raise RuntimeError(repr(recorded))

        with StandIn(backend, observer=Broken()) as one:
            for _ in range(2):
                assert raw(one, GET, until=b'{"a":1}').data
            assert one.settle()
        assert "the observer failed" in caplog.text

    def test_too_many_clients_are_turned_away(
        self, backend: FakeBackend, caplog: pytest.LogCaptureFixture
    ) -> None:
        with StandIn(backend, limits=Limits(connections=1)) as one:
            port = int(one.url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=5) as first:
                first.sendall(GET)
                assert first.recv(20)
                assert raw(one, GET).data == b""
        assert "turned a client away" in caplog.text


class TestItsLife:
    def test_every_thread_ends_whatever_its_client_does(self) -> None:
        before = set(threading.enumerate())
        stalled = streams({"fault": "stall"})
        with StandIn(stalled) as one:
            port = int(one.url.rpartition(":")[2])
            clients = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(6)]
            clients[0].sendall(GET)
            clients[1].sendall(GET[:20])
            clients[2].sendall(post(b"12345")[:-2])
            clients[3].sendall(b"\x16\x03")
            clients[4].sendall(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            _until(lambda: bool(one.exchanges))
            started = time.monotonic()
        assert time.monotonic() - started < 5
        assert set(threading.enumerate()) <= before
        assert one.exchanges[0].ended == "stopped"
        for client_ in clients:
            client_.close()

    def test_it_never_opens_a_connection(self) -> None:
        reached: list[str] = []

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            # An audit hook cannot be taken off again: it looks at our threads only, and while
            # this test runs.
            ours = threading.current_thread().name.startswith("standin")
            outward = (
                "socket.connect",
                "socket.getaddrinfo",
                "socket.gethostbyname",
                "socket.sendto",
            )
            if ours and watching and event in (*outward, "subprocess.Popen"):
                reached.append(f"{event} {arguments}")

        watching = True
        sys.addaudithook(watch)
        try:
            with StandIn(streams()) as one:
                port = one.url.rpartition(":")[2]
                with client(one, proxy=one.proxy_url) as behind:
                    assert behind.get("https://chatgpt.com/backend-api/x").text == ANSWER.decode()
                    assert behind.get("http://example.org/").text == ANSWER.decode()
                with client(one) as direct:
                    assert direct.get(one.tls_url).text == ANSWER.decode()
                # The hook does see what it is there for.
                thread = threading.Thread(target=_connect_to, args=(one.url,), name="standin-x")
                thread.start()
                thread.join()
        finally:
            watching = False
        assert {event.split()[0] for event in reached} == {"socket.getaddrinfo", "socket.connect"}
        assert all(port in event for event in reached)

    def test_its_ca_is_gone_when_it_is(self, backend: FakeBackend) -> None:
        with StandIn(backend) as one:
            file = one.ca_file
            assert sorted(path.name for path in file.parent.iterdir()) == ["ca.pem"]
            assert b"PRIVATE" not in file.read_bytes()
        assert not file.parent.exists()

    def test_its_ca_is_where_it_was_asked_for(self, backend: FakeBackend, tmp_path: Path) -> None:
        with StandIn(backend, ca_folder=tmp_path) as one:
            assert one.ca_file == tmp_path / "ca.pem"
        assert (tmp_path / "ca.pem").exists()

    def test_what_is_in_its_way_is_named_in_one_line(
        self, backend: FakeBackend, tmp_path: Path
    ) -> None:
        file = tmp_path / "file"
        file.write_text("")
        with StandIn(backend) as one:
            taken = int(one.url.rpartition(":")[2])
            for arguments, says in (
                ({"port": taken}, f"port {taken} on 127.0.0.1 is taken"),
                ({"tls_port": taken}, "is taken; choose another one"),
                ({"port": 70_000}, "70000 is no port"),
                ({"ca_folder": tmp_path / "none"}, "no such folder for the CA file"),
                ({"ca_folder": file}, "no such folder for the CA file"),
                ({"record": file / "below"}, "cannot record into"),
            ):
                with pytest.raises(StandInError, match=says) as refused:
                    StandIn(backend, **arguments).start()
                assert "\n" not in str(refused.value)

    def test_it_starts_once_and_stops_as_often_as_one_likes(self, backend: FakeBackend) -> None:
        one = StandIn(backend)
        with pytest.raises(StandInError, match="not running"):
            _ = one.url
        one.start()
        with pytest.raises(StandInError, match="running already"):
            one.start()
        one.stop()
        one.stop()
        with one:
            assert raw(one, GET, until=b'{"a":1}').data
            assert len(one.exchanges) == 1

    def test_another_scenario_answers_from_the_next_request_on(self) -> None:
        made: list[str] = []

        def play(name: str) -> FakeBackend:
            made.append(name)
            return FakeBackend(Reply(429, (), b"no"))

        with StandIn(FakeBackend(JSON), scenarios=play) as one:
            with client(one) as same:
                assert same.get(one.url).status_code == 200
                one.scenario("usage-limit")
                assert same.get(one.url).status_code == 429
        assert made == ["usage-limit"]
        with StandIn(FakeBackend(JSON)) as one, pytest.raises(StandInError, match="no scenarios"):
            one.scenario("x")

    def test_an_observer_sees_every_exchange(self, caplog: pytest.LogCaptureFixture) -> None:
        exchanges: list[Recorded] = []
        problems: list[str] = []

        class Seen(Observer):
            def exchange(self, recorded: Recorded) -> None:
                exchanges.append(recorded)

            def problem(self, text: str) -> None:
                problems.append(text)

        with caplog.at_level(logging.CRITICAL), StandIn(streams(), observer=Seen()) as one:
            raw(one, GET, until=b"0\r\n\r\n")
            raw(one, b"?\r\n\r\n")
            assert one.settle()
        assert [(seen.status, seen.ended) for seen in exchanges] == [(200, "eof")]
        assert problems[0].startswith("refused a request with 400")


def _connect_to(url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    socket.create_connection((host, int(port)), timeout=5).close()


def _until(happens: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
