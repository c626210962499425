"""The benchmark of verifying: its contracts are sound, and checking one takes time linear in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.verify import make_contract, verify
from harness.contract import Contract

from .contracts import FEW


def test_a_contract_of_any_size_is_sound_and_every_probe_of_it_is_its_own(tmp_path: Path) -> None:
    root = tmp_path / "contract"
    size = make_contract(root, 300)
    contract = Contract(root)
    assert contract.problems() == []
    assert len(contract.probes) == len(contract.cassettes) == 300
    assert size == sum(
        file.stat().st_size
        for folder in ("probes", "cassettes", "snapshots")
        for file in (root / folder).rglob("*.*")
    )


def test_it_is_verified_as_a_user_does(tmp_path: Path) -> None:
    make_contract(tmp_path / "contract", 16, FEW)
    run = verify(tmp_path / "contract", 2)
    assert run.said.startswith("clean: 16 probes")
    assert run.core > 0


def calls(root: Path) -> int:
    """How many calls of functions in Python it takes to read and check a contract."""
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    contract = Contract(root)
    # The schemas are as many, however many probes there are.
    assert contract.schemas
    sys.setprofile(profile)
    try:
        assert contract.problems() == []
    finally:
        sys.setprofile(None)
    return count


def test_twice_the_probes_are_twice_the_work(tmp_path: Path) -> None:
    counts = []
    for times in (2, 4, 8):
        make_contract(tmp_path / str(times), times * len(FEW), FEW)
        counts.append(calls(tmp_path / str(times)))
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    assert second == pytest.approx(2 * first, rel=0.02)
