"""Two members that have changed places: one finding that says so, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.drift.change import Change
from harness.drift.changes import field_changes, fields_of

from .planted import Interaction, compared, in_body, in_events, planted, told

WINDOWS = ("primary_window", "secondary_window")


def swap(value: Any, one: str, other: str) -> None:
    value[one], value[other] = value[other], value[one]


def in_all_limits(body: Any) -> None:
    swap(body["rate_limit"], *WINDOWS)
    for more in body["additional_rate_limits"]:
        swap(more["rate_limit"], *WINDOWS)


def in_one_limit(body: Any) -> None:
    swap(body["additional_rate_limits"][0]["rate_limit"], *WINDOWS)


def in_headers(answer: Interaction) -> None:
    headers = answer["response"]["headers"]
    names = ("x-codex-primary-", "x-codex-secondary-")

    def other(name: str) -> str:
        for one, another in (names, names[::-1]):
            if name.startswith(one):
                return name.replace(one, another, 1)
        return name

    answer["response"]["headers"] = {other(name): value for name, value in headers.items()}


def in_rate_limits(event: dict[str, Any]) -> None:
    if event["type"] == "codex.rate_limits":
        swap(event["rate_limits"], "primary", "secondary")


PLANTED: dict[str, tuple[str, Callable[[Interaction], None], str]] = {
    "an object and null, in two places": (
        "codex/usage", in_body(in_all_limits), "/body/rate_limit/primary_window"),
    "two objects": (
        "codex/usage", in_body(in_one_limit),
        "/body/additional_rate_limits/[]/rate_limit/primary_window"),
    "a family of headers": (
        "codex/usage-limit-reached-with-headers", in_headers,
        "/header/x-codex-primary-window-minutes"),
    "two members of an event": (
        "codex/rate-limits-event", in_events(in_rate_limits),
        "codex.rate_limits /rate_limits/primary"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "edit", "pointer"), PLANTED.values(), ids=PLANTED)
def test_windows_that_have_changed_places_are_one_finding_there_and_back(
    source: str, edit: Callable[[Interaction], None], pointer: str, tmp_path: Path
) -> None:
    old, new = planted(source, tmp_path / "new.yaml", edit)
    assert told((old, new)) == [("fields-swapped", "breaking", pointer)]
    assert told((new, old)) == [("fields-swapped", "breaking", pointer)]


def test_that_five_hours_sit_in_the_second_window_follows_from_the_swap(tmp_path: Path) -> None:
    sides = planted("codex/usage", tmp_path / "new.yaml", in_body(in_all_limits))
    (one,) = compared(*sides)[1]["findings"]
    assert one["message"].endswith(": primary_window and secondary_window")
    places = [f"/body/additional_rate_limits/[]/rate_limit/{name}" for name in WINDOWS]
    assert one["also"] == places
    assert one["explains"] == [f"invariant/value {places[1]}/limit_window_seconds"]


def changes(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    around = {"": "object"}
    found: list[Change] = field_changes(fields_of(around | before), fields_of(around | after))
    return [(one.rule, one.pointer) for one in found]


def test_values_that_show_nothing_of_what_they_are_have_not_changed_places() -> None:
    """One that is null now, and another that is not any more: that is two edits."""
    assert changes({"/old_note": "string", "/new_note": "null"},
                   {"/old_note": "null", "/new_note": "string"}) == [
        ("null-became-value", "/new_note"), ("value-became-null", "/old_note"),
    ]  # fmt: skip


def test_words_have_changed_places_only_where_the_names_have_one_in_common() -> None:
    limits = "limit(300)", "limit(600)"
    for names, wanted in (
        (("/old_span", "/new_span"), [("fields-swapped", "/new_span")]),
        (("/a", "/b"), [("limit-increased", "/a"), ("limit-decreased", "/b")]),
    ):
        here, there = (dict(zip(names, one, strict=True)) for one in (limits, limits[::-1]))
        assert changes(here, there) == wanted


def test_what_could_have_been_swapped_with_two_others_was_swapped_with_none() -> None:
    here = {"/a_x": "limit(1)", "/b_x": "limit(2)", "/c_x": "limit(2)"}
    there = {"/a_x": "limit(2)", "/b_x": "limit(1)", "/c_x": "limit(1)"}
    assert {rule for rule, _ in changes(here, there)} == {"limit-increased", "limit-decreased"}


def week_in_primary(body: Any) -> None:
    limit = body["rate_limit"]
    limit["primary_window"], limit["secondary_window"] = limit["secondary_window"], None


def test_the_week_in_the_place_of_the_five_hours_is_one_move(tmp_path: Path) -> None:
    source = "codex/usage-five-hour-window"
    old, new = planted(source, tmp_path / "new.yaml", in_body(week_in_primary))
    places = ("/body/rate_limit/secondary_window", "/body/rate_limit/primary_window")
    assert told((old, new)) == [("field-moved", "risky", places[0])]
    assert told((new, old)) == [("field-moved", "risky", places[1])]
    (one,) = compared(old, new)[1]["findings"]
    assert one["message"].endswith(
        "what stood at secondary_window stands at primary_window now, in the place of another value"
    )


def test_a_window_of_another_length_is_no_larger_limit(tmp_path: Path) -> None:
    def edit(body: Any) -> None:
        body["rate_limit"]["primary_window"]["limit_window_seconds"] = 604800

    sides = planted("codex/usage-five-hour-window", tmp_path / "new.yaml", in_body(edit))
    assert [one[:2] for one in told(sides)] == [("limit-increased", "risky")]
