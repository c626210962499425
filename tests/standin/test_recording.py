"""What is remembered of an exchange, and what is written down of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import vcr
import yaml
from websockets.sync.client import connect

from harness.contract import Cassette, Contract
from harness.standin.cassettes import NotRecordable, cassette_of, write_cassette
from harness.standin.limits import Limits
from harness.standin.recording import Exchanges, Recorded
from harness.standin.redaction import Redactor
from harness.standin.server import StandIn
from harness.standin.values import Incoming, Reply, WsReply
from tests.leg import fake_tokens
from tests.standin.fakes import (
    ANSWER,
    CREATED,
    EVENT_STREAM,
    FRAMES,
    FakeBackend,
    FakeSession,
    raw,
    speaks,
    sse,
    streams,
)

ACCOUNT = "00000000-0000-4000-8000-0000000000aa"
URL = "https://chatgpt.com/backend-api/codex/responses"


def jwt(subject: str) -> str:
    return fake_tokens.jwt({"sub": subject})


@contextmanager
def recording(backend: FakeBackend, folder: Path) -> Iterator[tuple[StandIn, httpx.Client]]:
    with StandIn(backend, record=folder) as one:
        with httpx.Client(base_url=one.url, trust_env=False) as client:
            yield one, client
        one.settle()


def read(folder: Path) -> list[Cassette]:
    """Every cassette, through the door that everything else comes in by."""
    contract = Contract()
    return [contract.read_cassette(path) for path in sorted(folder.iterdir())]


def ask(client: httpx.Client, token: str, **more: Any) -> httpx.Response:
    return client.post(
        "/backend-api/codex/responses",
        json={"model": "gpt-5.5", "stream": True, "store": False, **more},
        headers={
            "Authorization": f"Bearer {token}",
            "ChatGPT-Account-Id": ACCOUNT,
            "Cookie": "__cf_bm=cookiecookie",
            "User-Agent": "codex_exec/0.169.0 (Linux; x86_64)",
            "x-codex-turn-metadata": json.dumps({"account": ACCOUNT, "turn_id": "1"}),
        },
    )


class TestACassette:
    def test_of_a_stream_is_sound_and_plays(self, tmp_path: Path) -> None:
        backend = FakeBackend(Reply(200, EVENT_STREAM, ANSWER, stream=True, source="codex/x"))
        with recording(backend, tmp_path) as (_, client):
            assert ask(client, jwt("a")).status_code == 200

        (cassette,) = read(tmp_path)
        (one,) = cassette.interactions
        assert one.request.uri == URL
        assert one.body == ANSWER.decode()
        assert one.stream is not None
        assert one.stream.ended == "eof"
        assert one.stream.chunks is not None
        assert sum(size for _, size in one.stream.chunks) == len(ANSWER)
        assert one.provenance.kind == "captured"
        assert one.provenance.client == {"name": "codex_exec", "version": "0.169.0"}
        day = one.provenance.date
        assert one.provenance.source == (
            f"codex_exec 0.169.0 against the codex-leg stand-in, on loopback ({day})"
        )
        assert one.provenance.parts["body"].source == (
            f"the codex-leg stand-in answering codex/x ({day})"
        )
        (path,) = tmp_path.iterdir()
        with vcr.use_cassette(str(path), record_mode="none") as tape:  # type: ignore[attr-defined]
            assert httpx.post(URL).text == ANSWER.decode()
            assert tape.all_played

    def test_holds_no_secret(self, tmp_path: Path) -> None:
        token, fresh, refresh = jwt("old"), jwt("new"), "rt_" + "0123456789abcdef"
        answer = {"access_token": fresh, "refresh_token": refresh, "id_token": jwt("id")}
        backend = FakeBackend(
            Reply(
                200,
                (("content-type", "application/json"), ("set-cookie", "a=secretcookie; Path=/")),
                json.dumps({**answer, "email": "someone@example.com"}).encode(),
            )
        )
        with recording(backend, tmp_path) as (_, client):
            ask(client, token, note=f"my token is {token}, I am {ACCOUNT}", key="sk-" + "x" * 30)
            # What was a secret once is one ever after, wherever it stands.
            client.post(
                "/oauth/token", data={"grant_type": "refresh_token", "refresh_token": refresh}
            )
            client.get(f"/backend-api/x/{ACCOUNT}?who={ACCOUNT}&t={fresh}&code=abcdef")

        text = "".join(path.name + path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
        assert len(read(tmp_path)) == 3
        for secret in (
            token,
            fresh,
            refresh,
            ACCOUNT,
            "cookiecookie",
            "secretcookie",
            "someone@example.com",
            "sk-xxx",
            "abcdef",
            "eyJ",
        ):
            assert secret not in text
        assert "authorization" not in text.lower()

    def test_keeps_the_identity_of_what_it_hides(self, tmp_path: Path) -> None:
        one, other = jwt("one"), jwt("other")
        with recording(FakeBackend(Reply(200, (), b"{}")), tmp_path) as (_, client):
            for token in (one, other, one):
                client.post("/x", json={"access_token": token, "again": token})

        bodies = [json.loads(str(one.interactions[0].request.body)) for one in read(tmp_path)]
        assert [body["access_token"] for body in bodies] == [
            "REDACTED-token-1",
            "REDACTED-token-2",
            "REDACTED-token-1",
        ]
        assert all(body["again"] == body["access_token"] for body in bodies)

    def test_of_a_packed_body_holds_the_text_and_says_so(self, tmp_path: Path) -> None:
        import gzip

        with recording(FakeBackend(Reply(200, (), b"{}")), tmp_path) as (_, client):
            packed = gzip.compress(b'{"a":"\xc3\xbc"}')
            client.post("/x", content=packed, headers={"content-encoding": "gzip"})

        (one,) = read(tmp_path)[0].interactions
        assert one.request.body == '{"a":"ü"}'
        assert f"sent as gzip, {len(packed)} bytes" in str(one.provenance.note)

    @pytest.mark.parametrize(
        ("broken", "ended", "says"),
        [
            (
                {"fault": "reset", "after_event": 1},
                "reset",
                "Faults: delay, reset. It ended so: reset.",
            ),
            ({"fault": "early-end", "after_event": 1}, "eof", "Faults: delay, early-end."),
            ({"fault": "early-end", "after_event": 1, "clean": False}, "reset", "ended so: cut"),
        ],
    )
    def test_of_a_broken_stream_says_how_it_ended(
        self, tmp_path: Path, broken: Mapping[str, Any], ended: str, says: str
    ) -> None:
        # The pause lets the first event arrive before the end of the connection overtakes it.
        pause = {"fault": "delay", "seconds": 0.02, "after_event": 1}
        with StandIn(streams(pause, broken), record=tmp_path) as stand_in:
            raw(stand_in, b"GET /backend-api/x HTTP/1.1\r\nHost: a\r\n\r\n", until=b"0\r\n\r\n")
            stand_in.settle()

        (one,) = read(tmp_path)[0].interactions
        assert one.stream is not None
        assert one.stream.ended == ended
        assert one.body == sse(CREATED).decode()
        assert says in str(one.provenance.note)

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff\xfe\x00",
            "\ufeffdata: \u2028\x85\n\n ".encode(),
            b"a\r\nb\rc\n",
            b"  x\n\n\n",
            b"",
        ],
    )
    def test_of_odd_bytes_is_sound(self, tmp_path: Path, body: bytes) -> None:
        headers = (("content-type", "text/plain"), ("X-Odd", "ü"))
        with recording(FakeBackend(Reply(200, headers, body)), tmp_path) as (_, client):
            client.post("/x", content=body)

        (one,) = read(tmp_path)[0].interactions
        assert one.body == body.decode("utf-8", "replace")
        replaced = "were replaced" in str(one.provenance.note)
        assert replaced == (one.body.encode() != body)  # type: ignore[union-attr]

    def test_of_an_answer_without_headers_names_no_source_for_them(self, tmp_path: Path) -> None:
        close = Reply(200, (), ANSWER, stream=True, close=True)
        with recording(FakeBackend(close), tmp_path) as (_, client):
            client.get("/x")

        (one,) = read(tmp_path)[0].interactions
        assert one.stream is not None

    def test_of_a_websocket_holds_its_frames(self, tmp_path: Path) -> None:
        token = jwt("ws")
        with StandIn(speaks(source="codex/x"), record=tmp_path) as stand_in:
            url = stand_in.url.replace("http", "ws", 1) + "/backend-api/codex/responses"
            header = {"Authorization": f"Bearer {token}"}
            with connect(url, proxy=None, additional_headers=header) as one:
                one.send(json.dumps({"type": "response.create", "leak": token}))
                for _ in FRAMES:
                    one.recv(timeout=5)

        (cassette,) = read(tmp_path)
        (interaction,) = cassette.interactions
        assert interaction.status == 101
        assert interaction.request.uri.startswith("wss://chatgpt.com/")
        (path,) = tmp_path.iterdir()
        text = path.read_text(encoding="utf-8")
        assert token not in text
        frames = yaml.safe_load(text)["interactions"][0]["frames"]
        assert [frame["from"] for frame in frames] == ["client", "server", "server", "server"]
        assert [frame["text"] for frame in frames[1:]] == [*FRAMES]
        assert json.loads(frames[0]["text"])["leak"] == "REDACTED-token-1"
        assert [frame["at"] for frame in frames] == sorted(frame["at"] for frame in frames)
        assert "closed with 1000" in str(interaction.provenance.note)

    def test_that_there_cannot_be_is_reported(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with recording(FakeBackend(Reply(200, (), b"{}")), tmp_path) as (_, client):
            assert client.put("/x").status_code == 200
            assert client.get("/y").status_code == 200

        assert (
            "exchange 1 is not recorded: a cassette has no room for the method PUT" in caplog.text
        )
        assert [path.name for path in tmp_path.iterdir()] == ["0002-get-127-0-0-1-y.yaml"]
        with pytest.raises(NotRecordable, match="never answered"):
            cassette_of(Recorded(1, Incoming("GET", "a", "/")), Redactor())

    def test_is_whole_or_not_there(self, tmp_path: Path) -> None:
        recorded = Recorded(7, Incoming("GET", "chatgpt.com", "/" + "long/" * 100))
        recorded.answered(200, ())
        path = write_cassette(tmp_path, recorded)

        assert list(tmp_path.iterdir()) == [path]
        assert len(path.name) < 120
        with pytest.raises(FileNotFoundError):
            write_cassette(tmp_path / "none", recorded)


class TestWhatIsRemembered:
    def test_is_the_request_as_sent_and_the_answer_as_written(self) -> None:
        with StandIn(streams({"fault": "crlf"})) as one:
            with httpx.Client(base_url=one.url, trust_env=False) as client:
                client.post("/backend-api/x", content=b"{}", headers={"X-Case": "kept"})
            assert one.settle()
            (recorded,) = one.exchanges

        assert ("X-Case", "kept") in recorded.incoming.headers
        assert recorded.body == ANSWER.replace(b"\n", b"\r\n")
        assert recorded.written == len(recorded.body)
        assert (recorded.status, recorded.ended, recorded.is_stream) == (200, "eof", True)
        assert [fault.name for fault in recorded.faults] == ["crlf"]
        offsets = [offset for offset, _ in recorded.chunks]
        assert offsets == sorted(offsets)
        assert len(offsets) == 3
        assert repr(recorded) == "<Recorded 1: POST chatgpt.com/backend-api/x → 200, eof>"

    def test_goes_on_while_a_websocket_is_open(self) -> None:
        reply = WsReply(("{}",))
        with StandIn(FakeBackend(session=FakeSession(lambda _: reply))) as one:
            with connect(one.url.replace("http", "ws", 1), proxy=None) as socket:
                socket.send("a")
                socket.recv(timeout=5)
                assert one.settle()
                (recorded,) = one.exchanges
                assert [(frame.direction, frame.text) for frame in recorded.frames] == [
                    ("client", "a"),
                    ("server", "{}"),
                ]
                assert recorded.ended is None
                assert "going on" in repr(recorded)

    def test_is_as_many_exchanges_as_there_is_room_for(self) -> None:
        backend = FakeBackend(Reply(200, (), b"x" * 1000))
        with StandIn(backend, limits=Limits(kept=3)) as one:
            for number in range(5):
                httpx.get(f"{one.url}/{number}", trust_env=False)
            assert [recorded.number for recorded in one.exchanges] == [3, 4, 5]
        with StandIn(backend, limits=Limits(kept_total=2500)) as one:
            for number in range(5):
                httpx.get(f"{one.url}/{number}", trust_env=False)
            assert one.settle()
            assert [recorded.number for recorded in one.exchanges] == [4, 5]

    def test_is_the_beginning_of_what_is_too_large(self) -> None:
        limits = Limits(kept_body=10)
        for faulty in ({"fault": "crlf"}, {"fault": "ws-binary"}):
            with StandIn(streams(faulty), limits=limits) as one:
                sent = httpx.post(f"{one.url}/x", content=b'{"a":1234567}', trust_env=False)
                assert one.settle()
                (recorded,) = one.exchanges
            assert recorded.body == sent.content[:10] == ANSWER[:10]
            assert recorded.written == len(sent.content)
            assert recorded.incoming.body == b'{"a":12345'
            assert recorded.is_cut
            # The backend got it whole.
            assert one.backend.asked[0].json() == {"a": 1234567}  # type: ignore[attr-defined]
        with StandIn(speaks({"fault": "ws-oversized-frame"}), limits=limits) as one:
            with connect(one.url.replace("http", "ws", 1), proxy=None, max_size=None) as socket:
                socket.send("x" * 20)
                socket.recv(timeout=5)
            frames = one.exchanges[0].frames
        assert [(len(frame.data), frame.size) for frame in frames[:2]] == [
            (10, 20),
            (10, 16 * 1024 * 1024 + 1),
        ]

    def test_is_the_same_body_where_it_is_the_same(self) -> None:
        """Two hundred answers with one body hold it once."""
        with StandIn(streams()) as one:
            for _ in range(2):
                httpx.get(one.url, trust_env=False)
            assert one.settle()
            assert one.exchanges[0].body is one.exchanges[1].body is ANSWER

    def test_is_waited_for(self) -> None:
        exchanges = Exchanges(Limits())
        assert exchanges.wait(0)
        recorded = exchanges.begin(Incoming("GET", "a", "/"))
        assert not exchanges.wait(0.01)
        recorded.ended = "eof"
        threading.Timer(0.02, exchanges.end, [recorded]).start()
        assert exchanges.wait(5)


class TestARedactor:
    def test_leaves_what_is_no_secret(self) -> None:
        kept = (
            '{"error":{"code":"token_expired","type":"x"},"logprobs":[{"token":"Hello"}]}',
            'data: {"type":"response.output_text.delta","delta":"a code=1"}',
            '{"refresh_token":""}',
            '{"safety_identifier":"user-REDACTED"}',
        )
        redactor = Redactor()

        assert [redactor.text(one) for one in kept] == list(kept)

    def test_finds_a_secret_in_json_in_a_text(self) -> None:
        nested = json.dumps({"metadata": json.dumps({"account_id": "acc-1", "x": "y"})})

        assert json.loads(json.loads(Redactor().text(nested))["metadata"]) == {
            "account_id": "REDACTED-account-1",
            "x": "y",
        }

    def test_does_not_replace_short_words_everywhere(self) -> None:
        redactor = Redactor()
        redactor.learn((("x-api-key", "key"), ("set-cookie", "a=b; Max-Age=31536000")))

        assert redactor.text("a key, 31536000") == "a key, 31536000"

    def test_writes_no_header_with_a_secret(self) -> None:
        secret = jwt("a")
        headers = (
            ("Authorization", f"Bearer {secret}"),
            ("X-Api-Key", "abc"),
            ("Set-Cookie", "a=b; Path=/"),
            ("X-Echo", f"<{secret}>"),
        )

        assert Redactor().headers(headers) == (
            ("Authorization", "Bearer REDACTED-token-1"),
            ("X-Api-Key", "REDACTED-key-1"),
            ("Set-Cookie", "REDACTED"),
            ("X-Echo", "<REDACTED-token-1>"),
        )
