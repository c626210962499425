"""What the two commands that try a release out have in common: options, progress, errors."""

from __future__ import annotations

import functools
import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import click

from harness.exits import Exit
from harness.reference import npm
from harness.reference.runs import TRANSPORTS
from harness.reference.trials.bench import BenchError

__all__ = ["Doing", "Trying", "trying_options", "unchecked"]

_PAUSE: Final = 0.2
#: Where nobody watches, a line now and then is enough.
_LOG_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Trying:
    """How a release is to be tried, and how to tell of it.

    Attributes:
        version: of the release; ``newest`` for what npm says.
        surfaces: only these; all of them if empty.
        names: only what contains one of these.
        transport: only turns of this one; ``""`` for all.
        jobs: how many turns at a time; ``None`` for what this machine can take.
        again: forget what was seen when the command was broken off.
        keep: whether the binary stays; ``None`` for as it was before.
        save: write the result into the contract.
        saved: show what is there, and run nothing.
        face: ``terminal``, ``json`` or ``markdown``.
        root: another contract than the project's own.
    """

    version: str
    surfaces: tuple[str, ...]
    names: tuple[str, ...]
    transport: str
    jobs: int | None
    again: bool
    keep: bool | None
    save: bool
    saved: bool
    face: str
    root: Path | None

    @property
    def is_whole(self) -> bool:
        """Whether everything is looked at."""
        return not (self.surfaces or self.names or self.transport)

    def journal(self, what: str) -> str:
        """The name of what is kept when the command is broken off: another one for a part."""
        if self.is_whole:
            return what
        part = repr((sorted(self.surfaces), sorted(self.names), self.transport))
        return f"{what}-{hashlib.sha256(part.encode()).hexdigest()[:8]}"


def trying_options(surfaces: tuple[str, ...]) -> Callable[[Callable[..., Any]], Any]:
    """Give a command these options; it gets them as ``trying: Trying``."""

    def decorate(command: Callable[..., Any]) -> Any:
        @functools.wraps(command)
        def with_options(
            *,
            version: str,
            surfaces: tuple[str, ...],
            names: tuple[str, ...],
            transport: str | None,
            face: str,
            **rest: Any,
        ) -> Any:
            own = {name: rest.pop(name) for name in list(rest) if name not in _COMMON}
            trying = Trying(version, surfaces, names, transport or "", face=face, **rest)
            if trying.save and not trying.is_whole:
                raise click.UsageError("--save keeps a whole result: no --surface, --only, ….")
            if trying.save and trying.saved:
                raise click.UsageError("--save and --saved exclude each other.")
            return command(trying=trying, **own)

        decorated: Any = with_options
        for add in reversed(_options(surfaces)):
            decorated = add(decorated)
        return decorated

    return decorate


_COMMON: Final = frozenset({"jobs", "again", "keep", "save", "saved", "root"})


def _options(surfaces: tuple[str, ...]) -> list[Callable[[Any], Any]]:
    return [
        click.argument("version"),
        click.option(
            "--surface",
            "surfaces",
            type=click.Choice(surfaces),
            multiple=True,
            help="Only this one. Repeatable.",
        ),
        click.option(
            "--only",
            "names",
            metavar="NAME",
            multiple=True,
            help="Only what has this in its name. Repeatable.",
        ),
        click.option("--transport", type=click.Choice(TRANSPORTS), help="Only turns over this."),
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            help="Turns at a time; by default four for each processor, for handles eight.",
        ),
        click.option("--again", is_flag=True, help="Begin anew, also if it was broken off."),
        click.option(
            "--keep/--purge",
            default=None,
            help="Whether the installed binary stays (100 to 400 MB); as it was before by default.",
        ),
        click.option("--save", is_flag=True, help="Write the result into the contract, too."),
        click.option("--saved", is_flag=True, help="Show what is in the contract, run nothing."),
        click.option(
            "--format",
            "face",
            type=click.Choice(["terminal", "json", "markdown"]),
            default="terminal",
            show_default=True,
        ),
        click.option(
            "--root",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Another contract: what the stand-in answers from, and where results go.",
        ),
    ]


class Doing:
    """Says on standard error how far it is. A context manager."""

    def __init__(self, what: str) -> None:
        """``what`` is done: ``ablate 0.169.0``."""
        self._what = what
        self._said = 0.0
        self._is_terminal = sys.stderr.isatty()
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_terminal and self._said:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int, found: str) -> None:
        """So many are done of so many; ``found``: what came of them, in a few words."""
        now = time.monotonic()
        if now - self._said < (_PAUSE if self._is_terminal else _LOG_PAUSE) and done < total:
            return
        self._said = now
        line = f"{self._what}: {done} of {total}, {found}, {now - self._started:.0f} s"
        begin, end = ("\r\x1b[K", "") if self._is_terminal else ("", "\n")
        print(f"{begin}{line}", end=end, file=sys.stderr, flush=True)

    def isolation(self, *, isolated: bool) -> None:
        """Say so where the client could have reached out."""
        if not isolated:
            print(
                "codex-leg: isolation: off. This system gives no network namespace; the proxy "
                "refused everything by itself.",
                file=sys.stderr,
            )


def unchecked(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """What cannot be looked at is one line on standard error, and exit code 6 (4 for a typo)."""

    @functools.wraps(command)
    def checked(**options: Any) -> Exit:
        try:
            return command(**options)
        except npm.InstallError as error:
            print(f"codex-leg: {error}", file=sys.stderr)
            return error.exit
        except (BenchError, OSError) as error:
            print(f"codex-leg: {error}", file=sys.stderr)
            return Exit.UNCHECKED

    return checked
