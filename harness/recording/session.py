"""One run: ask what is planned, one after the other, and say of each what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import leg
from harness.contract import Contract, ContractError
from harness.drift.findings import Finding, Unchecked
from harness.recording.asking import Asked, ask_live
from harness.recording.confirming import Confirmed, ask_again, doubtful
from harness.recording.logins import CannotLook, Login
from harness.recording.looking import Looked, Unfaithful, look
from harness.recording.obstacles import obstacle
from harness.recording.planning import Row
from harness.recording.preflight import preflight
from harness.recording.quiet import tellable_loss
from harness.recording.scan import SecretFound, Secrets
from harness.recording.scrub import NotScrubbable, Scrubber
from harness.recording.shelf import AGAIN, Shelf
from harness.recording.staging import staged

__all__ = ["Outcome", "Session"]

#: Outcomes that say something of the login or of the quota rather than of the service, where a
#: probe expects another one.
_OF_LOGIN: Final = frozenset(
    "unauthorized token_expired token_revoked workspace_deactivated not_eligible".split()
)
_OF_QUOTA: Final = frozenset({"usage_limit_reached", "usage_not_included"})
_BROKEN: Final = frozenset({"stream_cut", "stream_stalled"})
#: So long a service may ask us to wait.
_PATIENCE: Final = 60.0


@dataclass(slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        looked: every probe that was recorded and judged, by id.
        unchecked: what could not be looked at.
        quarantined: recordings that were refused.
        ended: why it ended early, or ``""``.
        requests: how many requests it sent.
        confirmed: what is left of the findings, by id, where they were asked again.
    """

    looked: dict[str, Looked] = field(default_factory=dict)
    unchecked: list[Unchecked] = field(default_factory=list)
    quarantined: list[Unchecked] = field(default_factory=list)
    ended: str = ""
    requests: int = 0
    confirmed: dict[str, Confirmed] = field(default_factory=dict)


class _Ended(Exception):
    """No further probe can be asked; ``str()`` says why."""


class _Skipped(Exception):
    """This one could not be looked at; ``str()`` says why."""


