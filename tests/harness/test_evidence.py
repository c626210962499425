"""Law 1: what is gone is breaking only if it was counted, or if the contract wants it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.compare import compare
from harness.drift.demands import Demands
from harness.drift.evidence import Evidences
from harness.drift.findings import Evidence, Finding
from harness.drift.shape import Shape, shape_of, snapshot_of
from tests.harness import samples

SCHEMAS = Contract().schemas
Events = list[dict[str, Any]]


def shape(edits: list[Callable[[Events], Any]]) -> Shape:
    """As many exchanges as there are edits."""
    made = []
    for edit in edits:
        events = copy.deepcopy(samples.text_turn())
        edit(events)
        made.append(samples.exchange(samples.numbered(events)))
    return shape_of(SCHEMAS, "responses", *made)


def keep(_events: Events) -> None:
    """Nothing."""


def drop_model(events: Events) -> None:
    for event in events:
        if "response" in event:
            del event["response"]["model"]


def drop_part(events: Events) -> None:
    events[:] = [one for one in events if one["type"] != "response.output_text.done"]


def drop_note(events: Events) -> None:
    events[:] = [one for one in events if one["type"] != "codex.note"]


def add_note(events: Events) -> None:
    events.insert(2, {"type": "codex.note", "text": "x"})


def found(before: Shape, after: Shape, *, schemas: bool = True) -> list[Finding]:
    evidence = Evidences(schemas=SCHEMAS if schemas else None, before=before, after=after)
    return compare(snapshot_of(before), snapshot_of(after), evidence=evidence)


@pytest.mark.parametrize(
    ("seen", "looked", "level"),
    [(1, 1, "risky"), (4, 3, "risky"), (5, 2, "risky"), (5, 3, "breaking"), (9, 9, "breaking")],
)
def test_a_field_is_gone_for_sure_when_it_was_seen_and_looked_for_often_enough(
    seen: int, looked: int, level: str
) -> None:
    (one,) = found(shape([keep] * seen), shape([drop_model] * looked))
    assert (one.rule, one.level, one.evidence) == ("field-removed", level, Evidence(0, looked))


@pytest.mark.parametrize(("seen", "looked", "level"), [(4, 3, "risky"), (5, 3, "breaking")])
def test_so_is_an_event(seen: int, looked: int, level: str) -> None:
    (one,) = found(shape([add_note] * seen), shape([drop_note] * looked))
    assert (one.rule, one.level, one.evidence) == ("event-type-removed", level, Evidence(0, looked))


def with_items(*types: str) -> Callable[[Events], Any]:
    """The response ends with items of these types."""

    def edit(events: Events) -> None:
        items = [{"type": kind, "id": f"x_{at}"} for at, kind in enumerate(types)]
        events[-1]["response"]["output"] = items

    return edit


BOTH, ONE = with_items("message", "reasoning"), with_items("message")


@pytest.mark.parametrize(
    ("before", "looked", "level"),
    [
        ([BOTH] * 5, 3, "breaking"),
        ([BOTH] * 5, 2, "risky"),
        # Six items, and not one in every list.
        ([with_items("message", "reasoning", "reasoning")] * 3 + [ONE] * 2, 3, "risky"),
    ],
)
def test_so_are_items_of_one_type_which_are_counted_in_lists(
    before: list[Callable[[Events], Any]], looked: int, level: str
) -> None:
    (one,) = found(shape(before), shape([ONE] * looked))
    assert (one.rule, one.level) == ("union-member-removed", level)
    assert (one.pointer, one.evidence) == ("/response/output/[reasoning]", Evidence(0, looked))


def test_what_was_seen_only_sometimes_is_unobserved_and_never_removed() -> None:
    (field,) = found(shape([keep, drop_model]), shape([drop_model]))
    assert (field.rule, field.level) == ("field-unobserved", "benign")
    (event,) = found(shape([add_note, keep]), shape([keep]))
    assert (event.rule, event.level) == ("event-type-unobserved", "benign")


def test_what_the_contract_wants_is_missed_at_once() -> None:
    (event,) = found(shape([keep]), shape([drop_part]))
    assert (event.rule, event.level) == ("event-type-removed", "breaking")
    (unsure,) = found(shape([keep]), shape([drop_part]), schemas=False)
    assert (unsure.rule, unsure.level) == ("event-type-removed", "risky")


def test_a_field_that_is_not_always_there_any_more_says_how_often_it_is() -> None:
    (one,) = found(shape([keep] * 3), shape([keep, drop_model, drop_model]))
    assert (one.rule, one.level, one.evidence) == ("field-became-optional", "risky", Evidence(1, 3))


def test_the_contract_says_what_it_wants() -> None:
    demands = Demands.of(SCHEMAS, "responses", snapshot_of(shape([keep])))
    assert demands.requires("response.output_text.delta", "/delta")
    assert demands.requires("response.completed", "/response/id")
    assert demands.requires("response.output_item.done(message)", "/item/content")
    assert not demands.requires("response.output_text.delta", "/obfuscation")
    assert not demands.requires("response.completed", "/response/nowhere/at/all")
    assert not demands.requires(None, "/header/x-request-id")
    assert demands.requires_event("response.created")
    assert demands.requires_event("response.output_item.added(message)")
    assert not demands.requires_event("response.output_text.delta")
    assert demands.knows_event("response.completed")
    assert not demands.knows_event("response.unheard_of")


def test_of_an_address_that_the_contract_does_not_have_it_wants_nothing() -> None:
    snapshot = snapshot_of(shape([keep]))
    elsewhere = {**snapshot["request"], "/url": "https://chatgpt.com/elsewhere"}
    demands = Demands.of(SCHEMAS, "responses", {**snapshot, "request": elsewhere})
    assert demands.endpoint is None
    assert not demands.requires("response.output_text.delta", "/delta")
    assert not demands.requires_event("response.created")
