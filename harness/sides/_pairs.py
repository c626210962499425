"""Which exchange of one side answers the same question as which of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.drift.findings import Finding, finding
from harness.drift.refusals import refusal_of
from harness.drift.shape import Shape
from harness.endpoints import endpoint_name
from harness.exchange import ASKS, Exchange

from ._model import Seen
from ._turns import align, align_frames

__all__ = [
    "Pair",
    "Pairing",
    "Place",
    "Spread",
    "outcome_in",
    "outcome_of",
    "pair_up",
    "place_of",
]

#: The place of an answer without its request.
_ANSWER = "an answer alone"


class Place(NamedTuple):
    """What exchanges have in common that can be counted together."""

    surface: str
    endpoint: str
    outcome: str

    @property
    def name(self) -> str:
        """The endpoint as a finding has it: ``METHOD host/path``."""
        method, _, url = self.endpoint.partition(" ")
        return endpoint_name(method, url) if "//" in url else self.endpoint


@dataclass(frozen=True, slots=True)
class Pair:
    """Exchanges that answer the same question on both sides; several where they are a set."""

    surface: str
    before: Sequence[Exchange]
    after: Sequence[Exchange]


@dataclass(frozen=True, slots=True)
class Spread:
    """A set of answers to one question: how many went how (the outcome), on either side."""

    place: tuple[str, str]
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(slots=True)
class Pairing:
    """What came of pairing the exchanges of two files; ``told`` is what is found by that alone."""

    pairs: list[Pair] = field(default_factory=list)
    only_before: list[Seen] = field(default_factory=list)
    only_after: list[Seen] = field(default_factory=list)
    spreads: list[Spread] = field(default_factory=list)
    told: list[Finding] = field(default_factory=list)


def place_of(exchange: Exchange) -> str:
    """The endpoint of an exchange: ``POST https://chatgpt.com/…``, without the query."""
    sent = exchange.request
    return _ANSWER if sent is None else f"{sent.method} {sent.url.partition('?')[0]}"


def outcome_of(one: Seen) -> str:
    """``ok``, or what the leg makes of the refusal."""
    refusal = refusal_of(one.exchange, one.surfaces[0])
    return "ok" if refusal is None else str(refusal["outcome"])


def outcome_in(shape: Shape) -> str:
    """The same, of the first exchange that was counted."""
    return next((str(dict(one)["outcome"]) for one in shape.refusals), "ok")


def pair_up(before: Sequence[Seen], after: Sequence[Seen]) -> Pairing:
    """Pair the exchanges of two files by endpoint, and turns by what they ask.

    What a client asks besides its turns (settings, plugins, models) varies in number and order with
    timing: such calls are a set, and compared as one.
    """
    if len(before) == len(after) == 1:
        return _lone(before[0], after[0])
    pairing = Pairing()
    here, there = _by_place(before), _by_place(after)
    for place in dict.fromkeys([*here, *there]):
        old, fresh = here.get(place, []), there.get(place, [])
        if old and fresh and not old[0].is_turn:
            _add_sets(pairing, old, fresh)
            continue
        turns = align(old, fresh, lambda one: one.exchange)
        for one, other in turns.pairs:
            _add(pairing, [one], [other])
        pairing.only_before += turns.only_before
        pairing.only_after += turns.only_after
    return pairing


def _lone(before: Seen, after: Seen) -> Pairing:
    """Two files of one exchange each are compared whatever their addresses: that may have moved."""
    pairing = Pairing()
    _add(pairing, [before], [after])
    return pairing


def _add(pairing: Pairing, before: list[Seen], after: list[Seen]) -> None:
    # What was there before is not drift: of what shares an address it tells best which is meant.
    surface = next((one for one in before[0].surfaces if one in after[0].surfaces), None)
    if surface is None:
        pairing.only_before += before
        pairing.only_after += after
    else:
        halves = [[seen.exchange for seen in side] for side in (before, after)]
        if len(before) == len(after) == 1:
            asked = [_asked(half[0]) for half in halves]
            halves = [[half] for half in align_frames(halves[0][0], halves[1][0])]
            if all(asked) and asked[0] != asked[1]:
                pairing.told.append(_asked_otherwise(surface, *asked))
        pairing.pairs.append(Pair(surface, *halves))


def _asked(one: Exchange) -> int:
    return sum(frame.type == ASKS for frame in one.sent_frames)


def _asked_otherwise(surface: str, before: int, after: int) -> Finding:
    """A client asked more or fewer questions over one WebSocket."""
    return finding(
        "client-frame-order-changed",
        f"questions of the client over one WebSocket: {after} now, {before} before",
        surface=surface,
        direction="request",
        before=f"{before} {ASKS}",
        after=f"{after} {ASKS}",
    )


def _add_sets(pairing: Pairing, before: list[Seen], after: list[Seen]) -> None:
    """Calls of one endpoint, by how they went; what went one way before and another since, too."""
    here, there = _by_outcome(before), _by_outcome(after)
    counts = [{outcome: len(some) for outcome, some in one.items()} for one in (here, there)]
    place = before[0].surfaces[0], place_of(before[0].exchange)
    pairing.spreads.append(Spread(place, *counts))
    for outcome in here.keys() & there.keys():
        _add(pairing, here.pop(outcome), there.pop(outcome))
    if len(here) == len(there) == 1:
        _add(pairing, *here.values(), *there.values())
        return
    pairing.only_before += [one for side in here.values() for one in side]
    pairing.only_after += [one for side in there.values() for one in side]


def _by_outcome(side: Sequence[Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for one in side:
        found.setdefault(outcome_of(one), []).append(one)
    return found


def _by_place(side: Sequence[Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for one in side:
        found.setdefault(place_of(one.exchange), []).append(one)
    return found
