"""What a client calls, what it waits for, and over what: two releases as sets of calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from harness.drift.findings import Finding, finding
from harness.reference.runs import WEBSOCKET
from harness.reference.wire.calls import Call
from harness.reference.wire.captured import BESIDE, Captured, Request

__all__ = ["call_findings", "moved_calls", "transport_findings"]


def transport_findings(before: Captured, after: Captured) -> Iterator[Finding]:
    """Transports that only one of the two has."""
    for name in before.transports:
        if name not in after.transports:
            yield _transport("client-transport-removed", name, name, None, "does not talk over")
    for name in after.transports:
        if name not in before.transports:
            yield _transport("client-transport-added", name, None, name, "talks over")


def _transport(rule: str, name: str, before: str | None, after: str | None, does: str) -> Finding:
    left = " any more" if after is None else " now"
    return finding(
        rule,
        f"the client {does} {name}{left}",
        surface="responses-ws" if name == WEBSOCKET else "responses",
        direction="request",
        pointer=f"/transport/{name}",
        before=before,
        after=after,
    )


def call_findings(before: Sequence[Request], after: Sequence[Request]) -> Iterator[Finding]:
    """Calls that only one of the two makes, and calls that it waits for before its first turn.

    Args:
        before, after: requests of the same runs of two releases, over transports that both have.
    """
    here, there = _by_call(before), _by_call(after)
    gone = [call for call in here if call not in there]
    new = [call for call in there if call not in here]
    waits = [_waits(side) for side in (before, after)]
    for old, fresh in moved_calls(before, after).items():
        gone.remove(old)
        new.remove(fresh)
        rule = "client-url-changed" if old.method == fresh.method else "client-method-changed"
        yield _call(rule, there[fresh], old, fresh)
    for call in gone:
        yield _call("client-endpoint-removed", here[call], call, None)
    for call in new:
        one = _call("client-endpoint-added", there[call], None, call)
        if call in waits[1]:
            follows = f"client-precondition-added {call.pointer}"
            one = replace(one, message=f"{one.message}, before its first turn", explains=(follows,))
        yield one
    for call in here.keys() & there.keys():
        known = [_is_known(side, call) for side in (before, after)]
        if call in waits[1] - waits[0] and known[0]:
            yield _call("client-precondition-added", there[call], None, call)
        elif call in waits[0] - waits[1] and known[1]:
            yield _call("client-precondition-removed", here[call], call, None)


def moved_calls(before: Iterable[Request], after: Iterable[Request]) -> dict[Call, Call]:
    """Calls of the earlier release that are another one in the later: by method, or by address."""
    here, there = ({one.call: None for one in side} for side in (before, after))
    gone = [call for call in here if call not in there]
    return dict(_moved(gone, [call for call in there if call not in here]))


def _by_call(requests: Sequence[Request]) -> dict[Call, Request]:
    """The first request of each call."""
    return {one.call: one for one in reversed(requests)}


def _waits(requests: Iterable[Request]) -> set[Call]:
    """What a turn waits for.

    Of a call beside the turn that was found out by keeping its answer back; of one that belongs to
    a turn it is seen in the order.
    """
    found: set[Call] = set()
    started: set[str] = set()
    for one in requests:
        if one.vantage.rpartition(".")[0] in BESIDE:
            if one.waited_for:
                found.add(one.call)
        elif one.is_turn:
            started.add(one.vantage)
        elif one.vantage not in started:
            found.add(one.call)
    return found


def _is_known(requests: Iterable[Request], call: Call) -> bool:
    """Whether it was found out if a turn waits for this call."""
    return any(
        one.waited_for is not None or one.vantage.rpartition(".")[0] not in BESIDE
        for one in requests
        if one.call == call
    )


def _moved(gone: Sequence[Call], new: Sequence[Call]) -> list[tuple[Call, Call]]:
    """Calls by another method, or at another address: a part of their path more or less.

    No second choice.
    """
    pairs = [(old, fresh) for old in gone for fresh in new if _is_near(old, fresh)]
    return [
        (old, fresh)
        for old, fresh in pairs
        if sum(one == old for one, _ in pairs) == sum(one == fresh for _, one in pairs) == 1
    ]


def _is_near(one: Call, other: Call) -> bool:
    if one.method != other.method:
        return one[1:] == other[1:]
    if one.path == other.path:
        return True
    short, long = sorted((one.path.split("/"), other.path.split("/")), key=len)
    return (
        one.host == other.host
        and len(long) == len(short) + 1
        and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    )


_SAYS = {
    "client-url-changed": "the client asks at another address now: {0} became {1}",
    "client-method-changed": "the client asks by another method now: {0} became {1}",
    "client-endpoint-added": "the client calls {1} now",
    "client-endpoint-removed": "the client does not call {0} any more",
    "client-precondition-added": "the client waits for {1} before its first turn now",
    "client-precondition-removed": "the client does not wait for {0} before its turn any more",
}


def _call(rule: str, seen: Request, before: Call | None, after: Call | None) -> Finding:
    names = [None if one is None else one.name for one in (before, after)]
    place = after or before or seen.call
    found = finding(
        rule,
        _SAYS[rule].format(*names),
        surface=seen.surface,
        direction="request",
        pointer=(before or place).pointer,
        before=names[0],
        after=names[1],
    )
    return replace(found, probe=seen.vantage)
