"""Owners of places: the same member is the same place, whatever carries it."""

import json

import pytest

from harness.contract import Contract
from harness.drift.owners import Owner, owner_of
from harness.drift.shape import shape_of
from harness.exchange import Exchange

CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas


def owner(event: str | None, pointer: str, surface: str = "responses") -> Owner:
    return owner_of(SCHEMAS, surface, event, pointer)


@pytest.mark.parametrize(
    "member", ["/foo", "/status", "/usage", "/tool_usage/image_gen", "/foo/deep/[]/x"]
)
def test_a_member_of_the_response_is_one_place_in_all_events_that_carry_it(member: str) -> None:
    events = ["response.created", "response.in_progress", "response.completed", "response.failed"]
    found = {owner(event, f"/response{member}") for event in events}
    assert found == {Owner("responses/response.json", member)}


@pytest.mark.parametrize("member", ["/foo", "/id", "/role", "/status", "/foo/bar"])
def test_a_member_of_an_item_is_one_place_in_its_events_and_in_the_terminal_output(
    member: str,
) -> None:
    found = {
        owner("response.output_item.added(message)", f"/item{member}"),
        owner("response.output_item.done(message)", f"/item{member}"),
        owner("response.completed", f"/response/output/[message]{member}"),
    }
    assert found == {Owner("responses/items/message.json", member)}
    assert owner("response.output_item.done(reasoning)", f"/item{member}") not in found


def test_a_part_is_one_place_in_its_events_and_in_its_item() -> None:
    found = {
        owner("response.content_part.done(output_text)", "/part/annotations"),
        owner("response.output_item.done(message)", "/item/content/[output_text]/annotations"),
        owner("response.completed", "/response/output/[message]/content/[output_text]/annotations"),
    }
    assert found == {Owner("responses/content-part.json", "/annotations")}


def test_what_stands_in_another_document_belongs_to_that_one() -> None:
    assert owner("response.completed", "/response/usage/input_tokens") == (
        "responses/usage.json",
        "/input_tokens",
    )
    share = "/response/usage/attribution/items/{}/input_tokens"
    assert owner("response.completed", share) == ("responses/usage-share.json", "/input_tokens")


def test_what_all_events_have_is_one_place_and_what_one_has_is_its_own() -> None:
    stem = {owner(event, "/sequence_number") for event in ("response.created", "error", "x.y")}
    assert stem == {Owner("responses/event-stem.json", "/sequence_number")}
    deltas = [
        owner(event, "/delta") for event in ("response.output_text.delta", "response.refusal.delta")
    ]
    assert deltas[0] != deltas[1]


def test_outside_of_events_a_place_belongs_to_itself() -> None:
    assert owner(None, "/body/models/[]/slug", "models") == ("", "/body/models/[]/slug")
    assert owner("message_start", "/message/id", "anthropic") == ("", "/message/id")


def test_every_place_of_every_stream_has_an_owner_that_ends_as_it_does() -> None:
    places = 0
    for pair in CONTRACT.load():
        exchange = Exchange.from_interaction(pair.cassette.interactions[0])
        shape = shape_of(SCHEMAS, pair.probe.surface, exchange)
        for label, fields in shape.snapshot().get("events", {}).items():
            for pointer in fields:
                found = owner(label, pointer, pair.probe.surface)
                assert pointer.endswith(found.rest), (label, pointer, found)
                places += 1
    assert places > 2000


@pytest.mark.parametrize("pointer", ["", "/", "/~2[x]", "/a~1b/~0", "/[]/{}/[?]", "/x" * 500])
def test_no_pointer_whatever_stops_the_search(pointer: str) -> None:
    for event in (
        "response.created",
        "(not json)",
        "(no type)",
        "a(b",
        "response.created(message)",
    ):
        assert json.dumps(owner(event, pointer))
