"""Which turn of one file is which of the other: the one that asks the same, or nearly the same.

A turn that is missing, or two in another order, leave the others where they belong: they are told
as what they are, and not as changes of all that was asked after them. That holds for the exchanges
of a cassette, and for the questions over one WebSocket.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from harness.events import Event
from harness.exchange import ASKS, Exchange

__all__ = ["Alignment", "align", "align_frames"]

_T = TypeVar("_T")
#: What is to be paired, with its number.
_Placed = tuple[int, _T]

#: More pairs than this are not each held against each other: what is left then goes by its order.
_MOST_PAIRS: Final = 2500
#: How alike two questions are is rounded to this many digits: less is chance, and order decides.
_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Alignment(Generic[_T]):
    """What asks the same on both sides, in the order of the older one, and what is left over."""

    pairs: Sequence[tuple[_T, _T]]
    only_before: Sequence[_T]
    only_after: Sequence[_T]


def align(
    before: Sequence[_T], after: Sequence[_T], exchange_of: Callable[[_T], Exchange]
) -> Alignment[_T]:
    """Pair the turns of two files by what they ask; of the same questions, by their order.

    As many are paired as the shorter side has. What is left over on one side has no partner.
    """
    return _align(
        before,
        after,
        lambda one: _key(exchange_of(one)),
        lambda one: _words(*_sent(exchange_of(one))),
    )


def align_frames(before: Exchange, after: Exchange) -> tuple[Exchange, Exchange]:
    """Two WebSockets, less the questions that only one of them has, and less their answers.

    An answer that both have stays, whether both asked for it or not.
    """
    sides = [
        [(at, one) for at, one in enumerate(each.sent_frames) if one.type == ASKS]
        for each in (before, after)
    ]
    if not all(sides) or len(sides[0]) == len(sides[1]):
        return before, after
    found = _align(sides[0], sides[1], lambda one: one[1].data, lambda one: _words(one[1].payload))
    more, fewer = (before, after) if len(sides[0]) > len(sides[1]) else (after, before)
    is_answered = len(more.events) > len(fewer.events)
    return (
        _without(before, found.only_before, answers=is_answered),
        _without(after, found.only_after, answers=is_answered),
    )


def _without(one: Exchange, left_out: Sequence[_Placed[Event]], *, answers: bool) -> Exchange:
    """The exchange less these frames of the client; with ``answers``, less the turns of each."""
    if not left_out:
        return one
    numbers = {at for at, _ in left_out}
    asks = [at for at, frame in enumerate(one.sent_frames) if frame.type == ASKS]
    starts = [0, *(one.sent_at[at] for at in asks[1:]), len(one.events)]
    gone = {
        event
        for turn, at in enumerate(asks)
        if answers and at in numbers
        for event in range(starts[turn], starts[turn + 1])
    }
    kept = [at for at in range(len(one.sent_frames)) if at not in numbers]
    return replace(
        one,
        events=tuple(event for at, event in enumerate(one.events) if at not in gone),
        sent_frames=tuple(one.sent_frames[at] for at in kept),
        sent_at=tuple(
            one.sent_at[at] - sum(each < one.sent_at[at] for each in gone) for at in kept
        ),
    )


def _align(
    before: Sequence[_T],
    after: Sequence[_T],
    key_of: Callable[[_T], Hashable],
    words_of: Callable[[_T], Counter[str]],
) -> Alignment[_T]:
    old, fresh = ([(at, key_of(one)) for at, one in enumerate(side)] for side in (before, after))
    found = dict(_same_ends(old, fresh))
    if len(old) == len(fresh) == 1 or len(old) * len(fresh) > _MOST_PAIRS:
        found.update((here, there) for (here, _), (there, _) in zip(old, fresh, strict=False))
    else:
        words = [
            {at: words_of(side[at]) for at, _ in left}
            for side, left in ((before, old), (after, fresh))
        ]
        found.update(_nearest(old, fresh, *words))
    partners = set(found.values())
    return Alignment(
        [(one, after[found[at]]) for at, one in enumerate(before) if at in found],
        [one for at, one in enumerate(before) if at not in found],
        [one for at, one in enumerate(after) if at not in partners],
    )


_Keys = list[tuple[int, Hashable]]


def _same_ends(old: _Keys, fresh: _Keys) -> Iterator[tuple[int, int]]:
    """Take away what is the same from the start on, and from the end."""
    size = min(len(old), len(fresh))
    first = next((at for at in range(size) if old[at][1] != fresh[at][1]), size)
    most = size - first
    last = next((at for at in range(most) if old[-1 - at][1] != fresh[-1 - at][1]), most)
    yield from ((at, at) for at in range(first))
    yield from ((len(old) - 1 - at, len(fresh) - 1 - at) for at in range(last))
    for side in (old, fresh):
        side[:] = side[first : len(side) - last]


def _nearest(
    old: _Keys, fresh: _Keys, here: dict[int, Counter[str]], there: dict[int, Counter[str]]
) -> Iterator[tuple[int, int]]:
    """Pairs of what is most alike; of what is equally alike, those that stand nearest."""
    rated = sorted(
        (-_likeness(here[at], there[to]), key != same, abs(at - to), at, to)
        for at, key in old
        for to, same in fresh
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    for *_, at, to in rated:
        if at not in taken[0] and to not in taken[1]:
            taken[0].add(at)
            taken[1].add(to)
            yield at, to


def _key(one: Exchange) -> Hashable:
    """The question itself, and how it ended: a second try asks the same as the first."""
    sent = one.request
    frames = tuple(frame.data for frame in one.sent_frames)
    end = one.events[-1].type if one.events else None
    return (sent and sent.url, sent and sent.body, frames, one.status, end)


def _sent(one: Exchange) -> Iterator[Any]:
    if one.request is not None:
        yield one.request.url
        yield one.request.payload()
    yield from (frame.payload for frame in one.sent_frames)


def _words(*parts: Any) -> Counter[str]:
    """What a question is made of: each place of it, and each value at its place."""
    return Counter(word for part in parts for word in _leaves("", part))


def _leaves(place: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(f"{place}/{name}", member)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(f"{place}/[]", item)
    else:
        yield place
        yield f"{place}={json.dumps(value, default=str)}"


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """From 0 (nothing in common) to 1 (the same)."""
    total = (one | other).total()
    return round((one & other).total() / total, _DIGITS) if total else 1.0
