"""One probe judged: its outcome, the schemas, the order of events, the shape of the exchange."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.checks import ENDED_EARLY, check_exchange
from harness.contract import Contract, ExpectedCall, Pair, Probe, Schemas, excerpt
from harness.drift.claims import unite
from harness.drift.compare import compare
from harness.drift.demands import Demands
from harness.drift.evidence import Evidences
from harness.drift.findings import Finding, Unchecked, finding, merge_findings
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange
from harness.questions import question_differs
from harness.replay import Replayed, replay
from leg import ToolCall

__all__ = ["Judgement", "differences", "judge", "shape"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is held against one probe.

    Attributes:
        id, title: of the probe.
        outcome: what the leg made of the answer.
        expected: what the probe holds to be true.
        provenance: the kind of its cassette.
        findings: every difference; empty if there is none.
        unchecked: what could not be looked at.
    """

    id: str
    title: str
    outcome: str
    expected: str
    provenance: str
    findings: Sequence[Finding] = ()
    unchecked: Sequence[Unchecked] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """One row of ``probes`` in ``schemas/report/findings.json``."""
        return {
            "id": self.id,
            "title": self.title,
            "outcome": self.outcome,
            "expected": self.expected,
            "provenance": self.provenance,
            "drift": len(self.findings),
            "verdict": "drift" if self.findings else "unchecked" if self.unchecked else "clean",
        }


def shape(contract: Contract, pair: Pair) -> dict[str, Any]:
    """The snapshot of a pair's exchange: what stays when ids, times and texts are taken out."""
    exchange = Exchange.from_interaction(pair.cassette.interactions[0])
    return snapshot_of(shape_of(contract.schemas, pair.probe.surface, exchange))


def judge(
    contract: Contract, pair: Pair, before: Mapping[str, Any] | None, now: Mapping[str, Any]
) -> Judgement:
    """Everything that can be held against this probe.

    Args:
        before: the snapshot that was adopted, or ``None`` if there is none yet.
        now: the snapshot as it is now (:func:`shape`).
    """
    probe, answer = pair.probe, pair.cassette.interactions[0]
    replayed = replay(probe, answer, contract.path(pair.cassette.path))
    exchange = Exchange.from_interaction(answer)
    ended_early = probe.expect.outcome in ENDED_EARLY
    found = [
        *_outcome_findings(pair, replayed),
        *differences(
            contract.schemas, probe.surface, exchange, before, now, ended_early=ended_early
        ),
    ]
    unchecked: list[Unchecked] = []
    if before is None:
        unchecked.append(
            Unchecked(
                probe.id, f"no snapshot yet: write snapshots/{probe.id}.json (codex-leg adopt)"
            )
        )
    return Judgement(
        id=probe.id,
        title=probe.title,
        outcome=replayed.outcome,
        expected=probe.expect.outcome,
        provenance=answer.provenance.kind,
        findings=[replace(one, probe=probe.id) for one in merge_findings(found)],
        unchecked=unchecked,
    )


def differences(
    schemas: Schemas,
    surface: str,
    exchange: Exchange,
    before: Mapping[str, Any] | None,
    now: Mapping[str, Any],
    *,
    ended_early: bool = False,
) -> list[Finding]:
    """What one exchange does not keep: of the contract, and of its adopted shape; each edit once.

    Args:
        schemas: the contract.
        surface: the surface that the exchange is with.
        exchange: the exchange.
        before: the snapshot that was adopted, or ``None`` if there is none.
        now: the snapshot of the exchange.
        ended_early: this stream is known to lack its end.

    Raises:
        ContractError: the contract does not know the surface.
    """
    violations = check_exchange(schemas, surface, exchange, ended_early=ended_early)
    if before is None:
        return violations
    # What is replayed here was answered once: nobody's credential or quota is in the way.
    evidence = Evidences(schemas=schemas)
    changes = compare(before, now, surface=surface, evidence=evidence, proved=True)
    changes += _lost_halves(surface, before, now)
    orders = [*before.get("sequences", ()), *now.get("sequences", ())]
    return unite(changes, violations, Demands.of(schemas, surface, now).grammar, orders)


