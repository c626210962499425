"""Where turns are taken, many at a time: in a process that reaches only loopback, or in this."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from harness import netns
from harness.reference.clients import CodexCli
from harness.reference.trials.meddling import Meddler
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting
from harness.reference.trials.trial import Patience, Trials

__all__ = ["Bench", "BenchError", "ClosedBench", "OpenBench", "default_jobs"]

#: Our own modules have to be found, and nothing in the current folder can take their places.
_START: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from harness.reference.trials.worker import main; main()"
)
_ROOT: Final = str(Path(__file__).resolve().parents[3])


def default_jobs() -> int:
    """How many turns at a time: most of a failing one is waiting for its next try."""
    return 4 * (os.cpu_count() or 1)


class BenchError(Exception):
    """No turn can be taken; ``str()`` is one line."""


class Bench(Protocol):
    """Takes turns."""

    def submit(self, setting: Setting, meddler: Meddler, *, parts: bool = False) -> Future[Seen]:
        """Take this turn as soon as there is room. The future may raise :class:`BenchError`."""


class OpenBench:
    """In this process: for a client that cannot reach out, and for tests. A context manager."""

    def __init__(self, trials: Trials, jobs: int = 2) -> None:
        self._trials = trials
        self._pool = ThreadPoolExecutor(jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, setting: Setting, meddler: Meddler, *, parts: bool = False) -> Future[Seen]:
        """Take this turn as soon as there is room."""
        return self._pool.submit(self._trials.run, setting, meddler, parts=parts)


class ClosedBench:
    """In a process, and where the system has such in a network, of its own. A context manager.

    Attributes:
        isolated: whether the client can reach nothing but loopback. Otherwise it is the stand-in
            alone that lets nothing out: it is the client's proxy, and never dials.
    """

    def __init__(
        self, client: CodexCli, root: Path, *, jobs: int, patience: Patience | None = None
    ) -> None:
        """Start it.

        Raises:
            BenchError: it does not come up.
        """
        self.isolated = netns.available()
        # Ours to remove, however it ends.
        self._folder = tempfile.TemporaryDirectory(prefix="codex-leg-", ignore_cleanup_errors=True)
        command = [sys.executable, "-P", "-c", _START, _ROOT]
        self._process = subprocess.Popen(  # noqa: S603 — our own module
            netns.command_in_netns(command) if self.isolated else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "TMPDIR": self._folder.name},
        )
        self._waiting: dict[int, Future[Seen]] = {}
        self._count = 0
        self._lock = threading.Lock()
        first = {
            "client": asdict(client),
            "root": str(root),
            "jobs": jobs,
            "patience": asdict(patience or Patience()),
        }
        try:
            self._tell(first)
            is_up = bool(self._out.readline())
        except OSError:
            is_up = False
        if not is_up:
            self._process.kill()
            self._clean_up()
            raise BenchError("the process that takes the turns does not come up")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            # What it has started belongs to sessions of their own, which end with its network.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(OSError):
            self._in.close()
        # It says nothing more, and the reader reads that.
        self._reader.join()
        self._clean_up()

    def _clean_up(self) -> None:
        self._process.wait()
        for pipe in (self._in, self._out):
            with suppress(OSError):
                pipe.close()
        self._folder.cleanup()

    def submit(self, setting: Setting, meddler: Meddler, *, parts: bool = False) -> Future[Seen]:
        """Take this turn as soon as there is room."""
        future: Future[Seen] = Future()
        with self._lock:
            self._count += 1
            number = self._count
            self._waiting[number] = future
        job = {"setting": setting.name, "meddler": dict(meddler.to_json()), "parts": parts}
        try:
            self._tell({"id": number, **job})
        except OSError:
            self._fail("the process that takes the turns has ended")
        return future

    @property
    def _in(self) -> Any:
        return self._process.stdin

    @property
    def _out(self) -> Any:
        return self._process.stdout

    def _tell(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            self._in.write(json.dumps(message) + "\n")
            self._in.flush()

    def _read(self) -> None:
        for line in self._out:
            answer = json.loads(line)
            with self._lock:
                future = self._waiting.pop(answer["id"], None)
            if future is None:
                continue
            if "seen" in answer:
                future.set_result(Seen.from_json(answer["seen"]))
            else:
                future.set_exception(BenchError(answer["error"]))
        self._fail("the process that takes the turns has ended")

    def _fail(self, why: str) -> None:
        with self._lock:
            left, self._waiting = self._waiting, {}
        for future in left.values():
            future.set_exception(BenchError(why))
