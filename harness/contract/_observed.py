"""What released clients were seen to need and to act on: data that was measured, not written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ._errors import ContractError, ContractErrors
from ._files import read_bytes
from ._schemas import Schemas

__all__ = ["Observed"]

#: Folder → the schema of its files, one a release.
_FOLDERS: Final = {"ablations": "report/ablation.json", "handles": "report/handles.json"}
_MEND: Final = "restore it, or measure it again (codex-leg reference)"


class Observed:
    """The folders ``ablations`` and ``handles`` of a contract. Either may be absent."""

    def __init__(self, root: Path, schemas: Callable[[], Schemas]) -> None:
        """Of the contract below ``root``; ``schemas`` is asked when a file is read."""
        self._root, self._schemas = root, schemas

    def ablation(self, version: str) -> Mapping[str, Any] | None:
        """What a release needs (``schemas/report/ablation.json``); ``None`` if nobody looked.

        Raises:
            ContractError: the file is broken, or is about another release.
        """
        return self._find("ablations", version)

    def handles(self, version: str) -> Mapping[str, Any] | None:
        """What a release acts on (``schemas/report/handles.json``); ``None`` if nobody looked.

        Raises:
            ContractError: the file is broken, or is about another release.
        """
        return self._find("handles", version)

    def versions(self, folder: str) -> list[str]:
        """The releases that there is a file of, in ``ablations`` or in ``handles``."""
        return sorted(file.stem for file in (self._root / folder).glob("[!.]*.json"))

    def faults(self) -> Iterator[ContractError]:
        """What is wrong with all the files."""
        for folder in _FOLDERS:
            for file in sorted((self._root / folder).glob("[!.]*")):
                name = f"{folder}/{file.name}"
                if file.suffix == ".json":
                    try:
                        self._read(file, name)
                    except ContractError as error:
                        yield from error.errors
                elif file.name != "README.md":
                    yield ContractError(name, "", "is no .json file", "rename or remove it")

    def _find(self, folder: str, version: str) -> Mapping[str, Any] | None:
        # A version from a command line must not lead out of the folder.
        file = self._root / folder / f"{Path(version).name}.json"
        return self._read(file, f"{folder}/{file.name}") if file.exists() else None

    def _read(self, file: Path, name: str) -> Mapping[str, Any]:
        try:
            document = json.loads(read_bytes(file, name))
        except (ValueError, RecursionError) as error:
            raise ContractError(name, "", f"is not JSON ({error})", _MEND) from None
        schema = _FOLDERS[file.parent.name]
        faults = [
            ContractError(name, one.pointer or "/", one.message, one.mend or _MEND)
            for one in self._schemas().validate(schema, document)
        ]
        if faults:
            raise ContractErrors(faults)
        if document["version"] != file.stem:
            problem = f"is {document['version']!r}, and the file is called otherwise"
            raise ContractError(name, "/version", problem, "rename the file")
        found: Mapping[str, Any] = document
        return found
