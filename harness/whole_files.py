"""Files that are there whole or not at all, also if the machine stops in the middle."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["UNFINISHED", "settle", "sweep", "write_whole"]

#: Files that are being written end like this; one that stays behind belongs to a run that died.
UNFINISHED: Final = ".new"


def write_whole(file: Path, text: str, *, mode: int | None = None) -> None:
    """Write a file so that there is always the old one or the new one, and never a part of it.

    Args:
        file: its folder is made if it is not there.
        text: written as UTF-8.
        mode: its permissions from the first byte on; by default, the usual ones.

    Raises:
        OSError: it cannot be written; then the old one is untouched.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}{UNFINISHED}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    unfinished.unlink(missing_ok=True)
    try:
        descriptor = os.open(unfinished, flags, 0o666 if mode is None else mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    settle(file.parent)


def settle(folder: Path) -> None:
    """Make a renaming last, too, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what a run that died has left behind."""
    for file in folder.rglob(f".*{UNFINISHED}"):
        file.unlink(missing_ok=True)
