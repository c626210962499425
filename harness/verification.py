"""Run the probes of a contract as tests, and gather one report from what pytest says of them."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any, Final

import pytest

from harness.collecting import collected_rarely
from harness.contract import Contract, ContractErrors
from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import LEVELS
from harness.exits import WrongUse
from harness.probes import probes_named
from harness.pytest_plugin import CONTRACTS, PROPERTY, READ_ONLY, SOUND
from harness.report import ProbeRow, Report

__all__ = ["verify"]

#: What the run needs; whatever else is installed beside us stays out of it.
_PLUGINS = ("syrupy", "harness.pytest_plugin")
#: Up to so many probes one process is done before several are: each of those starts, lists all
#: probes and reads its own, which takes more than a second (benchmarks/verify.py). So many keep one
#: busy for longer than that.
_MANY: Final = 800
_EACH: Final = 200


class _Gather:
    """A pytest plugin that keeps the judgements and lets nothing be printed."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.broken: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        plugin = config.pluginmanager.get_plugin("terminalreporter")
        if plugin is not None:
            config.pluginmanager.unregister(plugin)
        # It is read already; pytest names its files by their absolute paths.
        config.stash[CONTRACTS] = {self._contract.root.absolute(): self._contract}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        judged = dict(report.user_properties).get(PROPERTY)
        if isinstance(judged, str):
            row = json.loads(judged)
            self.rows[row["id"]] = row
        elif report.failed:
            self.broken.append(f"{report.nodeid}: {report.longrepr}")

    def fault(self) -> str:
        """The first thing that broke: the others mostly broke for the same reason."""
        more = f"\n(and {len(self.broken) - 1} more)" if self.broken[1:] else ""
        return self.broken[0] + more if self.broken else ""


@collected_rarely()
def verify(
    contract: Contract,
    *,
    probes: Sequence[str] = (),
    expression: str = "",
    workers: int | None = None,
    pytest_args: Sequence[str] = (),
) -> Report:
    """Judge probes: all, or those named, and of these those that ``expression`` selects (``-k``).

    Args:
        workers: how many processes share the work, 1 for this one alone; by default, one a core
            where there are enough probes for that to pay.

    Raises:
        ContractErrors: a file of the contract is broken; it lists every fault of every file.
        WrongUse: there is no such probe, or pytest does not know an argument.
        KeyboardInterrupt: it was interrupted.
        RuntimeError: pytest itself failed, with what it said.
    """
    started = time.perf_counter()
    problems = contract.problems()
    if problems:
        raise ContractErrors(problems)
    ids = probes_named(contract, probes)
    if any(one.startswith("--snapshot-update") for one in pytest_args):
        raise WrongUse(f"{READ_ONLY}.")
    gather = _Gather(contract)
    arguments = [
        *(item for plugin in _PLUGINS for item in ("-p", plugin)),
        *_spread(_workers(workers, len(ids or contract.probes))),
        # What a destructor raises is no finding, and looking for it at the end takes long.
        *("-p", "no:cacheprovider", "-p", "no:unraisableexception"),
        *("-c", os.devnull, "--rootdir", str(contract.root)),
        *(("-k", expression) if expression else ()),
        *pytest_args,
        *_paths(contract, ids),
    ]
    said = io.StringIO()
    with _own_plugins_only(), redirect_stderr(said):
        code = pytest.main(arguments, plugins=[gather])
    if code == pytest.ExitCode.INTERRUPTED and not gather.broken:
        raise KeyboardInterrupt
    if code == pytest.ExitCode.USAGE_ERROR:
        raise WrongUse(_complaint(said.getvalue()))
    if gather.broken or code not in (0, 1, 5):
        raise RuntimeError(gather.fault() or f"pytest ended with {code}: {said.getvalue()}")
    rows = [gather.rows[name] for name in sorted(gather.rows)]
    if code == pytest.ExitCode.TESTS_FAILED and all(row["verdict"] == "clean" for row in rows):
        raise RuntimeError(f"pytest failed, and no probe says why: {said.getvalue()}")
    return _report(rows, time.perf_counter() - started)


def _workers(wanted: int | None, count: int) -> int:
    if wanted is not None:
        return wanted
    return min(_cores(), count // _EACH) if count > _MANY else 1


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _spread(workers: int) -> list[str]:
    """The arguments that share the work out. This process has looked at the contract already."""
    if workers < 2:
        return []
    return ["-p", "xdist", "-p", "xdist.looponfail", "-n", str(workers), SOUND]


def _paths(contract: Contract, ids: Sequence[str]) -> list[str]:
    folder = contract.path("probes")
    return [str(folder / f"{id_}.yaml") for id_ in ids] or [str(folder)]


def _complaint(said: str) -> str:
    errors = [line.partition("error: ")[2] for line in said.splitlines() if "error: " in line]
    return f"pytest says: {errors[0] if errors else said.strip()}."


@contextmanager
def _own_plugins_only() -> Iterator[None]:
    """Keep the environment's plugins and options out of the run, and put them back."""
    switch = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", switch)
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ[switch] = "1"
    try:
        yield
    finally:
        del os.environ[switch]
        os.environ.update(before)


def _report(rows: Sequence[Mapping[str, Any]], seconds: float) -> Report:
    findings = [Finding.from_json(one) for row in rows for one in row["findings"]]
    return Report(
        findings=sorted(findings, key=lambda one: LEVELS.index(one.level)),
        unchecked=[Unchecked(**left) for row in rows for left in row["unchecked"]]
        or ([] if rows else [Unchecked("probes", "none was selected")]),
        probes=[ProbeRow(**{name: row[name] for name in ProbeRow.__slots__}) for row in rows],
        seconds=seconds,
    )
