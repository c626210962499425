"""The score of all cassettes, spread over processes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from harness.contract import Contract

from .operators import noise_of, plant
from .score import Score, look_at
from .subject import Subject, subjects

__all__ = ["known", "score_all", "score_of"]


@cache
def known() -> dict[str, Subject]:
    """The exchanges by the ids of their probes, read once a process."""
    return {one.name: one for one in subjects(Contract())}


def score_of(name: str) -> Score:
    """The score of one exchange: of its edits, and of what means nothing."""
    score = Score(exchanges=1)
    for each in (plant, noise_of):
        for verdict in look_at(each(known()[name])):
            score.add(verdict)
    return score


def score_all(names: list[str], workers: int) -> Score:
    """The score of these exchanges; of all, if there are none."""
    # The large ones first, so that no process is left with them at the end.
    ordered = sorted(names or known(), key=lambda name: -len(known()[name].text))
    total = Score()
    if workers == 1:
        for name in ordered:
            total.merge(score_of(name))
        return total
    # Fresh processes: those of a test run may have threads, which no fork survives.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for score in pool.map(score_of, ordered):
            total.merge(score)
    return total
