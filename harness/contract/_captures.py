"""What reference clients sent: ``cassettes/reference/VERSION/RUN.TRANSPORT.yaml``, read when asked.

They are many, and nobody who replays a probe needs them; so they are no part of what is read and
checked with every other file of the contract.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ._errors import ContractError, ContractErrors
from ._files import read_bytes
from ._folders import files_below
from ._model import Cassette, Interaction
from ._reading import read_interactions
from ._schemas import Schemas

__all__ = ["Captures", "Release", "version_key"]

RELEASES: Final = "releases.json"
_SCHEMA: Final = "releases.schema.json"
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a reference client that was captured.

    Attributes:
        version: as its publisher counts.
        date: when it was published; ``None`` if nobody has said so in a way that can be believed.
        not_before: a day at or before that day, from the releases before it.
        not_after: a day at or after it, from the releases behind it.
        source: where the date comes from.
        sha256: of the binary that was run.
        transports: which ones it has: ``https``, ``websocket``.
    """

    version: str
    date: str | None
    not_before: str | None
    not_after: str | None
    source: str | None
    sha256: str | None
    transports: tuple[str, ...]

    @property
    def day(self) -> str:
        """The date as exactly as it is known: ``2026-03-31``, ``2025-12``, ``2025``."""
        if self.date is not None:
            return self.date
        first, last = (one or "" for one in (self.not_before, self.not_after))
        for length in (7, 4):
            if first[:length] == last[:length] and last:
                return last[:length]
        # Between two years, what is certain is that it was there by then.
        return last or first


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """What versions are sorted by: 0.99.0 before 0.100.0, alphas before what they lead to."""
    plain, dash, rest = version.partition("-")
    return tuple(int(part) for part in _NUMBER.findall(plain)), not dash, rest


class Captures:
    """The captures below one folder."""

    def __init__(
        self,
        folder: Path,
        read: Callable[[Path], Cassette],
        name_of: Callable[[Path], str],
        schemas: Callable[[], Schemas],
    ) -> None:
        self._folder = folder
        self._read = read
        self._name_of = name_of
        self._schemas = schemas
        self._known: dict[str, tuple[Cassette, ...]] = {}

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that something was captured of, oldest first."""
        if not self._folder.is_dir():
            return ()
        found = (one.name for one in self._folder.iterdir() if one.is_dir())
        return tuple(sorted((one for one in found if not one.startswith(".")), key=version_key))

    def of(self, version: str) -> tuple[Cassette, ...]:
        """The captures of one version, sorted by path; none if it was not captured.

        Raises:
            ContractErrors: one of them is broken; it lists everything that is wrong with them.
        """
        if version not in self._known:
            # Hidden ones, which are about to be written, are not among them.
            files = files_below(self._folder / version, self._name_of)
            found, faults = self._read_all(files)
            if faults:
                raise ContractErrors(faults)
            self._known[version] = tuple(found)
        return self._known[version]

    def runs(self, version: str) -> dict[str, tuple[Interaction, ...]]:
        """The exchanges of one version by the name of their file (``plain.https``), read quickly.

        What the schema says of a cassette is not checked: :meth:`of` does that.

        Raises:
            ContractErrors: one of them cannot be read.
        """
        found: dict[str, tuple[Interaction, ...]] = {}
        faults: list[ContractError] = []
        # A version from a command line must not lead out of the folder.
        for file in sorted((self._folder / Path(version).name).glob("[!.]*.yaml")):
            try:
                found[file.stem] = read_interactions(file, self._name_of(file))
            except ContractError as error:
                faults += error.errors
        if faults:
            raise ContractErrors(faults)
        return found

    def all(self) -> tuple[Cassette, ...]:
        """All of them, sorted by version and path.

        Raises:
            ContractErrors: one of them is broken.
        """
        return tuple(one for version in self.versions for one in self.of(version))

    @cached_property
    def releases(self) -> Mapping[str, Release]:
        """What is known of each release, by version, oldest first.

        Raises:
            ContractErrors: the file is broken.
        """
        file = self._folder / RELEASES
        name = self._name_of(file)
        if not file.exists():
            return {}
        try:
            document = json.loads(read_bytes(file, name))
        except ValueError as error:
            raise ContractError(name, "", f"not JSON: {error}", "mend or restore it") from None
        faults = [
            ContractError(name, one.pointer or "/", one.message, one.mend)
            for one in self._schemas().validate(_SCHEMA, document)
        ]
        if faults:
            raise ContractErrors(faults)
        found = {row["version"]: _release(row) for row in document["releases"]}
        return {version: found[version] for version in sorted(found, key=version_key)}

    def faults(self) -> list[ContractError]:
        """Everything that is wrong with them, in one pass."""
        faults: list[ContractError] = []
        for part in (lambda: self.releases, *(self._checked(one) for one in self.versions)):
            try:
                part()
            except ContractError as error:
                faults += error.errors
        return faults

    def _checked(self, version: str) -> Callable[[], object]:
        return lambda: self.of(version)

    def _read_all(self, files: Iterable[Path]) -> tuple[list[Cassette], list[ContractError]]:
        found: list[Cassette] = []
        faults: list[ContractError] = []
        for file in files:
            if file.suffix != ".yaml":
                name = self._name_of(file)
                faults.append(ContractError(name, "", "is no .yaml file", "rename or remove it"))
                continue
            try:
                found.append(self._read(file))
            except ContractError as error:
                faults += error.errors
        return found, faults


def _release(row: Mapping[str, Any]) -> Release:
    return Release(
        version=row["version"],
        date=row["date"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        source=row["source"],
        sha256=row["sha256"],
        transports=tuple(row["transports"]),
    )
