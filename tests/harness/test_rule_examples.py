"""Every rule has an example, and the engine finds in it that rule and no other."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from harness.contract import ContractError, Schemas
from harness.drift.examples import FOLDER, Example, example_of, examples
from harness.drift.rules import RULES

from .contracts import ROOT
from .rule_examples import breaches_in, found_in

WITH_BASE = [one for one in examples().values() if one.base is not None]
OF_ONE = [one for one in WITH_BASE if RULES[one.rule].direction == "contract"]
OF_TWO = [one for one in WITH_BASE if one not in OF_ONE]

#: Found by comparing more than two exchanges; their own tests are the proof.
ELSEWHERE = {
    "client-endpoint-added": "a run of the reference client, not one exchange",
    "client-endpoint-removed": "a run of the reference client, not one exchange",
    "client-transport-added": "a run of the reference client, not one exchange",
    "client-transport-removed": "a run of the reference client, not one exchange",
    "client-precondition-added": "a run of the reference client, not one exchange",
    "client-precondition-removed": "a run of the reference client, not one exchange",
    "refused-more-often": "two sets of answers, and not two exchanges",
    "refused-less-often": "two sets of answers, and not two exchanges",
    "shape-changed": "a difference without a name can have no example",
}


def test_every_rule_has_an_example() -> None:
    assert [name for name in RULES if example_of(name) is None] == []


def test_every_rule_about_two_exchanges_has_an_example_that_runs() -> None:
    texts = {one.rule for one in examples().values() if one.base is None}
    not_run = {name for name in texts if RULES[name].direction != "contract"}
    assert not_run == ELSEWHERE.keys()


def test_the_contract_of_the_examples_is_sound(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "contract" / "schemas", tmp_path / "schemas")
    for name in ("index.schema.json", "order.schema.json"):
        shutil.copy(ROOT / "schemas" / name, tmp_path / "schemas" / name)
    assert Schemas(tmp_path / "schemas").check(metaschema=True) == []


def test_an_example_that_is_none_is_refused() -> None:
    from harness.drift import examples as module

    for row, said in (
        ({"rule": "no-such-rule", "before": "a", "after": "b"}, "is no rule"),
        ({"rule": "field-added", "before": {}, "after": {}}, "None is none"),
        ({"rule": "field-added", "base": "nothing", "before": {}, "after": {}}, "is none"),
        ({"rule": "field-added", "bse": "usage", "before": {}}, "is no member of an example"),
    ):
        with pytest.raises(ContractError, match=said):
            module._example("values.yaml", row)


@pytest.mark.parametrize("example", OF_TWO, ids=lambda one: one.rule)
def test_the_engine_finds_in_an_example_exactly_its_rule(example: Example, tmp_path: Path) -> None:
    found = found_in(example, tmp_path)
    assert [(one.rule, one.level) for one in found] == [
        (example.rule, RULES[example.rule].level)
    ], [one.message for one in found]


@pytest.mark.parametrize("example", OF_ONE, ids=lambda one: one.rule)
def test_one_exchange_breaks_the_contract_in_one_place(example: Example) -> None:
    before, after = breaches_in(example)
    assert [(one.rule, one.message) for one in before] == []
    assert [(one.rule, one.level) for one in after] == [
        (example.rule, RULES[example.rule].level)
    ], [one.message for one in after]


@pytest.mark.parametrize("example", examples().values(), ids=lambda one: one.rule)
def test_an_example_shows_two_different_things(example: Example) -> None:
    told = list(example.told())
    assert told
    assert all(before != after for _, before, after in told)


def test_every_rule_that_no_example_proves_is_proved_by_another_test() -> None:
    here = Path(__file__)
    own = {"test_rule_examples.py", "test_rules_symmetry.py", "test_rules.py", "test_faces.py"}
    tests = "\n".join(
        file.read_text("utf-8")
        for file in here.parents[1].rglob("test_*.py")
        if file.name not in own
    )
    texts = [one.rule for one in examples().values() if one.base is None]
    assert [name for name in texts if not re.search(rf"[\" ]{name}[\": ]", tests)] == []
