"""``codex-leg record``: ask the live service, look at what it answers, and offer to adopt it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.cli.record_run import Run, Wishes, say, service
from harness.contract import Contract, ContractError, ContractErrors, find_root
from harness.exits import Exit, WrongUse
from harness.probes import probes_named
from harness.recording.confirming import MIN_WAIT
from harness.recording.logins import CannotLook, find_logins
from harness.recording.planning import select
from harness.recording.quiet import quiet_libraries, tell_of_fault
from harness.recording.results import unlooked
from harness.recording.shelf import Shelf, state_folder
from leg import LegError

__all__ = ["command"]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@click.command(
    "record",
    epilog="Examples: codex-leg record --dry-run; codex-leg record codex/usage --yes --no-adopt",
)
@click.argument("probes", nargs=-1, metavar="[PROBE]...")
@click.option("--only", default="", metavar="GLOB", help="Only probes like 'codex/usage*'.")
@click.option("--yes", is_flag=True, help="Do not ask before it asks the service.")
@click.option("--dry-run", is_flag=True, help="Look at the login, show the plan, and stop.")
@click.option(
    "--adopt/--no-adopt", default=None, help="Adopt what is recorded, or do not; asks by default."
)
@click.option(
    "--max-requests",
    "most",
    type=click.IntRange(min=1),
    help="Send no more for probes (reading the quota is not counted); the rest is resumed.",
)
@click.option(
    "--confirm",
    type=click.IntRange(min=0, max=10),
    default=0,
    show_default=True,
    help="Ask breaking findings again so often; only what always shows is drift.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=MIN_WAIT,
    show_default=True,
    help="Seconds before each time.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Copy what is recorded, scrubbed, to FOLDER/cassettes, adopted or not.",
)
@click.option("--fresh", is_flag=True, help="Forget what an interrupted run has recorded.")
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A login that is ours alone, refreshed and written back. Also: CODEX_LEG_STORE.",
)
@click.option(
    "--credential-command",
    metavar="COMMAND",
    help="A command that prints a fresh login. Also: CODEX_LEG_CREDENTIAL_COMMAND.",
)
@click.option(
    "--codex-home/--no-codex-home",
    default=True,
    help="Read the auth.json of the Codex CLI if there is no other login; never refreshed.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: a folder with probes/, cassettes/, schemas/ and snapshots/.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where recordings wait until they are adopted, instead of below XDG_STATE_HOME.",
)
@report_options
def command(
    *,
    probes: tuple[str, ...],
    only: str,
    yes: bool,
    dry_run: bool,
    adopt: bool | None,
    most: int | None,
    confirm: int,
    wait: float,
    keep: Path | None,
    fresh: bool,
    store: Path | None,
    credential_command: str | None,
    codex_home: bool,
    root: Path | None,
    state: Path | None,
    options: ReportOptions,
) -> Exit:
    """Ask the live service every probe that can be asked, and show in what its answers differ.

    First the login is looked at, and the plan is shown; then each probe is asked once, through the
    leg. What is recorded is scrubbed and scanned before it is written, and waits outside of the
    contract until you adopt it; an interrupted run is taken up where it was. Exit codes: 0 clean,
    or adopted; 1 drift; 6 it could not look (no login, no quota, no network), or not at all of it;
    7 a recording was refused.
    """
    contract = Contract(root)
    judge = Judge(contract, options)
    wishes = Wishes(yes, dry_run, adopt, most, confirm, wait, fresh, keep)
    try:
        problems = contract.problems()
        if problems:
            raise ContractErrors(problems)
        ids = select(probes_named(contract, probes) or contract.probes, only)
        if not ids:
            raise WrongUse(f"no probe is like {only!r}.")
        _refuse_rehearsal(root)
        try:
            logins = find_logins(
                os.environ, store=store, command=credential_command, codex_home=codex_home
            )
        except CannotLook as error:
            return judge.conclude(unlooked(str(error)))
        shelf = Shelf(state or state_folder(os.environ, contract.root), contract, service())
        with shelf.locked(), quiet_libraries():
            named = set(ids) & set(probes)
            run = Run(contract, judge, shelf, logins, wishes, named)
            return run.go(ids)
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort, ContractError, LegError):
        raise
    except Exception as error:  # noqa: BLE001 — a traceback would show what was being recorded
        tell_of_fault(error)
        say("this is a fault of codex-leg itself; please report it with the lines above")
        return Exit.INTERNAL


def _refuse_rehearsal(root: Path | None) -> None:
    """What answers on loopback is no live service, and must not pass for one in our own contract.

    Raises:
        WrongUse: it would.
    """
    url = os.environ.get("CODEX_BACKEND_BASE_URL", "").strip()
    if root is None and url and urlsplit(url).hostname in _LOOPBACK:
        raise WrongUse(
            "CODEX_BACKEND_BASE_URL names a loopback host, which is no live service: name a copy "
            f"of the contract with --root (this one is {find_root()})."
        )
