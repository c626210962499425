"""The catalogue: what became of each model, each edit once, and nothing of what did not matter."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract, ContractErrors
from harness.drift.catalogue import (
    catalogue_of,
    claim_shapes,
    compare_catalogues,
    merge_catalogues,
)
from harness.drift.compare import compare
from harness.drift.findings import Finding, finding
from harness.drift.shape import Shape, shape_of, snapshot_of
from harness.exchange import Exchange, SentRequest

from .contracts import copy_contract

CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas
URL = "https://chatgpt.com/backend-api/codex/models?client_version=0.147.0"


def model(slug: str, priority: int, **more: Any) -> dict[str, Any]:
    """An entry as short as tests need it."""
    return {
        "slug": slug,
        "priority": priority,
        "visibility": "list",
        "minimal_client_version": "0.98.0",
        "supported_reasoning_levels": [{"effort": "low"}, {"effort": "high"}],
        "default_reasoning_level": "low",
        "supports_parallel_tool_calls": True,
        "context_window": 272000,
        **more,
    }


ROWS = [model("one", 1), model("two", 2), model("three", 3, visibility="hide")]


def answer(rows: Any, status: int = 200) -> Exchange:
    return Exchange(
        request=SentRequest("GET", URL),
        status=status,
        body=json.dumps({"models": rows}).encode(),
    )


def catalogue(rows: Any) -> dict[str, Any]:
    found = catalogue_of(SCHEMAS, "models", answer(rows))
    assert found is not None
    return found


def edited(edit: Callable[[list[dict[str, Any]]], Any]) -> list[dict[str, Any]]:
    rows = copy.deepcopy(ROWS)
    edit(rows)
    return rows


def test_a_catalogue_is_keyed_by_slug_and_knows_its_default():
    found = catalogue(ROWS)
    assert list(found["models"]) == ["one", "two", "three"]
    assert found["default"] == ["one"]
    assert found["at"] == "/body/models"
    assert found["models"]["three"] == {
        "shown": {"/visibility": [False]},
        "minimum": {"/minimal_client_version": ["0.98.0"]},
        "capabilities": {
            "/supported_reasoning_levels/[]/effort": ["high", "low"],
            "/supports_parallel_tool_calls": [True],
        },
        "defaults": {"/default_reasoning_level": ["low"]},
        "limits": {"/context_window": [272000]},
    }


def test_the_real_catalogue_has_its_models():
    interaction = CONTRACT.pair("codex/models").cassette.interactions[0]
    found = catalogue_of(SCHEMAS, "models", Exchange.from_interaction(interaction))
    assert found is not None
    assert found["default"] == ["gpt-5.6-sol"]
    assert len(found["models"]) == 3


@pytest.mark.parametrize(
    "other",
    [
        answer(ROWS, status=404),
        answer("none"),
        Exchange(request=SentRequest("GET", URL), status=200, body=b"<html>"),
        Exchange(request=SentRequest("GET", "https://example.com/"), status=200, body=b"{}"),
    ],
)
def test_what_is_no_list_of_models_is_no_catalogue(other: Exchange):
    assert catalogue_of(SCHEMAS, "models", other) is None


def test_an_answer_without_a_catalogue_has_none():
    interaction = CONTRACT.pair("codex/usage").cassette.interactions[0]
    assert catalogue_of(SCHEMAS, "usage", Exchange.from_interaction(interaction)) is None


def _set(index: int, **members: Any) -> Callable[[list[dict[str, Any]]], Any]:
    return lambda rows: rows[index].update(members)


def _all(**members: Any) -> Callable[[list[dict[str, Any]]], Any]:
    return lambda rows: [row.update(members) for row in rows]


EDITS: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str, str, str, Any, Any]] = {
    "the default is gone": (
        lambda rows: rows.pop(0), "model-removed", "breaking", "/body/models/[one]", "one", None,
    ),
    "another model is gone": (
        lambda rows: rows.pop(1), "model-removed", "risky", "/body/models/[two]", "two", None,
    ),
    "a model comes": (
        lambda rows: rows.append(model("four", 4)),
        "model-added", "additive", "/body/models/[four]", None, "four",
    ),
    "a model comes and is the default": (
        lambda rows: rows.append(model("four", 0)),
        "model-added", "additive", "/body/models/[four]", None, "four",
    ),
    "a model is hidden": (
        _set(1, visibility="hide"),
        "model-hidden", "risky", "/body/models/[two]/visibility", True, False,
    ),
    "a model is shown": (
        _set(2, visibility="list"),
        "model-shown", "additive", "/body/models/[three]/visibility", False, True,
    ),
    "another default": (
        _set(1, priority=0), "model-default-changed", "risky", "/body/models", "one", "two",
    ),
    "an effort goes": (
        _set(0, supported_reasoning_levels=[{"effort": "low"}]),
        "model-capability-removed", "breaking",
        "/body/models/[one]/supported_reasoning_levels/[]/effort", ["high"], None,
    ),
    "an effort comes": (
        _set(0, supported_reasoning_levels=[{"effort": e} for e in ("low", "high", "max")]),
        "model-capability-added", "additive",
        "/body/models/[one]/supported_reasoning_levels/[]/effort", None, ["max"],
    ),
    "a flag goes": (
        _set(0, supports_parallel_tool_calls=False),
        "model-capability-removed", "breaking",
        "/body/models/[one]/supports_parallel_tool_calls", [True], None,
    ),
    "a default of a model": (
        _set(1, default_reasoning_level="high"),
        "model-default-changed", "risky",
        "/body/models/[two]/default_reasoning_level", "low", "high",
    ),
    "a smaller window": (
        _set(1, context_window=128000),
        "model-limit-decreased", "risky", "/body/models/[two]/context_window", 272000, 128000,
    ),
    "a limit that is null now": (
        _set(1, context_window=None),
        "value-became-null", "breaking", "/body/models/[two]/context_window", 272000, None,
    ),
    "a limit that is no number any more": (
        _set(1, context_window="large"),
        "type-changed", "breaking", "/body/models/[two]/context_window", 272000, "large",
    ),
    "a newer client": (
        _set(1, minimal_client_version="0.144.0"),
        "model-minimum-version-raised", "breaking",
        "/body/models/[two]/minimal_client_version", "0.98.0", "0.144.0",
    ),
    "an older client, in numbers": (
        _set(1, minimal_client_version=[0, 9, 9]),
        "model-minimum-version-lowered", "additive",
        "/body/models/[two]/minimal_client_version", "0.98.0", "0.9.9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_is_one_finding_of_the_right_rule_and_level(name: str):
    edit, rule, level, pointer, before, after = EDITS[name]
    (found,) = compare_catalogues(catalogue(ROWS), catalogue(edited(edit)))
    assert (found.rule, found.level, found.pointer) == (rule, level, pointer)
    assert (found.before, found.after) == (before, after)
    assert found.surface == "models"


def test_the_same_change_of_several_models_is_one_finding_that_names_them_all():
    after = edited(_all(minimal_client_version="0.144.0"))
    (found,) = compare_catalogues(catalogue(ROWS), catalogue(after))
    assert found.pointer == "/body/models/[one]/minimal_client_version"
    assert found.also == (
        "/body/models/[three]/minimal_client_version",
        "/body/models/[two]/minimal_client_version",
    )


def test_a_pinned_model_that_goes_is_breaking():
    after = catalogue(edited(lambda rows: rows.pop(1)))
    (found,) = compare_catalogues(catalogue(ROWS), after, pinned=["two"])
    assert found.level == "breaking"


def test_by_default_the_models_of_the_legs_own_table_are_pinned():
    rows = [*ROWS, model("gpt-6.1-sol", 9)]
    (found,) = compare_catalogues(catalogue(rows), catalogue(ROWS))
    assert (found.rule, found.level) == ("model-removed", "breaking")


@pytest.mark.parametrize(
    "edit",
    [
        lambda rows: rows.reverse(),
        _set(0, description="Another text."),
        _set(1, priority=7),
        lambda rows: rows[0].pop("default_reasoning_level"),
        lambda rows: rows[0].update(brand_new=1),
    ],
)
def test_order_texts_and_what_the_shape_tells_are_no_change_of_the_catalogue(edit: Any):
    assert compare_catalogues(catalogue(ROWS), catalogue(edited(edit))) == []


def test_answers_of_one_catalogue_merge_into_it():
    assert merge_catalogues([catalogue(ROWS), catalogue(ROWS)]) == catalogue(ROWS)
    assert merge_catalogues([]) is None


def test_where_answers_contradict_each_other_nothing_is_said_of_a_change():
    both = merge_catalogues([catalogue(ROWS), catalogue(edited(_set(0, context_window=1)))])
    assert both is not None
    assert both["models"]["one"]["limits"]["/context_window"] == [1, 272000]
    assert compare_catalogues(both, catalogue(ROWS)) == []
    assert compare_catalogues(catalogue(ROWS), both) == []


CATALOGUES = st.lists(
    st.builds(
        model,
        st.sampled_from(["one", "two", "three"]),
        st.integers(0, 3),
        visibility=st.sampled_from(["list", "hide"]),
        context_window=st.integers(1, 3) | st.none(),
        default_reasoning_level=st.sampled_from(["low", "high"]),
        minimal_client_version=st.sampled_from(["0.9.0", "0.10.0"]) | st.none(),
    ),
    max_size=3,
    unique_by=lambda row: row["slug"],
).map(catalogue)

MIRRORS = {
    "model-added": "model-removed",
    "model-shown": "model-hidden",
    "model-capability-added": "model-capability-removed",
    "model-limit-increased": "model-limit-decreased",
    "model-minimum-version-raised": "model-minimum-version-lowered",
    "model-default-changed": "model-default-changed",
    "null-became-value": "value-became-null",
}
MIRRORS |= {mirror: rule for rule, mirror in MIRRORS.items()}


def mirror_of(one: Finding) -> str:
    """The rule of the way back; a model under another name is that, both ways."""
    is_renamed = one.rule == "model-removed" and one.after is not None
    return one.rule if is_renamed else MIRRORS[one.rule]


def test_a_model_under_another_name_is_one_edit_that_names_both():
    rows = edited(_set(1, slug="zwei"))
    for sides, names in (((ROWS, rows), ("two", "zwei")), ((rows, ROWS), ("zwei", "two"))):
        (one,) = compare_catalogues(*map(catalogue, sides))
        assert (one.rule, one.before, one.after) == ("model-removed", *names)
        assert f"{names[1]} is new" in one.message


def test_another_model_in_the_place_of_one_that_is_gone_is_two_edits():
    rows = edited(_set(1, slug="zwei", context_window=1))
    rules = [one.rule for one in compare_catalogues(catalogue(ROWS), catalogue(rows))]
    assert sorted(rules) == ["model-added", "model-removed"]


def test_one_of_two_models_alike_under_another_name_is_not_guessed_at():
    here = [model("a", 1), model("b", 1), model("c", 2)]
    there = [model("d", 1), model("e", 1), model("c", 2)]
    rules = [one.rule for one in compare_catalogues(catalogue(here), catalogue(there))]
    assert sorted(rules) == ["model-added"] * 2 + ["model-removed"] * 2


@given(one=CATALOGUES, other=CATALOGUES)
def test_both_directions_find_the_same_edits(one: Any, other: Any):
    there, back = compare_catalogues(one, other), compare_catalogues(other, one)
    assert sorted(map(mirror_of, there)) == sorted(x.rule for x in back)
    assert compare_catalogues(one, one) == []


@given(several=st.lists(CATALOGUES, min_size=1, max_size=4), data=st.data())
def test_the_order_of_merging_does_not_matter(several: list[Any], data: st.DataObject):
    assert merge_catalogues(several) == merge_catalogues(data.draw(st.permutations(several)))


def test_the_shape_is_silent_about_what_the_catalogue_says():
    place = "/body/models/[]/supported_reasoning_levels/[]/effort"
    by_shape = [
        finding("open-value-added", "", surface="models", pointer=place, after='~"max"'),
        finding("field-added", "", surface="models", pointer="/body/models/[]/new"),
        finding("open-value-added", "", surface="models", pointer="/body/models/[]/tool_mode"),
    ]
    rows = edited(
        _set(0, supported_reasoning_levels=[{"effort": e} for e in ("low", "high", "max")])
    )
    catalogues = (catalogue(ROWS), catalogue(rows))
    said = compare_catalogues(*catalogues)
    assert claim_shapes(by_shape, said, catalogues) == by_shape[1:]


def test_without_a_word_of_the_catalogue_the_shape_keeps_its_own():
    catalogues = (catalogue(ROWS), catalogue(ROWS))
    by_shape = [
        finding("open-value-added", "", surface="models", pointer="/body/models/[]/shell_type")
    ]
    assert claim_shapes(by_shape, [], catalogues) == by_shape


def test_a_shape_keeps_the_catalogue_through_merging_and_storing():
    hidden = edited(_set(1, visibility="hide"))
    shape = shape_of(SCHEMAS, "models", answer(ROWS))
    shape.merge(shape_of(SCHEMAS, "models", answer(hidden)))
    snapshot = snapshot_of(shape)
    assert snapshot["catalogue"]["models"]["two"]["shown"] == {"/visibility": [False, True]}
    assert SCHEMAS.validate("snapshot.json", snapshot) == []
    stored = json.loads(json.dumps(shape.to_json()))
    assert SCHEMAS.validate("report/evidence.json", stored) == []
    assert snapshot_of(Shape.from_json(stored)) == snapshot


def test_a_shape_without_a_catalogue_says_nothing_of_one():
    assert "catalogue" not in snapshot_of(shape_of(SCHEMAS, "models", answer("none")))


#: A value of another type is an edit of the form, first of all.
FORMED_ALIKE = sorted(
    EDITS.keys() - {"an older client, in numbers", "a limit that is no number any more"}
)


@pytest.mark.parametrize("name", FORMED_ALIKE)
def test_comparing_shapes_tells_what_became_of_a_model_and_only_that(name: str):
    edit, rule, level, pointer, _, _ = EDITS[name]
    before, after = (
        snapshot_of(shape_of(SCHEMAS, "models", answer(rows))) for rows in (ROWS, edited(edit))
    )
    found = [one for one in compare(before, after) if one.level != "benign"]
    assert [(one.rule, one.level, one.pointer) for one in found] == [(rule, level, pointer)]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"key": "slug"', '"name": "slug"', ""),
        ('"rank": "/priority"', '"rank": "priority"', "/rank"),
        ('"rank": "/priority"', '"range": "/priority"', "/range"),
        ('"limits": [', '"limits": [7, ', "/limits"),
        ('{"at": "/visibility", "in": ["list"]}', '"/visibility"', "/shown"),
    ],
)
def test_an_annotation_that_means_nothing_is_a_fault_of_the_contract(
    tmp_path: Any, old: str, new: str, where: str
):
    small = copy_contract(tmp_path, ["codex/usage"])
    small.replace("schemas/models/models.json", old, new)
    with pytest.raises(ContractErrors) as caught:
        _ = Contract(small.root).schemas
    (fault,) = caught.value.errors
    assert fault.where == f"/properties/models/x-catalogue{where}"
