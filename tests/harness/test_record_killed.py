"""Whenever a recording is killed: no cassette is lost, or half of one, and the next run goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
import yaml

from harness.cli import run
from harness.standin.play import make_standin
from harness.standin.tokens import Grant
from tests.harness.contracts import ROOT, copy_contract

PROBES = ("codex/store-must-be-false", "codex/streamed-text", "codex/usage")
TIMES = 50
FORKS = """
import os, sys
import harness.cli.record
from harness.cli import run
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(run(sys.argv[1:]))
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


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
        with Runs(command) as runs:
            killed = 0
            while killed < TIMES:
                killed += runs.killed(chance.randint(2, 9), chance.uniform(0, 0.2))
                left = {str(one.relative_to(root)) for one in root.rglob("*.*")}
                assert names <= left
                _read_all(root)
        assert run(command) in (0, 1)
        assert run(["verify", "--root", str(root)]) == 0
        assert not list(root.rglob("*.new"))
        everything = [one.read_text() for one in tmp_path.rglob("*.*") if one.is_file()]
        assert not any(login.access_token[20:80] in text for text in everything)


class Runs:
    """Runs of one command, each in a process of its own; Python is started once for all of them."""

    def __init__(self, command: list[str]) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", FORKS, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def killed(self, lines: int, seconds: float) -> bool:
        """Kill a run after so many lines, and a little; whether it was still alive."""
        streams = self._parent.stdin, self._parent.stdout, self._parent.stderr
        begin, told, said = streams
        assert begin is not None
        assert told is not None
        assert said is not None
        print(file=begin, flush=True)
        pid = int(told.readline())
        for _ in range(lines):
            said.readline()
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        # Over and waited for: no other process has its number until the next line is asked for.
        return int(told.readline()) == -signal.SIGKILL

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.kill()
        self._parent.communicate()


def _read_all(root: Path) -> None:
    """Each file is whole: what is half of one is no YAML, no JSON, or lacks its end."""
    for probe in PROBES:
        cassette = yaml.safe_load((root / "cassettes" / f"{probe}.yaml").read_text())
        (one,) = cassette["interactions"]
        assert {"request", "response", "provenance"} <= one.keys()
        # The last member that the recorder writes, and the last that a person has written.
        assert one.keys() & {"answer_header_names", "stream"} or one["provenance"]["parts"]["body"]
        assert json.loads((root / "snapshots" / f"{probe}.json").read_text())["surface"]
