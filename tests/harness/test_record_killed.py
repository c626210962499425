"""Whenever a recording is killed: no cassette is lost, or half of one, and the next run goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli import run
from harness.contract import Contract
from harness.standin.play import make_standin
from harness.standin.tokens import Grant
from tests.harness.contracts import ROOT, copy_contract

PROBES = ("codex/store-must-be-false", "codex/streamed-text", "codex/usage")
TIMES = 50


@pytest.mark.slow
def test_killed_at_fifty_moments_no_file_is_lost_or_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = copy_contract(tmp_path / "contract", PROBES)
    root, state = contract.root, tmp_path / "state"
    chance = random.Random(20261122)  # noqa: S311 — it guards nothing
    with make_standin() as standin:
        login = standin.backend.tokens.login(
            Grant(account_id="0b7d0f5e-3c9a-4f0e-9d55-1a2b3c4d5e6f")
        )
        env = {
            "CODEX_OAUTH_CREDENTIAL": json.dumps(login.auth_json()),
            "CODEX_BACKEND_BASE_URL": f"{standin.url}/backend-api/codex",
            "XDG_STATE_HOME": str(state),
        }
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        command = ["record", "--root", str(root), "--yes", "--adopt"]
        names = {str(one.relative_to(root)) for one in root.rglob("*.*")}
        whole = _seconds(command)
        # What a whole run writes is what may stand there; what stood there before may, too.
        killed = 0
        for _ in range(TIMES):
            process = subprocess.Popen(
                [sys.executable, "-m", "harness", *command],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            # Most of a run is Python's start; what is of interest comes after it.
            time.sleep(whole * chance.uniform(0.35, 1.05))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait(30)
            left = {str(one.relative_to(root)) for one in root.rglob("*.*")}
            assert names <= {name for name in left if "/." not in name}
            _read_all(root)
        assert killed >= TIMES // 2
        assert run(command) in (0, 1)
        assert run(["verify", "--root", str(root)]) == 0
        assert not list(root.rglob("*.new"))
        everything = [one.read_text() for one in tmp_path.rglob("*.*") if one.is_file()]
        assert not any(login.access_token[20:80] in text for text in everything)


def _seconds(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "harness", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    return time.monotonic() - started


def _read_all(root: Path) -> None:
    """Each file is whole: it is read, and keeps its schema."""
    contract = Contract(root)
    assert contract.problems() == []
    for probe in PROBES:
        assert contract.pair(probe).cassette.interactions
        assert contract.snapshot(probe) is not None
