"""Many turns, each as often as it takes to believe what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from harness.reference.trials.bench import Bench
from harness.reference.trials.journal import Journal
from harness.reference.trials.meddling import Meddler
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting

__all__ = ["Asked", "Believed", "Rounds"]

_MOST: Final = 3
Finding = TypeVar("Finding")


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn to take."""

    setting: Setting
    meddler: Meddler


@dataclass(frozen=True, slots=True)
class Believed(Generic[Finding]):
    """What a turn came to.

    Attributes:
        asked: the turn.
        finding: what was found, most often if not every time.
        flaky: whether it was not the same every time.
    """

    asked: Asked
    finding: Finding
    flaky: bool


@dataclass(slots=True)
class _Case(Generic[Finding]):
    asked: Asked
    found: list[Finding] = field(default_factory=list)


class Rounds(Generic[Finding]):
    """Takes turns until each is believed: what is as expected at once, anything else twice."""

    def __init__(
        self,
        bench: Bench,
        judge: Callable[[Asked, Seen], Finding],
        is_expected: Callable[[Finding], bool],
        journal: Journal | None = None,
        split: Callable[[Asked], list[Asked]] | None = None,
    ) -> None:
        """Take what is needed.

        Args:
            bench: where the turns are taken.
            judge: what to make of a turn.
            is_expected: whether that has to be seen once only.
            journal: what was seen before, and where to keep what is seen now.
            split: the turns that stand for one which is not as expected; none if it has to be seen
                again.
        """
        self._split = split or (lambda _: [])
        self._bench, self._judge, self._is_expected = bench, judge, is_expected
        self._journal = journal

    def take(self, turns: Iterable[Asked]) -> Iterator[Believed[Finding]]:
        """Take these turns; they come as they are done.

        Raises:
            BenchError: one cannot be taken.
        """
        running: dict[Future[Seen], _Case[Finding]] = {}
        for asked in turns:
            case = _Case[Finding](asked)
            running[self._start(case)] = case
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                case = running.pop(future)
                self._note(case, future.result())
                if self._is_enough(case):
                    yield _believed(case)
                    continue
                parts = [_Case[Finding](one) for one in self._split(case.asked)]
                for one in parts or [case]:
                    running[self._start(one)] = one

    def _start(self, case: _Case[Finding]) -> Future[Seen]:
        asked, attempt = case.asked, len(case.found)
        known = None
        if self._journal is not None:
            known = self._journal.get(asked.setting, asked.meddler, attempt)
        if known is None:
            return self._bench.submit(asked.setting, asked.meddler)
        future: Future[Seen] = Future()
        future.set_result(known)
        return future

    def _note(self, case: _Case[Finding], seen: Seen) -> None:
        asked, attempt = case.asked, len(case.found)
        journal = self._journal
        if journal is not None and journal.get(asked.setting, asked.meddler, attempt) is None:
            journal.put(asked.setting, asked.meddler, attempt, seen)
        case.found.append(self._judge(asked, seen))

    def _is_enough(self, case: _Case[Finding]) -> bool:
        found = case.found
        if len(found) == 1:
            return self._is_expected(found[0])
        return len(found) >= _MOST or found[0] == found[1]


def _believed(case: _Case[Finding]) -> Believed[Finding]:
    most, _ = Counter(case.found).most_common(1)[0]
    return Believed(case.asked, most, flaky=len(set(case.found)) > 1)
