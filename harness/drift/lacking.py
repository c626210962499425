"""Which rows of a list lack what other rows of it have: by the names of the rows.

A list as a whole shows only that some lack a member. Whether an old row has lost it, or one that is
new never had it, shows by whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .snapshot import escape

__all__ = ["lacking", "newly_lacking"]

#: Deeper members are told by their parents.
_DEPTH: Final = 3


def lacking(rows: Mapping[str, Any]) -> dict[str, list[str]]:
    """Name of a row → the pointers of members that it lacks, or has null, and others do not.

    Args:
        rows: the rows, by name.
    """
    known = {name: dict(_members(row)) for name, row in rows.items()}
    somewhere = {pointer for members in known.values() for pointer, here in members.items() if here}
    found = {
        name: sorted(
            pointer
            for pointer in somewhere
            if not members.get(pointer) and _has_parent(pointer, members)
        )
        for name, members in known.items()
    }
    return {name: pointers for name, pointers in found.items() if pointers}


def newly_lacking(
    before: Mapping[str, list[str]], after: Mapping[str, list[str]], names: frozenset[str]
) -> set[str]:
    """The pointers of members that any of these rows lacks now, and did not before."""
    return {
        pointer
        for name in names
        for pointer in after.get(name, ())
        if pointer not in before.get(name, ())
    }


def _members(row: Any, around: str = "", depth: int = 0) -> Iterator[tuple[str, bool]]:
    """The pointer of each member, and whether it has a value that is not null."""
    if isinstance(row, dict) and depth < _DEPTH:
        for name, value in row.items():
            pointer = f"{around}/{escape(name)}"
            yield pointer, value is not None
            yield from _members(value, pointer, depth + 1)


def _has_parent(pointer: str, members: Mapping[str, bool]) -> bool:
    parent = pointer.rpartition("/")[0]
    return not parent or members.get(parent, False)
