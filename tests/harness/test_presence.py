"""Events that some streams have and others have not: what a model chose, and what is missing."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.findings import Evidence, Finding
from harness.drift.shape import Shape, shape_of, snapshot_of
from tests.harness import samples

from .planted import Interaction, compared, planted

SCHEMAS = Contract().schemas
Events = list[dict[str, Any]]
Row = tuple[str, str, str | None, int, int]
DONE = "response.output_text.done"
REASONING = "response.output_item.done(reasoning)"


def without(kind: str) -> Callable[[Interaction], None]:
    return with_events(lambda events: [one for one in events if one["type"] != kind])


def with_events(edit: Callable[[Events], Events]) -> Callable[[Interaction], None]:
    def go(one: Interaction) -> None:
        body = one["response"]["body"]
        lines = [line for line in body["string"].split("\n") if line.startswith("data: ")]
        events = edit([json.loads(line.removeprefix("data: ")) for line in lines])
        for number, event in enumerate(events):
            event["sequence_number"] = number
        body["string"] = "".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events
        )

    return go


def unreasoned(events: Events) -> Events:
    def is_of_it(event: dict[str, Any]) -> bool:
        of_item = event.get("item", {}).get("type") == "reasoning"
        return of_item or event["type"].startswith("response.reasoning")

    kept = [one for one in events if not is_of_it(one)]
    for one in kept:
        if "output_index" in one:
            one["output_index"] = 0
    return kept


def folders(
    at: Path, source: str, edit: Callable[[Interaction], None], names: tuple[str, str]
) -> tuple[Path, Path]:
    """Ten files each, one of the newer ones edited."""
    for side, name in zip(("old", "new"), names, strict=True):
        for number in range(10):
            file = at / side / f"{name}{number}.yaml"
            planted(source, file, edit if (side, number) == ("new", 0) else lambda _: None)
    return at / "old", at / "new"


def rows(old: Path, new: Path) -> list[Row]:
    return [
        (one["rule"], one["level"], one["event"], one["evidence"]["seen"], one["evidence"]["of"])
        for one in compared(old, new)[1]["findings"]
    ]


@pytest.mark.parametrize("names", [("a", "a"), ("a", "b")], ids=["in pairs", "as a pool"])
def test_an_event_that_some_streams_lack_is_a_share_and_not_gone(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    old, new = folders(tmp_path, "codex/streamed-text", without(DONE), names)
    # What it was to end has not ended: that makes it grave.
    assert rows(old, new) == [("event-count-changed", "breaking", DONE, 9, 10)]
    assert rows(new, old) == [("event-count-changed", "benign", DONE, 10, 10)]
    (one,) = compared(old, new)[1]["findings"]
    assert (one["before"], one["after"]) == ("in 10 of 10 streams", "in 9 of 10 streams")


@pytest.mark.parametrize("names", [("a", "a"), ("a", "b")], ids=["in pairs", "as a pool"])
def test_one_stream_of_ten_without_an_item_is_what_a_model_chose(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    source = "codex/reasoning-with-summary"
    old, new = folders(tmp_path, source, with_events(unreasoned), names)
    assert rows(old, new) == [("event-count-changed", "benign", REASONING, 9, 10)]
    assert rows(new, old) == [("event-count-changed", "benign", REASONING, 10, 10)]


def test_a_model_that_does_not_reason_this_time_is_one_observation(tmp_path: Path) -> None:
    source = "codex/reasoning-with-summary"
    old, new = planted(source, tmp_path / "x.yaml", with_events(unreasoned))
    assert rows(old, new) == [("event-type-unobserved", "benign", REASONING, 0, 1)]
    assert rows(new, old) == [("union-member-added", "additive", REASONING, 1, 1)]


def test_an_item_that_began_and_does_not_end_is_no_choice(tmp_path: Path) -> None:
    def edit(events: Events) -> Events:
        ends = ("response.output_item.done", "reasoning")
        return [one for one in events if (one["type"], one.get("item", {}).get("type")) != ends]

    sides = planted("codex/reasoning-with-summary", tmp_path / "x.yaml", with_events(edit))
    assert [one[1] for one in rows(*sides)] == ["breaking"]


def shape(events: Events, times: int) -> Shape:
    made = [samples.exchange(samples.numbered(copy.deepcopy(events))) for _ in range(times)]
    return shape_of(SCHEMAS, "responses", *made)


def found(before: Shape, after: Shape) -> list[Finding]:
    evidence = Evidences(schemas=SCHEMAS, before=before, after=after)
    return compare(snapshot_of(before), snapshot_of(after), evidence=evidence)


CALL = samples.call("0c", ['{"a"', ":1}"], 1)


@pytest.mark.parametrize(
    ("before", "after", "rule", "level"),
    [
        (4, 3, "event-type-unobserved", "benign"),
        (5, 2, "event-type-unobserved", "benign"),
        (5, 3, "event-type-removed", "breaking"),
    ],
)
def test_items_that_were_counted_often_enough_are_gone(
    before: int, after: int, rule: str, level: str
) -> None:
    both = samples.turn(samples.message("0b", ["pong"]), CALL)
    (one,) = found(shape(both, before), shape(samples.turn(samples.message("0b", ["pong"])), after))
    assert (one.rule, one.level) == (rule, level)
    assert one.evidence == Evidence(0, after)


def test_pieces_of_one_text_are_one_look_and_not_many() -> None:
    events = samples.turn(samples.message("0b", list("abcdefghij")))
    less = copy.deepcopy(events)
    for one in less:
        one.pop("obfuscation", None)
    (once,) = found(shape(events, 1), shape(less, 1))
    assert (once.rule, once.level) == ("field-removed", "risky")
    (counted,) = found(shape(events, 5), shape(less, 3))
    assert (counted.rule, counted.level) == ("field-removed", "breaking")
