"""Bytes of files: at most so many, and only of files that have an end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from ._errors import ContractError

__all__ = ["MAX_BYTES", "read_bytes", "refuse_large"]

#: Larger files are refused before they are read; a day of traffic fits into one a thousand times.
MAX_BYTES: Final = 256 * 1024 * 1024


def read_bytes(path: Path, name: str, limit: int = MAX_BYTES) -> bytes:
    """All bytes of a file, which messages call ``name``.

    Raises:
        ContractError: it cannot be read, is no plain file, or has more than ``limit`` bytes.
    """
    try:
        about = path.stat()
        if stat.S_ISFIFO(about.st_mode) or stat.S_ISCHR(about.st_mode):
            # It may have no end, and has no size to go by.
            raise ContractError(name, "", "is no plain file", "write it to a file first")
        refuse_large(about.st_size, name, limit)
        with path.open("rb") as file:
            # Not one byte more, should it grow meanwhile.
            raw = file.read(limit + 1)
    except OSError as error:
        raise ContractError(
            name, "", f"cannot be read: {error.strerror}", "look at its path and rights"
        ) from None
    refuse_large(len(raw), name, limit)
    return raw


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
