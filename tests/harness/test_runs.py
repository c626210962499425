"""Pieces of one text in a row are looked at once: nothing may be lost by it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract
from harness.drift.normaliser import normaliser_of
from harness.drift.shape import shape_of
from harness.events import Event
from harness.exchange import Exchange, SentRequest
from harness.runs import OWN, runs_of

CONTRACT = Contract()
NORMALISER = normaliser_of(CONTRACT.schemas)
URL = "https://chatgpt.com/backend-api/codex/responses"

KINDS = ["response.output_text.delta", "response.output_text.delta", "response.new.delta", "ping"]
scalars = st.sampled_from([0, 1, 1.0, True, False, None, "", "a", "word", "a longer text"])
payloads = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS), "item_id": st.sampled_from(["msg_1", "msg_1", "rs_2", 1])},
    optional={
        "delta": scalars,
        "sequence_number": scalars,
        "obfuscation": scalars,
        "output_index": st.sampled_from([0, 0, False, 0.0]),
        "logprobs": st.sampled_from([[], [], [1], {}]),
        "phase": scalars,
    },
)
streams = st.lists(payloads | scalars | st.just([]), max_size=9)


def events_of(values: list[Any]) -> tuple[Event, ...]:
    return tuple(Event.of(None, json.dumps(one), at) for at, one in enumerate(values, 1))


def exchange_of(events: tuple[Event, ...]) -> Exchange:
    sent = SentRequest("POST", URL, (), b"{}")
    return Exchange(sent, 200, (), b"", is_stream=True, events=events)


@given(streams)
def test_every_event_is_in_one_run_in_the_order_in_which_it_came(values: list[Any]) -> None:
    events = events_of(values)
    assert tuple(one for run in runs_of(events) for one in run) == events


@given(streams)
def test_in_a_run_all_is_alike_but_what_pieces_have_of_their_own(values: list[Any]) -> None:
    for run in runs_of(events_of(values)):
        texts = {
            json.dumps([[k, type(v).__name__, None if k in OWN else v] for k, v in one.items()])
            for one in (event.payload for event in run)
            if isinstance(one, dict)
        }
        assert len(texts) <= 1


@given(streams)
def test_a_shape_counts_a_run_as_it_would_count_each_of_its_events(values: list[Any]) -> None:
    exchange = exchange_of(events_of(values))
    found = shape_of(CONTRACT.schemas, "responses", exchange).to_json()
    endpoint = NORMALISER.endpoint("responses", exchange)
    alone = [exchange_of((one,)) for one in exchange.events]
    wanted = shape_of(CONTRACT.schemas, "responses", *alone).to_json()
    assert endpoint is not None
    for label, row in wanted["events"].items():
        assert found["events"][label]["fields"] == row["fields"]
    assert found["events"].keys() == wanted["events"].keys()


def test_the_pieces_of_a_real_stream_are_a_few_runs() -> None:
    (one,) = CONTRACT.cassettes["codex/long-text"].interactions
    exchange = Exchange.from_interaction(one)
    (runs,) = exchange.runs
    assert len(exchange.events) > 50
    assert len(runs) < 15
