"""From the shelf into the contract: cassettes and shapes, each file whole, or not at all.

Before the first file is moved, the shelf holds a note of all that are to be moved. Whoever finds
such a note finishes what it says: a run that dies in the middle leaves files that are old or new,
never half of one, and the next run brings the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.adoption import carry_out, plan
from harness.contract import Contract
from harness.exits import WrongUse
from harness.recording.shelf import Shelf
from harness.whole_files import sweep, write_whole

__all__ = ["finish", "is_unfinished", "shelve"]

_NOTE = "adopting"


def shelve(contract: Contract, shelf: Shelf, files: Mapping[str, Path]) -> int:
    """Make staged cassettes the contract's, and their shapes the ones that hold.

    Args:
        contract: as it was read before; it is read again.
        shelf: where the cassettes are.
        files: the staged cassettes, by probe.

    Returns:
        How many cassettes were moved.

    Raises:
        ContractErrors: the contract is broken afterwards.
        WrongUse: a file cannot be written; those before it are, each of them whole.
    """
    if not files:
        return 0
    shelf.remember(_NOTE, sorted(files))
    return _carry_on(contract, shelf, files)


def is_unfinished(shelf: Shelf) -> bool:
    """Whether a run died while it adopted."""
    return isinstance(shelf.recall(_NOTE), list)


def finish(contract: Contract, shelf: Shelf) -> int:
    """Finish what a run that died had begun to adopt; give the number of cassettes, mostly 0.

    Raises:
        ContractErrors, WrongUse: as :func:`shelve`.
    """
    noted = shelf.recall(_NOTE)
    if not isinstance(noted, list):
        return 0
    staged = {
        id_: shelf.folder / "cassettes" / f"{id_}.yaml"
        for id_ in noted
        if isinstance(id_, str) and id_ in contract.probes
    }
    return _carry_on(contract, shelf, {id_: one for id_, one in staged.items() if one.exists()})


def _carry_on(contract: Contract, shelf: Shelf, files: Mapping[str, Path]) -> int:
    cassettes = contract.path("cassettes")
    try:
        sweep(cassettes)
        for id_ in sorted(files):
            # A copy, because the shelf may be on another disk, and for a second try.
            text = files[id_].read_text(encoding="utf-8")
            write_whole(cassettes / f"{id_}.yaml", text)
        _adopt_shapes(Contract(contract.root), files)
    except OSError as error:
        name = contract.name_of(Path(error.filename or cassettes))
        raise WrongUse(f"{name} cannot be written: {error.strerror}.") from None
    shelf.drop(_NOTE)
    return len(files)


def _adopt_shapes(contract: Contract, ids: Iterable[str]) -> None:
    adoption = plan(contract, sorted(ids))
    if not adoption.is_empty:
        carry_out(contract, adoption)
