"""Canaries: what anybody can ask, with no credential or a made-up one; one request a probe.

No credential is looked for. What the answer is held against is what is sourced: the status and the
outcome, the contract of errors, and the adopted shape where an answer was published whole. Of what
was composed from the answers of others, nobody knows more, so a difference there is ``risky``; of
headers that were never published, nothing is held.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from harness.contract import Contract, ContractError, Pair, Probe
from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import BREAKING, RISKY
from harness.judge import judge, shape
from harness.recording.asking import Asked, ask_live
from harness.recording.confirming import Confirmed, Look, ask_again
from harness.recording.obstacles import obstacle
from harness.recording.quiet import tellable_loss
from harness.recording.scan import scan
from harness.recording.scrub import NotScrubbable, Scrubber
from harness.recording.words import own_texts
from harness.report import ProbeRow

__all__ = ["Flock", "Seen", "canaries_of"]

#: Credentials that are none.
_NO_CREDENTIAL: Final = frozenset({"bogus", "none"})
#: The host is left alone from then on.
_TOO_MANY: Final = 429
_FOLDER: Final = "canary/"

Ask = Callable[[Probe], Asked]


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one probe.

    Attributes:
        row: its row in a report.
        findings: what differs.
        left: why it could not be looked at; or be read, if ``unreadable``.
        unreadable: an answer came, and nothing could be made of it.
        cassette: the text of the scrubbed exchange, for evidence; ``""`` if there is none.
    """

    row: ProbeRow
    findings: Sequence[Finding] = ()
    left: Unchecked | None = None
    unreadable: bool = False
    cassette: str = ""


def canaries_of(contract: Contract) -> list[str]:
    """The ids of the canaries: probes below ``canary/`` that need no credential."""
    return [
        id_
        for id_, probe in sorted(contract.probes.items())
        if id_.startswith(_FOLDER) and probe.credential in _NO_CREDENTIAL
    ]


def _ask(probe: Probe) -> Asked:
    return ask_live(probe, None, streamed=False)


@dataclass
class Flock:
    """The canaries of one run.

    Attributes:
        contract: what they are held against.
        ask: asks one, once.
        shy: hosts that said "too many", and are not asked any more.
    """

    contract: Contract
    ask: Ask = _ask
    shy: set[str] = field(default_factory=set)

    @cached_property
    def _scrubber(self) -> Scrubber:
        return Scrubber(self.contract, command="make canary")

    def look(self, ids: Sequence[str]) -> Iterator[Seen]:
        """Ask each of them once, one after the other."""
        with tempfile.TemporaryDirectory(prefix="codex-leg-canary-") as folder:
            for id_ in ids:
                yield self._look(self.contract.pair(id_), Path(folder))

    def confirm(
        self,
        seen: Sequence[Seen],
        *,
        times: int,
        wait: float,
        sleep: Callable[[float], None],
        tell: Callable[[str], None],
    ) -> Confirmed:
        """Ask those again that differ in a breaking way; arguments as for ``ask_again``."""
        first = [one for each in seen for one in each.findings]
        doubted = [each.row.id for each in seen if _is_grave(each)]

        def again() -> Look:
            looks = list(self.look(doubted))
            if any(one.left is not None for one in looks):
                return None
            return [one for each in looks for one in each.findings]

        return ask_again(first, again, times=times, wait=wait, sleep=sleep, tell=tell)

    def _look(self, pair: Pair, folder: Path) -> Seen:
        host = urlsplit(pair.probe.request.url).hostname or ""
        if host in self.shy:
            return _left(pair, f"{host} said that it is asked too much; it is left alone")
        asked = self.ask(pair.probe)
        if asked.taken is not None and asked.taken.status == _TOO_MANY:
            self.shy.add(host)
        if not asked.answered:
            return _left(pair, f"{host} did not answer: {tellable_loss(asked.heard.message)}")
        in_the_way = obstacle(asked, pair.cassette.interactions[0], self._scrubber.hosts)
        if in_the_way:
            return _left(pair, f"{host}: {in_the_way}")
        try:
            return self._held(pair, asked, folder)
        except (NotScrubbable, ContractError) as error:
            return _left(pair, str(error), unreadable=True)

    def _held(self, pair: Pair, asked: Asked, folder: Path) -> Seen:
        document = self._scrubber.cassette(asked)
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        hits = scan(document, allowed=own_texts(asked.probe))
        if hits:
            raise NotScrubbable(f"the answer holds what looks like a secret: {hits[0]}")
        # JSON is YAML, and what is judged is read as every cassette is.
        file = folder / f"{pair.probe.id.replace('/', '-')}.yaml"
        file.write_text(text, encoding="utf-8")
        live = Pair(pair.probe, self.contract.read_cassette(file))
        is_whole = _kind(pair) != "composed"
        before = self.contract.snapshot(pair.probe.id) if is_whole else None
        judged = judge(self.contract, live, before, shape(self.contract, live))
        findings = [
            _weighed(one, is_whole=is_whole) for one in judged.findings if _is_held(one, pair)
        ]
        row = ProbeRow(
            id=pair.probe.id,
            title=pair.probe.title,
            outcome=judged.outcome,
            expected=judged.expected,
            provenance=judged.provenance,
            drift=len(findings),
            verdict="drift" if findings else "clean",
        )
        return Seen(row, findings, cassette=text)


def _kind(pair: Pair) -> str:
    return pair.cassette.interactions[0].provenance.kind


def _is_held(one: Finding, pair: Pair) -> bool:
    """Whether there is a source for what a finding says was otherwise."""
    if one.direction == "request":
        # What we ask is ours; what the leg sends is held by verify.
        return False
    published = pair.cassette.interactions[0].headers
    if one.pointer.startswith("/header/"):
        return one.pointer.removeprefix("/header/") in published
    return True


def _weighed(one: Finding, *, is_whole: bool) -> Finding:
    if is_whole or one.level != BREAKING:
        return one
    message = f"{one.message} (the answer of this address was never published)"
    return replace(one, level=RISKY, message=message)


def _is_grave(seen: Seen) -> bool:
    return any(one.level == BREAKING for one in seen.findings)


def _left(pair: Pair, why: str, *, unreadable: bool = False) -> Seen:
    probe = pair.probe
    row = ProbeRow(
        id=probe.id,
        title=probe.title,
        outcome="-",
        expected=probe.expect.outcome,
        provenance=_kind(pair),
        drift=0,
        verdict="quarantined" if unreadable else "unchecked",
    )
    return Seen(row, left=Unchecked(probe.id, why), unreadable=unreadable)
