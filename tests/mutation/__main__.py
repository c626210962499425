"""``python -m tests.mutation``: plant every edit in every cassette, and print the score."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from harness.contract import Contract

from .faces import as_json, as_markdown, as_table
from .operators import noise_of, plant
from .score import Score, look_at
from .subject import Subject, subjects

__all__ = ["main", "score_all", "score_of"]

#: What the whole set must reach: all found, and so many as one finding of the right rule.
WANTED = 0.99


def score_of(found: Subject) -> Score:
    """The score of one exchange."""
    score = Score(exchanges=1)
    for each in (plant, noise_of):
        for verdict in look_at(each(found)):
            score.add(verdict)
    return score


def _score_of(name: str) -> Score:
    return score_of(next(one for one in _all() if one.name == name))


_KNOWN: list[Subject] = []


def _all() -> list[Subject]:
    """The exchanges, read once a process."""
    if not _KNOWN:
        _KNOWN.extend(subjects(Contract()))
    return _KNOWN


def score_all(names: list[str], workers: int) -> Score:
    """The score of these exchanges (of all, if there are none), spread over processes."""
    sizes = {one.name: len(one.text) for one in _all() if not names or one.name in names}
    # The large ones first, so that no process is left with them at the end.
    ordered = sorted(sizes, key=lambda name: -sizes[name])
    total = Score()
    if workers == 1:
        for name in ordered:
            total.merge(_score_of(name))
        return total
    with ProcessPoolExecutor(workers) as pool:
        for score in pool.map(_score_of, ordered):
            total.merge(score)
    return total


def main(arguments: list[str] | None = None) -> int:
    """Print the score; 0 if it is what it must be, 1 if not, 4 if there is no such cassette."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("probes", nargs="*", help="ids of probes (default: all)")
    parser.add_argument("--format", choices=("table", "markdown", "json"), default="table")
    parser.add_argument("--write", type=Path, help="write the Markdown page here")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    unknown = set(given.probes) - {one.name for one in _all()}
    if unknown:
        print(f"there is no probe {', '.join(sorted(unknown))}", file=sys.stderr)
        return 4
    score = score_all(given.probes, given.workers)
    faces = {"table": as_table, "markdown": as_markdown, "json": as_json}
    print(faces[given.format](score))
    if given.write is not None:
        given.write.write_text(as_markdown(score), encoding="utf-8")
    total = score.total
    is_good = (
        total.found == total.planted
        and total.one >= WANTED * total.planted
        and score.noise.found == score.noise.planted
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
