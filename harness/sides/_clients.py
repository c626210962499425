"""What a client asks, and over what: two captures of a client, as sets of calls."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.drift.findings import Finding, finding
from harness.endpoints import endpoint_name, endpoint_pointer

from ._model import Seen

__all__ = ["Clients", "are_captures", "client_findings", "transport_of", "unclaimed"]


def are_captures(before: Sequence[Seen], after: Sequence[Seen]) -> bool:
    """Whether a real client asked all of this, on loopback."""
    return bool(before and after) and all(one.is_captured for one in [*before, *after])


def unclaimed(left: Sequence[Seen], other: Sequence[Seen]) -> list[Seen]:
    """What is left of one capture, less the calls that the other one has not at all."""
    known = {(_call(one), transport_of(one)) for one in other}
    return [one for one in left if (_call(one), transport_of(one)) in known]


def transport_of(one: Seen) -> str:
    """``ws`` or ``http``; a WebSocket that was refused is meant as one, too."""
    sent = one.exchange.request
    meant = sent is not None and sent.url.startswith("wss:")
    return "ws" if meant else one.exchange.transport


class Clients:
    """What clients do in all captures of either side: over what they talk, and what they call."""

    def __init__(self) -> None:
        self._turns: tuple[dict[str, Seen], dict[str, Seen]] = ({}, {})
        self._calls: tuple[dict[str, Seen], dict[str, Seen]] = ({}, {})
        self._lone: tuple[dict[str, Seen], dict[str, Seen]] = ({}, {})
        self._keys: dict[str, str] = {}
        self._runs: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})

    def see(self, index: int, side: Iterable[Seen]) -> None:
        """Take note of exchanges of a side (0: before, 1: after)."""
        for one in side:
            if one.is_captured and one.is_turn:
                self._turns[index].setdefault(transport_of(one), one)
            elif one.is_captured:
                self._calls[index].setdefault(_call(one), one)

    def lone(self, index: int, key: str, side: Sequence[Seen]) -> bool:
        """Take a capture that only one side has; whether that says all that there is to say.

        What a client calls beside its turns comes and goes. Another run of it is a question that
        the other side was not asked, once there is anything of a client on the other side.
        """
        if not all(one.is_captured for one in side):
            return False
        turns = {transport_of(one) for one in side if one.is_turn}
        if not turns:
            calls = {_call(one): one for one in side}
            self._lone[index].update(calls)
            self._keys.update(dict.fromkeys(calls, key))
        elif self._has_none(1 - index):
            return False
        else:
            self._runs[index][key] = turns
        return True

    def one_sided(self, index: int) -> list[str]:
        """The keys of runs that only one side has, less those over what only that side talks."""
        own = self.only(index)
        return [key for key, turns in self._runs[index].items() if not turns <= own]

    def only(self, index: int) -> set[str]:
        """The transports of one side alone; none unless both sides have turns at all."""
        own, other = self._turns[index], self._turns[1 - index]
        return own.keys() - other.keys() if other else set()

    def unmatched(self, index: int) -> Mapping[str, Seen]:
        """Calls of one side whose other side holds no capture of a client at all."""
        return self._lone[index] if self._has_none(1 - index) else {}

    def _has_none(self, index: int) -> bool:
        return not (self._turns[index] or self._calls[index])

    def findings(self) -> Iterator[Finding]:
        """What a client took up, or dropped."""
        for index in (0, 1):
            if self._has_none(1 - index):
                continue
            for call, one in self._lone[index].items():
                if call not in self._calls[1 - index]:
                    found = _endpoint(one, call, gone=index == 0)
                    yield replace(found, probe=self._keys[call] or None)
        for name in sorted(self.only(0)):
            yield _finding(
                "client-transport-removed", self._turns[0][name], f"/transport/{name}", name, None,
                f"the client does not talk over {name} any more",
            )  # fmt: skip
        for name in sorted(self.only(1)):
            yield _finding(
                "client-transport-added", self._turns[1][name], f"/transport/{name}", None, name,
                f"the client talks over {name} now",
            )  # fmt: skip


def client_findings(before: Sequence[Seen], after: Sequence[Seen]) -> Iterator[Finding]:
    """Calls that only one of two captures has, or that come before the first turn in one only."""
    # Of a transport that comes or goes, its endpoint comes or goes, too: that is the same edit.
    here_over, there_over = (
        {transport_of(one) for one in side if one.is_turn} for side in (before, after)
    )
    both = here_over & there_over
    here, there = _by_call(before, both), _by_call(after, both)
    yield from (_endpoint(here[call], call, gone=True) for call in here.keys() - there.keys())
    yield from (_endpoint(there[call], call, gone=False) for call in there.keys() - here.keys())
    first, later = _preconditions(before), _preconditions(after)
    for call in first - later:
        if call in there:
            yield _finding(
                "client-precondition-removed", there[call], endpoint_pointer(call), call, None,
                f"the client does not wait for {call} before its first turn any more",
            )  # fmt: skip
    for call in later - first:
        if call in here:
            yield _finding(
                "client-precondition-added", there[call], endpoint_pointer(call), None, call,
                f"the client calls {call} before its first turn now",
            )  # fmt: skip


def _endpoint(one: Seen, call: str, *, gone: bool) -> Finding:
    place = endpoint_pointer(call)
    if gone:
        told = f"the client does not call {call} any more"
        return _finding("client-endpoint-removed", one, place, call, None, told)
    told = f"the client calls {call} now"
    return _finding("client-endpoint-added", one, place, None, call, told)


def _call(one: Seen) -> str:
    sent = one.exchange.request
    return "" if sent is None else endpoint_name(sent.method, sent.url)


def _by_call(side: Sequence[Seen], transports: Container[str]) -> dict[str, Seen]:
    """The first call of each endpoint; of turns, only those over one of these transports."""
    return {
        _call(one): one
        for one in reversed(side)
        if not one.is_turn or transport_of(one) in transports
    }


def _preconditions(side: Sequence[Seen]) -> set[str]:
    """What is called before the first turn; nothing is known of that without a turn."""
    calls: list[str] = []
    for one in side:
        if one.is_turn:
            return set(calls)
        calls.append(_call(one))
    return set()


def _finding(  # noqa: PLR0917 — a row of a table
    rule: str, seen: Seen, pointer: str, before: str | None, after: str | None, message: str
) -> Finding:
    return finding(
        rule,
        message,
        surface=seen.home if pointer.startswith("/endpoint/") else seen.surfaces[0],
        direction="request",
        pointer=pointer,
        before=before,
        after=after,
    )
