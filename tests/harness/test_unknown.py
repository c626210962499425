"""What no schema knows is told once, with its place; what is left open on purpose is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract import Contract
from harness.drift.findings import Evidence, Finding
from harness.validate import validate_file
from tests.harness import samples
from tests.harness.contracts import codex_leg

CONTRACT = Contract()
Edit = Any
OWN = ("field-unknown", "item-unknown")


def usage(edit: Edit, folder: Path) -> list[Finding]:
    """What is found in the usage of our cassette after an edit."""
    text = CONTRACT.path("cassettes/codex", "usage.yaml").read_text(encoding="utf-8")
    body = json.loads(yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"])
    edit(body)
    file = folder / "usage.json"
    file.write_text(json.dumps(body, indent=1), encoding="utf-8")
    return validate_file(file, "usage")


def stream(edit: Edit, folder: Path) -> list[Finding]:
    """What is found in a text turn after an edit of each of its events."""
    events = samples.numbered(samples.text_turn())
    for event in events:
        edit(event)
    file = folder / "answer.sse"
    lines = (f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
    file.write_text("".join(lines), encoding="utf-8")
    return validate_file(file, "responses")


def test_a_member_that_no_schema_has_is_told_with_its_line(tmp_path: Path) -> None:
    (one,) = usage(lambda body: body["rate_limit"].update(colour=7), tmp_path)
    assert (one.rule, one.level, one.pointer) == (
        "field-unknown", "additive", "/body/rate_limit/colour",
    )  # fmt: skip
    assert one.message == "/body/rate_limit/colour: the schema has no such field (integer)"
    file, _, line = str(one.where).rpartition(":")
    assert '"colour": 7' in Path(file).read_text().splitlines()[int(line) - 1]


def test_a_whole_subtree_is_one_finding(tmp_path: Path) -> None:
    new = {"a": 1, "b": [{"c": None}, {"c": 2, "d": {}}]}
    (one,) = usage(lambda body: body.update(colour=new), tmp_path)
    assert one.message == "/body/colour: the schema has no such field (object, with 5 below it)"
    assert one.after == "object"


@pytest.mark.parametrize("where", ["response", "item", "part"])
def test_a_member_of_one_schema_in_many_events_is_one_finding(where: str, tmp_path: Path) -> None:
    def edit(event: dict[str, Any]) -> None:
        if where in event:
            event[where]["colour"] = "blue"

    (one,) = stream(edit, tmp_path)
    assert (one.rule, one.pointer) == ("field-unknown", f"/{where}/colour")
    events = [event for event in samples.text_turn() if where in event]
    assert one.event == events[0]["type"]
    assert one.also == tuple(f"{event['type']} /{where}/colour" for event in events[1:])
    assert one.evidence.seen == len(events)


def test_a_member_that_every_event_has_is_one_finding(tmp_path: Path) -> None:
    (one,) = stream(lambda event: event.update(colour="blue"), tmp_path)
    count = len(samples.text_turn())
    assert (one.rule, one.event, one.evidence.seen) == ("field-unknown", "response.created", count)
    assert str(one.where).endswith("answer.sse:1")


def test_an_item_of_an_unknown_type_is_one_finding_whatever_it_holds(tmp_path: Path) -> None:
    def edit(event: dict[str, Any]) -> None:
        if "item" in event:
            event["item"] |= {"type": "painting", "colours": ["blue"]}

    (one,) = stream(edit, tmp_path)
    assert (one.rule, one.level, one.pointer) == ("item-unknown", "additive", "/item")
    assert (one.after, one.evidence) == ("painting", Evidence(2, 2))


@pytest.mark.parametrize(
    "edit",
    [
        lambda event: event.get("response", {}).update(metadata={"any": "key"}),  # a map
        lambda event: event.get("response", {}).update(moderation={"any": {"key": 1}}),  # a blob
        lambda event: event.get("response", {}).update(usage_metadata={"x": [{"y": 1}]}),  # a blob
    ],
    ids=["map", "blob", "blob of anything"],
)
def test_what_a_schema_leaves_open_is_not_told(edit: Edit, tmp_path: Path) -> None:
    assert stream(edit, tmp_path) == []


def test_a_field_by_another_name_is_one_finding_that_names_both(tmp_path: Path) -> None:
    (one,) = usage(lambda body: body.update(kind=body.pop("plan_type")), tmp_path)
    assert (one.rule, one.pointer) == ("schema/required", "/body/plan_type")
    told = "/body/plan_type is missing; /body/kind is there, which the schema does not have"
    assert one.message == told
    assert one.explains == ("field-unknown /body/kind",)


def test_two_new_fields_beside_a_missing_one_are_told_by_themselves(tmp_path: Path) -> None:
    def edit(body: dict[str, Any]) -> None:
        del body["plan_type"]
        body |= {"kind": "pro", "colour": "blue"}

    rules = sorted(one.rule for one in usage(edit, tmp_path))
    assert rules == ["field-unknown", "field-unknown", "schema/required"]


def renamed(old: str, new: str) -> Edit:
    def edit(event: dict[str, Any]) -> None:
        if old in event:
            event[new] = event.pop(old)

    return edit


@pytest.mark.parametrize(
    ("old", "rule", "pointer"),
    [
        ("response", "schema/required", "/response"),
        ("item", "schema/required", "/item"),
        ("delta", "schema/required", "/delta"),
        ("part", "schema/required", "/part"),
        ("item_id", "field-unknown", "/new_name"),
        ("output_index", "field-unknown", "/new_name"),
    ],
)
def test_a_member_of_events_by_another_name_is_one_finding(
    old: str, rule: str, pointer: str, tmp_path: Path
) -> None:
    (one,) = stream(renamed(old, "new_name"), tmp_path)
    assert (one.rule, one.pointer) == (rule, pointer)


@pytest.mark.parametrize("at", range(len(samples.text_turn())))
def test_an_event_by_another_name_is_one_finding(at: int, tmp_path: Path) -> None:
    events = samples.numbered(samples.text_turn())
    events[at]["type"] = "response.another"
    file = tmp_path / "answer.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in events), encoding="utf-8")
    found = validate_file(file, "responses")
    rules = {one.rule for one in found}
    # Of the pieces of a text one can be told by itself: the others are still there.
    assert rules == {"event-unknown"}, [one.message for one in found]
    assert len(found) == 1


def test_an_unknown_event_does_not_hide_that_the_end_is_missing(tmp_path: Path) -> None:
    events = samples.numbered([{"type": "colour.note"}, *samples.text_turn()[:-1]])
    file = tmp_path / "answer.sse"
    file.write_text("".join(f"data: {json.dumps(one)}\n\n" for one in events), encoding="utf-8")
    rules = sorted(one.rule for one in validate_file(file, "responses"))
    assert rules == ["event-unknown", "order/terminal-missing"]


def test_an_unknown_event_does_not_hide_that_a_text_does_not_add_up(tmp_path: Path) -> None:
    events = [*samples.text_turn()[:2], {"type": "colour.note"}, *samples.text_turn()[2:]]
    done = next(one for one in events if one["type"] == "response.output_text.done")
    done["text"] = "another text"
    file = tmp_path / "answer.sse"
    lines = (f"data: {json.dumps(one)}\n\n" for one in samples.numbered(events))
    file.write_text("".join(lines), encoding="utf-8")
    rules = sorted(one.rule for one in validate_file(file, "responses"))
    assert rules == ["event-unknown", "order/aggregate-mismatch"]


def test_a_new_field_beside_a_broken_promise_hides_nothing(tmp_path: Path) -> None:
    def edit(body: dict[str, Any]) -> None:
        body["rate_limit"]["primary_window"] |= {"colour": "blue", "used_percent": 7000}

    rules = sorted(one.rule for one in usage(edit, tmp_path))
    assert rules[0] == "field-unknown"
    assert rules[1:] == ["invariant/value"]


def test_what_is_new_exits_0_unless_asked_for_more(tmp_path: Path) -> None:
    usage(lambda body: body.update(colour="blue"), tmp_path)
    asked = ("validate", str(tmp_path / "usage.json"), "--surface", "usage")
    done = codex_leg(*asked)
    assert (done.code, "field-unknown" in done.out) == (0, True)
    assert codex_leg(*asked, "--fail-on", "additive").code == 1
    assert codex_leg(*asked, "--profile", "strict").code == 1


def test_nothing_of_our_own_cassettes_is_unknown() -> None:
    for pair in CONTRACT.load():
        file = CONTRACT.path("cassettes", f"{pair.probe.id}.yaml")
        found = validate_file(file, pair.probe.surface, contract=CONTRACT)
        assert [one.message for one in found if one.rule in OWN] == [], pair.probe.id
