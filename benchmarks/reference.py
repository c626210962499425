"""What the reference client as a witness costs: `python -m benchmarks.reference [VERSION]`.

Not a test: a busy machine changes the numbers, so it says how busy this one was. A capture needs a
release that is installed (the newest one that is captured, or VERSION); nothing is downloaded, and
nothing is written into the contract.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.contract import Contract
from harness.reference import cache_folder
from harness.reference.capturing import Capturer, Wish
from harness.reference.install import locate
from tests.harness.reference_fakes import copy_contract

RUNS = 3


def command(*arguments: str) -> float:
    """The seconds that a command takes, with the start of Python: the best of a few."""
    line = [sys.executable, "-m", "harness", *arguments]
    return min(_timed(line) for _ in range(RUNS))


def _timed(line: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(line, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.decode())
    return time.perf_counter() - started


def capture(version: str) -> str:
    """How long a capture of an installed release takes, in every run, over each transport."""
    try:
        locate(version)
    except FileNotFoundError:
        return "not measured: it is not installed (codex-leg reference capture --keep)"
    with tempfile.TemporaryDirectory() as folder:
        contract = copy_contract(Path(folder) / "contract", version)
        started = time.perf_counter()
        done = Capturer(contract, cache=cache_folder()).capture(version, Wish(again=True))
        seconds = time.perf_counter() - started
    if done.status != "captured":
        return f"{done.status}: {done.why}"
    return f"{seconds:6.1f} s  {len(done.files)} files"


def main() -> None:
    """Measure, and print a line each."""
    contract = Contract()
    whole = [one for one in contract.reference.versions if len(contract.reference.of(one)) > 20]
    newest = sys.argv[1] if len(sys.argv) > 1 else whole[-1]
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    both = whole[-2], whole[-1]
    for name, arguments in (
        (f"diff {both[0]} {both[1]}", ("reference", "diff", *both)),
        (f"history of {len(contract.reference.versions)} releases", ("reference", "history")),
        ("history as JSON", ("reference", "history", "--json")),
        ("leg", ("reference", "leg")),
    ):
        print(f"{name:34} {command(*arguments):6.1f} s")
    print(f"{f'capture {newest}, installed':34} {capture(newest)}")


if __name__ == "__main__":
    main()
