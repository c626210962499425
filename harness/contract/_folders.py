"""The files below a folder: all of them, or a fault. What could not be looked at is never left out
in silence, as :meth:`pathlib.Path.rglob` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ._errors import ContractError

__all__ = ["files_below"]


def files_below(folder: Path, name_of: Callable[[Path], str] = str) -> list[Path]:
    """Every file below a folder, sorted by path, unless it or a folder above it is hidden (its name
    begins with a dot).

    What is neither a file nor a folder (a pipe, a link that leads nowhere) is among them: whoever
    reads it is told.

    Args:
        folder: where to look; nothing is there if it is no folder.
        name_of: how messages call a path.

    Raises:
        ContractError: a folder cannot be listed, or is a link (which may lead in a circle).
    """
    found: list[Path] = []
    if folder.is_dir():
        for here, folders, files in os.walk(folder, onerror=_refuse(name_of)):
            folders[:] = [one for one in folders if not one.startswith(".")]
            for one in map(Path(here).joinpath, folders):
                if one.is_symlink():
                    mend = "put a folder there, or name the one that it leads to"
                    raise ContractError(name_of(one), "", "is a link to a folder", mend)
            found += [Path(here, one) for one in files if not one.startswith(".")]
    return sorted(found)


def _refuse(name_of: Callable[[Path], str]) -> Callable[[OSError], None]:
    def refuse(error: OSError) -> None:
        name = name_of(Path(os.fsdecode(error.filename)))
        mend = "look at its path and rights"
        raise ContractError(name, "", f"cannot be listed: {error.strerror}", mend) from None

    return refuse
