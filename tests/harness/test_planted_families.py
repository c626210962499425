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


def test_the_keys_of_a_map_that_no_schema_describes_are_renamed_into_no_others(
    tmp_path: Path,
) -> None:
    """And a hundred of them take no minute: among so many there is always a second choice."""

    def keyed(letter: str) -> Any:
        def edit(body: Any) -> None:
            body["made_up"] = {f"{letter}{at:03}": {"used": at, "name": "x"} for at in range(100)}

        return edit

    _, old = planted("codex/usage", tmp_path / "old.yaml", in_body(keyed("a")))
    _, new = planted("codex/usage", tmp_path / "new.yaml", in_body(keyed("b")))
    found = told((old, new))
    assert {one[0] for one in found} == {"field-removed", "field-added"}
    assert len(found) == 200
