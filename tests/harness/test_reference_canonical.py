"""What stays of a request when the machine, the day and the login are taken out of it."""

from __future__ import annotations

import json
import random
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reference.canonical import canonical, canonical_set
from harness.reference.names import EPOCH, Names
from harness.reference.sent import Recording, Sent
from harness.reference.texts import digest_of
from harness.standin.tokens import unsigned_jwt
from leg.tokens import CLIENT_ID

NOW = 1_795_346_222.5
VERSION = "0.169.0"
PATHS = {"work": "/tmp/codex-leg-x1/work", "folder": "/tmp/codex-leg-x1"}  # noqa: S108


def sent(body: Any = None, *headers: tuple[str, str], **changes: Any) -> Sent:
    members = {
        "endpoint": "responses",
        "method": "POST",
        "host": "chatgpt.com",
        "path": "/backend-api/codex/responses",
        "query": "",
        "headers": headers,
        "body": b"" if body is None else json.dumps(body).encode(),
        "frames": (),
        "status": 200,
        "source": "codex/streamed-text",
        "faults": (),
        "websocket": False,
    }
    return Sent(**{**members, **changes})


def recording(*found: Sent, now: float = NOW) -> Recording:
    return Recording(found, (0,), PATHS, now)


def body_of(body: Any, now: float = NOW) -> Any:
    one = recording(sent(body), now=now)
    (found,) = canonical(one, one.sent, VERSION)
    return json.loads(found.body)


def header_of(name: str, value: str) -> str:
    one = recording(sent(None, (name, value)))
    (found,) = canonical(one, one.sent, VERSION)
    return found.headers[0][1]


def test_the_same_id_has_one_name_wherever_it_stands() -> None:
    session, other = str(uuid.uuid4()), str(uuid.uuid4())
    first = sent({"a": session, "b": f"msg_{other}"}, ("Session-Id", session))
    second = sent({"b": [other, f"{session}:0"]}, query=f"of={session}")
    one = recording(first, second)
    before, after = canonical(one, one.sent, VERSION)
    name, another = (f"00000000-0000-4000-8000-{n:012d}" for n in (1, 2))
    assert before.headers == (("Session-Id", name),)
    assert json.loads(before.body) == {"a": name, "b": f"msg_{another}"}
    assert json.loads(after.body) == {"b": [another, f"{name}:0"]}
    assert after.uri.endswith(f"?of={name}")


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("01a202f9-56f1-7fe3-bb6a-4047849a1fe0", "00000000-0000-7000-8000-000000000001"),
        ("22d4260d-351d-595c-ab44-cbe1b2ab05be", "00000000-0000-5000-8000-000000000001"),
        ("at_01a202f9-56f1-7fe3-bb6a-4047849a1fe0", "at_00000000-0000-7000-8000-000000000001"),
        ("resp_cdc14081e4e3ecd39f62ce8eea", "resp_00000000000000000000000001"),
        ("call_4f45df94259c93748281d0eb", "call_000000000000000000000001"),
        ("0af7651916cd43dd8448eb211c80319c", f"{1:032d}"),
        ("2026-11-22T11:16:58.978588Z", "2000-01-01T00:00:00.000Z"),
        ("2026-11-22T11:16:58+02:00", "2000-01-01T00:00:00+00:00"),
        ("1795346224940", f"{EPOCH}000"),
        ("1795346224.25", f"{EPOCH}.0"),
    ],
)
def test_a_name_keeps_the_form_of_what_it_stands_for(value: str, form: str) -> None:
    assert body_of({"x": value}) == {"x": form}


@pytest.mark.parametrize(
    "word",
    [
        "gpt-6.1-sol",
        "reasoning.encrypted_content",
        "responses_websockets=2026-02-06",
        "2025-06-18",
        "remote_compaction_v2",
        "x_openai_internal_codex_responses_lite",
        "/root",
        "auto",
        "4294967295",
        CLIENT_ID,
    ],
)
def test_a_word_of_the_protocol_stays(word: str) -> None:
    assert body_of({"x": word}) == {"x": word}


