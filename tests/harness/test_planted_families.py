"""Edits that look like many, and names that only look like one: each told once, as what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .planted import Interaction, in_body, planted, told


def test_a_page_that_finds_nothing_is_no_challenge(tmp_path: Path) -> None:
    def edit(one: Interaction) -> None:
        one["response"]["status"] = {"code": 404, "message": ""}
        one["response"]["headers"] = {"content-type": ["text/html"]}
        one["response"]["body"] = {"string": "<html><title>nginx</title></html>"}

    assert [one[0] for one in told(planted("codex/usage", tmp_path / "new.yaml", edit))] == [
        "endpoint-removed"
    ]


def test_a_number_that_goes_and_one_of_another_name_that_comes_are_no_rename(
    tmp_path: Path,
) -> None:
    def edit(body: Any) -> None:
        for row in body["models"]:
            del row["max_context_window"]
            row["release_year"] = 2026

    rules = [one[0] for one in told(planted("codex/models", tmp_path / "new.yaml", in_body(edit)))]
    assert rules == ["field-removed", "field-added"]


def test_all_headers_that_go_are_one_edit(tmp_path: Path) -> None:
    def edit(one: Interaction) -> None:
        one["response"]["headers"] = {}

    sides = planted("codex/streamed-text-2025", tmp_path / "new.yaml", edit)
    assert [one[0] for one in told(sides)] == ["header-removed"]
