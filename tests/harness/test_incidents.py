"""The back-test: what really happened is found again, each edit once, at its rule and level."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.checks import check_exchange
from harness.contract import Contract, ContractError, Provenance
from harness.drift.compare import compare
from harness.drift.examples._exchanges import exchange_of, made
from harness.drift.findings import Finding
from harness.drift.profiles import apply_profile
from harness.drift.rules import RULES
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange
from harness.generated import text_of
from harness.incidents import FOLDER, read_incidents
from harness.reads import Reads
from harness.sides._clients import Clients, client_findings
from harness.sides._model import Seen

ROOT = Path(__file__).parents[2]
CONTRACT = Contract()
SCHEMAS = CONTRACT.schemas
INCIDENTS = {one["id"]: one for one in read_incidents(ROOT / FOLDER)}
CASES = {
    f"{id_}-{number}": case
    for id_, one in sorted(INCIDENTS.items())
    for number, case in enumerate(one.get("cases", ()), 1)
}


def _captured(document: Mapping[str, Any], surface: str) -> Seen:
    """An exchange as a capture of the reference client."""
    provenance = Provenance("captured", "2026-11-22", "this test", None, None, {})
    exchange = exchange_of(document)
    is_turn = exchange.request is not None and exchange.request.url.endswith("/responses")
    return Seen((surface,), exchange, is_turn, provenance)


def _sides(case: Mapping[str, Any]) -> tuple[Exchange, Exchange]:
    before = case["before"]
    return exchange_of(before), exchange_of(made(before, case["after"]))


def found_in(case: Mapping[str, Any]) -> list[Finding]:
    """What the engine finds of a case."""
    surface, by = case["surface"], case.get("by", "compare")
    if by == "calls":
        sides = [[_captured(one, surface) for one in case[side]] for side in ("before", "after")]
        clients = Clients()
        for index, side in enumerate(sides):
            clients.see(index, side)
        return [*clients.findings(), *client_findings(*sides)]
    before, after = _sides(case)
    if by == "contract":
        assert check_exchange(SCHEMAS, surface, before) == []
        return check_exchange(SCHEMAS, surface, after)
    old, new = (snapshot_of(shape_of(SCHEMAS, surface, one)) for one in (before, after))
    return compare(old, new, proved=True)


def _told(case: Mapping[str, Any], found: list[Finding]) -> set[tuple[Any, ...]]:
    profiles = {each["rule"]: each.get("profile", "tolerant") for each in case["expect"]}
    reads = Reads.of(SCHEMAS)
    levelled = [apply_profile([one], profiles.get(one.rule, "tolerant"), reads)[0] for one in found]
    return {(one.rule, one.level, one.direction, one.event, one.pointer) for one in levelled}


def _expected(case: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (each["rule"], each["level"], each["direction"], each.get("event"), each["pointer"])
        for each in case["expect"]
    }


@pytest.mark.parametrize("name", CASES)
def test_what_happened_is_found_once_at_its_rule_and_level(name: str):
    case = CASES[name]
    found = found_in(case)
    assert _told(case, found) == _expected(case)
    assert len(found) == len(case["expect"])


def test_every_documented_incident_has_its_file():
    assert len(INCIDENTS) == 61
    for file in (ROOT / FOLDER).iterdir():
        assert file.suffix == ".yaml"
        assert file.name[:6] in INCIDENTS


@pytest.mark.parametrize("id_", sorted(INCIDENTS))
def test_what_took_something_away_is_breaking_or_risky(id_: str):
    """A loosening says of itself that it is one; and what is not to be seen has a reason."""
    one = INCIDENTS[id_]
    levels = {each["level"] for case in one.get("cases", ()) for each in case["expect"]}
    if not one["visible"]:
        assert one["reason"]
    elif one.get("loosens"):
        assert levels == {"additive"}
    else:
        assert levels & {"breaking", "risky"}


@pytest.mark.parametrize("name", CASES)
def test_every_rule_that_is_expected_is_one_at_a_level_that_it_can_have(name: str):
    for each in CASES[name]["expect"]:
        rule = RULES[each["rule"]]
        known = {rule.level, rule.strict, "risky"}
        assert each["level"] in known


def _parts(case: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    yield from case["parts"].values()


@pytest.mark.parametrize("id_", sorted(INCIDENTS))
def test_every_part_is_composed_or_comes_from_a_source_of_the_incident(id_: str):
    one = INCIDENTS[id_]
    known = {source["ref"] for source in one["sources"]} | {"composed"}
    for case in one.get("cases", ()):
        assert {part["from"] for part in _parts(case)} <= known


@pytest.mark.parametrize("name", CASES)
def test_the_request_before_and_after_is_one_that_the_contract_knows(name: str):
    """A surface that is misspelt, or an address that is none, would compare nothing at all."""
    case = CASES[name]
    if case.get("by") == "calls":
        return
    sent = _sides(case)[0].request
    assert sent is not None
    assert SCHEMAS.endpoint(case["surface"], sent.method, sent.url) is not None


def test_the_corpus_keeps_its_schema_and_the_schema_its_metaschema():
    schema = json.loads((ROOT / FOLDER).parent.joinpath("incident.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for one in INCIDENTS.values():
        assert list(validator.iter_errors(one)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("visible: true", "visible: false"),
        ("kind: drift", "kind: fun"),
        ("level: breaking", "level: dire"),
        ("from: composed\n", "from: composed\n      surely: true\n"),
    ],
)
def test_a_file_that_is_no_incident_is_refused_with_its_place(tmp_path, old: str, new: str):
    folder = tmp_path / "incidents"
    folder.mkdir()
    name = "CX-002-instructions-whitelist.yaml"
    text = (ROOT / FOLDER / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    schema = (ROOT / FOLDER).parent / "incident.schema.json"
    (tmp_path / "incident.schema.json").write_text(schema.read_text())
    with pytest.raises(ContractError) as caught:
        read_incidents(folder)
    assert caught.value.file == f"{FOLDER}/{name}"


def test_the_page_of_the_documentation_shows_every_incident_and_is_up_to_date():
    page = text_of("docs/incidents.md", CONTRACT)
    assert (ROOT / "docs/incidents.md").read_text("utf-8") == page
    for id_, one in INCIDENTS.items():
        assert page.count(f"**{id_}**") == (1 if one["visible"] else 2)
        for case in one.get("cases", ()):
            for each in case["expect"]:
                assert f"`{each['rule']}`" in page


def test_each_witness_has_something_to_see():
    seen = [witness for one in INCIDENTS.values() for witness in one["witness"]]
    assert {"probe", "capture", "canary"} == set(seen)
