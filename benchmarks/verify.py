"""What `codex-leg verify` costs as the contract grows: `python -m benchmarks.verify`.

Makes contracts of so many probes out of the project's own, each probe with a cassette and a
snapshot of its own, and verifies them, in one process and spread over several. Not a test: a busy
machine changes the numbers. Each run has a process of its own, as a user's has.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from harness.contract import Contract

#: What belongs to one probe: a file of its name in each of these folders.
PARTS = (("probes", ".yaml"), ("cassettes", ".yaml"), ("snapshots", ".json"))


def make_contract(root: Path, probes: int, ids: Sequence[str] = ()) -> int:
    """Write a contract of so many probes below ``root``: how many bytes those have.

    The project's own probes (or those named) come first, under their own ids; then all of them once
    more with a number behind, and so on.
    """
    own = Contract()
    shutil.copytree(own.path("schemas"), root / "schemas")
    names = ((id_, number) for number in count() for id_ in ids or sorted(own.probes))
    size = 0
    for id_, number in islice(names, probes):
        for folder, suffix in PARTS:
            target = root / folder / f"{id_}{f'-{number}' if number else ''}{suffix}"
            text = own.path(folder, f"{id_}{suffix}").read_text(encoding="utf-8")
            if number and folder == "probes":
                text = text.replace(f"id: {id_}\n", f"id: {id_}-{number}\n", 1)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            size += target.stat().st_size
    return size


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command.

    Attributes:
        seconds: from its start to its end.
        core: seconds that its processes had a core, together.
        said: the last line that it printed.
    """

    seconds: float
    core: float
    said: str


def verify(root: Path, workers: int | None) -> Run:
    """Verify a contract as a user does.

    Args:
        workers: how many processes share the work; ``None`` leaves it to the command.

    Raises:
        subprocess.CalledProcessError: a probe does not hold, or the command failed.
    """
    command = [sys.executable, "-m", "harness", "verify", "--root", str(root)]
    command += [] if workers is None else ["--workers", str(workers)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, core, done.stdout.splitlines()[-1])


def show(probes: int, size: int, workers: int, run: Run, first: Run) -> None:
    """Print one run, and how much longer it took than the first with as many processes."""
    print(
        f"{probes:6} probes, {size / 1e6:5.1f} MB, {workers} at a time: {run.seconds:6.2f} s "
        f"({run.core:6.2f} s of a core, {run.core / probes * 1000:5.2f} ms a probe), "
        f"{run.seconds / first.seconds:5.2f} times the first"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, max(2, os.cpu_count() or 1)])
    options = parser.parse_args()
    firsts: dict[int, Run] = {}
    for probes in options.probes:
        with tempfile.TemporaryDirectory(prefix="codex-leg-bench-") as folder:
            root = Path(folder, "contract")
            size = make_contract(root, probes)
            for workers in options.workers:
                run = verify(root, workers)
                show(probes, size, workers, run, firsts.setdefault(workers, run))


if __name__ == "__main__":
    main()
