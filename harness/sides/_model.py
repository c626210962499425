"""A side of a comparison: exchanges by key, read one file after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from harness.contract import (
    Contract,
    Provenance,
    interactions_of,
    read_bytes,
)
from harness.endpoints import OTHER
from harness.exchange import Exchange
from harness.exits import WrongUse
from harness.raw import RAW, read_raw

from ._lens import Lens

__all__ = ["ALONE", "Seen", "Side"]

#: The key of a side that is a single file: it is compared with whatever stands on the other side.
ALONE = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One exchange of a side.

    Attributes:
        surfaces: the surfaces that it can be with, the likeliest first; never empty.
        exchange: the exchange.
        is_turn: whether it asks for a response; a client's other calls vary with timing.
        provenance: where it comes from; ``None`` for a raw file.
        home: the surface that its endpoint belongs to; ``other`` if that is no surface's.
    """

    surfaces: tuple[str, ...]
    exchange: Exchange
    is_turn: bool = True
    provenance: Provenance | None = None
    home: str = OTHER

    @property
    def is_captured(self) -> bool:
        """Whether a real client asked it, on loopback."""
        return self.provenance is not None and self.provenance.kind == "captured"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. Nothing of it is read before it is asked for.

    Attributes:
        name: how the user calls it.
        files: key → its file. Files of one key on both sides answer the same question.
        folder: what its files lie below; ``None`` if it is a single file.
        contract: the contract that it is, if it is a whole one.
        is_revision: whether it is of a git revision.
        note: what the user has to know of how it was understood; ``""`` if there is nothing.
    """

    name: str
    files: Mapping[str, Path]
    folder: Path | None = None
    contract: Contract | None = field(default=None, repr=False)
    is_revision: bool = False
    note: str = ""

    @property
    def size(self) -> int:
        """How many bytes its files have, as far as they can be read."""
        return sum(map(_size, self.files.values()))

    def is_probe(self, key: str) -> bool:
        """Whether a key is the id of a probe of this contract."""
        return self.contract is not None and self.contract.path("probes", f"{key}.yaml").is_file()

    def raw(self, key: str) -> bytes:
        """The bytes of a file.

        Raises:
            ContractError: it cannot be read, or is too large.
        """
        return read_bytes(self.files[key], self.called(key))

    def called(self, key: str) -> str:
        """How messages call the file of a key."""
        if self.folder is None:
            return self.name
        between = "" if self.name.endswith(("/", ":")) else "/"
        if self.is_revision:
            between = between and ("/" if ":" in self.name else ":")
        return f"{self.name}{between}{self._below(key)}"

    def _below(self, key: str) -> str:
        """The path of a file below the folder; asked for each file, and pathlib takes its time."""
        file, folder = self.files[key].as_posix(), Path(self.folder or "").as_posix()
        return file.removeprefix(f"{folder.rstrip('/')}/") if folder != "." else file

    def place(self, key: str) -> str:
        """How a report names the file of a key: as the user does, or as it is called in git."""
        if not self.is_revision:
            return Path(self.called(key)).as_posix()
        inside = PurePosixPath(self.name.partition(":")[2])
        if self.folder is None:
            return inside.as_posix()
        return (inside / self._below(key)).as_posix()

    def read(self, key: str, lens: Lens, raw: bytes | None = None) -> list[Seen]:
        """The exchanges of a key, in the order of the file. ``raw`` are its bytes, if at hand.

        Raises:
            ContractError: the file is broken, and how.
            WrongUse: the surface of an exchange is not known.
        """
        path = self.files[key]
        raw = self.raw(key) if raw is None else raw
        if path.suffix in RAW:
            return [_answer(path.suffix, raw, self.called(key), lens)]
        known = self._surface_of_probe(key)
        interactions = interactions_of(raw, self.called(key))
        found = [lens.surfaces(one.request.method, one.request.uri, known) for one in interactions]
        # A client also calls hosts that are nobody's surface: they go with the rest of the run.
        others = next((surfaces for surfaces in found if surfaces), ())
        if interactions and not others:
            sent = interactions[0].request
            raise WrongUse(
                f"no surface has the address {sent.method} {sent.uri}; name one with --surface."
            )
        return [
            Seen(
                surfaces or others,
                Exchange.from_interaction(one),
                lens.is_turn(one.request.method, one.request.uri),
                one.provenance,
                lens.home(one.request.method, one.request.uri),
            )
            for surfaces, one in zip(found, interactions, strict=True)
        ]

    def _surface_of_probe(self, key: str) -> str | None:
        if self.contract is None or not self.is_probe(key):
            return None
        return self.contract.read_probe(self.contract.path("probes", f"{key}.yaml")).surface


def _answer(suffix: str, raw: bytes, name: str, lens: Lens) -> Seen:
    if lens.given is None:
        raise WrongUse(f"{name} holds an answer alone; name what answered with --surface.")
    return Seen((lens.given,), read_raw(suffix, raw, name))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # whoever reads it says so
        return 0
