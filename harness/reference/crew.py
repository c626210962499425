"""The process that runs a client, from the side that waits for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness import netns
from harness.reference.clients import CodexCli, client_to
from harness.reference.gate import Call
from harness.reference.sent import Recording

__all__ = ["CaptureError", "Recorded", "record"]

#: Our own modules have to be found, and nothing in the current folder can take their places.
_START: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from harness.reference.worker import main; sys.exit(main())"
)
_ROOT: Final = str(Path(__file__).resolve().parents[2])
_END_SECONDS: Final = 10.0


class CaptureError(Exception):
    """A client could not be captured; ``str()`` is one line."""


@dataclass(slots=True)
class Recorded:
    """What the process has recorded.

    Attributes:
        runs: by the name of the run and the transport.
        beside: the calls beside the turn.
        waits: whether the client waits for such a call before its turn.
        cannot: runs that this client cannot do, or died in twice, and why.
        again: runs that were done once more, because the client had died, and of what.
        has_websocket: whether it has that transport; ``None`` if that was not looked at.
        isolated: whether nothing but loopback could be reached.
    """

    runs: dict[tuple[str, str], Recording] = field(default_factory=dict)
    beside: Recording | None = None
    waits: dict[Call, bool] = field(default_factory=dict)
    cannot: dict[tuple[str, str], str] = field(default_factory=dict)
    again: dict[tuple[str, str], str] = field(default_factory=dict)
    has_websocket: bool | None = None
    isolated: bool = False


def record(
    client: CodexCli,
    runs: Sequence[tuple[str, str]],
    *,
    root: Path,
    side_calls: bool,
    has_websocket: bool | None,
    tell: Callable[[str], None],
    waits: bool = True,
) -> Recorded:
    """Run a client, in a namespace that has nothing but loopback if the system has such.

    Args:
        client: who.
        runs: names of runs, each with a transport.
        root: of the contract that the stand-in answers from.
        side_calls: whether to find out what it calls beside the turn.
        has_websocket: whether it has that transport, if that is known.
        tell: told of each step, in a few words.
        waits: whether to find out which of these calls it waits for, one by one.

    Raises:
        CaptureError: it did not go through with it.
    """
    plan = {
        "client": client_to(client),
        "root": str(root),
        "runs": [list(run) for run in runs],
        "side_calls": side_calls,
        "websocket": has_websocket,
        "waits": waits,
    }
    recorded = Recorded(has_websocket=has_websocket)
    for row in _rows(plan):
        said = _take(recorded, row)
        if said:
            tell(said)
    return recorded


def _take(recorded: Recorded, row: Mapping[str, Any]) -> str:
    """Put a row where it belongs; a few words about it."""
    if "isolated" in row:
        recorded.isolated = row["isolated"]
        return ""
    if "websocket" in row:
        recorded.has_websocket = row["websocket"]
        return ""
    if "call" in row:
        call = Call(*row["call"])
        if row["waited_for"] is None:
            return f"died twice before it was seen whether it waits for {call.path}"
        recorded.waits[call] = row["waited_for"]
        return f"waits for {call.path}" if row["waited_for"] else f"goes on without {call.path}"
    key = (row["run"], row["transport"])
    if "why" in row:
        recorded.cannot[key] = row["why"]
        return f"{' over '.join(key)}: {row['why']}"
    return _take_recording(recorded, key, Recording.from_json(row["recording"]))


def _take_recording(recorded: Recorded, key: tuple[str, str], recording: Recording) -> str:
    said = " over ".join(filter(None, key))
    if recording.died is not None:
        recorded.cannot[key] = f"it died of {_signal(recording.died)}, and so it did once more"
        return f"{said}: {recorded.cannot[key]}"
    if key[1]:
        recorded.runs[key] = recording
    else:
        recorded.beside = recording
    if recording.died_before is not None:
        recorded.again[key] = f"it had died of {_signal(recording.died_before)}"
        said += f", once more: {recorded.again[key]}"
    return said


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of those without a name
        return f"signal {number}"


def _rows(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-P", "-c", _START, _ROOT]
    if netns.available():
        command = netns.command_in_netns(command)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 — our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            # Ctrl-C is for us: we tell it to end, and it ends its clients.
            start_new_session=True,
            text=True,
        )
        if process.stdin is None or process.stdout is None:  # pragma: no cover
            raise RuntimeError("the process has no pipes")
        try:
            # Its input stays open: the end of it says that we are gone.
            process.stdin.write(json.dumps(plan) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                yield json.loads(line)
            if process.wait():
                raise CaptureError(_last_line(said.fileno(), process.returncode))
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(fileno: int, code: int) -> str:
    size = os.fstat(fileno).st_size
    said = os.pread(fileno, size, 0).decode("utf-8", "replace").strip()
    last = said.rpartition("\n")[2]
    return f"the process that runs the client ended with {code}{f': {last}' if last else ''}"
