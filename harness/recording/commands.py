"""Run the operator's command that prints a login: bounded in time and in what it may print."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from contextlib import suppress
from typing import IO, Final

import leg

__all__ = ["SOURCE", "printed"]

SOURCE: Final = "the credential command"
_SECONDS: Final = 30.0
_MOST: Final = 1_000_000


def printed(command: str) -> str:
    """What a command prints on standard output; it is started without a shell, and exits 0.

    What it complains of is never read: nobody can tell what of it is a secret.

    Raises:
        CredentialInvalid: it cannot be run, fails, asks somebody, or prints more than 1 MB.
    """
    try:
        running = subprocess.Popen(  # noqa: S603 — the command that the operator wrote
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no command line"
        raise leg.CredentialInvalid(f"{SOURCE}: cannot be run: {why}", hint="check it") from None
    with running:
        if running.stdout is None:  # what Popen promises for PIPE
            raise AssertionError
        return _read(running, running.stdout).decode("utf-8", "replace").strip()


def _read(running: subprocess.Popen[bytes], out: IO[bytes]) -> bytes:
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(running)

    timer = threading.Timer(_SECONDS, end)
    timer.start()
    try:
        said = out.read(_MOST + 1)
        if len(said) > _MOST:
            _kill(running)
            raise leg.CredentialInvalid(f"{SOURCE}: printed more than 1 MB", hint="one blob")
        code = running.wait()
    finally:
        timer.cancel()
    if late.is_set():
        raise leg.CredentialInvalid(
            f"{SOURCE}: did not end within {_SECONDS:g} s", hint="it must not ask anybody"
        )
    if code != 0:
        raise leg.CredentialInvalid(
            f"{SOURCE}: exited with {code}",
            hint="run it by hand to see why; what it says is not shown here",
        )
    return said


def _kill(running: subprocess.Popen[bytes]) -> None:
    """The command and what it has started: a child of it would keep the pipe open."""
    if not hasattr(os, "killpg"):
        running.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, signal.SIGKILL)
