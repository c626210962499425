"""Orders of events: what of two sets of them is a difference, and which stretch shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from .labels import sequence_of

__all__ = ["Order", "Orders", "differing", "folded", "nearest", "order_rule", "without"]

Order = tuple[str, ...]
Orders = frozenset[Order]

#: Tells of the first and the last label of a stretch whether it is one whole thing.
IsBlock = Callable[[str, str], bool]

_FIRST: Final = "^"
_LAST: Final = "$"


def without(sequence: Iterable[str], dropped: Iterable[str], renamed: Mapping[str, str]) -> Order:
    """A sequence less the events that have a finding of their own, runs collapsed again."""
    return sequence_of(list(_labels(sequence, frozenset(dropped), renamed)))


def _labels(
    sequence: Iterable[str], dropped: frozenset[str], renamed: Mapping[str, str]
) -> Iterator[str]:
    for item in sequence:
        label = item.removesuffix("+")
        if label in dropped:
            continue
        label = renamed.get(label, label)
        yield label
        if item.endswith("+"):
            yield label


def is_bracket(first: str, last: str) -> bool:
    """Whether two labels, by their names, open and close one thing."""
    stems = [label.removesuffix("+").partition("(")[0].rpartition(".") for label in (first, last)]
    return stems[0][0] == stems[1][0] and (stems[0][2], stems[1][2]) == ("added", "done")


def folded(sequence: Sequence[str], is_block: IsBlock = is_bracket) -> Order:
    """A sequence in which a stretch that repeats itself stands once.

    How many items an answer has is up to the model: two calls, each with the same events, show no
    more of the protocol than one.

    Args:
        is_block: whether a stretch that begins and ends with these labels is one whole thing.
    """
    found = list(sequence)
    size = 2
    while 2 * size <= len(found):
        at = 0
        while at + 2 * size <= len(found):
            block = found[at : at + size]
            if block == found[at + size : at + 2 * size] and is_block(block[0], block[-1]):
                del found[at : at + size]
            else:
                at += 1
        size += 1
    return tuple(found)


def order_rule(before: Orders, after: Orders) -> str | None:
    """The rule that two sets of orders of the same events differ by, or ``None``.

    Where one side shows several orders, an order made of steps that are all known is not new.
    """
    if before == after:
        return None
    here, there = (frozenset(map(folded, side)) for side in (before, after))
    if here == there:
        return None
    if len(here) == 1 and len(there) == 1:
        one, other = min(before), min(after)
        return "event-order-changed" if _is_reordered(one, other) else "event-count-changed"
    if here and there and _is_made_of(there, here):
        return None
    return "event-order-changed" if _turned_round(here, there) else "event-count-changed"


def _is_reordered(before: Order, after: Order) -> bool:
    """Whether the same events can stand in both, only in another order."""
    lost, gained = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not lost or not gained:
        # A run that is cut in two by another event is new, and nothing is lost.
        return not lost and all(item.endswith("+") and item in before for item in gained)
    here, there = _counts(before), _counts(after)
    return here.keys() == there.keys() and all(
        low <= there[label][1] and there[label][0] <= high for label, (low, high) in here.items()
    )


def _counts(sequence: Order) -> dict[str, tuple[float, float]]:
    """How often each event comes: at least, and at most, for a run hides its length."""
    counts: dict[str, tuple[float, float]] = {}
    for item in sequence:
        label = item.removesuffix("+")
        low, high = counts.get(label, (0.0, 0.0))
        is_run = label != item
        # A single piece is written as a run, too.
        shortest = 2 if is_run and sequence_of([label]) == (label,) else 1
        counts[label] = (low + shortest, high + (float("inf") if is_run else 1))
    return counts


def _is_made_of(new: Iterable[Order], known: Iterable[Order]) -> bool:
    steps = {step for one in known for step in _steps(one)}
    return all(step in steps for one in new for step in _steps(one))


def _steps(sequence: Order) -> Iterator[tuple[str, str]]:
    items = [_FIRST, *sequence, _LAST]
    yield from pairwise(items)


def _turned_round(before: Iterable[Order], after: Iterable[Order]) -> bool:
    """Whether two events that always came in one order come in the other one."""
    known = _precedences(before)
    return any(
        (other, one) in known and (one, other) not in known for one, other in _precedences(after)
    )


def _precedences(sequences: Iterable[Order]) -> set[tuple[str, str]]:
    """Pairs of events of which the first one, somewhere, comes before the other one."""
    found: set[tuple[str, str]] = set()
    for sequence in sequences:
        last: dict[str, int] = {}
        first: dict[str, int] = {}
        for index, item in enumerate(sequence):
            label = item.removesuffix("+")
            last[label] = index
            first.setdefault(label, index)
        found |= {
            (one, other)
            for one in last
            for other in last
            if one != other and first[one] < last[other]
        }
    return found


def differing(before: Iterable[Order], after: Iterable[Order]) -> tuple[str, str]:
    """The stretch in which two sequences differ; if there are several, all of them in full."""
    lost, gained = sorted(before), sorted(after)
    if len(lost) != 1 or len(gained) != 1:
        return (
            " ".join(label for one in lost for label in one),
            " ".join(label for one in gained for label in one),
        )
    old, fresh = list(lost[0]), list(gained[0])
    while old and fresh and old[0] == fresh[0]:
        del old[0], fresh[0]
    while old and fresh and old[-1] == fresh[-1]:
        del old[-1], fresh[-1]
    return " ".join(old), " ".join(fresh)


def nearest(known: Iterable[Order], orders: Orders) -> Orders:
    """Of these orders, the one that differs least from another one; empty if there are more."""
    if len(orders) != 1:
        return frozenset()
    ways = {one: differing({one}, orders) for one in sorted(known)}
    found = min(ways, key=lambda one: sum(len(side.split()) for side in ways[one]), default=None)
    return frozenset() if found is None else frozenset({found})
