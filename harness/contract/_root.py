"""Where the data is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ._errors import ContractError

__all__ = ["FOLDERS", "find_root", "is_contract"]

#: What makes a folder a contract.
FOLDERS: Final = ("probes", "cassettes", "schemas")


def find_root() -> Path:
    """The folder that holds the data: the checkout around this package, else the wheel's copy.

    Raises:
        ContractError: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package.parent, package / "_data"):
        if is_contract(root):
            return root
    raise ContractError(
        str(package), "", "no data found beside this package or in it", "install it again"
    )


def is_contract(folder: Path) -> bool:
    """Whether a folder is the root of a contract; none is that cannot be looked into."""
    try:
        return all((folder / name).is_dir() for name in FOLDERS)
    except OSError:
        return False
