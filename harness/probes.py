"""Probes by the names that a user gives them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from harness.contract import Contract
from harness.exits import WrongUse

__all__ = ["probes_named"]


def probes_named(contract: Contract, names: Sequence[str]) -> list[str]:
    """The ids of the probes that are named: by their id, or by the folder that they are in.

    Raises:
        WrongUse: there is no such probe.
    """
    found: dict[str, None] = {}
    for name in names:
        folder = f"{name.rstrip('/')}/"
        below = [id_ for id_ in contract.probes if id_.startswith(folder)]
        ids = [name] if name in contract.probes else sorted(below)
        if not ids:
            near = get_close_matches(name, contract.probes, n=3)
            also = f"; near it: {', '.join(near)}" if near else ""
            raise WrongUse(f"there is no probe {name!r}{also}.")
        found.update(dict.fromkeys(ids))
    return list(found)
