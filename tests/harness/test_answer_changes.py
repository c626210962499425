"""What two contracts say that a server answers: every edit is one finding, with its mirror."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.contract_diff import compare_contracts

from .test_contract_diff import both_ways, pristine, with_edit

__all__ = ["pristine"]  # the fixture

USAGE = "schemas/usage/usage.json"
HEADERS = "schemas/responses/headers.json"
CREATED = "schemas/responses/events/response.created.json"
ERROR = "schemas/errors/codex.json"


def put(*path: str, value: Any) -> Callable[[Any], Any]:
    """Set a value, in objects that are made where there are none."""

    def edit(document: Any) -> None:
        for part in path[:-1]:
            document = document.setdefault(part, {})
        document[path[-1]] = value

    return edit


def drop(*path: str) -> Callable[[Any], Any]:
    def edit(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        del document[path[-1]]

    return edit


EDITS: list[tuple[str, Callable[[Any], Any], str, str]] = [
    (USAGE, put("required", value=["plan_type", "user_id"]),
        "field-became-always-present", "field-became-optional"),
    (USAGE, put("properties", "user_id", "enum", value=["a", "b"]),
        "enum-value-unobserved", "enum-value-added"),
    (USAGE, put("properties", "zz_new", value={"type": "string"}),
        "field-added", "field-unobserved"),
    (USAGE, put("properties", "plan_type", "type", value="integer"),
        "type-changed", "type-changed"),
    (USAGE, put("properties", "plan_type", "x-values", value=["free", "zz"]),
        "open-value-changed", "open-value-changed"),
    (USAGE, put("properties", "user_id", "pattern", value="^user-"),
        "string-format-changed", "string-format-changed"),
    ("schemas/usage/window.json", put("properties", "reset_at", "type", value="number"),
        "type-widened", "type-narrowed"),
    (HEADERS, put("properties", "zz-new", value={"type": "string"}),
        "header-added", "header-unobserved"),
    (CREATED, put("properties", "zz_new", value={"type": "string"}),
        "field-added", "field-unobserved"),
    (ERROR, put("properties", "zz_new", value={"type": "string"}),
        "field-added", "field-unobserved"),
]  # fmt: skip


@pytest.mark.parametrize("case", EDITS)
def test_an_edit_of_the_schema_of_an_answer_is_one_finding(
    pristine: Contract, tmp_path: Path, case: tuple[str, Any, str, str]
) -> None:
    name, edit, rule, mirror = case
    there, back = both_ways(pristine, tmp_path / "edited", name, edit)
    assert [one.rule for one in there] == [rule]
    assert [one.rule for one in back] == [mirror]
    (one,) = there
    assert one.direction == "response"
    assert one.where == name
    assert (one.event is not None) == (name == CREATED)


def test_null_is_a_type_of_its_own(pristine: Contract, tmp_path: Path) -> None:
    name = "schemas/usage/rate-limit.json"
    there, back = both_ways(
        pristine,
        tmp_path / "e",
        name,
        put("properties", "allowed", "type", value=["boolean", "null"]),
    )
    assert [one.rule for one in there] == ["became-nullable"]
    assert [one.rule for one in back] == ["became-not-nullable"]


def test_an_event_that_is_described_no_more_is_one_finding(
    pristine: Contract, tmp_path: Path
) -> None:
    there, back = both_ways(pristine, tmp_path / "edited", CREATED, None)
    assert ("event-type-removed", "response.created") in [(one.rule, one.event) for one in there]
    assert len(there) == 1
    assert [one.rule for one in back] == ["event-type-added"]


def test_a_member_that_goes_with_all_below_it_is_one_finding(
    pristine: Contract, tmp_path: Path
) -> None:
    there, _ = both_ways(pristine, tmp_path / "e", USAGE, drop("properties", "credits"))
    assert [(one.rule, one.pointer) for one in there] == [("field-unobserved", "/body/credits")]


def test_what_is_said_in_words_alone_is_no_edit(pristine: Contract, tmp_path: Path) -> None:
    edited = with_edit(pristine, tmp_path / "e", USAGE, put("description", value="Other words."))
    assert compare_contracts(pristine, edited) == []


def test_what_is_sent_and_answered_alike_is_told_twice_only_if_readers_are_worse_off(
    pristine: Contract, tmp_path: Path
) -> None:
    name = "schemas/responses/items/message.json"
    there, back = both_ways(
        pristine, tmp_path / "e", name, put("properties", "role", "type", value=["string", "null"])
    )
    assert sorted((one.direction, one.level) for one in there) == [
        ("request", "additive"),
        ("response", "breaking"),
    ]
    assert [one.direction for one in back] == ["request"]
    assert any("response" in place for one in back for place in one.also)
