"""What was told and did not fit into the text of an issue: counted, and by whom it was seen.

Names are not kept, so what is left out can only be over as a whole: once each witness that showed
it has looked again with the same probe. What he still shows then is known by name again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from harness.alert.row import Row

__all__ = ["Left", "as_digest", "gathered", "number_of", "still_left"]

_BITS = 64


@dataclass(frozen=True, slots=True)
class Left:
    """Some rows without their names.

    Attributes:
        sights: who saw them with which probe, as in :class:`~harness.alert.row.Row`.
        count: how many they are.
        digest: of their ids and levels, whatever their order.
    """

    sights: tuple[str, ...]
    count: int
    digest: str

    @classmethod
    def of(cls, row: Row) -> Left:
        """One row."""
        return cls(row.sights, 1, as_digest([number_of(row)]))

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Left:
        """What is behind its JSON form.

        Raises:
            TypeError, ValueError, KeyError: it is none.
        """
        sights, count = tuple(document["sights"]), document["count"]
        if not all(isinstance(one, str) for one in sights) or not isinstance(count, int):
            raise TypeError("it holds texts and a number")
        int(document["digest"], 16)
        return cls(sights, count, document["digest"])


def number_of(row: Row) -> int:
    """A number for the id and the level of a row."""
    data = hashlib.sha256(f"{row.id} {row.level}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(data[: _BITS // 8])


def as_digest(numbers: Iterable[int]) -> str:
    """The digest of a set, which is the sum: those of two parts add up to that of the whole."""
    return f"{sum(numbers) % (1 << _BITS):016x}"


def gathered(left: Iterable[Left], limit: int) -> tuple[Left, ...]:
    """Those with the same sights as one; with fewer particulars if that is over ``limit`` bytes."""
    exact = _grouped(left, lambda sights: sights)
    if _size(exact) <= limit:
        return exact
    # Without the probe, a witness has to look at everything before it is over.
    by_witness = _grouped(exact, lambda sights: tuple({one.partition(" ")[0] for one in sights}))
    if _size(by_witness) <= limit:
        return by_witness
    everybody = tuple({one for group in by_witness for one in group.sights})
    return _grouped(by_witness, lambda _: everybody)


def still_left(left: Iterable[Left], is_gone: Callable[[str], bool]) -> list[Left]:
    """What nobody has looked at again; ``is_gone`` says of a sight that its witness has."""
    rest = [
        replace(one, sights=tuple(sight for sight in one.sights if not is_gone(sight)))
        for one in left
    ]
    return [one for one in rest if one.sights]


def _grouped(
    left: Iterable[Left], key: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> tuple[Left, ...]:
    groups: dict[tuple[str, ...], Left] = {}
    for one in left:
        sights = tuple(sorted(key(one.sights)))
        known = groups.get(sights, Left(sights, 0, "0"))
        both = as_digest([int(known.digest, 16), int(one.digest, 16)])
        groups[sights] = Left(sights, known.count + one.count, both)
    return tuple(groups[name] for name in sorted(groups))


def _size(left: Iterable[Left]) -> int:
    return len(json.dumps([asdict(one) for one in left], separators=(",", ":")))
