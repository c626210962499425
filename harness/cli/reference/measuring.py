"""What the commands that measure a release do alike: show what is saved, or measure, save, show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import click

from harness.cli.reference.sheet import Sheet, print_sheet
from harness.cli.reference.trying import Doing, Trying
from harness.contract import Contract
from harness.exits import Exit
from harness.reference.releases import write_text
from harness.reference.trials.baselines import BaselineFails, Choice
from harness.reference.trials.measured import Measured, MeasuredRow
from harness.reference.trials.opening import Opened, open_release
from harness.report.writing import print_text

__all__ = ["Measuring", "Progress"]

#: Called with: how many are done, how many there are, how many of them count.
Progress = Callable[[int, int, int], None]

Table = TypeVar("Table", bound=Measured[Any])

_FITS: Final = "fits --surface, --only, --transport"


@dataclass(frozen=True, slots=True)
class Measuring(Generic[Table]):
    """One way to measure a release.

    Attributes:
        command: how it is called.
        folder: of the contract, where results are saved.
        saved: the result in the contract, as JSON.
        read: makes a table of such JSON.
        take: measures.
        counts: what is counted while it goes on: ``failing``.
        nothing: what there is none of if nothing was chosen.
        sheet: shows a table to a person.
    """

    command: str
    folder: str
    saved: Callable[[Contract, str], Mapping[str, Any] | None]
    read: Callable[[Mapping[str, Any]], Table]
    take: Callable[[Opened, Contract, Choice, Progress], Table]
    counts: str
    nothing: str
    sheet: Callable[[Table], Sheet]

    def run(self, trying: Trying, jobs: int | None = None) -> Exit:
        """Do what was asked for.

        Args:
            trying: that.
            jobs: how many turns at a time; ``None`` for what this machine can take.

        Raises:
            UsageError: there is nothing to show, or nothing to measure.
            InstallError: the release cannot be installed.
            BenchError: it cannot be run.
            OSError: the result cannot be written.
        """
        contract = Contract(trying.root)
        if trying.saved:
            document = self.saved(contract, trying.version)
            if document is None:
                raise click.UsageError(
                    f"nothing is saved of {trying.version}; run without --saved."
                )
            return self._tell(self.read(document), trying)
        try:
            table = self._measure(contract, trying, jobs)
        except BaselineFails as error:
            print(f"codex-leg: {trying.version}: {error}", file=sys.stderr)
            return Exit.UNCHECKED
        if not table.rows:
            raise click.UsageError(f"{self.nothing} {_FITS}.")
        if trying.save:
            write_text(contract.path(self.folder, f"{table.version}.json"), table.text())
        return self._tell(table, trying)

    def _measure(self, contract: Contract, trying: Trying, jobs: int | None) -> Table:
        choice = Choice(frozenset(trying.surfaces), trying.names, trying.transport)
        with (
            Doing(f"{self.command} {trying.version}") as doing,
            open_release(
                trying.version,
                contract,
                trying.journal(self.command),
                jobs=jobs,
                keep=trying.keep,
                again=trying.again,
            ) as opened,
        ):

            def progress(done: int, total: int, counted: int) -> None:
                doing(done, total, f"{counted} {self.counts}")

            table = self.take(opened, contract, choice, progress)
            doing.isolation(isolated=opened.bench.isolated)
            opened.journal.remove()
        return table

    def _tell(self, table: Table, trying: Trying) -> Exit:
        shown = table.only(lambda row: _fits(row, trying))
        if trying.face == "json":
            print_text(shown.text(), "json")
        else:
            print_sheet(self.sheet(shown), trying.face)
        return Exit.UNCHECKED if table.unchecked else Exit.CLEAN


def _fits(row: MeasuredRow, trying: Trying) -> bool:
    if trying.surfaces and row.surface not in trying.surfaces:
        return False
    return not trying.names or any(name in row.name for name in trying.names)
