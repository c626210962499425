"""The order of events: real streams keep it, and each way to break it has its rule."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract
from harness.exchange import Event, Exchange
from harness.grammar import Grammar, lookup
from harness.order import OrderChecker, Violation, check_order
from harness.runs import runs_of
from harness.stream_order import roots_of
from tests.harness import samples

GRAMMAR = Grammar.from_data(Contract().schemas.document("responses/order.json"))
Events = list[dict[str, Any]]


def kind_of(payload: Any) -> str | None:
    kind = payload.get("type") if isinstance(payload, dict) else None
    return kind if isinstance(kind, str) else None


def checked(payloads: list[Any], **options: Any) -> list[Violation]:
    """Every breach of the order in these payloads, and the same as if fed one by one."""
    events = [Event(None, "", one, 1, kind_of(one)) for one in payloads]
    found = check_order(GRAMMAR, runs_of(events), **options)
    checker = OrderChecker(GRAMMAR, excerpt=options.get("excerpt", False))
    for one in payloads:
        checker.feed(one)
    assert found == checker.close(ended_early=options.get("ended_early", False))
    return found


def rules(events: list[Any], **options: Any) -> list[str]:
    return [one.rule for one in checked(events, **options)]


def of_type(events: Events, kind: str, nth: int = 0) -> int:
    return [index for index, event in enumerate(events) if event["type"] == kind][nth]


def two_turn() -> Events:
    return samples.turn(samples.message("0b", ["pon", "g"]), samples.call("0c", ['{"a"', ":1}"], 1))


def reasoning() -> Events:
    place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    done = {"type": "summary_text", "text": "think"}
    item = {"id": "rs_1", "type": "reasoning"}
    return samples.turn(
        [
            {"type": "response.output_item.added", "item": {**item, "summary": []}},
            {
                "type": "response.reasoning_summary_part.added",
                **place,
                "part": {"type": "summary_text", "text": ""},
            },
            {"type": "response.reasoning_summary_text.delta", **place, "delta": "thi"},
            {"type": "response.reasoning_summary_text.delta", **place, "delta": "nk"},
            {"type": "response.reasoning_summary_text.done", **place, "text": "think"},
            {"type": "response.reasoning_summary_part.done", **place, "part": done},
            {"type": "response.output_item.done", "item": {**item, "summary": [done]}},
        ]
    )


def test_a_text_that_no_piece_brought_is_a_breach_and_an_empty_one_is_none() -> None:
    events = drop_all("response.output_text.delta")(samples.text_turn())
    (found,) = checked(events)
    assert (found.rule, found.event) == ("order/aggregate-mismatch", "response.output_text.done")
    assert found.message.endswith("no response.output_text.delta came before")
    (found,) = checked(drop_all("response.reasoning_summary_text.")(reasoning()))
    assert (found.event, found.pointer) == ("response.reasoning_summary_part.done", "/part/text")
    assert rules(samples.turn(samples.message("0b", []))) == []


@pytest.mark.parametrize("events", [samples.text_turn(), two_turn(), reasoning()])
def test_a_whole_stream_keeps_the_order(events: Events) -> None:
    assert rules(events) == []


def test_every_whole_stream_of_the_contract_keeps_the_order() -> None:
    contract, looked_at = Contract(), 0
    for pair in contract.load():
        for interaction in pair.cassette.interactions:
            if interaction.stream is None or pair.probe.surface == "anthropic":
                continue
            exchange = Exchange.from_interaction(interaction)
            early = pair.probe.expect.outcome == "stream_cut"
            found = rules([event.payload for event in exchange.events], ended_early=early)
            assert found == [], pair.probe.id
            looked_at += 1
    assert looked_at > 5


def drop(kind: str, nth: int = 0) -> Callable[[Events], Events]:
    def edit(events: Events) -> Events:
        del events[of_type(events, kind, nth)]
        return samples.numbered(events)

    return edit


def drop_all(kind: str) -> Callable[[Events], Events]:
    def edit(events: Events) -> Events:
        return samples.numbered([one for one in events if not one["type"].startswith(kind)])

    return edit


def put(event: dict[str, Any], at: int) -> Callable[[Events], Events]:
    def edit(events: Events) -> Events:
        place = at if at >= 0 else len(events) + 1 + at
        return samples.numbered([*events[:place], event, *events[place:]])

    return edit


def change(kind: str, pointer: str, value: Any, nth: int = 0) -> Callable[[Events], Events]:
    def edit(events: Events) -> Events:
        target: Any = events[of_type(events, kind, nth)]
        *way, last = pointer.split("/")[1:]
        for key in way:
            target = target[int(key)] if isinstance(target, list) else target[key]
        target[last] = value
        return events

    return edit


BROKEN: list[tuple[str, Callable[[Events], Events]]] = [
    ("first-event", drop("response.created")),
    ("terminal-missing", drop("response.completed")),
    ("terminal-repeated", put({"type": "response.completed", "response": {}}, -1)),
    ("terminal-repeated", put({"type": "response.failed", "response": {}}, -1)),
    ("event-after-terminal", put({"type": "keepalive"}, -1)),
    ("event-after-terminal", put({"type": "something.new"}, -1)),
    ("singleton-repeated", put({"type": "response.created", "response": {}}, 1)),
    ("singleton-repeated", put({"type": "response.in_progress", "response": {}}, 4)),
    ("bracket-not-opened", drop("response.output_item.added")),
    ("bracket-not-opened", drop("response.content_part.added")),
    ("bracket-not-closed", drop("response.output_item.done")),
    ("bracket-not-closed", drop("response.content_part.done")),
    ("bracket-not-closed", drop("response.output_text.done")),
    ("bracket-not-closed", drop("response.function_call_arguments.done")),
    ("place-changed", change("response.output_text.done", "/output_index", 1)),
    ("place-changed", change("response.output_item.added", "/output_index", 5)),
    ("place-changed", change("response.function_call_arguments.delta", "/output_index", 0)),
    ("item-changed", change("response.output_item.done", "/item/type", "reasoning")),
    ("item-changed", change("response.output_item.done", "/item/name", "drop", 1)),
    ("item-changed", change("response.output_item.added", "/item/call_id", "call_1", 1)),
    ("response-changed", change("response.in_progress", "/response/id", "resp_1")),
    ("response-changed", change("response.completed", "/response/created_at", 1)),
    ("aggregate-mismatch", drop("response.output_text.delta")),
    ("aggregate-mismatch", drop("response.function_call_arguments.delta", 1)),
    ("aggregate-mismatch", drop_all("response.function_call_arguments.delta")),
    ("aggregate-mismatch", drop_all("response.function_call_arguments.")),
    ("aggregate-mismatch", drop_all("response.output_text.")),
    ("aggregate-mismatch", change("response.output_text.delta", "/delta", "PONG")),
    ("aggregate-mismatch", change("response.output_text.done", "/text", "ping")),
    ("aggregate-mismatch", change("response.content_part.done", "/part/text", "ping")),
    ("aggregate-mismatch", change("response.output_item.done", "/item/content/0/text", "ping")),
    ("aggregate-mismatch", change("response.function_call_arguments.done", "/arguments", "{}")),
    ("aggregate-mismatch", change("response.output_item.done", "/item/arguments", "{}", 1)),
    ("aggregate-mismatch", change("response.completed", "/response/output", [{"id": "msg_9"}])),
]


@pytest.mark.parametrize(("rule", "edit"), BROKEN)
def test_one_mistake_is_reported_once_by_its_own_rule(
    rule: str, edit: Callable[[Events], Events]
) -> None:
    assert rules(edit(copy.deepcopy(two_turn()))) == [f"order/{rule}"]


def test_the_message_names_the_event_and_the_difference() -> None:
    events = change("response.output_text.done", "/text", "ping")(two_turn())
    (found,) = checked(events)
    assert (found.event, found.pointer) == ("response.output_text.done", "/text")
    assert found.index == of_type(events, "response.output_text.done")
    assert 'at character 1: "ong" became "ing"' in found.message


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([0, 1, 2, 4, 5], ["sequence-gap"]),
        ([0, 1, 1, 2, 3], ["sequence-repeat"]),
        ([0, 2, 1, 3, 4], ["sequence-gap"]),
        ([0, 9, 2, 3, 4], ["sequence-gap"]),
        ([0, 1, 0, 3, 4], ["sequence-repeat"]),
        ([0, 1, 2, 9, 4], ["sequence-gap"]),
        ([0, 1, 2, 9, 10], ["sequence-gap"]),
        ([7, 1, 2, 3, 4], ["sequence-base"]),
        ([0, 9, 2, 9, 4], ["sequence-gap", "sequence-gap"]),
        ([1, 2, 3, 4, 5], ["sequence-base"]),
        ([0, None, 1, 2, 3], []),
        ([0, True, 1, 2, 3], []),
    ],
)
def test_sequence_numbers_rise_by_exactly_one_from_zero(
    numbers: list[int | None], found: list[str]
) -> None:
    events = samples.turn()[:1] + [{"type": "keepalive"} for _ in range(3)] + samples.turn()[-1:]
    for event, number in zip(events, numbers, strict=True):
        event["sequence_number"] = number
    assert rules(events) == [f"order/{rule}" for rule in found]


def test_keepalives_and_unknown_events_may_come_anywhere_and_are_counted() -> None:
    events = samples.text_turn()
    for place in range(len(events) - 1, -1, -1):
        events.insert(place, {"type": "keepalive" if place % 2 else "response.brand_new"})
        events.insert(place, {"type": "codex.rate_limits"})
    assert rules(samples.numbered(events)) == []


def test_the_terminal_output_may_repeat_the_items_in_the_order_of_their_index() -> None:
    events = two_turn()
    items = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    events[-1]["response"]["output"] = items
    assert rules(events) == []
    events[-1]["response"]["output"] = items[::-1]
    assert rules(events) == ["order/aggregate-mismatch"]


def test_two_calls_may_run_side_by_side() -> None:
    one, two = samples.call("01", ["{", "}"]), samples.call("02", ["[", "]"], 1)
    woven = [event for pair in zip(one, two, strict=True) for event in pair]
    assert rules(samples.turn(woven)) == []


@pytest.mark.parametrize("member", ["status", "status_code"])
def test_an_error_is_followed_by_a_terminal_or_refuses_by_itself(member: str) -> None:
    start = samples.turn()[:2]
    error = {"type": "error", "error": {"code": "server_is_overloaded"}, "sequence_number": 2}
    failed = {"type": "response.failed", "response": {}, "sequence_number": 3}
    assert rules([*start, error, failed]) == []
    assert rules([*start, error]) == ["order/error-without-terminal"]
    refusal = {**error, member: 429}
    assert rules([*start, refusal]) == []
    assert rules([*start, refusal, failed]) == ["order/terminal-repeated"]


@pytest.mark.parametrize("kept", range(1, 10))
def test_a_stream_known_to_be_cut_lacks_only_its_end(kept: int) -> None:
    events = samples.text_turn()[:kept]
    assert rules(events, ended_early=True) == []
    assert rules(events) == ["order/terminal-missing"]


def test_failed_and_incomplete_need_not_finish_what_they_began() -> None:
    begun = samples.text_turn()[:5]
    for kind in ("response.failed", "response.incomplete"):
        assert rules([*begun, {"type": kind, "response": {}, "sequence_number": 5}]) == []
    assert "order/bracket-not-closed" in rules(
        [*begun, {"type": "response.completed", "response": {}, "sequence_number": 5}]
    )


def test_a_part_that_begins_or_fills_again_is_reported() -> None:
    events = two_turn()
    again = events[of_type(events, "response.output_item.added")]
    assert "order/bracket-reopened" in rules(put(again, -2)(events))
    late = events[of_type(events, "response.output_text.delta")]
    assert "order/bracket-not-opened" in rules(put(late, -2)(events))


def test_an_empty_stream_has_no_terminal() -> None:
    assert rules([]) == ["order/terminal-missing"]
    assert rules([], ended_early=True) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
kinds = st.sampled_from([*sorted(GRAMMAR.roles), *sorted(GRAMMAR.terminals), "error", "keepalive"])


@given(st.lists(json_values | st.fixed_dictionaries({"type": kinds, "item_id": json_values})))
def test_no_payload_whatever_stops_the_checker(payloads: list[Any]) -> None:
    for one in checked(payloads):
        assert one.rule.startswith("order/")


pieces = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["response.output_text.delta", "response.output_text.done", "response.refusal.delta"]
        ),
        "item_id": st.sampled_from(["m1", "m1", "m1", "m2", 1]),
        "output_index": st.sampled_from([0, 0, 0, 1, False]),
        "content_index": st.just(0),
        "delta": st.sampled_from(["a", "", 1]),
        "sequence_number": st.sampled_from([0, 1, 2, 3, 4, 5, None, True]),
    },
    optional={"text": st.just("a"), "obfuscation": st.text(max_size=2), "logprobs": st.just([])},
)


@given(st.lists(pieces, max_size=12))
def test_pieces_in_a_row_are_judged_as_each_of_them_would_be(payloads: list[Any]) -> None:
    checked(payloads)
    checked(payloads, excerpt=True)
    numbered = [{**one, "sequence_number": number} for number, one in enumerate(payloads)]
    checked(numbered)


def test_twenty_thousand_pieces_add_up() -> None:
    events = samples.turn(samples.message("0b", ["x"] * 20_000))
    assert rules(events) == []


def test_a_pointer_that_leads_nowhere_gives_none() -> None:
    assert lookup({"a": [{"b/c": 1}]}, "/a/0/b~1c") == 1
    assert lookup({"a": []}, "/a/0") is None
    assert lookup({"a": 1}, "/a/b") is None


def test_the_grammar_names_only_brackets_that_exist() -> None:
    for bracket in GRAMMAR.brackets.values():
        around = [bracket.inside] if bracket.inside else []
        for name in [*around, *(name for name, _ in bracket.around)]:
            outer = GRAMMAR.brackets[name]
            assert len(outer.key) <= len(bracket.key), (bracket.name, name)


def test_two_items_at_one_place_are_a_breach() -> None:
    events = samples.turn(samples.message("0b", ["a"]), samples.message("0c", ["b"], 0))
    assert rules(events) == ["order/place-changed"]


def test_one_wrong_event_of_an_item_is_told_once() -> None:
    events = change("response.output_item.added", "/output_index", 5)(samples.text_turn())
    assert rules(events) == ["order/place-changed"]


def streams() -> list[list[Any]]:
    pairs = [pair for pair in Contract().load() if pair.probe.surface != "anthropic"]
    interactions = [pair.cassette.interactions[0] for pair in pairs]
    whole = [Exchange.from_interaction(one) for one in interactions if one.stream is not None]
    return [[event.payload for event in one.events] for one in whole]


STREAMS = [*streams(), two_turn(), reasoning()]


@given(st.data())
def test_any_part_of_a_whole_stream_is_a_sound_excerpt(data: st.DataObject) -> None:
    events = data.draw(st.sampled_from(STREAMS))
    begin = data.draw(st.integers(0, len(events)))
    end = data.draw(st.integers(begin, len(events)))
    assert rules(events[begin:end], excerpt=True) == []


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (drop("response.output_text.done"), "bracket-not-closed"),
        (change("response.output_text.done", "/text", "x"), "aggregate-mismatch"),
        (change("response.output_item.done", "/output_index", 4), "place-changed"),
        (put({"type": "response.completed", "response": {}}, -1), "terminal-repeated"),
    ],
)
def test_an_excerpt_is_checked_as_far_as_it_goes(
    edit: Callable[[Events], Events], rule: str
) -> None:
    assert f"order/{rule}" in rules(edit(samples.text_turn())[4:], excerpt=True)


def roots(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each breach that follows from another one, with that."""
    found = checked(events)
    pairs = [(at, root) for at, root in enumerate(roots_of(found)) if at != root]
    return [(found[at].rule, found[root].rule) for at, root in pairs]


