"""Bytes to a result: the text once, half a whole refused, unknown things kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import leg
from leg.stream import StreamReader

from .wire_samples import (
    completed,
    created,
    delta,
    failed,
    item_done,
    message,
    plain_answer,
    sse,
    text_done,
)


def read(stream: bytes, **options: int) -> leg.Result:
    reader = StreamReader(**options)
    for _ in reader.feed(stream):
        pass
    return reader.result()


def test_deltas_and_the_finished_item_give_the_text_once() -> None:
    assert read(plain_answer("PONG")).text == "PONG"


def test_the_finished_item_alone_gives_the_text() -> None:
    assert read(sse(created(), item_done(message("PONG")), completed())).text == "PONG"


def test_deltas_alone_give_the_text() -> None:
    assert read(sse(delta("PO"), delta("NG"), completed())).text == "PONG"


def test_a_finished_part_corrects_lost_deltas() -> None:
    assert read(sse(delta("PO"), text_done("PONG"), completed())).text == "PONG"


@pytest.mark.parametrize(
    ("pieces", "item"),
    [
        ({"item_id": "msg_0"}, {"id": None}),
        ({"item_id": "msg_0"}, {"id": "msg_other"}),
        ({"item_id": "msg_0", "output_index": 0}, {"id": "msg_other"}),
        ({"item_id": None}, {"id": "msg_0"}),
        ({"item_id": None, "output_index": None}, {"id": None}),
    ],
)
def test_the_text_comes_once_however_the_events_name_their_item(
    pieces: dict[str, object], item: dict[str, object]
) -> None:
    streamed = [{**delta("PO"), **pieces}, {**delta("NG"), **pieces}]
    stream = sse(*streamed, item_done({**message("PONG"), **item}), completed())
    assert read(stream).text == "PONG"


def test_messages_that_finish_in_another_order_are_not_mixed_up() -> None:
    first = {**delta("a", "msg_1"), "output_index": 0}
    second = {**item_done(message("b", "msg_2")), "output_index": 1}
    last = {**item_done(message("a", "msg_1")), "output_index": 0}
    assert read(sse(first, second, last, completed())).text == "ab"


def test_a_finished_item_without_text_takes_away_nothing_that_was_streamed() -> None:
    assert read(sse(delta("PONG"), item_done(message("")), completed())).text == "PONG"


@pytest.mark.parametrize("status", ["failed", "incomplete"])
def test_a_completed_event_whose_response_is_not_is_not_believed(status: str) -> None:
    with pytest.raises(leg.LegError) as caught:
        read(sse(item_done(message("PO")), completed(status=status)))
    assert caught.value.outcome in ("server_error", "incomplete")


def test_a_filled_terminal_output_is_used_only_if_nothing_else_said_it() -> None:
    whole = completed(output=[message("PONG")])
    assert read(sse(created(), whole)).text == "PONG"
    assert read(sse(item_done(message("PONG")), whole)).text == "PONG"


def test_several_messages_keep_their_order() -> None:
    stream = sse(
        delta("a", "msg_1"),
        item_done(message("a", "msg_1")),
        item_done({"type": "reasoning", "id": "rs_1", "summary": []}),
        item_done(message("b", "msg_2")),
        completed(),
    )
    assert read(stream).text == "ab"


def test_a_function_call_is_given_with_its_arguments() -> None:
    call = {"type": "function_call", "id": "fc_1", "name": "f", "arguments": "{}", "call_id": "c1"}
    result = read(sse(item_done(call), completed()))
    assert result.tool_calls == (leg.ToolCall("f", "{}", "c1"),)
    assert result.text == ""


def test_usage_and_ids_are_those_of_the_terminal_event() -> None:
    details = {"input_tokens_details": {"cached_tokens": 1}}
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5, **details}
    result = read(sse(item_done(message("x")), completed(usage=usage)))
    assert result.usage == leg.Usage(3, 2, 5, cached_tokens=1)
    assert (result.response_id, result.model) == ("resp_0", "gpt-test")


def test_absent_usage_is_none_and_no_error() -> None:
    assert read(sse(item_done(message("x")), completed(usage=None))).usage is None


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_stream_without_its_terminal_event_is_an_error_that_carries_the_text(cut: int) -> None:
    events = plain_answer("PONG").split(b"\n\n")
    with pytest.raises(leg.StreamCut) as caught:
        read(b"\n\n".join(events[:cut]) + b"\n\n")
    assert caught.value.partial in ("", "PO", "PONG")
    assert caught.value.retryable


def test_the_partial_text_is_what_had_arrived() -> None:
    with pytest.raises(leg.StreamCut) as caught:
        read(sse(created(), delta("PO"), delta("N")))
    assert caught.value.partial == "PON"


def test_an_unfinished_terminal_event_is_no_terminal_event() -> None:
    with pytest.raises(leg.StreamCut):
        read(plain_answer().removesuffix(b"\n"))


def test_nothing_at_all_is_a_cut_stream_and_a_page_is_no_stream() -> None:
    with pytest.raises(leg.StreamCut, match="first byte"):
        read(b"")
    with pytest.raises(leg.Blocked):
        read(b"<html>\n\n<body>Just a moment</body></html>")
    with pytest.raises(leg.AnswerError, match="Unsupported parameter: x"):
        read(json.dumps({"detail": "Unsupported parameter: x"}).encode())
    with pytest.raises(leg.StreamInvalid):
        read(json.dumps({"output": []}).encode())


def test_unknown_events_are_kept_and_named_and_harm_nothing() -> None:
    reader = StreamReader()
    stream = sse(created(), {"type": "response.hologram", "x": 1}, {"type": "keepalive"})
    events = list(
        reader.feed(stream + b"data: [DONE]\n\n" + sse(item_done(message("a")), completed()))
    )
    assert [e.type for e in events if e.type.endswith("hologram")] == ["response.hologram"]
    assert any(isinstance(e, leg.Unreadable) and e.text == "[DONE]" for e in events)
    assert reader.result().unknown_events == ("response.hologram",)


def test_the_type_is_read_from_the_data_not_from_the_event_line() -> None:
    stream = plain_answer().replace(b"event: response.completed", b"event: something.else")
    assert read(stream).text == "PONG"


def test_nothing_is_read_behind_the_terminal_event() -> None:
    reader = StreamReader()
    events = list(reader.feed(plain_answer() + sse(delta("more"))))
    assert events[-1].type == "response.completed"
    assert reader.result().text == "PONG"


def test_a_terminal_event_without_a_response_id_is_not_usable() -> None:
    with pytest.raises(leg.StreamInvalid, match="response id"):
        read(sse(item_done(message("x")), completed(id=None)))


FAILURES = [
    ("context_length_exceeded", leg.RequestRefused, "context_length_exceeded", False),
    ("server_is_overloaded", leg.ServerError, "overloaded", True),
    ("rate_limit_exceeded", leg.LimitError, "rate_limited", True),
    ("usage_limit_reached", leg.LimitError, "usage_limit_reached", False),
    ("usage_not_included", leg.LimitError, "usage_not_included", False),
    ("insufficient_quota", leg.LimitError, "insufficient_quota", False),
    ("cyber_policy", leg.RequestRefused, "content_refused", False),
    ("model_not_found", leg.ModelUnavailable, "model_not_found", False),
    ("never_seen_before", leg.ServerError, "server_error", True),
    (None, leg.ServerError, "server_error", True),
]


@pytest.mark.parametrize(("code", "error", "outcome", "retryable"), FAILURES)
def test_a_failed_response_is_an_error_with_its_outcome(
    code: str | None, error: type[leg.AnswerError], outcome: str, retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        read(sse(created(), delta("PO"), failed(code)))
    assert (caught.value.outcome, caught.value.retryable) == (outcome, retryable)
    assert caught.value.partial == "PO"


def test_a_failed_response_says_when_to_try_again() -> None:
    with pytest.raises(leg.LimitError) as caught:
        read(sse(failed("rate_limit_exceeded", "Please try again in 11.054s.")))
    assert caught.value.retry_after == pytest.approx(11.054)


def test_an_error_event_that_nothing_follows_is_the_failure() -> None:
    error = {"type": "error", "error": {"code": "context_length_exceeded", "message": "too long"}}
    with pytest.raises(leg.RequestRefused) as caught:
        read(sse(created(), error))
    assert caught.value.outcome == "context_length_exceeded"


def test_an_incomplete_response_carries_its_text_and_reason() -> None:
    response = {"id": "resp_0", "incomplete_details": {"reason": "max_output_tokens"}}
    with pytest.raises(leg.ResponseIncomplete) as caught:
        read(sse(delta("PO"), {"type": "response.incomplete", "response": response}))
    assert (caught.value.reason, caught.value.partial) == ("max_output_tokens", "PO")


def test_max_tokens_stops_the_stream_and_the_result_says_so() -> None:
    reader = StreamReader(max_tokens=2)
    stream = sse(created(), *[delta(word) for word in ("one ", "two ", "three ", "four")])
    list(reader.feed(stream))
    assert reader.done
    result = reader.result()
    assert (result.text, result.finish_reason) == ("one two ", "max_tokens")


def test_an_answer_within_max_tokens_is_complete() -> None:
    result = read(plain_answer("PONG"), max_tokens=2)
    assert (result.text, result.finish_reason) == ("PONG", "completed")


def test_a_long_answer_without_deltas_is_cut_too_and_never_inside_a_character() -> None:
    result = read(sse(item_done(message("ü" * 50)), completed()), max_tokens=3)
    assert (result.text, result.finish_reason) == ("ü" * 6, "max_tokens")


def test_the_whole_stream_is_bounded_and_the_error_keeps_the_text() -> None:
    reader = StreamReader(leg.Limits(total=400))
    list(reader.feed(sse(created(), delta("PO"))))
    with pytest.raises(leg.StreamTooLarge) as caught:
        list(reader.feed(b": keepalive\n" * 40))
    assert caught.value.partial == "PO"


@given(st.data())
def test_chunk_borders_never_change_the_result(data: st.DataObject) -> None:
    stream = plain_answer("Grüße, Welt — PONG")
    cut = data.draw(st.integers(0, len(stream)))
    reader = StreamReader()
    events = [*reader.feed(stream[:cut]), *reader.feed(stream[cut:])]
    assert reader.result() == read(stream)
    assert len(events) == 7


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=9,
)
_types = st.sampled_from(
    "response.created response.output_text.delta response.output_text.done error "
    "response.output_item.done response.completed response.failed response.incomplete".split()
)
_fields = st.sampled_from("response item delta text item_id error content_index status".split())


@given(st.lists(st.tuples(_types, st.dictionaries(_fields, _json, max_size=4)), max_size=6))
def test_whatever_the_events_hold_there_is_a_result_or_an_error_of_ours(
    events: list[tuple[str, dict[str, object]]],
) -> None:
    reader = StreamReader(max_tokens=5)
    list(reader.feed(sse(*({**fields, "type": kind} for kind, fields in events))))
    try:
        assert isinstance(reader.result().text, str)
    except leg.LegError as error:
        assert error.outcome in leg.OUTCOMES
