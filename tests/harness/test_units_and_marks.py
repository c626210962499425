"""Percents are whole, JSON begins with JSON, and the places of items are counted from 0."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .contracts import ROOT
from .test_compare_command import compare, run

USAGE = ROOT / "cassettes/codex/usage.yaml"
WINDOWS = ROOT / "cassettes/codex/usage-five-hour-window.yaml"
STREAM = ROOT / "cassettes/codex/streamed-text.yaml"


def with_body(source: Path, target: Path, edit: Callable[[str], str]) -> Path:
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    body = document["interactions"][0]["response"]["body"]
    changed = edit(body["string"])
    assert changed != body["string"]
    body["string"] = changed
    target.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return target


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["rule"], one["pointer"].rpartition("/")[2]) for one in report["findings"]]


def as_fractions(body: str) -> str:
    return re.sub(r'"used_percent": \d+', '"used_percent": 0.34', body)


def test_a_percent_that_became_a_fraction_is_found(tmp_path: Path) -> None:
    new = with_body(WINDOWS, tmp_path / "new.yaml", as_fractions)
    for pair in ((WINDOWS, new), (new, WINDOWS)):
        code, report = compare(*pair)
        assert code == 1
        assert set(told(report)) == {("number-format-changed", "used_percent")}
    done = run("validate", new, "--surface", "usage", "--format", "json")
    assert {one["rule"] for one in json.loads(done.out)["findings"]} == {"schema/type"}


def test_a_byte_order_mark_before_json_is_found(tmp_path: Path) -> None:
    new = with_body(USAGE, tmp_path / "new.yaml", lambda body: f"\ufeff{body}")
    assert told(compare(USAGE, new)[1]) == [("sse-bom-added", "bom")]
    assert told(compare(new, USAGE)[1]) == [("sse-bom-removed", "bom")]


def test_a_raw_file_may_have_been_saved_with_a_byte_order_mark(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"plan_type":"plus"}', encoding="utf-8")
    new.write_text('{"plan_type":"plus"}', encoding="utf-8-sig")
    assert compare(old, new, "--surface", "usage")[0] == 0


@pytest.mark.parametrize("place", [1, 7])
def test_an_item_behind_an_empty_place_is_found(tmp_path: Path, place: int) -> None:
    new = with_body(
        STREAM,
        tmp_path / "new.yaml",
        lambda body: body.replace('"output_index":0', f'"output_index":{place}'),
    )
    code, report = compare(STREAM, new)
    assert (code, told(report)) == (1, [("order/place-changed", "output_index")])
    assert f"is at {place}, and nothing is at 0" in report["findings"][0]["message"]
    assert told(compare(new, STREAM)[1]) == []
