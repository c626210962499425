"""Whether the numbers of events rise by one step; one wrong number is one fault, wherever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Fault", "Numbering"]

#: Of so many gaps it is remembered what they left out.
_KEPT: Final = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """A number that is not the next one. ``since`` is the index of the event that it began at."""

    rule: str
    message: str
    since: int


class Numbering:
    """Feed it the numbers of one stream, in the order that they come.

    After a fault it does not yet know whether one number was wrong (the next ones go on as if it
    had been right), whether something is missing (they go on from it), or whether two events were
    swapped (the one that was left out comes now): each of these is expected, and none is a fault.
    """

    def __init__(self, base: int, step: int, *, excerpt: bool = False) -> None:
        """``excerpt``: the first number may be any."""
        self._step = step
        self._next: int | None = None if excerpt else base
        self._last: int | None = None
        #: Number that may come as well → the one that has to come after it.
        self._else: dict[int, int] = {}
        self._highest = base - step
        #: The numbers that were left out, from one to before the other, with where.
        self._skipped: list[tuple[int, int, int]] = []

    def takes(self, numbers: Sequence[Any]) -> bool:
        """Take all these numbers if each is the next one, or if there are none at all."""
        types = set(map(type, numbers))
        if types == {type(None)}:
            return True
        wanted = self._next
        if wanted is None or types != {int}:
            return False
        end = wanted + self._step * len(numbers)
        if numbers != list(range(wanted, end, self._step)):
            return False
        self._last, self._next, self._else = numbers[-1], end, {}
        self._highest = max(self._highest, numbers[-1])
        return True

    def feed(self, number: int, index: int) -> Fault | None:
        """Take the next number, that of the event ``index``; the fault, if it is one."""
        last, wanted, step = self._last, self._next, self._step
        highest = self._highest
        self._last, self._highest = number, max(highest, number)
        if wanted is None or number == wanted:
            self._next, self._else = number + step, {}
            return None
        if number in self._else:
            self._next, self._else = self._else[number], {}
            return None
        self._next = number + step
        self._else = {
            wanted: number + step if number > wanted else wanted + step,
            wanted + step: wanted + 2 * step,
        }
        since = index
        if number > highest + step:
            self._skipped = [*self._skipped[-_KEPT:], (highest + step, number, index)]
        else:  # an event that was moved leaves its place, and comes to another
            known = (at for low, high, at in self._skipped if low <= number <= high + step)
            since = next(known, index)
        if last is None:
            message = f"the first number is {number}, not {wanted}"
            return Fault("order/sequence-base", message, since)
        if number <= last:
            return Fault("order/sequence-repeat", f"{number} comes after {last}", since)
        return Fault("order/sequence-gap", f"{number} comes after {last}, not {wanted}", since)