def test_a_time_keeps_its_unit_and_its_type() -> None:
    times = {"s": 1_795_346_222, "f": 1_795_346_222.98, "ms": 1_795_346_222_980, "n": 272_000}
    found = body_of(times)
    assert found == {"s": EPOCH, "f": float(EPOCH), "ms": EPOCH * 1000, "n": 272_000}
    assert type(found["f"]) is float


def test_two_days_make_no_difference() -> None:
    def told(now: float, day: str) -> Any:
        text = f"<environment_context><cwd>{PATHS['work']}</cwd><current_date>{day}</current_date>"
        return body_of({"text": f"{text} It is {day}.", "at": int(now)}, now)

    assert told(NOW, "2026-11-22") == told(NOW + 24 * 3600, "2026-11-23")


@pytest.mark.parametrize("name", ["shell", "timezone", "os"])
def test_what_the_machine_says_of_itself_in_a_prompt_makes_no_difference(name: str) -> None:
    texts = {body_of({"text": f"a prompt <{name}>{value}</{name}>"})["text"] for value in "ab"}
    assert len(texts) == 1


def test_a_text_becomes_its_length_and_a_hash_of_it() -> None:
    text = "You are Codex, an agent.\nBe kind."
    assert body_of({"instructions": text}) == {"instructions": digest_of(text)}
    assert digest_of(text).startswith(f"text:{len(text)}:")
    assert digest_of(text) != digest_of(text.replace("kind", "curt"))


def test_a_description_is_a_text_even_if_it_is_one_word() -> None:
    assert body_of({"description": "Path"}) == {"description": digest_of("Path")}


def test_our_own_words_stay() -> None:
    part = {"type": "input_text", "text": "say PONG"}
    assert body_of({"content": [part]}) == {"content": [part]}


def test_what_a_shell_says_before_our_command_makes_no_difference() -> None:
    said = "Wall time: 0.05 seconds\nOutput:\n"
    other = "Wall time: 1.5 seconds\nOutput:\n/etc/profile: id: not found\n"
    assert body_of({"output": f"{said}codex-leg\n"}) == body_of({"output": f"{other}codex-leg\n"})


def test_json_in_a_text_is_looked_into() -> None:
    inner = {"turn_id": str(uuid.uuid4()), "sandbox": "seccomp", "text": "somebody's prose"}
    found = json.loads(
        body_of({"x-codex-turn-metadata": json.dumps(inner)})["x-codex-turn-metadata"]
    )
    assert found == {
        "turn_id": "00000000-0000-4000-8000-000000000001",
        "sandbox": "os",
        "text": digest_of("somebody's prose"),
    }


def test_the_order_of_members_stays_but_where_it_is_chance() -> None:
    members = {"b": 1, "a": 2, "client_metadata": {"z": "1", "y": "2"}}
    one = recording(sent(members))
    (found,) = canonical(one, one.sent, VERSION)
    assert found.body == '{"b":1,"a":2,"client_metadata":{"y":"2","z":"1"}}'


def test_headers_keep_their_order_and_case() -> None:
    one = recording(sent(None, ("X-B", "1"), ("a-C", "2"), ("X-B", "3")))
    (found,) = canonical(one, one.sent, VERSION)
    assert found.headers == (("X-B", "1"), ("a-C", "2"), ("X-B", "3"))


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        (
            "User-Agent",
            "codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.169.0)",
            "codex_exec/0.0.0 (os; arch) terminal (codex_exec; 0.0.0)",
        ),
        (
            "user-agent",
            "codex_cli_rs/0.42.0 (Mac OS 15.1; arm64)",
            "codex_cli_rs/0.42.0 (os; arch)",
        ),
        ("user-agent", "codex-mcp-client/0.169.0", "codex-mcp-client/0.0.0"),
        ("version", "0.169.0", "0.0.0"),
        ("version", "10.169.0", "10.169.0"),
        ("content-length", "24225", "0"),
        ("Sec-WebSocket-Key", "eeXHxj5rtCVqKkoTDMvwIA==", "REDACTED"),
        ("authorization", "Bearer abc.def.ghi", "Bearer REDACTED-token-1"),
        ("x-codex-turn-state", "gAAAAABo", "REDACTED-state-1"),
        ("x-codex-routing-hint", "model=gpt-6.1-sol", "model=gpt-6.1-sol"),
    ],
)
def test_a_header_keeps_what_is_no_fact_of_the_machine(name: str, value: str, kept: str) -> None:
    assert header_of(name, value) == kept