@dataclass(slots=True)
class Session:
    """A run in the making.

    Attributes:
        contract: whose probes are asked.
        logins: by the kind of credential.
        scrubber, shelf: as their modules say.
        limits: bounds on each answer.
        most: requests that may be sent; ``None`` for as many as it takes.
        tell: told of each probe, in a line.
        sleep: waits, in seconds.
    """

    contract: Contract
    logins: Mapping[str, Login]
    scrubber: Scrubber
    shelf: Shelf
    limits: leg.Limits
    most: int | None = None
    tell: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    _outcome: Outcome = field(default_factory=Outcome)
    _used: list[leg.Credential] = field(default_factory=list)

    def run(self, rows: Sequence[Row]) -> Outcome:
        """Ask every row that was not asked already by a run that was interrupted."""
        found, done = self._outcome, self.shelf.done()
        for number, row in enumerate(rows, 1):
            id_ = row.probe.id
            if found.ended:
                found.unchecked.append(Unchecked(id_, found.ended))
                continue
            try:
                if id_ in done:
                    self._judge(id_, done[id_].file, None)
                    said = "recorded before"
                else:
                    said = self._record(row)
            except _Ended as error:
                found.ended = said = str(error)
                found.unchecked.append(Unchecked(id_, said))
            except _Skipped as error:
                said = str(error)
                found.unchecked.append(Unchecked(id_, said))
            except (NotScrubbable, SecretFound, Unfaithful, ContractError) as error:
                said = f"refused: {error}"
                found.quarantined.append(Unchecked(id_, str(error)))
            self.tell(f"{number}/{len(rows)} {id_}: {said}")
        return found

    def confirm(self, times: int, wait: float) -> None:
        """Ask again what differs gravely, and keep what shows each time."""
        found = self._outcome
        first = [one for looked in found.looked.values() for one in looked.judgement.findings]

        def again() -> list[Finding] | None:
            seen: list[Finding] = []
            try:
                for id_ in sorted({one.probe for one in doubtful(first) if one.probe}):
                    asked = self._ask(Row(self.contract.pair(id_).probe))
                    folder = self.shelf.folder / AGAIN
                    file = staged(asked, self.scrubber, self._secrets(), folder)
                    seen += look(self.contract, id_, file, asked).judgement.findings
            except (_Ended, _Skipped, NotScrubbable, SecretFound, Unfaithful, ContractError):
                return None
            return seen

        kept = ask_again(first, again, times=times, wait=wait, sleep=self.sleep, tell=self.tell)
        for id_ in found.looked:
            found.confirmed[id_] = Confirmed(
                [one for one in kept.findings if one.probe == id_],
                [one for one in kept.flaky if one.probe == id_],
                kept.unconfirmed,
            )

    def _record(self, row: Row) -> str:
        asked = self._ask(row)
        file = staged(asked, self.scrubber, self._secrets(), self.shelf.folder)
        self._judge(row.probe.id, file, asked)
        self.shelf.add(row.probe.id, file)
        return self._outcome.looked[row.probe.id].judgement.outcome

    def _judge(self, id_: str, file: Path, asked: Asked | None) -> None:
        self._outcome.looked[id_] = look(self.contract, id_, file, asked)

    def _secrets(self) -> Secrets:
        return Secrets.of(*self._used)

    def _ask(self, row: Row) -> Asked:
        """Ask one probe; a second time where the first says nothing of the service.

        Raises:
            _Ended: nobody can be asked any more.
            _Skipped: this one cannot be asked now.
        """
        asked = self._send(row)
        outcome, expected = asked.heard.outcome, row.probe.expect.outcome
        if not asked.answered or (outcome in _BROKEN and outcome != expected):
            # The network's fault, most often; a stream that breaks twice is recorded as it is.
            asked = self._send(row)
            outcome = asked.heard.outcome
            if not asked.answered:
                raise _Ended(f"the network was lost: {tellable_loss(asked.heard.message)}")
        if outcome == "rate_limited" and outcome != expected:
            wait = asked.heard.retry_after
            wait = 20.0 if wait is None else wait
            if wait > _PATIENCE:
                raise _Ended(f"the service asks to wait for {wait:g} s")
            self.tell(f"{row.probe.id}: rate limited, waiting {wait:g} s")
            self.sleep(wait)
            asked = self._send(row)
            if asked.heard.outcome == "rate_limited":
                raise _Ended("the service is asked too often; wait, and record again")
        self._weigh(row, asked)
        return asked

    def _weigh(self, row: Row, asked: Asked) -> None:
        """Whether an outcome that nobody expected is the service's, and so drift."""
        outcome = asked.heard.outcome
        if not asked.answered:
            raise _Ended(f"the network was lost: {tellable_loss(asked.heard.message)}")
        if outcome in _OF_QUOTA and outcome != row.probe.expect.outcome:
            raise _Ended("the quota is used up; record again when it is not")
        adopted = self.contract.pair(row.probe.id).cassette.interactions[0]
        if found := obstacle(asked, adopted, self.scrubber.hosts):
            raise _Skipped(f"{found}: this says nothing of the contract")
        if outcome == row.probe.expect.outcome:
            return
        if outcome in _OF_LOGIN:
            login = self.logins[row.probe.credential]
            if login.kind != leg.CredentialKind.CODEX_SUBSCRIPTION:
                raise _Skipped(f"{outcome}: the {login.kind} may not hold any more")
            try:
                preflight(login, limits=self.limits)
            except CannotLook as error:
                raise _Ended(f"{outcome}, and the login was looked at: {error}") from None

    def _send(self, row: Row) -> Asked:
        found = self._outcome
        if self.most is not None and found.requests >= self.most:
            raise _Ended(f"--max-requests {self.most} is reached; record again for the rest")
        try:
            credential = self.logins[row.probe.credential].credential()
        except CannotLook as error:
            raise _Ended(str(error)) from None
        if credential not in self._used:
            self._used.append(credential)
        found.requests += 1
        answer = self.contract.pair(row.probe.id).cassette.interactions[0]
        return ask_live(
            row.probe, credential, streamed=answer.stream is not None, limits=self.limits
        )
