"""The canonical form of a shape: what is stored, reviewed by people, and compared.

``{"format", "surface", "request": {pointer: field}, "response": {pointer: field},
"sequences": [[event, …], …], "events": {event: {pointer: field}}}``, all of it sorted. A field is
one line: ``null | text``, ``"completed"``, ``? id(msg_)`` (the question mark: not always there).
Where there is something to say: ``"refusal"`` (what all of them refused with), and of WebSockets
``"sent": [[type, …], …]``, the frames of the client, whose fields are those of the request below
``/frame/TYPE``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "ANY_KEY",
    "FORM",
    "FORMAT",
    "Field",
    "Fields",
    "Snapshot",
    "escape",
    "lines",
    "parent_of",
    "parse_field",
    "unescape",
]

FORMAT: Final = "codex-leg/shape/1"

#: The part of a pointer for any value of a map. That for any item begins with a bracket.
ANY_KEY: Final = "{}"
#: The atom of a body that is a form; its fields lie below it as those of an object do.
FORM: Final = "form"

Snapshot = Mapping[str, Any]

_ATOM = re.compile(r'~?"(?:[^"\\]|\\.)*"|[^|"~\s][^|"]*')


@dataclass(frozen=True, slots=True)
class Field:
    """What is known about the value at one place: its atoms, and whether it is always there."""

    atoms: frozenset[str]
    always: bool = True

    def __str__(self) -> str:
        text = " | ".join(sorted(self.atoms))
        return text if self.always else f"? {text}"


Fields = Mapping[str, Field]


def parse_field(text: str) -> Field:
    """The field behind its line."""
    always = not text.startswith("? ")
    atoms = (atom.strip() for atom in _ATOM.findall(text if always else text[2:]))
    return Field(frozenset(atom for atom in atoms if atom), always)


def escape(token: str) -> str:
    """A key as a part of a pointer. A bracket at its start is no "any item"."""
    text = token.replace("~", "~0").replace("/", "~1")
    return f"~2{text}" if text[:1] in ("[", "{") else text


def unescape(token: str) -> str:
    """The key behind a part of a pointer, or the type behind the part of an item."""
    return token.removeprefix("~2").replace("~1", "/").replace("~0", "~")


def parent_of(pointer: str) -> str:
    """The pointer without its last part."""
    return pointer.rpartition("/")[0]


def lines(fields: Iterable[tuple[str, Field]]) -> dict[str, str]:
    """Fields as they are stored: one line each, sorted by pointer."""
    return {pointer: str(field) for pointer, field in sorted(fields)}
