"""Run one command against a stand-in that is there for it alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from harness.standin.recording import Recorded
from harness.standin.server import StandIn

__all__ = ["ISOLATED", "Ran", "run_once"]

#: Set where the command already runs in a namespace that has loopback alone.
ISOLATED: Final = "CODEX_LEG_ISOLATED"
#: What a shell says of a command that is not there, that it may not run, that a signal ended.
_NOT_FOUND, _NOT_RUN, _SIGNALLED = 127, 126, 128


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command went, and what it sent."""

    argv: tuple[str, ...]
    exit_code: int
    seconds: float
    exchanges: tuple[Recorded, ...]


def run_once(standin: StandIn, argv: Sequence[str], *, to_stderr: bool = False) -> Ran:
    """Run a command with everything set that leads a client to the stand-in.

    Args:
        standin: started.
        argv: the command.
        to_stderr: send what it prints to our stderr, because stdout is for a machine.
    """
    start = time.monotonic()
    try:
        code = _run(argv, {**os.environ, **standin.env()}, to_stderr=to_stderr)
    except OSError as error:
        print(f"codex-leg: {argv[0]}: {error.strerror}", file=sys.stderr)
        code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUN
    seconds = time.monotonic() - start
    standin.settle()
    return Ran(tuple(argv), code, seconds, tuple(standin.exchanges))


def _run(argv: Sequence[str], env: Mapping[str, str], *, to_stderr: bool) -> int:
    process: subprocess.Popen[bytes] | None = None

    def forward(number: int, _: Any) -> None:
        # Ctrl-C reaches the command by itself; what is sent to us alone has to be passed on.
        if number == signal.SIGTERM and process is not None:
            process.send_signal(number)

    with _handled(forward):
        process = subprocess.Popen(  # noqa: S603 — the command that the user wrote
            argv, env=env, stdout=sys.stderr if to_stderr else None
        )
        code = process.wait()
    return _SIGNALLED - code if code < 0 else code


@contextmanager
def _handled(handler: Any) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
