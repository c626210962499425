"""``codex-leg verify -n N``: processes that share the work change nothing but the time it takes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.adoption import carry_out, plan
from harness.contract import Contract
from harness.verification import _spread, _workers

from .contracts import FEW, SmallContract, copy_contract


@pytest.fixture
def contract(tmp_path: Path) -> SmallContract:
    contract = copy_contract(tmp_path / "contract")
    carry_out(Contract(contract.root), plan(Contract(contract.root)))
    return contract


def report(contract: SmallContract, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = contract.verify("--format", "json", *arguments)
    assert done.out, done.err
    return done.code, json.loads(done.out)


def test_two_processes_find_what_one_finds(contract: SmallContract) -> None:
    assert report(contract, "-n", "2") == report(contract, "-n", "1")
    contract.replace("cassettes/codex/usage.yaml", '"plan_type"', '"plan_kind"')
    contract.replace("cassettes/codex/streamed-text.yaml", '"delta":"ok",', "")
    one, two = report(contract, "-n", "1"), report(contract, "-n", "2")
    assert one == two
    assert (two[0], two[1]["verdict"]) == (1, "drift")
    assert {row["id"] for row in two[1]["probes"]} == set(FEW)


def test_a_selection_is_shared_out_too(contract: SmallContract) -> None:
    _, found = report(contract, "-n", "2", "-k", "streamed-text")
    ids = [row["id"] for row in found["probes"]]
    assert ids == ["codex/streamed-text", "codex/streamed-text-2025"]
    _, found = report(contract, "-n", "2", "--pytest=-mmust", "auth")
    levels = {id_: probe.level for id_, probe in Contract(contract.root).probes.items()}
    assert [row["id"] for row in found["probes"]] == [
        id_ for id_ in sorted(levels) if id_.startswith("auth/") and levels[id_] == "must"
    ]


def test_a_broken_contract_is_refused_before_any_process_starts(contract: SmallContract) -> None:
    contract.file("probes/codex/usage.yaml").write_text("id: [\n")
    done = contract.verify("-n", "2")
    assert (done.code, done.out) == (7, "")
    assert done.err.count("\n") == 1


def test_every_probe_is_a_test_case_whoever_ran_it(contract: SmallContract) -> None:
    file = contract.root / "out.xml"
    assert contract.verify("-n", "2", f"--pytest=--junitxml={file}").code == 0
    assert file.read_text(encoding="utf-8").count("<testcase ") == len(FEW)


def test_processes_are_used_where_there_is_enough_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert [_workers(None, count) for count in (0, 200, 800, 801, 5000)] == [1, 1, 1, 4, 8]
    assert [_workers(wanted, 7) for wanted in (1, 3)] == [1, 3]
    assert _spread(1) == []
    assert "-n" in _spread(2)


def test_what_only_our_own_processes_say_is_no_option_for_people(
    pytester: pytest.Pytester,
) -> None:
    told = pytester.runpytest_subprocess("--help").stdout.str()
    assert "codex-leg-sound" not in told
