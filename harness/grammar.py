"""The grammar of a stream, read from an ``order.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

__all__ = ["Bracket", "Grammar", "lookup"]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Something that is opened, filled and closed; see ``schemas/order.schema.json``."""

    name: str
    closes: str
    key: tuple[str, ...]
    opens: str | None = None
    pieces: str | None = None
    inside: str | None = None
    piece: str = ""
    done: str = ""
    around: tuple[tuple[str, str], ...] = ()
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grammar:
    """An ``order.json``, ready to be used."""

    first: frozenset[str]
    terminals: frozenset[str]
    complete: frozenset[str]
    singletons: frozenset[str]
    anywhere: frozenset[str]
    anywhere_prefixes: tuple[str, ...]
    sequence: tuple[str, int, int]
    error: str
    error_ends_with: tuple[str, ...]
    brackets: Mapping[str, Bracket]
    roles: Mapping[str, tuple[Bracket, str]]
    output: tuple[str, str, str, str | None]
    constant: tuple[str, ...] = ()
    place: tuple[str, tuple[str, ...]] = ("", ())
    #: Bracket → the members of its pieces that say where they belong.
    places_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Grammar:
        """Read a document that is valid under ``order.schema.json``."""
        brackets = {one["name"]: _bracket(one) for one in data["brackets"]}
        roles: dict[str, tuple[Bracket, str]] = {}
        for bracket in brackets.values():
            for role in ("opens", "pieces", "closes"):
                if getattr(bracket, role) is not None:
                    roles[getattr(bracket, role)] = (bracket, role)
        anywhere = data["anywhere"]
        sequence, output, place = data["sequence"], data["output"], data.get("place", {})
        constant = tuple(data.get("constant", ()))
        at = (place.get("pointer", ""), tuple(place.get("of", ())))
        return cls(
            first=frozenset(data["first"]),
            terminals=frozenset(data["terminals"]),
            complete=frozenset(data["complete"]),
            singletons=frozenset(data["singletons"]),
            anywhere=frozenset(anywhere),
            anywhere_prefixes=tuple(one[:-1] for one in anywhere if one.endswith("*")),
            sequence=(sequence["pointer"], sequence["base"], sequence["step"]),
            error=data["error"]["type"],
            error_ends_with=tuple(data["error"]["ends_with"]),
            brackets=brackets,
            roles=roles,
            output=(output["pointer"], output["bracket"], output["value"], output.get("order")),
            constant=constant,
            place=at,
            places_of={
                one.name: _members(*one.key, *constant, at[0], *at[1])
                for one in brackets.values()
                if one.pieces is not None
            },
        )

    @property
    def number(self) -> str | None:
        """The member of an event that its number is; ``None`` if it lies deeper."""
        tokens = _tokens(self.sequence[0])
        return tokens[0] if len(tokens) == 1 else None

    def is_free(self, kind: str) -> bool:
        """Whether a type may come anywhere: named as such, or not named at all."""
        if kind in self.anywhere or kind.startswith(self.anywhere_prefixes):
            return True
        named = kind in self.first or kind in self.terminals or kind in self.singletons
        return not named and kind not in self.roles


def _members(*pointers: str) -> tuple[str, ...]:
    """The members of a value that pointers lead into."""
    return tuple(dict.fromkeys(_tokens(one)[0] for one in pointers if one))


def _bracket(data: Mapping[str, Any]) -> Bracket:
    whole = data.get("whole", {})
    return Bracket(
        name=data["name"],
        closes=data["closes"],
        key=tuple(data["key"]),
        opens=data.get("opens"),
        pieces=data.get("pieces"),
        inside=data.get("inside"),
        piece=whole.get("piece", ""),
        done=whole.get("done", ""),
        around=tuple((one["bracket"], one["pointer"]) for one in whole.get("around", ())),
        same=tuple(data.get("same", ())),
    )


def lookup(value: Any, pointer: str) -> Any:
    """What stands at a JSON pointer, or ``None``: an absent value decides nothing here."""
    for token in _tokens(pointer):
        if value.__class__ is dict:  # JSON has no subclasses, and this is asked of every event
            value = value.get(token)
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            return None
    return value


@lru_cache(maxsize=4096)
def _tokens(pointer: str) -> tuple[str, ...]:
    """The parts of a pointer; the same few are asked of every event."""
    parts = pointer.split("/")[1:]
    return tuple(one.replace("~1", "/").replace("~0", "~") for one in parts)
