"""Bytes of files: at most so many, and only of files that have an end."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from ._errors import ContractError

__all__ = ["MAX_BYTES", "read_bytes", "refuse_large"]

#: Larger files are refused before they are read; a day of traffic fits into one a thousand times.
MAX_BYTES: Final = 256 * 1024 * 1024
#: So much at a time, of a file that does not say how much it has.
_PART: Final = 1024 * 1024
#: A pipe that nobody writes to is opened at once, and then refused.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: Path, name: str, limit: int = MAX_BYTES) -> bytes:
    """All bytes of a file, which messages call ``name``.

    Raises:
        ContractError: it cannot be read, is no plain file, or has more than ``limit`` bytes.
    """
    try:
        # Thousands of small files are read: what a buffered file does besides costs twice the rest.
        handle = os.open(path, _FLAGS)
        try:
            raw = _read(handle, name, limit)
        finally:
            os.close(handle)
    except OSError as error:
        raise ContractError(
            name, "", f"cannot be read: {error.strerror}", "look at its path and rights"
        ) from None
    refuse_large(len(raw), name, limit)
    return raw


def _read(handle: int, name: str, limit: int) -> bytes:
    """All that an open file has, or one byte more than may be."""
    about = os.fstat(handle)
    if stat.S_ISFIFO(about.st_mode) or stat.S_ISCHR(about.st_mode):
        # It may have no end, and has no size to go by.
        raise ContractError(name, "", "is no plain file", "write it to a file first")
    refuse_large(about.st_size, name, limit)
    raw = os.read(handle, about.st_size + 1)
    if len(raw) == about.st_size:
        return raw
    # It changed meanwhile, does not say its size, or comes in parts.
    parts = [raw]
    while parts[-1] and sum(map(len, parts)) <= limit:
        parts.append(os.read(handle, _PART))
    return b"".join(parts)[: limit + 1]


def refuse_large(size: int, name: str, limit: int = MAX_BYTES) -> None:
    """Refuse so many bytes if they are too many.

    Raises:
        ContractError: they are.
    """
    if size > limit:
        raise ContractError(
            name,
            "",
            f"has {_mib(size)} MiB; files of more than {_mib(limit)} MiB are not read",
            "split it",
        )


def _mib(size: int) -> str:
    return f"{size / (1024 * 1024):,.0f}"
