"""A recording without what is secret is still a recording of the same exchange."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import yaml

from harness.contract import Contract
from harness.decoding import CannotDecode, decoded
from harness.exchange import Exchange
from harness.judge import differences
from harness.recording.edits import Edit, edited, resized
from harness.recording.looking import Unfaithful, look
from harness.recording.placeholders import EPOCH, Placeholders
from harness.recording.scan import Secrets
from harness.recording.scrub import NotScrubbable, Scrubber
from harness.recording.staging import staged
from harness.recording.words import Words
from harness.replay import Replayed, replay
from tests.harness.recordings import JSON, NOW, STREAM, asked, contract, event

STREAMS = [
    one.id
    for one in contract().cassettes.values()
    if one.interactions[0].stream is not None
    and one.interactions[0].stream.ended == "eof"
    and not one.id.startswith(("anthropic/", "canary/"))
]


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber(contract())


def scrubbed(scrubber: Scrubber, probe: str = "codex/streamed-text", **answer: Any) -> Any:
    (one,) = scrubber.cassette(asked(probe, **answer))["interactions"]
    return one


def body_of(scrubber: Scrubber, payload: object, **answer: Any) -> Any:
    raw = json.dumps(payload).encode()
    one = scrubbed(scrubber, **{"status": 400, "headers": JSON, "body": raw, **answer})
    return json.loads(one["response"]["body"]["string"])


@pytest.mark.parametrize("probe", STREAMS)
def test_what_the_contract_holds_is_the_same_to_the_contract_when_scrubbed(
    probe: str, scrubber: Scrubber, tmp_path: Any
) -> None:
    pair = contract().pair(probe)
    answer = pair.cassette.interactions[0]
    heard = replay(pair.probe, answer, contract().path(pair.cassette.path))
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    pieces = [body[at : at + 700] for at in range(0, len(body), 700)]
    headers = [(name, value) for name, values in answer.headers.items() for value in values]
    one = asked(probe, body=pieces, headers=headers, heard=heard, asked_at=NOW)
    file = staged(one, scrubber, Secrets({}), tmp_path)
    looked = look(contract(), probe, file)
    assert looked.judgement.outcome == heard.outcome
    before = Exchange.from_interaction(answer)
    after = Exchange.from_interaction(contract().read_cassette(file).interactions[0])
    held = {
        (one.rule, one.pointer)
        for one in differences(contract().schemas, pair.probe.surface, after, None, {})
    }
    assert held == {
        (one.rule, one.pointer)
        for one in differences(contract().schemas, pair.probe.surface, before, None, {})
    }
    (written,) = yaml.safe_load(file.read_text())["interactions"]
    sizes = [size for _, size in written["stream"]["chunks"]]
    assert len(sizes) == len(pieces)
    assert sum(sizes) == len(written["response"]["body"]["string"].encode())


def test_the_order_of_members_blanks_and_line_ends_stay(scrubber: Scrubber) -> None:
    raw = b'data:  {"type" : "response.created",\r\ndata: "response": {"b":0, "a": null}}\r\n\r\n'
    one = scrubbed(scrubber, headers=STREAM, body=raw)
    assert one["response"]["body"]["string"].encode() == raw


def test_the_case_and_the_order_of_header_names_are_kept(scrubber: Scrubber) -> None:
    headers = (("X-Request-Id", "req_1234567890"), ("Date", "x"), ("content-TYPE", "text/html"))
    one = scrubbed(scrubber, status=400, headers=headers, body=b"")
    assert one["answer_header_names"] == ["X-Request-Id", "Date", "content-TYPE"]
    assert one["sent_headers"][0] == ["Host", "chatgpt.com"]


def test_an_id_keeps_its_form_and_the_same_id_is_the_same_placeholder() -> None:
    names = Placeholders(NOW)
    first = names.id("resp_0123456789abcdef")
    assert first == "resp_0000000000000001"
    assert names.id("resp_0123456789abcdef") == first != names.id("resp_x123456789abcdef")
    assert names.id("0b7d0f5e-3c9a-7f0e-9d55-1a2b3c4d5e6f") == (
        "00000000-0000-7000-8000-000000000001"
    )


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        (int(NOW), EPOCH),
        (int(NOW) + 3600, EPOCH + 3600),
        (int(NOW) * 1000 + 5, EPOCH * 1000 + 5),
        (0, 0),
        (604_800, 604_800),
        (230_774_400, 946_684_800),
        (230_774_400_000, 946_684_800_000),
    ],
)
def test_times_are_moved_by_one_span_and_far_ones_say_nothing(value: int, moved: int) -> None:
    assert Placeholders(NOW).time(value) == moved


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("2026-11-18T11:06:40Z", "2023-11-14T22:13:20Z"),
        ("2026-11-18T11:06:41.250+00:00", "2023-11-14T22:13:21.000+00:00"),
        ("2026-11-18", "2023-11-14"),
        ("Wed, 18 Nov 2026 11:06:40 GMT", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("1795000000", "1700000000"),
        ("1h30m", "1h30m"),
        ("1977-04-25", "2000-01-01"),
        ("1977-04-25T08:15:00Z", "2000-01-01T00:00:00Z"),
        ("Mon, 25 Apr 1977 08:15:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ("tomorrow", "REDACTED-time-1"),
    ],
)
def test_a_time_as_a_text_keeps_its_form(value: str, moved: str) -> None:
    assert Placeholders(NOW).time_text(value) == moved


def test_a_refusal_keeps_its_sentence_but_for_words_that_nobody_published() -> None:
    words = Words(["The model is not supported when using Codex"])
    assert words.kept("The model 'smith-gmbh' is not supported, Ms Miller (42).") == (
        "The model 'xxxxxxxxxx' is not supported, xx xxxxxx (42)."
    )


def test_a_new_word_of_a_vocabulary_is_kept_and_a_new_field_has_its_name(
    scrubber: Scrubber,
) -> None:
    error = {"code": "brand_new_code", "new_field": True, "type": None}
    assert body_of(scrubber, {"error": error}) == {"error": error}


def test_a_number_is_kept_only_where_the_contract_says_what_it_counts(scrubber: Scrubber) -> None:
    personal = {"ssn": 123456789, "pin": 4711, "lat": 52.520008, "birth": 19770425, "at": "52.52"}
    usage = {
        "credits": {"has_credits": True, "balance": "1234.56"},
        "rate_limit": {"primary_window": {"used_percent": 34, "limit_window_seconds": 604_800}},
    }
    headers = (*JSON, ("X-Customer", "123456789"), ("x-codex-primary-used-percent", "34"))
    raw = json.dumps({**personal, **usage}).encode()
    one = scrubbed(scrubber, "codex/usage", headers=headers, body=raw)
    found = json.loads(one["response"]["body"]["string"])
    assert found.pop("at").startswith("REDACTED")
    assert found == {
        **dict.fromkeys(personal.keys() - {"at"}, 0),
        **usage,
        "credits": {"has_credits": True, "balance": "0000.00"},
    }
    assert isinstance(found["lat"], float)
    assert one["response"]["headers"]["x-customer"] == ["0"]
    one = scrubbed(scrubber, headers=(*STREAM, *headers), body=b"")
    assert one["response"]["headers"]["x-codex-primary-used-percent"] == ["34"]


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("brand_new_field", True),
        ("rateLimit5h", True),
        ("sess-Q2wErTyUiOp", False),
        ("org-ZeldaQuuxGmbH", False),
        ("user-zelda", False),
        ("zelda.quuxington", False),
        ("aB3xKmQz2PwLrTnVyuE", False),
    ],
)
def test_a_new_name_is_kept_unless_it_may_be_somebodys(
    name: str, is_kept: bool, scrubber: Scrubber
) -> None:
    assert (name in body_of(scrubber, {"error": {name: True}})["error"]) == is_kept


def test_what_a_model_wrote_is_kept_only_if_it_was_asked_to_write_it(scrubber: Scrubber) -> None:
    payload = {"type": "response.output_text.delta", "delta": "ok", "item_id": "msg_1"}
    as_hoped = scrubbed(scrubber, body=event(payload), heard=Replayed("ok", "ok"))
    otherwise = scrubbed(scrubber, body=event(payload), heard=Replayed("ok", "ok, Mr Smith"))
    assert '"delta": "ok"' in as_hoped["response"]["body"]["string"]
    assert '"delta": "xx"' in otherwise["response"]["body"]["string"]


def test_the_arguments_of_a_call_stay_json_and_the_sum_of_their_pieces(scrubber: Scrubber) -> None:
    whole = '{"who":"Smith \\"J\\"","n":42,"b":true,"deep":{"k":[1.5,null]}}'
    pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]
    kind = "response.function_call_arguments"
    body = b"".join(
        event({"type": f"{kind}.delta", "item_id": "fc_1", "delta": one}) for one in pieces
    ) + event({"type": f"{kind}.done", "item_id": "fc_1", "arguments": whole})
    one = scrubbed(scrubber, body=body)
    lines = one["response"]["body"]["string"].splitlines()
    payloads = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    joined = "".join(payload.get("delta", "") for payload in payloads)
    assert joined == payloads[-1]["arguments"]
    assert json.loads(joined)["xxx"] == "x" * len('Smith \\"J\\"')
    assert "Smith" not in joined
    assert "42" not in joined


def test_a_stream_that_broke_is_recorded_as_broken(scrubber: Scrubber) -> None:
    payload = event({"type": "response.created", "response": {}})
    one = scrubbed(scrubber, body=payload[:-9], ended="reset")
    assert one["stream"]["ended"] == "reset"
    stalled = scrubbed(scrubber, body=payload[:-9], ended="stalled")
    assert "Nothing came for too long" in stalled["provenance"]["note"]


def test_a_body_that_cannot_be_decoded_is_refused(scrubber: Scrubber) -> None:
    for encoding in ("br", "gzip"):
        with pytest.raises(NotScrubbable, match="cannot be read"):
            scrubbed(scrubber, headers=(("Content-Encoding", encoding),), body=b"\x1f\x8bnothing")


def test_what_was_packed_to_become_large_is_refused() -> None:
    with pytest.raises(CannotDecode, match="too much"):
        decoded([gzip.compress(b"0" * 100_000)], "gzip", most=10_000)
    pieces = gzip.compress(b"0" * 5_000)
    assert b"".join(decoded([pieces[:9], pieces[9:]], "gzip", most=10_000)) == b"0" * 5_000


def test_nothing_is_recorded_of_what_was_not_answered(scrubber: Scrubber) -> None:
    one = asked()
    assert one.taken is not None
    one.taken.status = None
    with pytest.raises(NotScrubbable, match="nothing was answered"):
        scrubber.cassette(one)


def test_a_recording_that_replays_otherwise_than_it_was_answered_is_refused(
    scrubber: Scrubber, tmp_path: Any
) -> None:
    one = asked(
        "codex/unauthorized",
        status=401,
        headers=JSON,
        body=b'{"detail":"Unauthorized"}',
        heard=Replayed("token_expired"),
    )
    one = type(one)(one.probe, one.heard, one.taken, streamed=False)
    file = staged(one, scrubber, Secrets({}), tmp_path)
    with pytest.raises(Unfaithful, match="replays as unauthorized"):
        look(contract(), "codex/unauthorized", file, one)


def test_a_border_moves_with_the_text_around_it() -> None:
    change = edited('{"a":"0123456789","b":1}', [Edit(5, 17, '"xx"')])
    assert change.text == '{"a":"xx","b":1}'
    # Before, in the middle of, and behind what was replaced.
    assert resized(change, [3, 8, 10, 3]) == [3, 4, 6, 3]


def test_bytes_that_are_no_text_are_replaced_and_counted() -> None:
    text = b'{"a":"\xff\xfe","b":"secret"}'.decode("utf-8", "surrogateescape")
    change = edited(text, [Edit(text.index('"secret"'), len(text) - 1, '"x"')])
    sizes = resized(change, [7, change.sizes[0] - 7])
    assert sum(sizes) == len(change.text.encode())
    assert "secret" not in change.text


def test_the_contract_says_of_each_outcome_that_cannot_be_had_why_it_is_not_asked() -> None:
    by_chance = {"server_error", "overloaded", "usage_limit_reached", "token_expired", "blocked"}
    for probe in Contract().probes.values():
        if probe.expect.outcome in by_chance and probe.credential not in ("none", "bogus"):
            assert probe.not_live, probe.id
