"""What adds up over one stream: the pieces of a text, and every place that repeats it whole.

Which events carry pieces and which repeat them stands in the data (``whole`` of a bracket of an
``order.json``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.contract import excerpt

from .grammar import Bracket, Grammar, lookup

__all__ = ["Key", "Wholes"]

Key = tuple[str | int, ...]
#: Pointer and message; the rule is always the same.
Fault = tuple[str, str]

#: Stands in a pointer for the second part of a key: which part, or which summary, of an item.
_INDEX = "{1}"


@dataclass(slots=True)
class _Whole:
    """The pieces of one text, and then every version of it that has been accepted.

    ``partial``: its beginning was not seen.
    """

    pieces: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    partial: bool = False


class Wholes:
    """Feed it the pieces of one stream and what closes around them. One wrong text is told once."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        #: By item: the texts in it.
        self._known: dict[str | int, dict[tuple[str, Key], _Whole]] = {}
        self._told: set[Key] = set()

    def piece(self, bracket: Bracket, key: Key, payload: Any, *, partial: bool) -> None:
        """Take the next piece. ``partial``: what it is in began before this part of a stream."""
        piece = lookup(payload, bracket.piece) if bracket.piece else None
        if isinstance(piece, str):
            self.pieces(bracket, key, partial=partial).append(piece)

    def pieces(self, bracket: Bracket, key: Key, *, partial: bool) -> list[str]:
        """The pieces of one text so far; whoever has many of them may add to it."""
        return self._whole(bracket, key, partial=partial).pieces

    def close(
        self, bracket: Bracket, key: Key, payload: Any, *, begun: bool, partial: bool
    ) -> Iterator[Fault]:
        """Everything in which the end of a bracket contradicts the pieces.

        Args:
            bracket, key: what ends.
            payload: the event that ends it.
            begun: it was opened, so that nothing is wrong with it yet.
            partial: it, or what it is in, began before this part of a stream.
        """
        if bracket.done:
            whole = self._whole(bracket, key, partial=partial)
            done = lookup(payload, bracket.done)
            if begun and not whole.pieces and not whole.accepted and not whole.partial:
                yield from self._unannounced(bracket.pieces, key, bracket.done, done)
            yield from _compare(whole, bracket.done, done)
        for (name, inner), whole in self._known.get(key[0], {}).items():
            for around, pointer in self._grammar.brackets[name].around:
                if around == bracket.name and inner[: len(key)] == key:
                    where = pointer.replace(_INDEX, str(inner[1]) if len(inner) > 1 else "")
                    yield from _compare(whole, where, lookup(payload, where))
        if begun and not partial:
            yield from self._without_pieces(bracket, key, payload)

    def _whole(self, bracket: Bracket, key: Key, *, partial: bool) -> _Whole:
        wholes = self._known.setdefault(key[0], {})
        return wholes.setdefault((bracket.name, key), _Whole(partial=partial))

    def _without_pieces(self, bracket: Bracket, key: Key, payload: Any) -> Iterator[Fault]:
        """Texts that a bracket repeats, and of which nothing at all came before."""
        known = {inner[:2] for _, inner in self._known.get(key[0], {})}
        for inner in self._grammar.brackets.values():
            for around, pointer in inner.around:
                if around != bracket.name:
                    continue
                for index, where in _places(payload, pointer, key, len(inner.key)):
                    if not known & {index, index[:1]}:
                        yield from self._unannounced(
                            inner.pieces, index, where, lookup(payload, where)
                        )

    def _unannounced(
        self, pieces: str | None, key: Key, pointer: str, value: Any
    ) -> Iterator[Fault]:
        """Whoever shows a text as it comes shows nothing of this one."""
        if isinstance(value, str) and value and key[:2] not in self._told:
            self._told.add(key[:2])
            yield pointer, f"is {len(value)} characters long, and no {pieces} came before"


def _places(payload: Any, pointer: str, key: Key, length: int) -> Iterator[tuple[Key, str]]:
    """Where a pointer leads to in an event, with the key of the text that stands there."""
    head, _, _ = pointer.partition(f"/{_INDEX}")
    if head == pointer:
        yield key[:length], pointer
        return
    found = lookup(payload, head)
    for index in range(len(found) if isinstance(found, list) else 0):
        yield (key[0], index), pointer.replace(_INDEX, str(index))


def _compare(whole: _Whole, pointer: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, str) and whole.partial:
        return
    if whole.pieces:
        joined = "".join(whole.pieces)
        begun = isinstance(value, str) and value.endswith(joined) and whole.partial
        whole.accepted.append(str(value) if begun else joined)
        whole.pieces.clear()
        whole.partial = False
    if not isinstance(value, str) or value in whole.accepted:
        return
    if whole.accepted:
        told = f"is not the text that came before: {_difference(whole.accepted[0], value)}"
        yield pointer, told
    # Accepted from here on: the same wrong text twice is one mistake.
    whole.accepted.append(value)


def _difference(before: str, after: str) -> str:
    pairs = enumerate(zip(before, after, strict=False))
    at = next((i for i, (one, other) in pairs if one != other), min(len(before), len(after)))
    return (
        f"at character {at}: {excerpt(before[at : at + 20])} became {excerpt(after[at : at + 20])}"
    )
