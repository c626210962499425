"""How far a command is, for whoever waits at a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Self

__all__ = ["Progress"]

#: What is over sooner needs no word.
_PATIENCE: Final = 1.0
_PAUSE: Final = 0.2
_MB: Final = 1_000_000


class Progress:
    """One line on standard error that is written over, and wiped at the end.

    Without a terminal it says nothing.
    """

    def __init__(self, total: int) -> None:
        """``total`` is how many bytes there are to be read."""
        self._total = total
        self._started = self._said = time.monotonic()
        self._is_shown = False
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, done: int) -> None:
        """So many bytes have been read."""
        now = time.monotonic()
        if not self._is_terminal or now - self._started < _PATIENCE or now - self._said < _PAUSE:
            return
        self._said = now
        self._is_shown = True
        share = 100 * done // max(self._total, 1)
        rate = done / _MB / (now - self._started)
        line = f"read {done / _MB:.0f} of {self._total / _MB:.0f} MB, {share} %, {rate:.0f} MB/s"
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
