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
import yaml

from harness.cli import run
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
        for _ in range(TIMES):
            _killed(command, chance)
            left = {str(one.relative_to(root)) for one in root.rglob("*.*")}
            assert names <= left
            _read_all(root)
        assert run(command) in (0, 1)
        assert run(["verify", "--root", str(root)]) == 0
        assert not list(root.rglob("*.new"))
        everything = [one.read_text() for one in tmp_path.rglob("*.*") if one.is_file()]
        assert not any(login.access_token[20:80] in text for text in everything)


def _killed(command: list[str], chance: random.Random) -> None:
    """Kill a run between two random lines of what it says, or a little after; it was alive."""
    while True:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        for _ in range(chance.randint(6, 14)):
            process.stderr.readline()
        time.sleep(chance.uniform(0, 0.04))
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
        if process.wait(30) == -signal.SIGKILL:
            return


def _read_all(root: Path) -> None:
    """Each file is whole: what is half of one is no YAML, no JSON, or lacks its end."""
    for probe in PROBES:
        cassette = yaml.safe_load((root / "cassettes" / f"{probe}.yaml").read_text())
        (one,) = cassette["interactions"]
        assert {"request", "response", "provenance"} <= one.keys()
        # The last member that the recorder writes, and the last that a person has written.
        assert one.keys() & {"answer_header_names", "stream"} or one["provenance"]["parts"]["body"]
        assert json.loads((root / "snapshots" / f"{probe}.json").read_text())["surface"]
