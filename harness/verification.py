"""Run the probes of a contract as tests, and gather one report from what pytest says of them."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from difflib import get_close_matches
from typing import Any

import pytest

from harness.contract import Contract, ContractErrors
from harness.drift.findings import Evidence, Finding, Unchecked
from harness.drift.rules import LEVELS
from harness.pytest_plugin import PROPERTY
from harness.report import ProbeRow, Report

__all__ = ["WrongUse", "verify"]

#: What the run needs; whatever else is installed beside us stays out of it.
_PLUGINS = ("syrupy", "harness.pytest_plugin")


class _Gather:
    """A pytest plugin that keeps the judgements and lets nothing be printed."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.broken: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        plugin = config.pluginmanager.get_plugin("terminalreporter")
        if plugin is not None:
            config.pluginmanager.unregister(plugin)

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


class WrongUse(Exception):
    """No such probe, or an argument that pytest does not take; ``str()`` is one line."""


def verify(
    contract: Contract,
    *,
    probes: Sequence[str] = (),
    expression: str = "",
    pytest_args: Sequence[str] = (),
) -> Report:
    """Judge probes: all, or those named, and of these those that ``expression`` selects (``-k``).

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
    gather = _Gather()
    arguments = [
        *(item for plugin in _PLUGINS for item in ("-p", plugin)),
        *("-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(contract.root)),
        *(("-k", expression) if expression else ()),
        *pytest_args,
        *_paths(contract, probes),
    ]
    said = io.StringIO()
    with _own_plugins_only(), redirect_stderr(said):
        code = pytest.main(arguments, plugins=[gather])
    if code == pytest.ExitCode.INTERRUPTED and not gather.broken:
        raise KeyboardInterrupt
    if code == pytest.ExitCode.USAGE_ERROR:
        raise WrongUse(_complaint(said.getvalue()))
    if gather.broken or code not in (0, 1, 5):
        raise RuntimeError(
            "\n".join(gather.broken) or f"pytest ended with {code}: {said.getvalue()}"
        )
    rows = [gather.rows[name] for name in sorted(gather.rows)]
    if code == pytest.ExitCode.TESTS_FAILED and all(row["verdict"] == "clean" for row in rows):
        raise RuntimeError(f"pytest failed, and no probe says why: {said.getvalue()}")
    return _report(rows, time.perf_counter() - started)


def _paths(contract: Contract, probes: Sequence[str]) -> list[str]:
    folder = contract.path("probes")
    paths = []
    for name in probes:
        path = folder / name
        file = path.with_name(f"{path.name}.yaml")
        if not path.resolve().is_relative_to(folder.resolve()) or not (
            path.is_dir() or file.is_file()
        ):
            near = get_close_matches(name, contract.probes, n=3)
            also = f"; near it: {', '.join(near)}" if near else ""
            raise WrongUse(f"there is no probe {name!r}{also}.")
        paths.append(str(path if path.is_dir() else file))
    return paths or [str(folder)]


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
    findings = [_finding(one) for row in rows for one in row["findings"]]
    return Report(
        findings=sorted(findings, key=lambda one: LEVELS.index(one.level)),
        unchecked=[Unchecked(**left) for row in rows for left in row["unchecked"]]
        or ([] if rows else [Unchecked("probes", "none was selected")]),
        probes=[ProbeRow(**{name: row[name] for name in ProbeRow.__slots__}) for row in rows],
        seconds=seconds,
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    members = {name: value for name, value in row.items() if name != "fingerprint"}
    return Finding(**{**members, "evidence": Evidence(**row["evidence"])})
