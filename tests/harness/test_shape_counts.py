"""What a shape counts: how often, of how many, when first and last; and how counts add up."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contract import Contract
from harness.drift.imprints import Imprints
from harness.drift.kinds import is_secret, is_word
from harness.drift.node import MAX_LIMITS, MAX_WORDS, Node
from harness.drift.plan import NOTHING, Compiler, Plan
from harness.drift.rows import node_of, rows_of
from harness.drift.shape import Shape, shape_of
from harness.drift.sightings import Span, joined
from harness.drift.tally import Tally
from harness.exchange import Exchange, Sighting
from tests.harness import samples

CONTRACT = Contract()
COMPILER = Compiler(CONTRACT.schemas)
EVENTS = "responses/events"


def shape(*exchanges: Exchange, surface: str = "responses") -> Shape:
    return shape_of(CONTRACT.schemas, surface, *exchanges)


def turn(*seen: Sighting, **edits: Any) -> Exchange:
    """A plain answer, with members of its terminal response set."""
    events = samples.text_turn()
    events[-1]["response"] |= edits
    return replace(samples.exchange(events), seen=seen[0] if seen else None)


# An imprint is what its value adds to the counts

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["low", "high", "in_progress", "resp_1", "2026-09-27T10:00:00Z", 1790537330]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["type", "id", "a", "token", "status"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def real_events() -> Iterator[tuple[Plan, Any]]:
    for name in ("codex/streamed-text", "codex/reasoning-with-summary", "codex/function-call"):
        exchange = Exchange.from_interaction(CONTRACT.cassettes[name].interactions[0])
        for event in exchange.events:
            yield COMPILER.plan(f"{EVENTS}/{event.type}.json"), event.payload


REAL = list(real_events())


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Plan, Any]:
    """A real event with anything at any place of it."""
    plan, payload = draw(st.sampled_from(REAL))
    payload = copy.deepcopy(payload)
    for _ in range(draw(st.integers(0, 2))):
        target = payload
        while True:
            key = draw(
                st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target)))
            )
            if isinstance(target[key], dict | list) and target[key] and draw(st.booleans()):
                target = target[key]
                continue
            target[key] = draw(json_values)
            break
    return plan, payload


@given(st.lists(mutated() | st.tuples(st.just(NOTHING), json_values), max_size=6))
@settings(max_examples=300)
def test_counting_imprints_is_counting_values(values: list[tuple[Plan, Any]]) -> None:
    counted, direct, imprints = Tally(), Node(), Imprints()
    for plan, value in values * 2:
        counted.add(imprints.of(plan, value), None)
        direct.observe(plan, value)
    assert rows_of(counted.node) == rows_of(direct)


def test_values_of_one_form_have_one_imprint_and_others_have_not() -> None:
    imprints = Imprints()
    plan = COMPILER.plan(f"{EVENTS}/response.output_text.delta.json")
    delta = {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "a", "logprobs": []}
    one = imprints.of(plan, delta)
    assert imprints.of(plan, {**delta, "item_id": "msg_2", "delta": "b c"}) is one
    for other in ({"item_id": "run_1"}, {"delta": None}, {"logprobs": [1]}, {"new": 1}):
        assert imprints.of(plan, {**delta, **other}) is not one


def test_what_is_remembered_of_imprints_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.drift.imprints.MAX_PARTS", 50)
    monkeypatch.setattr("harness.drift.imprints.MAX_LAYOUTS", 4)
    monkeypatch.setattr("harness.drift.tally.MAX_WAITING", 3)
    imprints, counted, direct, plan = Imprints(), Tally(), Node(), Plan(None, ())
    for number in range(200):
        value = {f"a{number % 17}": [number % 5] * (number % 3)}
        counted.add(imprints.of(plan, value), None)
        direct.observe(plan, value)
        assert len(imprints._known) <= 50
        assert len(plan.layouts) <= 4
    assert rows_of(counted.node) == rows_of(direct)
    assert counted.imprints is None


# Merging

sightings = st.none() | st.builds(
    Sighting,
    st.sampled_from(["2025", "2025-09", "2026-01-02", "2026-11-22"]),
    st.sampled_from(["", "codex-cli 0.99.0", "codex-cli 0.169.0", "pi"]),
)
words = st.sampled_from(["low", "high", "x y", "medium", "a" * 40])
answers = st.builds(
    lambda seen, edits: turn(*([seen] if seen else []), **edits),
    sightings,
    st.dictionaries(st.sampled_from(["new", "other", "usage"]), words | st.none(), max_size=2),
)
refusals = st.sampled_from([samples.refusal({"detail": "no"}), samples.refusal({"error": {}}, 500)])


@given(st.lists(answers | refusals, min_size=1, max_size=6), st.data())
@settings(max_examples=40)
def test_neither_the_order_nor_the_grouping_of_merging_matters(
    exchanges: list[Exchange], data: st.DataObject
) -> None:
    whole = shape(*exchanges).to_json()
    shapes = [shape(one) for one in data.draw(st.permutations(exchanges))]
    while len(shapes) > 1:
        at = data.draw(st.integers(0, len(shapes) - 2))
        shapes[at].merge(shapes.pop(at + 1))
    assert shapes[0].to_json() == whole


spans = st.none() | st.builds(Span, *(st.builds(
    Sighting, st.sampled_from(["2025", "2026-01-02"]), st.sampled_from(["", "c 0.9", "c 0.10"])
),) * 2)  # fmt: skip


@given(spans, spans, spans)
def test_spans_join_in_any_order_and_grouping(
    one: Span | None, other: Span | None, third: Span | None
) -> None:
    assert joined(one, other) == joined(other, one)
    assert joined(joined(one, other), third) == joined(one, joined(other, third))
    assert joined(one, one) == one


def test_first_and_last_are_told_of_every_place_with_the_version_that_saw_it() -> None:
    old = Sighting("2026-06-03", "codex-cli 0.99.0")
    new = Sighting("2026-06-03", "codex-cli 0.169.0")
    late = Sighting("2026-11-22", "pi")
    fields = shape(turn(late), turn(new, extra=1), turn(old)).to_json()
    assert fields["first"] == {"date": "2026-06-03", "client": "codex-cli 0.99.0"}
    assert fields["last"] == {"date": "2026-11-22", "client": "pi"}
    completed = fields["events"]["response.completed"]["fields"]
    extra = completed["/response/extra"]
    assert extra["first"] == extra["last"] == {"date": "2026-06-03", "client": "codex-cli 0.169.0"}
    assert completed["/response/id"]["last"] == fields["last"]
    assert "first" not in shape(turn()).to_json()["response"]["/status"]


# What is told of a place


def test_each_field_is_counted_of_all_that_could_have_had_it_by_form() -> None:
    some = [turn(extra=1), turn(extra="x y"), turn(), turn(output=[{"type": "message"}])]
    fields = shape(*some).to_json()["events"]["response.completed"]["fields"]
    extra = fields["/response/extra"]
    assert (extra["seen"], extra["of"]) == (2, 4)
    assert extra["atoms"] == {"integer": 1, "string": 1}
    assert fields["/response/output"]["atoms"] == {"array": 1, "array(empty)": 3}
    assert fields["/response/output/[message]/type"]["of"] == 1


def test_an_event_is_counted_by_the_exchanges_that_had_it() -> None:
    events = samples.text_turn()
    without = samples.exchange([one for one in events if not one["type"].endswith(".delta")])
    counted = shape(samples.exchange(events), without, samples.refusal({"detail": "no"}))
    found = counted.evidence("response", "response.output_text.delta", "")
    assert (found.seen, found.of) == (1, 2)
    assert counted.evidence("response", "response.completed", "").seen == 2
    assert counted.evidence("response", None, "/body/detail").seen == 1


def values_of(texts: list[str]) -> dict[str, Any]:
    node = Node()
    for text in texts:
        node.key("effort").observe(NOTHING, text)
    return dict(rows_of(node)["/effort"])


def test_few_words_seen_often_look_like_a_closed_set() -> None:
    assert values_of(["low", "high", "low"] * 10)["words"] == {"high": 10, "low": 20}
    assert values_of(["low", "high", "low"] * 10)["closed"] is True
    assert values_of(["low", "high"])["closed"] is False
    assert values_of([f"name_{number}" for number in range(12)] * 2)["closed"] is False


@pytest.mark.parametrize(
    "text", ["", "Two words", "a b", "x" * 33, "UPPER", "1", "sk-proj-Ab12cd34", "é", "a"]
)
def test_a_text_that_is_no_word_ends_the_collection(text: str) -> None:
    assert not is_word(text)
    row = values_of(["low"] * 30 + [text] + ["low"] * 30)
    assert row["free"] is True
    assert "words" not in row
    assert "closed" not in row


def test_too_many_words_are_no_vocabulary_and_are_not_kept() -> None:
    many = [f"word_{chr(97 + number)}" for number in range(MAX_WORDS + 1)]
    row = values_of(many)
    assert row["free"] is True
    assert "words" not in row
    assert len(values_of(many[:-1])["words"]) == MAX_WORDS


@pytest.mark.parametrize(
    "name",
    ["authorization", "access_token", "x-api-key", "client_secret", "set-cookie", "account_id",
     "sessionId", "password", "x-codex-turn-state", "user_email"],
)  # fmt: skip
def test_nothing_is_kept_of_what_may_be_a_secret(name: str) -> None:
    assert is_secret(name)
    node = Node()
    node.observe(NOTHING, {name: "hunter", "x": {name: ["hunter", {"deep": "hunter"}]}})
    merged = Node()
    merged.merge(node, 3)
    for one in (node, merged, node_of(rows_of(merged))):
        assert "hunter" not in json.dumps(rows_of(one))
    exchange = replace(turn(), headers=((name, "hunter"), ("x-effort", "high")))
    found = json.dumps(shape(exchange).to_json())
    assert "hunter" not in found
    assert '"high": 1' in found


def test_a_limit_with_ever_new_values_is_only_a_count() -> None:
    node = Node()
    plan = Compiler(CONTRACT.schemas).plan("usage/window.json")
    for number in range(MAX_LIMITS):
        node.observe(plan, {"limit_window_seconds": 3600 * number})
    assert "limit(3600)" in dict(node.fields())["/limit_window_seconds"].atoms
    node.observe(plan, {"limit_window_seconds": 7})
    assert dict(node.fields())["/limit_window_seconds"].atoms == {"count"}


# To JSON and back


def test_the_counts_of_every_probe_are_valid_and_come_back_from_their_json() -> None:
    for pair in CONTRACT.load():
        exchange = Exchange.from_interaction(pair.cassette.interactions[0])
        counted = shape(exchange, surface=pair.probe.surface)
        document = json.loads(json.dumps(counted.to_json()))
        assert CONTRACT.schemas.validate("report/evidence.json", document) == []
        again = Shape.from_json(document)
        assert again.to_json() == document
        assert again.snapshot() == counted.snapshot()


@given(st.lists(answers, min_size=1, max_size=4), st.lists(answers, max_size=3))
@settings(max_examples=25)
def test_counting_goes_on_where_the_file_left_off(
    before: list[Exchange], after: list[Exchange]
) -> None:
    stored = Shape.from_json(json.loads(json.dumps(shape(*before).to_json())))
    stored.merge(shape(*after))
    assert stored.to_json() == shape(*before, *after).to_json()


def test_the_schema_of_the_counts_refuses_what_is_none() -> None:
    document = shape(turn()).to_json()
    validator = CONTRACT.schemas.validator("report/evidence.json")
    for member, value in (("format", "x"), ("exchanges", -1), ("request", {"x": {}})):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**document, member: value})


# Signatures


@given(st.lists(answers | refusals, min_size=1, max_size=3), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_equal_signatures_mean_equal_snapshots(
    exchanges: list[Exchange], order: random.Random
) -> None:
    one, other = shape(*exchanges), shape(order.choice(exchanges), *exchanges[:-1])
    if one.signature() == other.signature():
        assert one.snapshot() == other.snapshot()
    shuffled = order.sample(exchanges, len(exchanges))
    assert shape(*shuffled).signature() == one.signature()


def test_another_shape_has_another_signature() -> None:
    plain = shape(turn()).signature()
    assert shape(turn(Sighting("2026-11-22"))).signature() == plain
    assert shape(turn(), turn()).signature() == plain
    others = [
        shape(turn(extra=1)),
        shape(turn(status="queued")),
        shape(replace(turn(), status=201)),
        shape(samples.exchange(samples.text_turn()[:-1])),
        shape(samples.refusal({"detail": "no"})),
        shape(turn(), samples.refusal({"detail": "no"})),
        shape(turn(), surface="plan"),
    ]
    assert len({plain, *(one.signature() for one in others)}) == len(others) + 1


def test_counts_from_a_file_have_a_signature_too() -> None:
    stored = Shape.from_json(shape(turn()).to_json())
    assert stored.signature() == Shape.from_json(shape(turn()).to_json()).signature()
    assert stored.signature() != Shape.from_json(shape(turn(extra=1)).to_json()).signature()
