"""One edit of the contract is one finding, however many events carry what was edited."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.findings import Finding, finding
from harness.drift.merging import one_per_edit
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange
from tests.harness import samples

SCHEMAS = Contract().schemas
Events = list[dict[str, Any]]
ENVELOPES = ("response.created", "response.in_progress", "response.completed")


def snapshot(events: Events) -> dict[str, Any]:
    return snapshot_of(shape_of(SCHEMAS, "responses", samples.exchange(events)))


def turn() -> Events:
    return samples.turn(samples.message("0b", ["pon", "g"]), samples.call("0c", ["{", "}"], 1))


def changed(edit: Callable[[dict[str, Any]], None]) -> list[Finding]:
    after = copy.deepcopy(turn())
    for event in after:
        edit(event)
    return compare(snapshot(turn()), snapshot(after), evidence=Evidences(schemas=SCHEMAS))


def in_response(edit: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], None]:
    return lambda event: edit(event["response"]) if "response" in event else None


def in_message(edit: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        if event.get("item", {}).get("type") == "message":
            edit(event["item"])

    return change


EDITS: list[tuple[Callable[[dict[str, Any]], None], str, str, int]] = [
    (in_response(lambda one: one.update(colour={"a": 1})), "field-added", "/response/colour", 2),
    (in_response(lambda one: one.pop("model")), "field-removed", "/response/model", 2),
    (in_response(lambda one: one.update(name=one.pop("model"))), "field-renamed",
     "/response/model", 2),
    (in_response(lambda one: one.update(temperature="hot")), "type-changed",
     "/response/temperature", 2),
    # It was null until the end, where it was an object: one edit, told by the graver rule.
    (in_response(lambda one: one.update(usage=7)), "type-changed", "/response/usage", 2),
    (in_message(lambda one: one.update(colour=1)), "field-added", "/item/colour", 1),
    (in_message(lambda one: one.update(type="memo")), "discriminator-changed", "/item/type", 1),
    (lambda event: event.update(colour=1), "field-added", "/colour", 12),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "rule", "pointer", "others"), EDITS)
def test_one_edit_in_many_events_is_one_finding_with_the_others_named(
    edit: Callable[[dict[str, Any]], None], rule: str, pointer: str, others: int
) -> None:
    (one,) = changed(edit)
    assert (one.rule, one.pointer, len(one.also)) == (rule, pointer, others)
    assert all(pointer.rsplit("/", maxsplit=1)[-1] in place for place in one.also)


def test_it_stands_at_the_last_event_of_the_stream_where_a_response_says_most() -> None:
    (one,) = changed(in_response(lambda response: response.pop("model")))
    assert one.event == "response.completed"
    assert one.also == (
        "response.created /response/model",
        "response.in_progress /response/model",
    )


def test_edits_of_several_members_stay_several() -> None:
    def edit(response: dict[str, Any]) -> None:
        del response["model"], response["metadata"]

    found = changed(in_response(edit))
    assert [one.pointer for one in found] == ["/response/metadata", "/response/model"]


def test_another_value_in_one_event_and_a_new_member_in_another_are_two_edits() -> None:
    def edit(event: dict[str, Any]) -> None:
        if event["type"] == "response.created":
            event["response"]["temperature"] = "hot"
        if event["type"] == "response.completed":
            del event["response"]["temperature"]

    assert {one.rule for one in changed(edit)} == {"type-changed", "field-removed"}


def at(event: str | None, pointer: str, rule: str = "field-added", **more: Any) -> Finding:
    return finding(rule, "m", surface="s", event=event, pointer=pointer, after="x", **more)


def test_without_schemas_members_of_one_name_below_one_name_are_taken_for_one() -> None:
    found = [at("b", "/response/x"), at("a", "/response/x"), at("a", "/other/x")]
    merged = one_per_edit(found, None, {"a": 0, "b": 1})
    assert [(one.event, one.pointer, one.also) for one in merged] == [
        ("b", "/response/x", ("a /response/x",)),
        ("a", "/other/x", ()),
    ]


def test_what_is_in_no_event_is_merged_with_nothing() -> None:
    found = [at(None, "/body/x"), at(None, "/body/y/x"), at("a", "/x")]
    assert one_per_edit(found, lambda _event, _pointer: "the same", {}) == found


def test_the_gravest_of_the_merged_findings_is_told() -> None:
    mild = at("a", "/r/x", "null-became-value", before="null")
    grave = at("b", "/r/x", "type-changed", before="object")
    (one,) = one_per_edit([mild, grave], None, {"a": 0, "b": 1})
    assert (one.rule, one.event, one.also) == ("type-changed", "b", ("a /r/x",))


def test_an_exchange_read_again_is_the_same() -> None:
    assert isinstance(samples.exchange(turn()), Exchange)
    assert compare(snapshot(turn()), snapshot(turn())) == []
