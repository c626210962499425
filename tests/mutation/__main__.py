"""``python -m tests.mutation``: plant every edit in every cassette, and print the score."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .faces import as_json, as_markdown, as_table
from .whole import known, score_all

__all__ = ["WANTED", "main"]

#: What the whole set must reach: all found, and so many as one finding of the right rule.
WANTED = 0.99


def main(arguments: list[str] | None = None) -> int:
    """Print the score; 0 if it is what it must be, 1 if not, 4 if there is no such cassette."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("probes", nargs="*", help="ids of probes (default: all)")
    parser.add_argument("--format", choices=("table", "markdown", "json"), default="table")
    parser.add_argument("--write", type=Path, help="write the Markdown page here")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    unknown = set(given.probes) - known().keys()
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