def lose(events: Events, kind: str, nth: int = 0) -> int:
    at = of_type(events, kind, nth)
    del events[at]
    return at


def test_a_lost_piece_leaves_a_gap_and_the_text_that_does_not_add_up_follows_from_it() -> None:
    events = samples.numbered(two_turn())
    lose(events, "response.output_text.delta", 1)
    assert roots(events) == [("order/aggregate-mismatch", "order/sequence-gap")]


def test_a_text_that_does_not_add_up_does_not_follow_from_a_gap_before_it_began() -> None:
    events = samples.numbered(two_turn())
    events[of_type(events, "response.output_text.done")]["text"] = "other"
    lose(events, "response.in_progress")
    found = [one.rule for one in checked(events)]
    assert found == ["order/sequence-gap", "order/aggregate-mismatch"]
    assert roots(events) == []


def test_two_gaps_are_two_breaches_and_a_moved_event_is_one() -> None:
    events = samples.numbered(two_turn())
    lose(events, "response.in_progress")
    lose(events, "response.output_text.delta", 1)
    assert ("order/sequence-gap", "order/sequence-gap") not in roots(events)
    moved = samples.numbered(samples.turn(samples.message("0b", list("abcdefgh"))))
    moved.insert(6, moved.pop(9))
    kinds = [one.rule for one in checked(moved) if one.rule.startswith("order/sequence")]
    assert len(kinds) - sum(one in kinds for one, _ in roots(moved)) == 1
