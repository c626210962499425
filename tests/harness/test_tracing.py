"""Values that note what is looked at, and are otherwise the values that they are."""

from __future__ import annotations

import json
from typing import Any

from harness.tracing import TracedMap, traced


def _notes(value: Any) -> tuple[Any, set[str]]:
    notes: set[str] = set()
    return traced(value, "", notes), notes


VALUE = {"a": {"b": 1, "c": [{"d": 2}, {"e": 3}]}, "f": "g", "h": {"i": {}}}


def test_a_name_that_is_asked_for_is_noted_and_no_other() -> None:
    value, notes = _notes(VALUE)
    assert value["a"]["b"] == 1
    assert value.get("f") == "g"
    assert notes == {"/a", "/a/b", "/f"}


def test_items_are_noted_as_any_item() -> None:
    value, notes = _notes(VALUE)
    assert [one.get("d") for one in value["a"]["c"]] == [2, None]
    assert notes == {"/a", "/a/c", "/a/c/[]/d"}


def test_a_name_that_is_not_there_is_noted_too() -> None:
    value, notes = _notes(VALUE)
    assert value.get("absent") is None
    assert "gone" not in value
    assert notes == {"/absent", "/gone"}


def test_passing_a_value_on_is_not_reading_it() -> None:
    value, notes = _notes(VALUE)
    kept = [value["a"], value]
    assert notes == {"/a"}
    assert kept[1] is value
    assert isinstance(value, dict)
    assert isinstance(value["a"]["c"], list)


def test_walking_through_an_object_reads_all_its_members() -> None:
    value, notes = _notes(VALUE)
    assert [name for name, _ in value.items()] == ["a", "f", "h"]
    assert notes == {"/a", "/f", "/h"}
    value, notes = _notes(VALUE)
    assert len(list(value.values())) == 3
    assert notes == {"/a", "/f", "/h"}


def test_looking_for_a_name_while_walking_is_noted() -> None:
    value, notes = _notes(VALUE)
    assert [name for name in value if name == "f"] == ["f"]
    assert notes == {"/f"}


def test_names_stay_traced_in_a_copy() -> None:
    value, notes = _notes(VALUE)
    for copy in (dict(value), {**value}):
        assert notes == set()
        assert copy["f"] == "g"
        assert notes == {"/f"}
        notes.clear()


def test_names_stay_traced_in_what_two_objects_are_merged_into() -> None:
    notes: set[str] = set()
    one, other = traced({"x": 1, "y": 2}, "/one", notes), traced({"x": 3}, "/other", notes)
    merged = {**one, **other}
    assert notes == set()
    assert merged.get("x") == 3
    assert notes == {"/one/x", "/other/x"}


def test_writing_an_object_out_reads_it_whole() -> None:
    value, notes = _notes(VALUE)
    assert "'e': 3" in str(value["a"]["c"])
    assert notes == {"/a", "/a/c", "/a/c/**", "/a/c/[]/**"}
    value, notes = _notes(VALUE)
    assert f"{value['h']}" == "{'i': {}}"
    assert "/h/**" in notes


def test_headers_are_noted_by_name_though_there_are_none() -> None:
    notes: set[str] = set()
    headers = TracedMap({}, notes)
    assert headers
    assert headers.get("retry-after") is None
    assert notes == {"retry-after"}


def test_a_traced_value_is_the_value() -> None:
    value, _ = _notes(VALUE)
    assert value == VALUE
    assert json.loads(json.dumps(value)) == VALUE
