"""How far a long command is: a line that moves on a terminal, a line a release elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

from harness.lines import visible

__all__ = ["Steps"]


class Steps:
    """Says on standard error what is done, release by release. A context manager."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        """``total`` releases are to be done; ``quiet`` leaves out what they came to."""
        self._total = total
        self._number = 0
        self._version = ""
        self._quiet = quiet
        self._status: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            # A pipe need not pay for the import.
            from rich.console import Console  # noqa: PLC0415

            self._status = Console(stderr=True, highlight=False).status("")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def begin(self, version: str) -> None:
        """A release is next."""
        self._number += 1
        self._version = version
        self.step("")

    def step(self, what: str) -> None:
        """Something of it is done."""
        if self._status is not None:
            from rich.text import Text  # noqa: PLC0415

            # Never read as rich's markup.
            self._status.update(Text(f"{self._place} {self._version} {visible(what)}"))

    def end(self, word: str, line: str) -> None:
        """It is done: what it came to."""
        if not self._quiet:
            text = f"{self._place} {self._version} {word}: {visible(line)}"
            if self._status is None:
                print(text, file=sys.stderr, flush=True)
            else:
                self._status.console.print(text, markup=False)

    @property
    def _place(self) -> str:
        return f"[{self._number}/{self._total}]"
