"""Places in JSON: what is taken away is gone, wherever it stood, and nothing else is."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reference.trials.places import is_there, names_in, nulled, removed

EVENT = {
    "type": "response.output_item.done",
    "item": {
        "type": "message",
        "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
    },
    "plain": [1, 2],
    "a/b": {"c~d": None},
    "items": {"msg_0123456789abcdef01": 1, "msg_0123456789abcdef02": 2},
}


def test_items_and_variants_are_told_apart_by_type_and_ids_are_one_place() -> None:
    assert names_in(EVENT) == [
        "/type",
        "/item",
        "/item/[message]/type",
        "/item/[message]/content",
        "/item/[message]/content/[output_text]",
        "/item/[message]/content/[output_text]/type",
        "/item/[message]/content/[output_text]/text",
        "/item/[message]/content/[refusal]",
        "/item/[message]/content/[refusal]/type",
        "/item/[message]/content/[refusal]/refusal",
        "/plain",
        "/plain/[]",
        "/a~1b",
        "/a~1b/c~0d",
        "/items",
        "/items/{}",
    ]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("/plain/[]", []),
        ("/plain", None),
    ],
)
def test_all_items_of_a_name_go_together(name: str, left: Any) -> None:
    assert removed(EVENT, name).get("plain") == left


def test_only_items_of_the_type_go() -> None:
    found = removed(EVENT, "/item/[message]/content/[output_text]")
    assert found["item"]["content"] == [{"type": "refusal", "refusal": "b"}]


def test_what_is_null_already_is_not_there_to_be_nulled() -> None:
    assert is_there(EVENT, "/a~1b/c~0d")
    assert not is_there(EVENT, "/a~1b/c~0d", not_null=True)


KEYS = st.sampled_from(["type", "item", "id", "a/b", "c~", "text", "msg_0123456789abcdef01"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["message", "a/b", ""]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=12,
)


@given(JSON, st.data())
def test_what_is_removed_is_gone_and_the_document_is_left_as_it_was(
    document: Any, data: st.DataObject
) -> None:
    names = names_in(document)
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    before = copy.deepcopy(document)
    assert is_there(document, name)
    without = removed(document, name)
    assert document == before
    assert len(json.dumps(without)) < len(json.dumps(document))
    if "/type" not in name:
        # Without its type an object has another name, and then so has what is in it.
        assert not is_there(without, name)
        assert set(names_in(without)) <= set(names)


@given(JSON, st.data())
def test_what_is_nulled_is_still_there_and_null(document: Any, data: st.DataObject) -> None:
    names = [name for name in names_in(document) if is_there(document, name, not_null=True)]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    without = nulled(document, name)
    assert without != document
    if "/[" not in name and "/type" not in name:
        assert is_there(without, name)
    if "/type" not in name:
        assert not is_there(without, name, not_null=True)
