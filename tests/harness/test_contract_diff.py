"""What two contracts say that a server takes: every edit is one finding, with its mirror."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.accept_changes import changes, described
from harness.accepts import accepts
from harness.contract import Contract, ContractError, Rule
from harness.contract_diff import compare_contracts
from harness.drift.findings import Finding
from harness.drift.rules import RULES

from .contracts import ROOT

REQUEST = "schemas/responses/request.json"
ITEM = "schemas/responses/request-input-item.json"
MESSAGE = "schemas/responses/items/message.json"


FOLDERS = ("schemas", "rulebook", "probes", "cassettes")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    root = tmp_path_factory.mktemp("pristine")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder)
    return Contract(root)


Edit = Callable[[Any], Any]


def with_edit(pristine: Contract, root: Path, name: str, edit: Edit | None) -> Contract:
    """A copy of the contract in which one file is edited; ``None``: it is gone."""
    root.mkdir()
    for folder in FOLDERS:
        if name.startswith(folder):
            shutil.copytree(pristine.root / folder, root / folder)
        else:
            (root / folder).symlink_to(pristine.root / folder)
    file = root / name
    if edit is None:
        file.unlink()
        return Contract(root)
    is_json = file.suffix == ".json"
    text = file.read_text(encoding="utf-8")
    document = json.loads(text) if is_json else yaml.safe_load(text)
    edit(document)
    text = json.dumps(document) if is_json else yaml.safe_dump(document, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    return Contract(root)


def both_ways(
    pristine: Contract, root: Path, name: str, edit: Edit | None
) -> tuple[list[Finding], list[Finding]]:
    edited = with_edit(pristine, root, name, edit)
    return compare_contracts(pristine, edited), compare_contracts(edited, pristine)


def at(*path: str | int) -> Callable[[Any], Any]:
    def look(document: Any) -> Any:
        for part in path:
            document = document[part]
        return document

    return look


def put(value: Any, *path: str | int) -> Edit:
    def edit(document: Any) -> None:
        at(*path[:-1])(document)[path[-1]] = value

    return edit


def drop(*path: str | int) -> Edit:
    def edit(document: Any) -> None:
        del at(*path[:-1])(document)[path[-1]]

    return edit


def test_a_contract_and_itself_accept_the_same(pristine: Contract) -> None:
    assert compare_contracts(pristine, pristine) == []


#: An edit → its rule, level and place; the rule and level of the way back.
SCHEMAS: dict[str, tuple[str, Edit, tuple[str, str, str], tuple[str, str]]] = {
    "a field is wanted": (
        REQUEST, put(["model", "input", "stream", "store", "instructions"], "required"),
        ("request-field-became-required", "breaking", "/body/instructions"),
        ("request-field-became-optional", "additive")),
    "a field is new": (
        REQUEST, put({"type": "object", "properties": {"a": {"type": "string"}}},
                     "properties", "colour"),
        ("request-field-accepted", "additive", "/body/colour"),
        ("request-field-rejected", "risky")),
    "a field is forbidden": (
        REQUEST, put(False, "properties", "parallel_tool_calls"),
        ("request-field-rejected", "breaking", "/body/parallel_tool_calls"),
        ("request-field-accepted", "additive")),
    "a closed value is opened": (
        REQUEST, put({"type": "boolean"}, "properties", "store"),
        ("request-value-accepted", "additive", "/body/store"),
        ("request-value-rejected", "breaking")),
    "a set of values is narrowed": (
        REQUEST, put(["auto", "none"], "properties", "prompt_cache_key", "enum"),
        ("request-value-rejected", "breaking", "/body/prompt_cache_key"),
        ("request-value-accepted", "additive")),
    "an open set has one more value": (
        MESSAGE, lambda d: d["properties"]["role"]["x-values"].append("tool"),
        ("request-item-accepted", "additive", "/body/input/[message]/role"),
        ("request-item-rejected", "risky")),
    "a value may be null": (
        REQUEST, put({"type": ["boolean", "null"]}, "properties", "parallel_tool_calls"),
        ("request-type-widened", "additive", "/body/parallel_tool_calls"),
        ("request-type-narrowed", "breaking")),
    "a value is of another type": (
        REQUEST, put({"type": "integer"}, "properties", "parallel_tool_calls"),
        ("request-type-narrowed", "breaking", "/body/parallel_tool_calls"),
        ("request-type-narrowed", "breaking")),
    "a text has a limit": (
        REQUEST, put(64, "properties", "prompt_cache_key", "maxLength"),
        ("request-limit-decreased", "breaking", "/body/prompt_cache_key"),
        ("request-limit-increased", "additive")),
    "a smallest size rises": (
        REQUEST, put(2, "properties", "model", "minLength"),
        ("request-limit-decreased", "breaking", "/body/model"),
        ("request-limit-increased", "additive")),
    "models are a closed set": (
        REQUEST, put(["gpt-5.5"], "properties", "model", "enum"),
        ("request-model-rejected", "breaking", "/body/model"),
        ("request-model-accepted", "additive")),
    "items of a type are not described any more": (
        ITEM, lambda d: d["allOf"].pop(1),
        ("request-item-rejected", "risky", "/body/input/[reasoning]"),
        ("request-item-accepted", "additive")),
    "no other fields may be sent": (
        REQUEST, put(False, "additionalProperties"),
        ("request-field-rejected", "breaking", "/body"),
        ("request-field-accepted", "additive")),
}  # fmt: skip


@pytest.mark.parametrize("case", SCHEMAS)
def test_one_edit_of_a_request_schema_is_one_finding_and_so_is_its_mirror(
    pristine: Contract, tmp_path: Path, case: str
) -> None:
    name, edit, wanted, mirror = SCHEMAS[case]
    there, back = both_ways(pristine, tmp_path / "edited", name, edit)
    (one,) = [found for found in there if found.surface == "responses"]
    assert (one.rule, one.level, one.pointer) == wanted
    assert (one.direction, one.where) == ("request", name)
    (other,) = back
    assert (other.rule, other.level, other.pointer) == (*mirror, wanted[2])
    assert len(there) == 1


def test_a_schema_that_several_places_share_is_one_finding_that_names_them_all(
    pristine: Contract, tmp_path: Path
) -> None:
    edit = put({"type": "string"}, "properties", "colour")
    there, _ = both_ways(pristine, tmp_path / "edited", MESSAGE, edit)
    (one,) = there
    assert one.pointer == "/body/input/[message]/colour"
    assert "plan /body/input/[message]/colour" in one.also


@pytest.mark.parametrize("keyword", ["description", "title", "x-kind", "x-sources", "x-invariants"])
def test_what_says_nothing_of_what_may_be_sent_is_no_finding(
    pristine: Contract, tmp_path: Path, keyword: str
) -> None:
    value = {"x-kind": "text"}.get(keyword, "other")
    place = ("properties", "model", keyword) if keyword == "x-kind" else (keyword,)
    edit = drop(*place) if keyword.startswith("x-i") else put(value, *place)
    if keyword == "x-sources":
        edit = put([{"ref": "a/b#1", "date": "2026-01-01"}], keyword)
    there, back = both_ways(pristine, tmp_path / "edited", "schemas/plan/request.json", edit)
    assert (there, back) == ([], [])


#: A rule of the rulebook → what its going means, and what its coming means.
RULEBOOK = {
    "parameter-temperature": ("request-field-accepted", "request-field-rejected",
                              "/body/temperature"),
    "store-must-be-false": ("request-value-accepted", "request-value-rejected", "/body/store"),
    "input-must-be-list": ("request-type-widened", "request-type-narrowed", "/body/input"),
    "system-role-refused": ("request-item-accepted", "request-item-rejected",
                            "/body/input/[]/role"),
    "id-too-long": ("request-limit-increased", "request-limit-decreased", "/body/input/[]/call_id"),
    "service-tier": ("request-value-accepted", "request-value-rejected", "/body/service_tier"),
    "models-client-version-missing": ("request-field-became-optional",
                                      "request-field-became-required", "/query/client_version"),
    "models-client-version-malformed": ("request-client-version-accepted",
                                        "request-client-version-rejected", "/query/client_version"),
    "account-header-missing": ("request-header-became-optional", "request-header-became-required",
                               "/header/chatgpt-account-id"),
    "anthropic-beta-header": ("request-header-value-accepted", "request-header-value-rejected",
                              "/header/anthropic-beta"),
    "model-unknown": ("request-model-accepted", "request-model-rejected", "/body/model"),
    "client-too-old": ("request-client-version-accepted", "request-client-version-rejected",
                       "/header/version"),
    "responses-with-a-subscription": ("auth-scope-not-required", "auth-scope-required", "/status"),
    "bearer-missing": ("auth-accepted", "auth-refused", "/status"),
}  # fmt: skip


@pytest.mark.parametrize("name", RULEBOOK)
def test_a_rule_that_comes_or_goes_is_one_finding(
    pristine: Contract, tmp_path: Path, name: str
) -> None:
    going, coming, pointer = RULEBOOK[name]
    there, back = both_ways(pristine, tmp_path / "edited", f"rulebook/{name}.yaml", None)
    assert [(one.rule, one.pointer) for one in there] == [(going, pointer)]
    assert [(one.rule, one.pointer) for one in back] == [(coming, pointer)]
    assert there[0].where == f"rulebook/{name}.yaml"


class Without(Contract):
    """A contract whose rulebook lacks one rule."""

    def __init__(self, whole: Contract, gone: str) -> None:
        super().__init__(whole.root)
        self._rules = {name: rule for name, rule in whole.rules.items() if name != gone}

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self._rules


def test_every_rule_of_the_rulebook_that_goes_is_told_as_one_finding(pristine: Contract) -> None:
    for rule in pristine.rules.values():
        edited = Without(pristine, rule.id)
        counts = [
            len(compare_contracts(*sides)) for sides in ((pristine, edited), (edited, pristine))
        ]
        assert counts == [0, 0] if rule.until is not None else [1, 1], rule.id


def test_a_rule_whose_day_has_come_is_gone(pristine: Contract, tmp_path: Path) -> None:
    there, back = both_ways(
        pristine, tmp_path / "edited", "rulebook/parameter-temperature.yaml",
        put("2026-11-01", "until"),
    )  # fmt: skip
    assert [one.rule for one in there] == ["request-field-accepted"]
    assert [one.rule for one in back] == ["request-field-rejected"]


def test_a_value_that_a_rule_lets_through_now_is_one_finding(
    pristine: Contract, tmp_path: Path
) -> None:
    def edit(document: Any) -> None:
        document["request"]["properties"]["body"]["properties"]["service_tier"]["enum"].append("x")

    there, back = both_ways(pristine, tmp_path / "edited", "rulebook/service-tier.yaml", edit)
    assert [one.rule for one in there] == ["request-value-accepted"]
    assert [one.rule for one in back] == ["request-value-rejected"]


def test_a_name_that_a_rule_lets_through_now_is_one_finding(
    pristine: Contract, tmp_path: Path
) -> None:
    def edit(document: Any) -> None:
        document["request"]["properties"]["body"]["propertyNames"]["enum"].append("colour")

    there, _ = both_ways(pristine, tmp_path / "edited", "rulebook/unsupported-parameter.yaml", edit)
    assert [(one.rule, one.pointer) for one in there] == [
        ("request-field-accepted", "/body/colour")
    ]


def test_a_rule_on_which_the_sources_disagree_is_never_breaking(
    pristine: Contract, tmp_path: Path
) -> None:
    name = next(one.path for one in pristine.rules.values() if one.strict_only)
    _, back = both_ways(pristine, tmp_path / "edited", name, None)
    assert [one.level for one in back] == ["risky"]


def test_more_endpoints_of_a_rule_and_fewer_are_findings(
    pristine: Contract, tmp_path: Path
) -> None:
    rules = pristine.rules.values()
    name = next(one.path for one in rules if len(one.endpoints) > 1 and not one.until)

    def edit(document: Any) -> None:
        document["endpoints"].pop()

    there, back = both_ways(pristine, tmp_path / "edited", name, edit)
    assert len(there) == len(back) == 1
    assert RULES[there[0].rule].level in ("additive", "benign")


# What a schema lets through


def test_of_two_branches_either_may_be_sent() -> None:
    schemas = Contract(ROOT).schemas
    found = accepts(
        schemas,
        {"anyOf": [
            {"type": "string", "maxLength": 3},
            {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
        ]},
        prefix="/body",
    )  # fmt: skip
    assert found["/body"].types == frozenset({"string", "object"})
    assert found["/body"].limits == {}
    assert (found["/body/a"].required, found["/body/a"].values) == (False, frozenset({"1"}))


def test_a_schema_that_contains_itself_has_an_end() -> None:
    schema = {
        "type": "object",
        "properties": {"inner": {"$ref": "#"}, "list": {"items": {"$ref": "#"}}},
    }
    found = accepts(Contract(ROOT).schemas, schema, prefix="/body")
    assert {"/body/inner", "/body/list/[]"} <= found.keys()
    assert len(found) < 100


schemas = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "integer", "null"])
            | st.lists(st.sampled_from(["string", "boolean"]), min_size=1, unique=True),
            "enum": st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1, unique=True),
            "maxLength": st.integers(0, 9),
            "minimum": st.integers(0, 9),
            "pattern": st.sampled_from(["^a", "b$"]),
            "not": st.fixed_dictionaries({"required": st.just(["z"])}),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "required": st.lists(st.sampled_from("abc"), unique=True),
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    ),
    max_leaves=6,
)

LENS = Contract(ROOT).schemas


@given(schemas)
def test_a_schema_compared_with_itself_gives_nothing(schema: dict[str, Any]) -> None:
    found = accepts(LENS, schema)
    assert list(changes(found, found)) == []
    assert list(described(found, found)) == []


@given(schemas, schemas)
def test_what_two_schemas_differ_in_is_found_both_ways_with_rules_that_exist(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    here, there = accepts(LENS, one), accepts(LENS, other)
    for compare in (changes, described):
        forth, back = list(compare(here, there)), list(compare(there, here))
        assert {change.pointer for change in forth} == {change.pointer for change in back}
        assert all(change.rule in RULES for change in (*forth, *back))
        assert bool(forth) == bool(back)


def test_a_contract_without_a_rulebook_says_nothing_of_what_is_refused(
    pristine: Contract, tmp_path: Path
) -> None:
    edited = with_edit(pristine, tmp_path / "edited", "schemas/usage/usage.json", put("x", "title"))
    (edited.root / "rulebook").unlink()
    assert compare_contracts(edited, pristine) == compare_contracts(pristine, edited) == []


def test_a_rule_that_cannot_be_read_is_no_rule_that_is_gone(
    pristine: Contract, tmp_path: Path
) -> None:
    name = "rulebook/service-tier.yaml"
    edited = with_edit(pristine, tmp_path / "edited", name, drop("surface"))
    with pytest.raises(ContractError, match=r"rulebook/service-tier\.yaml"):
        compare_contracts(pristine, edited)
