"""What a side of a comparison can be, and how it is told from the others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.contract import CASSETTES, FOLDERS, Contract, files_below, is_contract
from harness.drift.findings import Unchecked
from harness.exits import WrongUse
from harness.raw import RAW

from ._git import Repository, Revision
from ._model import ALONE, Side

__all__ = ["open_sides"]

#: What is read of a revision of the whole contract; its snapshots say nothing that these do not.
_OF_CONTRACT: Final = (*FOLDERS, "rulebook")


@contextmanager
def open_sides(
    names: Sequence[str], *, contract: Contract, raw: bool = False
) -> Iterator[tuple[Side, ...]]:
    """Open sides by the names that a user gives them; what was unpacked is removed at the end.

    A side is a path (a cassette, a folder of them, a raw file, the root of a contract), or else a
    git revision of the repository around ``contract`` (or around the working directory): ``REV``
    (the contract as it was) or ``REV:path`` (one file or folder of it).

    Args:
        names: what the user wrote.
        contract: the contract to go by; whose exchanges these are, its schemas tell.
        raw: raw answers in folders count, too: the user says what answered.

    Raises:
        WrongUse: a name is neither a path nor a revision, or holds nothing to compare.
        ContractError: a revision holds a file that is too large, or a folder cannot be listed.
    """
    with ExitStack() as stack:
        opener = _Opener(contract, stack, raw=raw)
        yield tuple(opener.open(name) for name in names)


class _Opener:
    """Opens sides one after the other."""

    def __init__(self, contract: Contract, stack: ExitStack, *, raw: bool) -> None:
        self._contract = contract
        self._raw = raw
        self._stack = stack

    def open(self, name: str) -> Side:
        if not name:
            raise WrongUse("an empty name is neither a path nor a git revision.")
        path = Path(name)
        try:
            is_there = path.exists()
        except (OSError, ValueError):  # longer than a path can be, or with a NUL in it
            is_there = False
        if not is_there:
            return self._revision(name)
        note = ""
        if self._is_revision(name):
            note = (
                f"{name} is a path and a git revision: the path is taken; write {name}: otherwise"
            )
        return self._path(name, path, note)

    def _path(self, name: str, path: Path, note: str = "", *, is_revision: bool = False) -> Side:
        contract = None
        left: list[Path] = []
        if path.is_file():
            if path.suffix.lower() not in (*CASSETTES, *RAW):
                raise WrongUse(
                    f"{name} is of a kind that is not known; name a cassette (.yaml) or an answer "
                    f"({', '.join(RAW)})."
                )
            return Side(name, {ALONE: path}, is_revision=is_revision, note=note)
        if is_contract(path):
            # Another revision may lack what is wanted of a contract today: what is read is checked.
            contract = Contract(path, sound=True)
            # What else may lie there, the contract itself knows, and what may not, it refuses.
            files, _ = _sorted_out(path / "cassettes", CASSETTES)
        elif path.is_dir():
            files, left = _sorted_out(path, (*CASSETTES, *RAW) if self._raw else CASSETTES)
        else:
            raise WrongUse(f"{name} is neither a file nor a folder.")
        if not files:
            also = "" if self._raw else f", and raw answers ({', '.join(RAW)}) need --surface"
            raise WrongUse(f"{name} holds no cassette ({', '.join(CASSETTES)}){also}.")
        side = Side(name, files, path, contract, is_revision, note)
        lone = replace(side, files={file.as_posix(): file for file in left})
        missed = [Unchecked(lone.called(key), _why_not(file)) for key, file in lone.files.items()]
        return replace(side, left_out=missed)

    def _is_revision(self, name: str) -> bool:
        try:
            return self._find(name) is not None
        except WrongUse:
            return False

    def _find(self, name: str) -> tuple[Repository, Revision] | None:
        """A revision of the repository around the contract, or else of the one around us.

        Raises:
            WrongUse: neither is there, or the revision has no such path.
        """
        faults: list[WrongUse] = []
        repositories: list[Repository] = []
        for folder in dict.fromkeys([self._contract.root.absolute(), Path.cwd()]):
            try:
                repositories.append(Repository(folder))
            except WrongUse as error:
                faults.append(error)
        if not repositories:
            raise faults[0]
        for repository in repositories:
            found = repository.find(name)
            if found is not None:
                return repository, found
        return None

    def _revision(self, name: str) -> Side:
        try:
            located = self._find(name)
        except WrongUse as error:
            raise WrongUse(f"there is no path {name!r}, and {error}") from None
        if located is None:
            raise WrongUse(f"{name!r} is neither a path nor a revision of git here.")
        repository, found = located
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="codex-leg-")))
        whole = not found.is_file and found.path == repository.prefix
        repository.extract(found, folder, _OF_CONTRACT if whole else ())
        if found.is_file:
            return self._path(name, folder / Path(found.path).name, is_revision=True)
        if whole and not is_contract(folder):
            raise WrongUse(f"{name!r} holds no contract: it has not {', '.join(FOLDERS)}.")
        return self._path(name, folder, is_revision=True)


def _sorted_out(folder: Path, kinds: tuple[str, ...]) -> tuple[dict[str, Path], list[Path]]:
    """The files below a folder that are of these kinds, and the others.

    They are known by their relative path, without its suffix where that suffices.
    """
    files: dict[str, Path] = {}
    others: list[Path] = []
    for file in files_below(folder):
        if file.suffix.lower() in kinds:
            relative = file.relative_to(folder)
            short = relative.with_suffix("").as_posix()
            files[relative.as_posix() if short in files else short] = file
        else:
            others.append(file)
    return files, others


def _why_not(file: Path) -> str:
    """Why a file of a folder is not read."""
    if file.suffix.lower() in RAW:
        return "a raw answer does not say what answered: --surface does"
    return f"neither a cassette ({', '.join(CASSETTES)}) nor an answer ({', '.join(RAW)})"
