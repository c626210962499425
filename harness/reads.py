"""What the leg reads of an answer: the list that the profile ``leg`` judges by.

The list is data, ``schemas/reads.json``; :mod:`harness.reads_of_leg` makes it out of the leg.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.contract import Schemas

__all__ = ["DOCUMENT", "FORMAT", "WHOLE", "Reads"]

FORMAT: Final = "codex-leg/reads/1"

#: Where the list is, below ``schemas/``.
DOCUMENT: Final = "reads.json"

#: The end of a pointer below which everything is read, whatever its name.
WHOLE: Final = "/**"

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Surface:
    """What is read on one surface; pointers taken apart."""

    headers: frozenset[str]
    bodies: tuple[Tokens, ...]
    events: Mapping[str, tuple[Tokens, ...]]


class Reads:
    """The places that the leg reads, by surface."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Use a document of the form ``schemas/reads.schema.json``."""
        self._surfaces = {
            name: _Surface(
                headers=frozenset(one["header"]),
                bodies=_split([*one["body"], *one["error"]]),
                events={kind: _split(places) for kind, places in one["events"].items()},
            )
            for name, one in document["reads"].items()
        }

    @classmethod
    def of(cls, schemas: Schemas) -> Reads:
        """The list that these schemas hold.

        Raises:
            ContractError: they hold none.
        """
        return cls(schemas.document(DOCUMENT))

    def is_read(self, surface: str, direction: str, event: str | None, pointer: str) -> bool:
        """Whether the leg looks at a place, at something below it, or takes all around it whole.

        The arguments are those of a finding. What it passes on unread, to whoever asked, it does
        not look at. On a surface that the list does not have, everything counts as read: it is not
        known. Nothing of a request is read; it is written.
        """
        if direction == "request":
            return False
        known = self._surfaces.get(surface)
        if known is None:
            return True
        if event is not None:
            return _is_any(_tokens(pointer), known.events.get(event.partition("(")[0], ()))
        part, _, name = pointer.removeprefix("/").partition("/")
        if part == "header":
            return name.lower() in known.headers
        if part == "body":
            return _is_any(_tokens(f"/{name}" if name else ""), known.bodies)
        # The status, how a stream ends, the address: without them there is no answer to read.
        return True


def _split(pointers: Iterable[str]) -> tuple[Tokens, ...]:
    return tuple(_tokens(one) for one in pointers)


def _tokens(pointer: str) -> Tokens:
    """The parts of a pointer; items are not told apart by their types."""
    return tuple("[]" if token[:1] == "[" else token for token in pointer.split("/")[1:])


def _is_any(place: Tokens, known: Iterable[Tokens]) -> bool:
    return any(_is_at(place, one) for one in known)


def _is_at(place: Tokens, known: Tokens) -> bool:
    whole = known[-1:] == (WHOLE[1:],)
    if whole:
        known = known[:-1]
    if len(place) > len(known) and not whole:
        return False
    # One of the two may end earlier: what is below a place is read through it.
    return all(here in (there, "{}") for here, there in zip(place, known, strict=False))