def _lost_halves(
    surface: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Finding]:
    """A half that only one side has cannot be compared; in what was adopted it must not be gone."""
    for half in ("request", "response"):
        if bool(before.get(half)) != bool(now.get(half)):
            message = f"the shape is not the adopted one, in: {half}"
            yield finding("shape-changed", message, surface=surface, pointer=f"/{half}")


def _call_findings(
    surface: str, wanted: Sequence[ExpectedCall], made: Sequence[ToolCall]
) -> Iterator[Finding]:
    if len(wanted) != len(made):
        before, after = [one.name for one in wanted], [one.name for one in made]
        yield finding(
            "probe/calls", f"the leg returns the calls {after}; the probe expects {before}",
            surface=surface, pointer="/calls", before=before, after=after,
        )  # fmt: skip
        return
    for index, (one, other) in enumerate(zip(wanted, made, strict=True)):
        for name in ("name", "arguments"):
            hoped, found = getattr(one, name), getattr(other, name)
            if hoped is not None and hoped != found:
                yield finding(
                    "probe/calls",
                    f"the {name} of call {index} is {excerpt(found)}; "
                    f"the probe expects {excerpt(hoped)}",
                    surface=surface, pointer=f"/calls/{index}/{name}", before=hoped, after=found,
                )  # fmt: skip


def _facts(probe: Probe, replayed: Replayed) -> Iterator[tuple[str, str, Any, Any, str]]:
    """Rule, pointer, what the probe expects, what the leg made of it, and what that is called."""
    wanted = probe.expect
    if wanted.text is not None:
        yield "probe/text", "", wanted.text, replayed.text, "the text"
    for name, value in (wanted.fields or {}).items():
        got = (replayed.fields or {}).get(name)
        yield "probe/field", f"/{name}", value, got, f"the error's {name}"
    for name in ("resets_at", "retry_after"):
        if getattr(wanted, name) is not None:
            hoped, got = getattr(wanted, name), getattr(replayed, name)
            yield "probe/field", f"/{name}", hoped, got, f"the error's {name}"


def _outcome_findings(pair: Pair, replayed: Replayed) -> Iterable[Finding]:
    probe, answer = pair.probe, pair.cassette.interactions[0]
    wanted, surface = probe.expect, probe.surface

    def differs(rule: str, pointer: str, before: Any, after: Any, message: str) -> Finding:
        return finding(rule, message, surface=surface, pointer=pointer, before=before, after=after)

    if replayed.outcome != wanted.outcome:
        said = f" ({replayed.message})" if replayed.message else ""
        yield differs(
            "probe/outcome", "", wanted.outcome, replayed.outcome,
            f"the leg makes of it {replayed.outcome}{said}; the probe expects {wanted.outcome}",
        )  # fmt: skip
    if answer.status != wanted.status:
        yield differs(
            "probe/status", "/status", wanted.status, answer.status,
            f"the status is {answer.status}; the probe expects {wanted.status}",
        )  # fmt: skip
    for rule, pointer, before, after, what in _facts(probe, replayed):
        if before != after:
            message = f"{what} is {excerpt(after)}; the probe expects {excerpt(before)}"
            yield differs(rule, pointer, before, after, message)
    if wanted.calls is not None:
        yield from _call_findings(surface, wanted.calls, replayed.calls or ())
    if replayed.unplayed:
        yield differs(
            "probe/unplayed", "", None, None, "the leg never asked for the cassette's answer"
        )
    if replayed.request is not None:
        for pointer, declared, sent in question_differs(probe, replayed.request):
            yield finding(
                "leg/request", f"the leg sends {pointer} other than the probe declares",
                surface=surface, direction="request", pointer=pointer, before=declared, after=sent,
            )  # fmt: skip
