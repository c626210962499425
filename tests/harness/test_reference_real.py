"""Released Codex CLIs captured for real: the same bytes now, under load, and as in the contract.

Each release is installed from npm once a machine (100 to 400 MB). One that cannot be installed is
skipped, but not in CI. ``CODEX_LEG_CAPTURES=5`` captures each five times under load; once is enough
for every day.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.contract import Contract
from harness.reference import InstallError, cache_folder, install, newest
from harness.reference.capturing import Capturer, Wish
from harness.reference.releases import write_releases

from .reference_fakes import copy_contract

pytestmark = [pytest.mark.real_codex, pytest.mark.slow]

CACHE = cache_folder()
COMMITTED = Contract()
#: One of each era, as far as they are at hand; the newest is what npm says today.
RELEASES = ("newest", "0.154.0", "0.110.0", "0.42.0")
UNDER_LOAD = int(os.environ.get("CODEX_LEG_CAPTURES", "1"))


@pytest.fixture(params=RELEASES)
def version(request: pytest.FixtureRequest) -> str:
    try:
        return install(newest() if request.param == "newest" else request.param, CACHE).version
    except InstallError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """A contract without captures, which knows what is known of the releases."""
    contract = copy_contract(tmp_path / "contract")
    write_releases(contract, COMMITTED.reference.releases.values())
    return Contract(contract.root)


@contextmanager
def busy() -> Iterator[None]:
    """Every processor has more to do than it can."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


def captured(contract: Contract, version: str) -> dict[str, bytes]:
    done = Capturer(contract, cache=CACHE).capture(version, Wish(again=True))
    assert (done.status, done.why) == ("captured", "")
    folder = contract.path("cassettes", "reference", version)
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_capture_is_the_same_bytes_under_load_and_as_in_the_contract(
    version: str, contract: Contract
) -> None:
    first = captured(contract, version)
    for _ in range(UNDER_LOAD):
        with busy():
            again = captured(contract, version)
        assert list(again) == list(first)
        for name in first:
            assert again[name] == first[name], name
    if version in COMMITTED.reference.versions:
        folder = COMMITTED.path("cassettes", "reference", version)
        for name, content in first.items():
            assert (folder / name).read_bytes() == content, name
