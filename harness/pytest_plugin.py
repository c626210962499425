"""Probes are tests: ``pytest probes`` collects every YAML file there as one test item.

So ``-k``, ``--lf``, ``-n`` and ``--junitxml`` work on the contract as they do on any suite. Only
files below the ``probes/`` of a contract are collected; a project that merely has this plugin
installed sees nothing of it.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

# Whoever has this installed loads it with every run of pytest: what judging needs is imported
# when there is a probe to judge.
if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr
    from syrupy.assertion import SnapshotAssertion

    from harness.contract import Contract, Pair
    from harness.judge import Judgement
    from harness.standin.play import CodexBackend

__all__ = ["CONTRACTS", "PROPERTY", "READ_ONLY", "SOUND", "ProbeFile", "ProbeItem", "codex_backend"]

#: The name of the property under which an item's judgement travels with pytest's reports.
PROPERTY = "codex_leg"
#: The option that says that the contract has been looked at as a whole, and that no file of it is
#: broken: the processes that share the work need not look at all of it once more each.
SOUND = "--codex-leg-sound"
#: The contracts of a run, by root.
CONTRACTS = pytest.StashKey["dict[Path, Contract]"]()

#: What whoever tries to write a snapshot through syrupy is told.
READ_ONLY = "nothing but codex-leg adopt writes snapshots/; leave --snapshot-update out"


class Drifted(Exception):
    """A probe does not hold any more."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.id)
        self.judgement = judgement

    def __str__(self) -> str:
        from harness.lines import visible  # noqa: PLC0415

        lines = [f"{one.level} {one.rule}: {one.message}" for one in self.judgement.findings]
        lines += [f"unchecked: {one.why}" for one in self.judgement.unchecked]
        return "\n".join([f"probe {self.judgement.id}:", *map(visible, lines)])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the probes of a contract, and nothing else that is YAML."""
    root = _root_of(file_path) if file_path.suffix == ".yaml" else None
    return None if root is None else ProbeFile.from_parent(parent, path=file_path, root=root)


def _root_of(file: Path) -> Path | None:
    for folder in file.parents:
        if folder.name == "probes":
            sound = all((folder.parent / other).is_dir() for other in ("cassettes", "schemas"))
            return folder.parent if sound else None
    return None


def contract_at(config: pytest.Config, root: Path) -> Contract:
    """The contract below a root, read once a session."""
    from harness.contract import Contract  # noqa: PLC0415

    known = config.stash.setdefault(CONTRACTS, {})
    if root not in known:
        known[root] = Contract(root, sound=_is_sound(config))
    return known[root]


def _is_sound(config: pytest.Config) -> bool:
    return bool(config.getoption(SOUND))


class ProbeFile(pytest.Module):
    """One file below ``probes/``; a module, because other plugins' fixtures look for one."""

    def _getobj(self) -> ModuleType:
        return ModuleType("probe")

    def __init__(self, *, root: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.root = root

    def collect(self) -> Iterator[pytest.Item]:
        """Its one probe; a file of the contract that is broken is an error, not a skip."""
        contract = contract_at(self.config, self.root)
        name = self.path.relative_to(self.root / "probes").with_suffix("").as_posix()
        if not _is_sound(self.config):
            faults = [e for e in contract.problems() if e.file.partition("/")[2] == f"{name}.yaml"]
            if faults:
                raise self.CollectError("\n".join(str(fault) for fault in faults))
        yield ProbeItem.from_parent(self, name=name, callobj=_verify, contract=contract)


class ProbeItem(pytest.Function):
    """One probe. A function item, so that fixtures (syrupy's among them) work in it."""

    def __init__(self, *, contract: Contract, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.contract = contract
        # Of many probes, each process reads those that it judges; unless their marks are asked for.
        if not _is_sound(self.config) or self.config.getoption("markexpr"):
            self.add_marker(self.pair.probe.level)

    @property
    def pair(self) -> Pair:
        """The probe and its cassette."""
        return self.contract.pair(self.name)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | TerminalRepr:
        """What differs, instead of a traceback through our own code."""
        if isinstance(excinfo.value, Drifted):
            return str(excinfo.value)
        del style  # the superclass takes it from the configuration
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


def _verify(request: pytest.FixtureRequest, snapshot: SnapshotAssertion) -> None:
    from harness.judge import judge, shape  # noqa: PLC0415
    from harness.snapshots import ShapeExtension  # noqa: PLC0415

    item: ProbeItem = request.node
    if _would_write(item.config):
        pytest.fail(READ_ONLY, pytrace=False)
    stored = snapshot.use_extension(ShapeExtension)
    pair = item.pair
    now = shape(item.contract, pair)
    # syrupy counts the snapshot. Whether it holds is judged on what it says, not on how its file is
    # written: judge() finds every difference that the two documents have.
    stored == now  # noqa: B015
    before = item.contract.snapshot(pair.probe.id)
    judgement = judge(item.contract, pair, before, now)
    row = {**judgement.to_json(), "findings": [one.to_json() for one in judgement.findings]}
    row["unchecked"] = [{"what": one.what, "why": one.why} for one in judgement.unchecked]
    item.user_properties.append((PROPERTY, json.dumps(row)))
    if judgement.findings or judgement.unchecked:
        raise Drifted(judgement)


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option between our own processes, not for people."""
    parser.addoption(SOUND, action="store_true", default=False, help=argparse.SUPPRESS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The adopted shapes move by one command alone, which shows what it moves."""
    probes = any(isinstance(item, ProbeItem) for item in items)
    # In a process of xdist this would stop the run without a word; there, each probe fails.
    if probes and _would_write(config) and not hasattr(config, "workerinput"):
        raise pytest.UsageError(READ_ONLY)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """In the processes that share the work of codex-leg verify: as in the one that shares it."""
    if not (_is_sound(session.config) and hasattr(session.config, "workerinput")):
        return (yield)
    from harness.collecting import collected_rarely  # noqa: PLC0415

    with collected_rarely():
        found = yield
    # It ends now: to look for garbage in all that it holds would take half a second.
    gc.freeze()
    return found


def _would_write(config: pytest.Config) -> bool:
    return bool(config.getoption("update_snapshots", default=False))


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers that probes carry."""
    config.addinivalue_line("markers", "must: a probe that has to hold")
    config.addinivalue_line("markers", "should: a probe that is known to vary")


@pytest.fixture
def codex_backend() -> Iterator[CodexBackend]:
    """A loopback backend that answers as the contract says; see docs/stand-in.md."""
    from harness.standin.play import CodexBackend, make_standin  # noqa: PLC0415

    with make_standin() as standin:
        yield CodexBackend(standin)
