"""A side of a comparison: exchanges by key, read one file after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from harness.contract import (
    Contract,
    Interaction,
    Provenance,
    interactions_of,
    plain_url,
    read_bytes,
)
from harness.drift.findings import Unchecked
from harness.endpoints import OTHER
from harness.exchange import Exchange
from harness.exits import WrongUse
from harness.raw import RAW, read_raw

from ._lens import Lens

__all__ = ["ALONE", "NoSurface", "Seen", "Side"]

#: The key of a side that is a single file: it is compared with whatever stands on the other side.
ALONE = ""


class NoSurface(WrongUse):
    """No surface has the address of any exchange of a file."""

    def __init__(self, file: str, address: str) -> None:
        self.file = file
        self.why = f"no surface has the address {address}; name one with --surface"
        super().__init__(f"{file}: {self.why}.")


@dataclass(frozen=True, slots=True)
class Seen:
    """One exchange of a side.

    Attributes:
        surfaces: the surfaces that it can be with, the likeliest first; never empty.
        exchange: the exchange.
        is_turn: whether it asks for a response; a client's other calls vary with timing.
        provenance: where it comes from; ``None`` for a raw file.
        home: the surface that its endpoint belongs to; ``other`` if that is no surface's.
        is_guess: whether nothing in it says which of ``surfaces`` is meant.
    """

    surfaces: tuple[str, ...]
    exchange: Exchange
    is_turn: bool = True
    provenance: Provenance | None = None
    home: str = OTHER
    is_guess: bool = False

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
        left_out: its files that are not read, each with why.
    """

    name: str
    files: Mapping[str, Path]
    folder: Path | None = None
    contract: Contract | None = field(default=None, repr=False)
    is_revision: bool = False
    note: str = ""
    left_out: Sequence[Unchecked] = ()

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

    def read(
        self, key: str, lens: Lens, raw: bytes | None = None, instead: tuple[str, ...] = ()
    ) -> list[Seen]:
        """The exchanges of a key, in the order of the file.

        Args:
            key: the key.
            lens: through what they are looked at.
            raw: the bytes of the file, if at hand.
            instead: the surfaces that they are with if no surface has a single one's address.

        Raises:
            ContractError: the file is broken, and how.
            NoSurface: no surface has the address of any, and there is nothing ``instead``.
            WrongUse: it is a raw answer, and nobody says what answered.
        """
        path = self.files[key]
        raw = self.raw(key) if raw is None else raw
        if path.suffix.lower() in RAW:
            return [_answer(path.suffix.lower(), raw, self.called(key), lens)]
        known = self._surface_of_probe(key)
        interactions = interactions_of(raw, self.called(key))
        found = [lens.surfaces(one.request.method, one.request.uri, known) for one in interactions]
        # A client also calls hosts that are nobody's surface: they go with the rest of the run.
        others = next((surfaces for surfaces in found if surfaces), instead)
        if interactions and not others:
            sent = interactions[0].request
            raise NoSurface(self.called(key), f"{sent.method} {sent.uri}")
        return [
            _seen(one, surfaces or others, lens)
            for surfaces, one in zip(found, interactions, strict=True)
        ]

    def unlooked(self, key: str, seen: Sequence[Seen]) -> Iterator[Unchecked]:
        """The bodies among the exchanges of a key that nobody here can unpack."""
        for number, one in enumerate(seen, 1):
            of = f" of exchange {number}" if len(seen) > 1 else ""
            for what, why in one.exchange.unlooked:
                yield Unchecked(f"{self.called(key)}: {what}{of}", why)

    def _surface_of_probe(self, key: str) -> str | None:
        if self.contract is None or not self.is_probe(key):
            return None
        return self.contract.read_probe(self.contract.path("probes", f"{key}.yaml")).surface


def _seen(one: Interaction, surfaces: tuple[str, ...], lens: Lens) -> Seen:
    method, url = one.request.method, plain_url(one.request.uri)
    exchange = Exchange.from_interaction(one)
    surfaces, is_guess = lens.likeliest(surfaces, method, url, exchange)
    is_turn, home = lens.is_turn(method, url), lens.home(method, url)
    return Seen(surfaces, exchange, is_turn, one.provenance, home, is_guess)


def _answer(suffix: str, raw: bytes, name: str, lens: Lens) -> Seen:
    if lens.given is None:
        raise WrongUse(f"{name} holds an answer alone; name what answered with --surface.")
    return Seen((lens.given,), read_raw(suffix, raw, name))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # whoever reads it says so
        return 0
