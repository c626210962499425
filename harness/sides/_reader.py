"""Reads what two sides have under a key, and keeps in mind what could not be made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.contract import ContractError
from harness.drift.findings import Unchecked

from ._lens import Lens
from ._model import ALONE, NoSurface, Seen, Side

__all__ = ["Reader"]

#: So many files of which it is guessed what they are with are named.
_NAMED: Final = 3


class Reader:
    """Reads two sides, key by key.

    Attributes:
        broken: the faults of files that could not be parsed.
        unknown: files that both sides have, but that are with no surface.
        one_sided: the same, where only one side has them or both are the same.
    """

    def __init__(self, old: Side, new: Side, lens: Lens) -> None:
        self._sides = (old, new)
        self._lens = lens
        self._guesses: dict[tuple[str, ...], list[str]] = {}
        self.broken: list[ContractError] = []
        self.unknown: list[Unchecked] = []
        self.one_sided: list[Unchecked] = []

    def both(
        self, key: str, old: bytes | None, new: bytes | None
    ) -> tuple[list[Seen], list[Seen]] | None:
        """The exchanges of both sides, of these bytes; ``None`` if they cannot be compared.

        What has an address of no surface may have moved there: the other side says from where.

        Raises:
            ContractError: a side that is a single file is broken.
            NoSurface: no surface has the address of any exchange in such a file.
        """
        before = self._read(0, key, old)
        after = before if old == new else self._read(1, key, new, before)
        if isinstance(before, NoSurface):
            before = self._read(0, key, old, after)
        if isinstance(before, list) and isinstance(after, list):
            self._guess(key, before or after)
            return before, after
        lost = next((one for one in (before, after) if isinstance(one, NoSurface)), None)
        if lost is not None:
            if key == ALONE:
                raise lost
            is_asked = old is not None and new is not None and old != new
            (self.unknown if is_asked else self.one_sided).append(Unchecked(lost.file, lost.why))
        return None

    def _read(
        self,
        index: int,
        key: str,
        raw: bytes | None,
        beside: list[Seen] | NoSurface | None = None,
    ) -> list[Seen] | NoSurface | None:
        """The exchanges of a side; what is wrong, if no surface has them; ``None`` if broken."""
        if raw is None:
            return []
        instead = beside[0].surfaces if isinstance(beside, list) and beside else ()
        try:
            return self._sides[index].read(key, self._lens, raw, instead)
        except NoSurface as error:
            return error
        except ContractError as error:
            if key == ALONE:
                raise
            self.broken += error.errors
            return None

    def _guess(self, key: str, seen: Sequence[Seen]) -> None:
        for surfaces in dict.fromkeys(one.surfaces for one in seen if one.is_guess):
            self._guesses.setdefault(surfaces, []).append(key or self._sides[0].name)

    def notes(self) -> Iterator[str]:
        """Of what shares an address, what was taken for which; a line for each address."""
        for (first, *others), keys in self._guesses.items():
            more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
            yield (
                f"{', '.join(keys[:_NAMED])}{more}: taken for {first}; {' and '.join(others)} "
                "has the same address, and nothing in it tells: --surface says which is meant"
            )
