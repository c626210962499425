"""How every command that looks for differences ends: weigh, show, say the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from harness.cli.options import ReportOptions
from harness.contract import Contract, Waiver, read_waivers
from harness.drift.rules import LEG
from harness.drift.waivers import check_rules
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.reads import Reads
from harness.report import Report
from harness.report.decide import decide, exit_code
from harness.report.words import mend_of
from harness.report.writing import check_output, show, write_file

__all__ = ["Judge"]

#: The face that a person reads; the others are for programs.
_FOR_PEOPLE: Final = "terminal"
#: So many things that were not compared are named.
_NAMED: Final = 5


class Judge:
    """Makes the verdict on what a command finds.

    Make it before anything is run: what is wrong with the options is then told at once.
    """

    def __init__(self, contract: Contract, options: ReportOptions) -> None:
        """Read the waivers, and what the leg reads if its profile was asked for.

        Raises:
            ContractError: the waivers are broken.
            click.UsageError: the output cannot be written, or the earlier report not be read.
        """
        self._options = options
        if options.output is not None:
            with _usage():
                check_output(options.output)
        self._waivers = _waivers(contract, options.waivers)
        self._known = _known(options.baseline_report)
        self._reads = Reads.of(contract.schemas) if options.profile == LEG else None

    def conclude(self, found: Report, *, whole: bool | None = None) -> Exit:
        """Weigh what was found, tell it, and give the exit code.

        Args:
            found: as it was found.
            whole: the command looked at everything that the waivers can be about; only then is one
                that matches nothing a fault. By default, that is so if the file of waivers was
                named for this run.

        Raises:
            click.UsageError: the output cannot be written.
        """
        now = datetime.now(UTC)
        report = decide(
            replace(found, made=found.made or now),
            today=now.date(),
            waivers=self._waivers,
            profile=self._options.profile,
            reads=self._reads,
            fail_on=self._options.fail_on,
            whole=self._options.waivers is not None if whole is None else whole,
            known=self._known,
        )
        self._tell(report)
        _speak_of_waivers(report, now)
        return exit_code(report)

    def _tell(self, report: Report) -> None:
        options = self._options
        if options.output is None:
            show(report, options.face)
            if options.face != _FOR_PEOPLE:
                _speak_of_one_sided(report)
                _speak_of_faults(report)
            return
        with _usage():
            write_file(report, options.face, options.output)
        # What a job's log shows must not depend on which file it keeps.
        show(report, _FOR_PEOPLE)


@contextmanager
def _usage() -> Iterator[None]:
    """What cannot be done is wrong usage of the command that is running."""
    try:
        yield
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None


def _known(file: Path | None) -> Mapping[str, str | None]:
    if file is None:
        return {}
    # Few runs have one.
    from harness.alert.known import read_known  # noqa: PLC0415

    with _usage():
        return read_known(file)


def _waivers(contract: Contract, file: Path | None) -> Sequence[Waiver]:
    waivers = contract.waivers if file is None else read_waivers(file, str(file))
    check_rules(waivers)
    return waivers


def _speak_of_one_sided(report: Report) -> None:
    """One line for each reason: whoever gives the report to a program is to know it, too."""
    reasons: dict[str, list[str]] = {}
    for one in report.one_sided:
        reasons.setdefault(one.why, []).append(one.what)
    for why, names in reasons.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        _say(f"not compared, {why}: {', '.join(names[:_NAMED])}{more}")


def _speak_of_faults(report: Report) -> None:
    """Waivers to mend, one line each: whoever gives the report to a program is to know it."""
    for one in report.waivers_to_mend:
        _say(f"{one.where}: {one.message} — {mend_of(one.rule)}")


def _speak_of_waivers(report: Report, now: datetime) -> None:
    """One line each: people read these who look at nothing else."""
    for waiver in report.expiring:
        left = (waiver.expires - now.date()).days
        days = f"in {left} day{'s' * (left != 1)}" if left else "today"
        _say(f"{waiver.where}: the waiver of {waiver} ends {days} ({waiver.owner})")


def _say(line: str) -> None:
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    text = f"codex-leg: {visible(line)}"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)
