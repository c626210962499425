"""Edits that touch much at once, there and back: one finding each, and the same one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from .planted import Interaction, compared, in_events, planted, told

STREAMS = ("codex/streamed-text", "codex/function-call", "codex/reasoning-with-summary")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.yaml"


def there_and_back(
    source: str, new: Path, edit: Callable[[Interaction], Any], *options: str
) -> tuple[list[str], list[str]]:
    """The rules that are told of an edit, and those that are told of the way back."""
    old, fresh = planted(source, new, edit)
    ways = (told(sides, *options) for sides in ((old, fresh), (fresh, old)))
    forth, back = ([rule for rule, _, _ in way] for way in ways)
    return forth, back


# All events of a stream


def enveloped(*outside: str) -> Callable[[Interaction], None]:
    def edit(event: dict[str, Any]) -> None:
        inside = {name: value for name, value in event.items() if name not in outside}
        for name in inside:
            del event[name]
        event["data"] = inside

    return in_events(edit)


@pytest.mark.parametrize("source", STREAMS)
@pytest.mark.parametrize("outside", [(), ("type",), ("type", "sequence_number")])
def test_events_in_an_envelope_are_one_edit_wherever_their_type_stands(
    source: str, outside: Sequence[str], new: Path
) -> None:
    expected = ["field-moved"], ["field-moved"]
    assert there_and_back(source, new, enveloped(*outside)) == expected


@pytest.mark.parametrize("source", STREAMS)
@pytest.mark.parametrize("prefix", ["resp.", ""])
def test_one_prefix_of_all_types_renamed_is_one_edit(source: str, prefix: str, new: Path) -> None:
    def renamed(one: Interaction) -> None:
        body = one["response"]["body"]
        body["string"] = body["string"].replace("event: response.", f"event: {prefix}")
        in_events(lambda event: event.update(type=event["type"].replace("response.", prefix, 1)))(
            one
        )

    expected = ["event-type-renamed"], ["event-type-renamed"]
    assert there_and_back(source, new, renamed) == expected


def test_the_finding_of_a_prefix_names_all_types_that_it_renamed(new: Path) -> None:
    sides = planted(
        "codex/streamed-text",
        new,
        in_events(lambda event: event.update(type=event["type"].replace("output_text", "text"))),
    )
    (one,) = compared(*sides)[1]["findings"]
    assert one["before"] == "response.output_text.delta response.output_text.done"
    assert one["after"] == "response.text.delta response.text.done"


@pytest.mark.parametrize(
    "types",
    [
        ("response.created", "response.in_progress"),
        ("response.in_progress", "response.output_item.added"),
        ("response.content_part.done", "response.output_item.done", "response.completed"),
    ],
)
def test_several_events_in_a_row_whose_data_broke_are_one_edit_and_not_gone(
    types: Sequence[str], new: Path
) -> None:
    def broken(one: Interaction) -> None:
        text: str = one["response"]["body"]["string"]
        for kind in types:
            text = text.replace(f'data: {{"type":"{kind}"', f'data: {{"x":NaN,"type":"{kind}"')
        one["response"]["body"]["string"] = text

    assert there_and_back("codex/streamed-text", new, broken) == (
        ["sse-data-not-json"],
        ["sse-data-json-again"],
    )
