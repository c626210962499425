"""One run of ``codex-leg record``: what is said, asked and done, in this order."""

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
from harness.contract import Contract
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.recording.asking import LIMITS
from harness.recording.logins import CannotLook, Login
from harness.recording.planning import Plan, make_plan
from harness.recording.preflight import Preflight, preflight
from harness.recording.results import adoptable, report_of, unlooked
from harness.recording.scrub import Scrubber
from harness.recording.session import Outcome, Session
from harness.recording.shelf import Shelf
from harness.recording.shelving import finish, is_unfinished, shelve
from harness.whole_files import write_whole

__all__ = ["Run", "Wishes", "say", "service"]

_CODEX: Final = "codex-subscription"
#: So many reasons still fit into one line.
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options that say how far to go."""

    yes: bool
    dry_run: bool
    adopt: bool | None
    most: int | None
    confirm: int
    wait: float
    fresh: bool
    keep: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run; :meth:`go` does it."""

    contract: Contract
    judge: Judge
    shelf: Shelf
    logins: dict[str, Login]
    wishes: Wishes
    named: set[str]
    """Probes that were named one by one: of these, one that cannot be asked is told."""

    def go(self, ids: list[str]) -> Exit:
        """Look at the login, show the plan, ask, show what came of it, offer to adopt it."""
        contract = self._finished()
        moved = bool(os.environ.get("CODEX_BACKEND_BASE_URL", "").strip())
        plan = make_plan(contract, ids, self.logins, moved=moved)
        try:
            before = [preflight(self.logins[kind]) for kind in self._needed(plan)]
        except CannotLook as error:
            return self.judge.conclude(unlooked(str(error)))
        for one in before:
            for line in one.lines():
                say(line)
        if self.wishes.fresh and not self.wishes.dry_run:
            self.shelf.forget()
        self._show(plan)
        if not plan.asked:
            return self.judge.conclude(unlooked(_none_of(plan)))
        if self.wishes.dry_run:
            return Exit.CLEAN
        if not (self.wishes.yes or self._agreed("Ask the service?")):
            say("nothing was asked")
            return Exit.INTERRUPTED
        self._make_room()
        return self._record(contract, plan, before)

    def _finished(self) -> Contract:
        """The contract, after what a run that died had begun to adopt is finished."""
        if not is_unfinished(self.shelf):
            return self.contract
        if self.wishes.dry_run:
            say("an adoption was interrupted; the next run without --dry-run finishes it")
            return self.contract
        count = finish(self.contract, self.shelf)
        say(f"finished an adoption that was interrupted: {count} cassettes")
        return Contract(self.contract.root)

    def _needed(self, plan: Plan) -> list[str]:
        return sorted({row.probe.credential for row in plan.asked})

    def _show(self, plan: Plan) -> None:
        kept = len(self.shelf.done().keys() & {row.probe.id for row in plan.asked})
        resumed = f", {kept} of them recorded before" if kept else ""
        count, looks = len(plan.asked), self._looks(plan)
        say(
            f"plan: {_counted(count, 'request')}{resumed}; {plan.turns} make a model write, about "
            f"{plan.tokens} tokens; {self._share(plan)}"
        )
        say(f"and {_counted(looks, 'request')} to read what is left of the quota")
        for row in plan.asked:
            say(f"  asks {row.probe.id}")
        if self.wishes.dry_run:
            for row in plan.left_out:
                say(f"  not  {row.probe.id}: {row.why}")
        elif plan.left_out:
            say(f"  not asked: {_counted(len(plan.left_out), 'probe')}; --dry-run says why")

    def _looks(self, plan: Plan) -> int:
        """Requests that read the quota: before, and after what makes a model write."""
        kinds = self._needed(plan)
        return (_CODEX in kinds) * (1 + (plan.turns > 0))

    def _share(self, plan: Plan) -> str:
        """What share of a quota that is, as the last run has measured it."""
        cost = self.shelf.recall("cost")
        if not isinstance(cost, dict) or not cost.get("turns"):
            return "what share of a quota that is shows after a first run"
        points = float(cost.get("points", 0)) * plan.turns / cost["turns"]
        shown = f"{points:.1f}" if points >= 0.05 else "less than 0.1"
        return f"an estimate from the last run: {shown} % of the shortest window"

    def _make_room(self) -> None:
        """A folder that cannot be written is better found out before a quota is spent than after.

        Raises:
            WrongUse: it is one.
        """
        keep = self.wishes.keep
        if keep is None:
            return
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongUse(f"--keep {keep} cannot be written: {error.strerror}.") from None
        if not os.access(keep, os.W_OK):
            raise WrongUse(f"--keep {keep} cannot be written.")

    def _keep(self, found: Outcome) -> None:
        """Copy each recording; each was scrubbed and scanned before it was staged."""
        keep = self.wishes.keep
        if keep is None:
            return
        try:
            for id_, looked in sorted(found.looked.items()):
                file = keep / "cassettes" / f"{id_}.yaml"
                write_whole(file, looked.file.read_text(encoding="utf-8"))
        except OSError as error:
            raise WrongUse(f"--keep {keep} cannot be written: {error.strerror}.") from None
        say(f"kept: {_counted(len(found.looked), 'recording')} in {keep}")

    def _record(self, contract: Contract, plan: Plan, before: list[Preflight]) -> Exit:
        scrubber = Scrubber(contract, service=service())
        session = Session(
            contract=contract,
            logins=self.logins,
            scrubber=scrubber,
            shelf=self.shelf,
            limits=LIMITS,
            most=self.wishes.most,
            tell=say,
            sleep=time.sleep,
        )
        started = time.perf_counter()
        found = session.run(plan.asked)
        self._keep(found)
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
        if found.ended or found.unchecked:
            say("what was recorded is kept, and nothing adopted; record again to go on from there")
            return code
        files, kept_back = adoptable(found)
        for line in kept_back:
            say(line)
        wanted = self.wishes.adopt
        if files and wanted is None:
            wanted = self._agreed(f"Adopt {len(files)} recordings?")
        if files and wanted:
            count = shelve(contract, self.shelf, files)
            say(f"adopted: {count} cassettes, and their shapes")
            code = Exit.CLEAN if code == Exit.DRIFT and not kept_back else code
        self.shelf.forget()
        return code

    def _agreed(self, question: str) -> bool:
        if not sys.stdin.isatty():
            if question.startswith("Adopt"):
                return False
            raise WrongUse("nobody can be asked here; look at --dry-run, then say --yes.")
        return click.confirm(question, default=False, err=True)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _none_of(plan: Plan) -> str:
    """Why nothing is asked: the reason itself, if there are few."""
    first = "no probe of these can be asked"
    if len(plan.left_out) > _FEW:
        return f"{first}; --dry-run says why"
    return f"{first}: " + "; ".join(f"{row.probe.id}: {row.why}" for row in plan.left_out)


def service() -> str:
    """Who answers, where it is not the host that is asked: a rehearsal must say that it is one."""
    url = os.environ.get("CODEX_BACKEND_BASE_URL", "").strip()
    if url:
        return urlsplit(url).hostname or ""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        proxy = os.environ.get(name, "").strip()
        if proxy:
            return f"what a proxy at {urlsplit(proxy).hostname or 'an unnamed host'} leads to"
    return ""


def say(line: str) -> None:
    """Tell a person one line; what it holds cannot act on a terminal."""
    print(f"codex-leg: {visible(line)}", file=sys.stderr, flush=True)
