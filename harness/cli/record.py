"""``codex-leg record``: ask the live service, look at what it answers, and offer to adopt it."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.contract import Contract, ContractErrors, find_root
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.probes import probes_named
from harness.recording.asking import LIMITS
from harness.recording.confirming import MIN_WAIT
from harness.recording.logins import CannotLook, Login, find_logins
from harness.recording.planning import Plan, make_plan, select
from harness.recording.preflight import Preflight, preflight
from harness.recording.results import adoptable, report_of, unlooked
from harness.recording.scrub import Scrubber
from harness.recording.session import Outcome, Session
from harness.recording.shelf import Shelf, state_folder
from harness.recording.shelving import finish, shelve

__all__ = ["command"]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The options that say how far to go."""

    yes: bool
    dry_run: bool
    adopt: bool | None
    most: int | None
    confirm: int
    wait: float
    fresh: bool


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
    "--max-requests", "most", type=click.IntRange(min=1), help="Send no more; the rest is resumed."
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
    wishes = _Wishes(yes, dry_run, adopt, most, confirm, wait, fresh)
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
            return judge.conclude(unlooked(contract, ids, str(error)))
        shelf = Shelf(state or state_folder(os.environ, contract.root), contract, _service())
        with shelf.locked():
            named = set(ids) if probes or only else set()
            run = _Run(contract, judge, shelf, logins, wishes, named)
            return run.go(ids)
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None


@dataclass(frozen=True, slots=True)
class _Run:
    contract: Contract
    judge: Judge
    shelf: Shelf
    logins: dict[str, Login]
    wishes: _Wishes
    named: set[str]

    def go(self, ids: list[str]) -> Exit:
        finished = finish(self.contract, self.shelf)
        if finished:
            _say(f"finished an adoption that was interrupted: {finished} cassettes")
        contract = Contract(self.contract.root) if finished else self.contract
        moved = bool(os.environ.get("CODEX_BACKEND_BASE_URL", "").strip())
        plan = make_plan(contract, ids, self.logins, moved=moved)
        try:
            before = [preflight(self.logins[kind]) for kind in self._needed(plan)]
        except CannotLook as error:
            return self.judge.conclude(unlooked(contract, ids, str(error)))
        for one in before:
            for line in one.lines():
                _say(line)
        if self.wishes.fresh:
            self.shelf.forget()
        self._show(plan)
        if not plan.asked:
            return self.judge.conclude(unlooked(contract, ids, "no probe of these can be asked"))
        if self.wishes.dry_run:
            return Exit.CLEAN
        if not (self.wishes.yes or self._agreed("Ask the service?")):
            _say("nothing was asked")
            return Exit.INTERRUPTED
        return self._record(contract, plan, before)

    def _needed(self, plan: Plan) -> list[str]:
        return sorted({row.probe.credential for row in plan.asked})

    def _show(self, plan: Plan) -> None:
        kept = len(self.shelf.done().keys() & {row.probe.id for row in plan.asked})
        resumed = f", {kept} of them recorded before" if kept else ""
        _say(
            f"plan: {len(plan.asked)} requests{resumed}; {plan.turns} make a model write, about "
            f"{plan.tokens} tokens; {self._share(plan)}"
        )
        for row in plan.asked:
            _say(f"  asks {row.probe.id}")
        for row in plan.left_out:
            _say(f"  not  {row.probe.id}: {row.why}")

    def _share(self, plan: Plan) -> str:
        """What share of a quota that is, as the last run has measured it."""
        cost = self.shelf.recall("cost")
        if not isinstance(cost, dict) or not cost.get("turns"):
            return "what share of a quota that is shows after a first run"
        points = float(cost.get("points", 0)) * plan.turns / cost["turns"]
        return f"an estimate from the last run: {points:.1f} % of the shortest window"

    def _record(self, contract: Contract, plan: Plan, before: list[Preflight]) -> Exit:
        scrubber = Scrubber(contract, service=_service())
        session = Session(
            contract=contract,
            logins=self.logins,
            scrubber=scrubber,
            shelf=self.shelf,
            limits=LIMITS,
            most=self.wishes.most,
            tell=_say,
            sleep=time.sleep,
        )
        started = time.perf_counter()
        found = session.run(plan.asked)
        if self.wishes.confirm and not found.ended:
            session.confirm(self.wishes.confirm, self.wishes.wait)
        if not found.ended:
            self._measure(plan, before)
        left = [row for row in plan.left_out if row.probe.id in self.named]
        report = report_of(contract, found, left)
        code = self.judge.conclude(
            replace(report, seconds=time.perf_counter() - started), whole=False
        )
        return self._offer(contract, found, code)

    def _measure(self, plan: Plan, before: list[Preflight]) -> None:
        """Remember what the run has used up, for the estimate of the next one."""
        for one in before:
            if not one.windows or not plan.turns:
                continue
            try:
                after = preflight(self.logins[one.kind])
            except CannotLook:
                continue
            used = [window.used for window in (*one.windows[:1], *after.windows[:1])]
            if len(used) == 2:
                points = max(used[1] - used[0], 0.0)
                self.shelf.remember("cost", {"turns": plan.turns, "points": points})

    def _offer(self, contract: Contract, found: Outcome, code: Exit) -> Exit:
        """Only now: what is adopted was shown."""
        files, kept_back = adoptable(found)
        for line in kept_back:
            _say(line)
        is_whole = not (found.ended or found.unchecked)
        if files and self.wishes.adopt is not False:
            question = f"Adopt {len(files)} recordings?"
            if self.wishes.adopt or (is_whole and self._agreed(question)):
                count = shelve(contract, self.shelf, files)
                _say(f"adopted: {count} cassettes, and their shapes")
                code = Exit.CLEAN if code == Exit.DRIFT and not kept_back else code
        if is_whole:
            self.shelf.forget()
        else:
            _say("what was recorded is kept; record again to go on from there")
        return code

    def _agreed(self, question: str) -> bool:
        if not sys.stdin.isatty():
            if question.startswith("Adopt"):
                return False
            raise WrongUse("nobody can be asked here; look at --dry-run, then say --yes.")
        return click.confirm(question, default=False, err=True)


def _service() -> str:
    """Who answers, where it is not the host that is asked: a rehearsal must say that it is one."""
    url = os.environ.get("CODEX_BACKEND_BASE_URL", "").strip()
    if url:
        return urlsplit(url).hostname or ""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        proxy = os.environ.get(name, "").strip()
        if proxy:
            return f"what a proxy at {urlsplit(proxy).hostname or 'an unnamed host'} leads to"
    return ""


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


def _say(line: str) -> None:
    print(f"codex-leg: {visible(line)}", file=sys.stderr, flush=True)
