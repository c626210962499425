"""Both clients over a real loopback socket: bytes as they come, errors as what they are."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import leg

from .loopback import RESET, SSE_HEAD, Step, answer, serve
from .wire_samples import completed, created, delta, item_done, message, plain_answer, sse

TOKEN = "opaque-test-token"  # no JWT: an opaque bearer is accepted too
SHORT = leg.Limits(idle=0.4, connect=2.0)


def credential(url: str) -> leg.Credential:
    return leg.Credential(
        kind=leg.CredentialKind.CODEX_SUBSCRIPTION,
        token=TOKEN,
        source="the test",
        account_id="acct-test",
        base_url=url + "/backend-api/codex",
    )


def ask_sync(url: str, method: str = "respond", **options: Any) -> Any:
    with leg.Client(credential(url), limits=options.pop("limits", SHORT)) as client:
        return getattr(client, method)("say PONG", **options)


def ask_async(url: str, method: str = "respond", **options: Any) -> Any:
    async def run() -> Any:
        async with leg.AsyncClient(credential(url), limits=options.pop("limits", SHORT)) as client:
            return await getattr(client, method)("say PONG", **options)

    return asyncio.run(run())


both = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
Ask = Callable[..., Any]


@both
def test_a_prompt_is_completed(ask: Ask) -> None:
    with serve(SSE_HEAD, plain_answer("PONG")) as server:
        assert ask(server.url, "complete") == "PONG"


@both
def test_the_request_is_the_one_the_backend_needs(ask: Ask) -> None:
    with serve(SSE_HEAD, plain_answer()) as server:
        ask(server.url, model="gpt-6-sol")
    (request,) = server.requests
    assert request.line == "POST /backend-api/codex/responses HTTP/1.1"
    assert request.header("authorization") == [f"Bearer {TOKEN}"]
    assert request.header("x-api-key") == []
    assert request.header("chatgpt-account-id") == ["acct-test"]
    assert request.header("originator") == ["codex-leg"]
    assert request.header("user-agent")[0].startswith("codex-leg/")
    assert request.header("accept") == ["text/event-stream"]
    assert request.header("accept-encoding") == ["identity"]
    body = json.loads(request.body)
    assert (body["model"], body["store"], body["stream"]) == ("gpt-6-sol", False, True)
    assert body["instructions"]
    assert body["prompt_cache_key"] == request.header("session-id")[0]
    assert "max_output_tokens" not in body


def test_the_first_event_is_there_before_the_last_byte_is_sent_sync() -> None:
    seen = threading.Event()
    late: list[bool] = []
    head, _, tail = plain_answer().partition(b"\n\n")
    script: tuple[Step, ...] = (SSE_HEAD, head + b"\n\n", lambda: late.append(seen.wait(5)), tail)
    with serve(*script) as server, leg.Client(credential(server.url)) as client:
        with client.stream("say PONG") as stream:
            first = next(iter(stream))
            seen.set()
            assert first.type == "response.created"
            assert stream.result().text == "PONG"
    assert late == [True]


def test_the_first_event_is_there_before_the_last_byte_is_sent_async() -> None:
    seen = threading.Event()
    late: list[bool] = []
    head, _, tail = plain_answer().partition(b"\n\n")
    script: tuple[Step, ...] = (SSE_HEAD, head + b"\n\n", lambda: late.append(seen.wait(5)), tail)

    async def run(url: str) -> None:
        async with (
            leg.AsyncClient(credential(url)) as client,
            await client.stream("say PONG") as stream,
        ):
            first = await anext(aiter(stream))
            seen.set()
            assert first.type == "response.created"
            assert (await stream.result()).text == "PONG"

    with serve(*script) as server:
        asyncio.run(run(server.url))
    assert late == [True]


@both
def test_an_orderly_end_before_the_terminal_event_is_an_error(ask: Ask) -> None:
    with (
        serve(SSE_HEAD, sse(created(), delta("PO"))) as server,
        pytest.raises(leg.StreamCut) as cut,
    ):
        ask(server.url)
    assert cut.value.partial == "PO"


@both
def test_a_reset_in_the_middle_is_an_error_with_the_text_so_far(ask: Ask) -> None:
    wait = lambda: time.sleep(0.1)  # noqa: E731 — else the reset overtakes the bytes
    with (
        serve(SSE_HEAD, sse(created(), delta("PO")), wait, RESET) as server,
        pytest.raises(leg.StreamCut) as cut,
    ):
        ask(server.url)
    assert cut.value.partial == "PO"


@both
def test_a_stall_ends_after_the_idle_limit(ask: Ask) -> None:
    with (
        serve(SSE_HEAD, sse(created(), delta("PO")), lambda: time.sleep(1.5)) as server,
        pytest.raises(leg.StreamStalled) as stalled,
    ):
        ask(server.url)
    assert stalled.value.partial == "PO"
    assert stalled.value.retryable


@both
def test_a_connection_left_open_behind_the_terminal_event_holds_nobody_up(ask: Ask) -> None:
    release = threading.Event()
    with serve(SSE_HEAD, plain_answer("PONG"), lambda: release.wait(5)) as server:
        assert ask(server.url, limits=leg.Limits(idle=4)).text == "PONG"
        release.set()


@both
def test_a_reset_behind_the_terminal_event_harms_nothing(ask: Ask) -> None:
    with serve(SSE_HEAD, plain_answer("PONG"), RESET) as server:
        assert ask(server.url).text == "PONG"


@both
def test_max_tokens_closes_the_stream_early(ask: Ask) -> None:
    words = b"".join(sse(delta(f"word{n} ")) for n in range(2000))
    with serve(SSE_HEAD, sse(created()), words) as server:
        result = ask(server.url, max_tokens=3)
    assert result.finish_reason == "max_tokens"
    assert result.text == "word0 word1 word2 "[: 3 * 4]


@both
def test_a_refusal_is_an_error_with_its_facts(ask: Ask) -> None:
    limit = {
        "type": "usage_limit_reached",
        "message": "The usage limit has been reached",
        "plan_type": "plus",
        "resets_at": 1777936568,
        "resets_in_seconds": 13872,
    }
    body = json.dumps({"error": limit}).encode()
    with (
        serve(answer("429 Too Many Requests", body, "x-request-id: req-1")) as server,
        pytest.raises(leg.LimitError) as caught,
    ):
        ask(server.url)
    error = caught.value
    assert (error.outcome, error.status, error.resets_at) == (
        "usage_limit_reached",
        429,
        1777936568,
    )
    assert (error.retry_after, error.request_id) == (13872, "req-1")
    assert error.fields == {"plan_type": "plus"}


@both
def test_a_refusal_that_breaks_off_is_still_a_refusal(ask: Ask) -> None:
    head = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 500\r\n\r\n" + b'{"detail":"Unau'
    with serve(head) as server, pytest.raises(leg.AuthError) as caught:
        ask(server.url)
    assert caught.value.outcome == "unauthorized"


@both
def test_redirects_are_not_followed_and_the_bearer_stays(ask: Ask) -> None:
    with serve(SSE_HEAD, plain_answer()) as other:
        location = f"location: {other.url}/backend-api/codex/responses"
        with serve(answer("307 Temporary Redirect", b"", location)) as server:
            with pytest.raises(leg.RequestRefused) as caught:
                ask(server.url)
    assert caught.value.status == 307
    assert other.requests == []


@both
def test_cookies_of_an_answer_are_not_sent_back(ask: Ask) -> None:
    head = SSE_HEAD.replace(b"connection", b"set-cookie: a=b; path=/\r\nconnection")
    with serve(head, plain_answer()) as server:
        ask(server.url)
        ask(server.url)
    assert [r.header("cookie") for r in server.requests] == [[], []]


@both
def test_no_server_is_a_transport_error(ask: Ask) -> None:
    with serve() as server:
        pass
    with pytest.raises(leg.TransportError) as caught:
        ask(server.url)
    assert caught.value.retryable


@both
def test_no_error_shows_the_token(ask: Ask) -> None:
    script = answer("401 Unauthorized", b'{"detail":"Unauthorized"}')
    with serve(script) as server, pytest.raises(leg.AuthError) as caught:
        ask(server.url)
    shown = f"{caught.value!r} {caught.value} {vars(caught.value)}"
    assert TOKEN not in shown


@both
def test_an_empty_answer_is_an_error_never_an_empty_text(ask: Ask) -> None:
    stream = plain_answer("x").replace(b'"x"', b'""')
    with serve(SSE_HEAD, stream) as server, pytest.raises(leg.EmptyAnswer):
        ask(server.url, "complete")


@both
def test_an_answer_over_the_total_limit_is_refused(ask: Ask) -> None:
    stream = sse(created(), *[delta("x" * 1000)] * 50)
    with serve(SSE_HEAD, stream) as server, pytest.raises(leg.StreamTooLarge):
        ask(server.url, limits=leg.Limits(total=10_000))


@both
def test_the_token_is_not_shown_even_if_the_backend_repeats_it(ask: Ask) -> None:
    body = json.dumps({"detail": f"bad token {TOKEN}\n\u001b[31m"}).encode()
    with serve(answer("401 Unauthorized", body)) as server, pytest.raises(leg.AuthError) as caught:
        ask(server.url)
    shown = f"{caught.value!r} {caught.value} {vars(caught.value)}"
    assert TOKEN not in shown
    assert "[redacted]" in str(caught.value)
    assert str(caught.value).isprintable()


@both
def test_a_drip_that_never_makes_an_event_is_a_stall(ask: Ask) -> None:
    drip = [step for _ in range(12) for step in (b":", lambda: time.sleep(0.1))]
    with (
        serve(SSE_HEAD, sse(created(), delta("PO")), *drip) as server,
        pytest.raises(leg.StreamStalled) as stalled,
    ):
        ask(server.url)
    assert stalled.value.partial == "PO"


@both
def test_what_broke_is_said_in_words(ask: Ask) -> None:
    with serve(RESET) as server, pytest.raises(leg.TransportError) as caught:
        ask(server.url)
    assert not str(caught.value).rstrip().endswith(":")


def test_a_failed_stream_fails_the_same_way_when_asked_again() -> None:
    stream = sse(created(), *[delta("x" * 1000)] * 50)
    limits = leg.Limits(total=10_000)
    with (
        serve(SSE_HEAD, stream) as server,
        leg.Client(credential(server.url), limits=limits) as client,
        client.stream("hi") as answered,
    ):
        with pytest.raises(leg.StreamTooLarge) as first:
            answered.result()
        with pytest.raises(leg.StreamTooLarge) as second:
            answered.result()
    assert first.value is second.value


def test_a_closed_client_says_so() -> None:
    client = leg.Client(credential("http://127.0.0.1:9"))
    client.close()
    with pytest.raises(leg.ConfigurationError, match="closed"):
        client.usage()


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5])
def test_max_tokens_is_a_whole_number(wrong: Any) -> None:
    with (
        leg.Client(credential("http://127.0.0.1:9")) as client,
        pytest.raises(leg.RequestInvalid, match="max_tokens"),
    ):
        client.complete("hi", wrong)


@pytest.mark.parametrize("wrong", ["é", "a b", "a\r\nx: 1", '"s"'])
def test_a_session_id_that_cannot_be_a_header_is_refused(wrong: str) -> None:
    with (
        leg.Client(credential("http://127.0.0.1:9"), session_id=wrong) as client,
        pytest.raises(leg.RequestInvalid, match="session_id"),
    ):
        client.complete("hi")


@both
def test_a_refusal_of_the_model_is_no_empty_answer_to_be_retried(ask: Ask) -> None:
    refusal = {**message("x"), "content": [{"type": "refusal", "refusal": "I will not."}]}
    stream = sse(created(), item_done(refusal), completed())
    with serve(SSE_HEAD, stream) as server, pytest.raises(leg.EmptyAnswer) as caught:
        ask(server.url, "complete")
    assert "I will not." in str(caught.value)
    assert not caught.value.retryable


def test_usage_and_accounts_and_models_are_asked_where_they_are() -> None:
    with (
        serve(answer("200 OK", b'{"models": []}')) as server,
        leg.Client(credential(server.url)) as client,
    ):
        assert client.models() == {"models": []}
        client.usage()
        client.accounts()
    paths = [r.line.split()[1] for r in server.requests]
    assert paths == [
        f"/backend-api/codex/models?client_version={leg.profiles.PROTOCOL_VERSION}",
        "/backend-api/wham/usage",
        "/backend-api/wham/accounts/check",
    ]


def test_a_body_that_is_not_an_object_is_said_to_be_none() -> None:
    with (
        serve(answer("200 OK", b"<html>")) as server,
        leg.Client(credential(server.url)) as client,
        pytest.raises(leg.StreamInvalid, match="not JSON"),
    ):
        client.usage()


@both
def test_a_prompt_is_asked_of_anthropic_in_its_own_words(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    del ask
    reply = {"id": "m", "content": [{"type": "text", "text": "PONG"}], "stop_reason": "end_turn"}
    with serve(answer("200 OK", json.dumps(reply).encode())) as server:
        monkeypatch.setattr("leg.messages.MESSAGES_URL", server.url + "/v1/messages")
        env = {"CLAUDE_CODE_OAUTH_TOKEN": "opaque-test-token"}
        with leg.llm_from_env(env=env) as llm:
            assert llm.complete("say PONG", max_tokens=7) == "PONG"
    (request,) = server.requests
    assert request.header("authorization") == ["Bearer opaque-test-token"]
    assert request.header("anthropic-beta") == ["oauth-2025-04-20"]
    assert request.header("x-api-key") == []
    assert json.loads(request.body)["max_tokens"] == 7


def test_messages_are_not_mixed_up_by_a_shared_item_id() -> None:
    stream = sse(created(), delta("a"), delta("b", part=1), {"type": "x"})
    with serve(SSE_HEAD, stream) as server, pytest.raises(leg.StreamCut) as cut:
        ask_sync(server.url)
    assert cut.value.partial == "ab"
    assert message("a")["id"] == "msg_0"