def test_the_same_token_has_one_name() -> None:
    token = unsigned_jwt({"exp": 1})
    one = recording(
        sent({"refresh_token": "rt_1"}, ("authorization", f"Bearer {token}")),
        sent({"access_token": token, "refresh_token": "rt_2"}),
    )
    before, after = canonical(one, one.sent, VERSION)
    assert before.headers[0][1] == "Bearer REDACTED-token-1"
    assert json.loads(before.body) == {"refresh_token": "REDACTED-token-2"}
    assert json.loads(after.body)["access_token"] == "REDACTED-token-1"
    assert json.loads(after.body)["refresh_token"] == "REDACTED-token-3"


def test_whose_window_is_warmed_up_is_chance() -> None:
    def metadata(window: str) -> dict[str, Any]:
        return {"context_window_id": window, "request_kind": "prewarm"}

    known, other = (str(uuid.uuid4()) for _ in range(2))
    found = [
        body_of({"window": known, "m": json.dumps(metadata(one)), "id": str(uuid.uuid4())})
        for one in (known, other)
    ]
    assert found[0] == found[1]


def test_calls_beside_the_turn_are_a_set() -> None:
    def calls() -> list[Sent]:
        pairs = [("originator", "codex_exec"), ("authorization", f"Bearer {uuid.uuid4()}")]
        random.shuffle(pairs)
        agent = f"codex_exec/{VERSION} (Debian 12; x86_64) xterm"
        suffix = random.choice(["", f" (codex_exec; {VERSION})"])  # noqa: S311
        found = [
            sent(None, *pairs, ("user-agent", agent + suffix), method="GET", path=path)
            for path in ("/a", "/b", "/c")
            for _ in range(random.randint(1, 3))  # noqa: S311
        ]
        random.shuffle(found)
        return found

    sets = set()
    for _ in range(20):
        one = recording(*calls())
        sets.add(canonical_set(one, one.sent, VERSION))
    assert len(sets) == 1
    assert [one.uri for one in sets.pop()] == [f"https://chatgpt.com/{name}" for name in "abc"]


def test_a_difference_that_is_none_of_the_machine_is_seen() -> None:
    base = {"model": "gpt-6-astra", "tools": [{"type": "function", "name": "shell"}], "n": 1}
    for changed in (
        {**base, "model": "gpt-6.1-sol"},
        {**base, "n": 2},
        {**base, "n": "1"},
        {**base, "extra": None},
        {**base, "tools": []},
        {**base, "tools": [{"type": "custom", "name": "shell"}]},
    ):
        assert body_of(base) != body_of(changed)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=20,
)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return type(value).__name__


@given(JSON)
def test_names_and_types_stay_whatever_is_sent(value: Any) -> None:
    assert shape(body_of({"x": value})) == shape({"x": value})


@given(JSON)
def test_what_is_canonical_stays_as_it_is(value: Any) -> None:
    once = body_of({"x": value}, now=EPOCH + 1.0)
    assert body_of(once, now=EPOCH + 1.0) == once


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=3), st.sampled_from(["text", "y"]))
def test_no_prose_of_anybody_stays(words: str, name: str) -> None:
    text = f"{words} and so on"
    assert text not in json.dumps(body_of({name: text}), ensure_ascii=False)


@given(st.lists(st.uuids(), min_size=1, max_size=6))
def test_as_many_names_as_ids(ids: list[uuid.UUID]) -> None:
    names = Names(NOW, {}, (VERSION, "0.0.0"))
    assert len({names.word(str(one)) for one in ids}) == len(set(ids))
