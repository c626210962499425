"""What is going to be asked, what is not and why, and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import urlsplit

from harness.contract import Contract, Interaction, Probe
from harness.events import parse_json
from harness.exchange import Exchange

__all__ = ["Plan", "Row", "make_plan", "select"]

#: The host that CODEX_BACKEND_BASE_URL puts another one in the place of.
_CODEX_HOST: Final = "chatgpt.com"
_ANYBODY: Final = frozenset({"none", "bogus"})


@dataclass(frozen=True, slots=True)
class Row:
    """One probe of a plan; ``why`` it is not asked, or ``""`` if it is."""

    probe: Probe
    why: str = ""
    #: Tokens that the answer in its cassette was billed for; 0 if it says nothing of them.
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows, in the order in which they are asked."""

    rows: tuple[Row, ...]

    @property
    def asked(self) -> tuple[Row, ...]:
        """The rows that are asked."""
        return tuple(row for row in self.rows if not row.why)

    @property
    def left_out(self) -> tuple[Row, ...]:
        """The rows that are not."""
        return tuple(row for row in self.rows if row.why)

    @property
    def tokens(self) -> int:
        """Tokens that it takes, about: what the same answers took when they were recorded."""
        return sum(row.tokens for row in self.asked)

    @property
    def turns(self) -> int:
        """How many of its requests make a model write."""
        return sum(row.tokens > 0 for row in self.asked)


def select(ids: Iterable[str], only: str = "") -> list[str]:
    """The probes of these names that match a pattern such as ``codex/usage*``, sorted."""
    return sorted(id_ for id_ in ids if not only or fnmatchcase(id_, only))


def make_plan(
    contract: Contract, ids: Sequence[str], kinds: Container[str], *, moved: bool = False
) -> Plan:
    """Say of each probe whether it is asked.

    Args:
        contract: the contract.
        ids: the probes that are wanted.
        kinds: the kinds of credentials at hand.
        moved: the codex backend was given another address: then nothing else is asked, because
            a rehearsal must not end at the real platform.
    """
    rows = []
    for id_ in ids:
        pair = contract.pair(id_)
        why = _why_not(pair.probe, kinds, moved=moved)
        rows.append(Row(pair.probe, why, _tokens(pair.cassette.interactions[0])))
    # What costs nothing goes first: a dead login is then found out before anything is spent.
    return Plan(tuple(sorted(rows, key=lambda row: (row.tokens > 0, row.probe.id))))


def _why_not(probe: Probe, kinds: Container[str], *, moved: bool) -> str:
    if probe.not_live:
        return probe.not_live
    if probe.credential in _ANYBODY:
        return "it needs no login: codex-leg canary asks it"
    if probe.request.via == "refresh":
        return "it would spend a login"
    if probe.request.url.startswith("wss:"):
        return "the leg has no WebSocket yet"
    if moved and urlsplit(probe.request.url).hostname != _CODEX_HOST:
        return "CODEX_BACKEND_BASE_URL moves the codex backend alone, and this is asked elsewhere"
    if probe.credential not in kinds:
        return f"there is no {probe.credential} at hand"
    return ""


def _tokens(answer: Interaction) -> int:
    """The total of the usage that an answer tells of, wherever it stands."""
    exchange = Exchange.from_interaction(answer)
    payloads = [event.payload for event in exchange.events] or [parse_json(exchange.body)]
    return max((_total(one) for one in payloads), default=0)


def _total(payload: Any) -> int:
    if not isinstance(payload, dict):
        return 0
    response = payload.get("response", payload)
    usage = response.get("usage") if isinstance(response, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else 0
