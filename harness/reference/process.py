"""A program that runs beside us: started, watched, ended with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

__all__ = ["Process", "is_waiting"]

#: States of a thread in which it waits for something from outside: asleep, idle, stopped, over.
_WAITING = frozenset("SITtZX")


class Process:
    """A program in a session of its own, without a terminal. A context manager: its end is ours.

    What it says goes into files and not into pipes: a grandchild that outlives it would keep a pipe
    open.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it, with this environment and nothing of ours.

        Raises:
            OSError: it cannot be run.
        """
        # Closed by __exit__.
        self._out, self._err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115
        self._started = time.monotonic()
        try:
            self._process = subprocess.Popen(  # noqa: S603 — the client that the caller names
                list(command),
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=self._err,
                start_new_session=True,
            )
        except OSError:
            self._close()
            raise
        self._ended: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        self._close()

    @property
    def pid(self) -> int:
        """Its process id, which is that of its session, too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def seconds(self) -> float:
        """How long it ran, or has run so far."""
        return (self._ended or time.monotonic()) - self._started

    @property
    def stdout(self) -> str:
        """What it has said."""
        return _text(self._out)

    @property
    def stderr(self) -> str:
        """What it has said there."""
        return _text(self._err)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it came in time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.running

    def kill(self) -> int:
        """End it and all that it started, at once; its exit code, negative for a signal."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self._process.wait()
        self._ended = self._ended or time.monotonic()
        return code

    def _close(self) -> None:
        self._out.close()
        self._err.close()


def is_waiting(pid: int) -> bool | None:
    """Whether a process and its children have nothing to do until something comes from outside.

    A thread that wants the processor and does not get it counts as busy: so a slow machine is told
    apart from a program that waits. ``None`` where the system does not say (it is Linux that does).
    """
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return None
    for task in tasks:
        try:
            state = (task / "stat").read_text(encoding="ascii", errors="replace")
            children = (task / "children").read_text(encoding="ascii").split()
        except OSError:
            # It ended while we looked.
            continue
        # The name stands in brackets and may hold anything.
        if state.rpartition(")")[2].split()[0] not in _WAITING:
            return False
        if any(is_waiting(int(child)) is False for child in children):
            return False
    return True


def _text(file: IO[bytes]) -> str:
    # Without moving the position, which is the program's, too.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", "replace")
