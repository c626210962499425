"""Whether one release has a fact: from its captures, or by running it, once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.contract import Contract, Interaction, Release, interactions_of
from harness.reference.cassettes import text_of
from harness.reference.clients import CodexCli
from harness.reference.crew import CaptureError, Recorded, record
from harness.reference.install import cache_folder, install, locate
from harness.reference.making import captures_of, transports_of
from harness.reference.runs import HTTPS, WEBSOCKET
from harness.reference.wire.captured import BESIDE, PLAIN, Reader, Vantage

from .facts import Fact, facts_of

__all__ = ["Prober", "best_of"]

#: What is known of a release that nobody has captured.
_NOTHING: Final = Release("", None, None, None, None, None, ())


class Prober:
    """Runs releases, each in the one run that shows a fact. Nothing is written into the contract.

    Attributes:
        installed: the releases that had to be installed.
    """

    def __init__(
        self,
        contract: Contract,
        fact: Fact,
        vantage: Vantage,
        *,
        cache: Path | None = None,
        keep: bool = False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take a fact, and the run that shows it.

        Args:
            contract: what the stand-in answers from.
            fact: what is looked for.
            vantage: a run and its transport: ``plain.https``, ``side-calls.https``.
            cache: where releases are installed.
            keep: whether they stay there, also those that were not there before.
            tell: told of each step, in a few words.
        """
        self._contract = contract
        self._fact = fact
        self._run, _, self._transport = vantage.rpartition(".")
        self._cache = cache or cache_folder()
        self._keep = keep
        self._tell = tell
        self._reader = Reader(contract)
        self.installed: list[str] = []

    def has(self, version: str) -> bool:
        """Whether this release shows the fact.

        Raises:
            InstallError: it cannot be installed.
            CaptureError: it cannot be run.
        """
        was_there = self._is_installed(version)
        if not was_there:
            self._tell(f"installing {version}")
            self.installed.append(version)
        try:
            client = CodexCli.of(install(version, self._cache))
            self._tell(f"running {version}")
            return self._fact in facts_of(self._reader.captured(*self._capture(client)))
        finally:
            if not (was_there or self._keep):
                shutil.rmtree(self._cache / version, ignore_errors=True)

    def _capture(
        self, client: CodexCli
    ) -> tuple[Release, str, Mapping[Vantage, tuple[Interaction, ...]]]:
        is_beside = self._run in BESIDE
        recorded = record(
            client,
            [] if is_beside else [(self._run, self._transport)],
            root=self._contract.root,
            side_calls=is_beside,
            has_websocket=None,
            tell=lambda _: None,
            waits=False,
        )
        if recorded.cannot:
            # What it did not do says nothing about what it would have sent.
            raise CaptureError("; ".join(recorded.cannot.values()))
        release = replace(
            _NOTHING,
            version=client.version,
            # A capture has a date; which one is of no matter here.
            date="2000-01-01",
            sha256=client.sha256,
            transports=_transports(recorded),
        )
        captures = captures_of(client, release, recorded.runs, recorded.beside, {})
        runs = {
            one.file.removesuffix(".yaml"): interactions_of(text_of(one).encode(), one.file)
            for one in captures
        }
        return release, client.version, runs

    def _is_installed(self, version: str) -> bool:
        try:
            locate(version, self._cache)
        except FileNotFoundError:
            return False
        return True


def _transports(recorded: Recorded) -> tuple[str, ...]:
    if recorded.has_websocket is None:
        return transports_of(recorded.runs) or (HTTPS,)
    return (HTTPS, WEBSOCKET) if recorded.has_websocket else (HTTPS,)


def best_of(vantages: frozenset[Vantage]) -> Vantage:
    """The run among several that takes the least: a plain turn, over HTTPS."""

    def weight(vantage: Vantage) -> tuple[bool, bool, bool, str]:
        run, _, transport = vantage.rpartition(".")
        return run != PLAIN, run not in BESIDE, transport != HTTPS, vantage

    return min(vantages, key=weight)
