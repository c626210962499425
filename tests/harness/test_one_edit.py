"""Edits that touch much at once, there and back: one finding each, and the same one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from .planted import Interaction, compared, in_body, in_events, planted, told

STREAMS = ("codex/streamed-text", "codex/function-call", "codex/reasoning-with-summary")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.yaml"


def there_and_back(
    source: str, new: Path, edit: Callable[[Interaction], Any], *options: str
) -> tuple[list[str], list[str]]:
    """The rules that are told of an edit, and those that are told of the way back."""
    old, fresh = planted(source, new, edit)
    ways = (told(sides, *options) for sides in ((old, fresh), (fresh, old)))
    forth, back = ([rule for rule, _, _ in way] for way in ways)
    return forth, back


# All events of a stream


def enveloped(*outside: str) -> Callable[[Interaction], None]:
    def edit(event: dict[str, Any]) -> None:
        inside = {name: value for name, value in event.items() if name not in outside}
        for name in inside:
            del event[name]
        event["data"] = inside

    return in_events(edit)


@pytest.mark.parametrize("source", STREAMS)
@pytest.mark.parametrize("outside", [(), ("type",), ("type", "sequence_number")])
def test_events_in_an_envelope_are_one_edit_wherever_their_type_stands(
    source: str, outside: Sequence[str], new: Path
) -> None:
    expected = ["field-moved"], ["field-moved"]
    assert there_and_back(source, new, enveloped(*outside)) == expected


@pytest.mark.parametrize("source", STREAMS)
@pytest.mark.parametrize("prefix", ["resp.", ""])
def test_one_prefix_of_all_types_renamed_is_one_edit(source: str, prefix: str, new: Path) -> None:
    def renamed(one: Interaction) -> None:
        body = one["response"]["body"]
        body["string"] = body["string"].replace("event: response.", f"event: {prefix}")
        in_events(lambda event: event.update(type=event["type"].replace("response.", prefix, 1)))(
            one
        )

    expected = ["event-type-renamed"], ["event-type-renamed"]
    assert there_and_back(source, new, renamed) == expected


def test_the_finding_of_a_prefix_names_all_types_that_it_renamed(new: Path) -> None:
    sides = planted(
        "codex/streamed-text",
        new,
        in_events(lambda event: event.update(type=event["type"].replace("output_text", "text"))),
    )
    (one,) = compared(*sides)[1]["findings"]
    assert one["before"] == "response.output_text.delta response.output_text.done"
    assert one["after"] == "response.text.delta response.text.done"


@pytest.mark.parametrize(
    "types",
    [
        ("response.created", "response.in_progress"),
        ("response.in_progress", "response.output_item.added"),
        ("response.content_part.done", "response.output_item.done", "response.completed"),
    ],
)
def test_several_events_in_a_row_whose_data_broke_are_one_edit_and_not_gone(
    types: Sequence[str], new: Path
) -> None:
    def broken(one: Interaction) -> None:
        text: str = one["response"]["body"]["string"]
        for kind in types:
            text = text.replace(f'data: {{"type":"{kind}"', f'data: {{"x":NaN,"type":"{kind}"')
        one["response"]["body"]["string"] = text

    assert there_and_back("codex/streamed-text", new, broken) == (
        ["sse-data-not-json"],
        ["sse-data-json-again"],
    )


@pytest.mark.parametrize("data", ["null", "[1]", '"text"', "{"])
def test_data_that_is_no_object_is_breaking_whether_it_is_json_or_not(data: str, new: Path) -> None:
    def planted_first(one: Interaction) -> None:
        body = one["response"]["body"]
        body["string"] = f"data: {data}\n\n{body['string']}"

    sides = planted("codex/streamed-text", new, planted_first)
    ((rule, level, _),) = told(sides)
    assert (rule, level) == ("sse-data-not-json", "breaking")
    ((rule, level, _),) = told(sides[::-1])
    assert (rule, level) == ("sse-data-json-again", "additive")


# Objects that have others beside them


def at(*way: Any) -> Callable[[Any], tuple[Any, Any]]:
    """The holder of a value in a body, and the key of it there."""

    def find(body: Any) -> tuple[Any, Any]:
        for key in way[:-1]:
            body = body[key]
        return body, way[-1]

    return find


def replaced(find: Callable[[Any], tuple[Any, Any]], make: Callable[[Any], Any]) -> Any:
    def edit(body: Any) -> None:
        holder, key = find(body)
        holder[key] = make(holder[key])

    return in_body(edit)


ROWS = {
    "a model": at("models", 0),
    "the messages of one": at("models", 0, "model_messages"),
    "an object that the others have not": at("models", 0, "model_messages", "token_budget"),
    "a level of reasoning": at("models", 0, "supported_reasoning_levels", 1),
    "a tier of service": at("models", 0, "service_tiers", 0),
}


@pytest.mark.parametrize("name", ROWS)
def test_one_of_several_objects_in_an_envelope_is_one_edit(name: str, new: Path) -> None:
    wrapped = replaced(ROWS[name], lambda row: {"data": row})
    forth, back = there_and_back("codex/models", new, wrapped)
    assert forth == ["field-moved"]
    assert back in (["field-unobserved"], ["field-moved"])


@pytest.mark.parametrize("name", ROWS)
def test_one_of_several_objects_that_lost_its_members_is_one_edit(name: str, new: Path) -> None:
    forth, back = there_and_back("codex/models", new, replaced(ROWS[name], lambda _: {}))
    assert len(forth) == len(back) == 1


def test_it_is_said_of_how_many_objects_the_members_are_left(new: Path) -> None:
    sides = planted("codex/models", new, replaced(ROWS["the messages of one"], lambda _: {}))
    (one,) = compared(*sides)[1]["findings"]
    assert (one["rule"], one["level"]) == ("object-now-empty", "risky")
    assert one["evidence"] == {"seen": 2, "of": 3}
    assert "in some of several: approvals" in one["message"]


def test_another_edit_of_a_member_is_told_beside_that_some_objects_lost_it(new: Path) -> None:
    def edit(body: Any) -> None:
        body["models"][0]["model_messages"] = {}
        for row in body["models"][1:]:
            row["model_messages"]["multi_agent"] = 7

    rules = [rule for rule, _, _ in told(planted("codex/models", new, in_body(edit)))]
    assert "object-now-empty" in rules
    assert len(rules) == 2


def test_a_member_that_is_new_in_an_object_that_lost_all_others_is_no_emptying(new: Path) -> None:
    sides = planted("codex/models", new, replaced(ROWS["the messages of one"], lambda _: {"x": 1}))
    assert "object-now-empty" not in [rule for rule, _, _ in told(sides)]


def test_an_answer_that_says_that_it_has_no_body_is_one_edit(new: Path) -> None:
    def emptied(one: Interaction) -> None:
        one["response"]["status"]["code"] = 204
        one["response"]["body"]["string"] = ""

    expected = ["answer-kind-changed"], ["answer-kind-changed"]
    assert there_and_back("codex/usage", new, emptied) == expected


def test_a_status_without_a_body_is_told_where_there_was_none_before(new: Path) -> None:
    def emptied(one: Interaction) -> None:
        one["response"]["body"]["string"] = ""

    _, old = planted("codex/usage", new.with_name("old.yaml"), emptied)
    _, fresh = planted("codex/usage", new, lambda one: (emptied(one), status(204)(one)))
    assert [rule for rule, _, _ in told((old, fresh))] == ["status-changed"]


# What a status means


def status(code: int) -> Callable[[Interaction], None]:
    return lambda one: one["response"]["status"].update(code=code)


def test_304_names_no_other_address(new: Path) -> None:
    assert there_and_back("codex/usage", new, status(304))[0] == ["answer-refused"]
    assert there_and_back("codex/usage", new, status(307))[0] == ["endpoint-redirected"]


@pytest.mark.parametrize("code", [408, 425])
def test_a_status_of_the_moment_is_no_drift_unless_all_else_was_proved(
    code: int, new: Path
) -> None:
    sides = planted("codex/usage", new, status(code))
    assert told(sides) == []
    assert [rule for rule, _, _ in told(sides, "--proved")] == ["server-failing"]


# Members and lists


def test_a_member_without_a_name_comes_like_any_other(new: Path) -> None:
    edit = in_body(lambda body: body["credits"].update({"": 1}))
    expected = ["field-added"], ["field-removed"]
    assert there_and_back("codex/usage", new, edit) == expected


def test_what_a_model_takes_is_told_of_the_model_there_and_back(new: Path) -> None:
    edit = replaced(at("models", 1, "input_modalities"), lambda _: [])
    expected = ["model-capability-removed"], ["model-capability-added"]
    assert there_and_back("codex/models", new, edit) == expected


# The order of events


def in_order(*places: int) -> Callable[[Interaction], None]:
    """An edit that puts the events of a stream into another order, numbered anew."""

    def go(one: Interaction) -> None:
        body = one["response"]["body"]
        blocks = body["string"].rstrip("\n").split("\n\n")
        body["string"] = "\n\n".join(blocks[at] for at in places) + "\n\n"
        numbers = iter(range(len(places)))
        in_events(lambda event: event.update(sequence_number=next(numbers)))(one)

    return go


def test_two_items_whose_events_are_mixed_are_risky_for_each_keeps_its_order(new: Path) -> None:
    mixed = in_order(0, 1, 2, 6, 3, 7, 4, 8, 5, 9, 10)
    ((rule, level, _),) = told(planted("codex/parallel-function-calls", new, mixed))
    assert (rule, level) == ("event-order-changed", "risky")


def test_another_order_that_breaks_the_grammar_is_breaking(new: Path) -> None:
    early = in_order(0, 1, 3, 2, 4, 5, 6, 7, 8, 9, 10)
    ((rule, level, _),) = told(planted("codex/parallel-function-calls", new, early))
    assert (rule, level) == ("event-order-changed", "breaking")
