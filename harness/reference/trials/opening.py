"""A release, ready to take turns: installed, started where it can reach nothing, removed again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.contract import Contract
from harness.reference import npm
from harness.reference.clients import CodexCli
from harness.reference.install import cache_folder, install, locate
from harness.reference.trials.bench import ClosedBench, default_jobs
from harness.reference.trials.journal import Journal
from harness.reference.trials.streams import compact

__all__ = ["Opened", "open_release"]

#: What the stand-in answers a release with.
_ANSWERS = ("codex/", "auth/")


@dataclass(frozen=True, slots=True)
class Opened:
    """A release that takes turns.

    Attributes:
        version: of the release.
        sha256: of its binary.
        bench: where it takes them.
        journal: what was seen of it before, when it was broken off.
    """

    version: str
    sha256: str
    bench: ClosedBench
    journal: Journal


@contextmanager
def open_release(
    version: str,
    contract: Contract,
    what: str,
    *,
    jobs: int | None = None,
    keep: bool | None = None,
    again: bool = False,
    cache: Path | None = None,
) -> Iterator[Opened]:
    """Install a release unless it is there, and let it take turns.

    Args:
        version: of the release; ``newest`` for what npm says.
        contract: what the stand-in answers from.
        what: what is done, for the name of the journal.
        jobs: how many turns at a time.
        keep: whether the binary stays; ``None`` for as it was before.
        again: forget what was seen before.
        cache: where releases are installed.

    Raises:
        InstallError: it cannot be installed.
        BenchError: it cannot be run.
        OSError: the journal cannot be written.
    """
    version = npm.newest() if version == "newest" else version
    folder = cache or cache_folder()
    was_there = _is_installed(version, folder)
    release = install(version, folder)
    try:
        file = folder.parent / "seen" / f"{what}-{version}.jsonl"
        if again:
            file.unlink(missing_ok=True)
        journal = Journal(file, f"{release.sha256} {_answers(contract)}")
        client = CodexCli.of(release)
        with ClosedBench(client, contract.root, jobs=jobs or default_jobs()) as bench:
            yield Opened(version, release.sha256, bench, journal)
    finally:
        if not (was_there if keep is None else keep):
            shutil.rmtree(folder / version, ignore_errors=True)


def _is_installed(version: str, folder: Path) -> bool:
    try:
        locate(version, folder)
    except FileNotFoundError:
        return False
    return True


def _answers(contract: Contract) -> str:
    """A hash of all that a release can be answered."""
    found = [
        [name, one.status, dict(one.headers), str(one.body)]
        for name, cassette in sorted(contract.cassettes.items())
        if name.startswith(_ANSWERS)
        for one in cassette.interactions
    ]
    steps = [[name, repr(one.steps)] for name, one in sorted(contract.scenarios.items())]
    return hashlib.sha256(compact([found, steps]).encode()).hexdigest()[:16]
