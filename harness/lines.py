"""What a person reads: the line of a place in JSON, and text that no terminal acts upon."""

from __future__ import annotations

import json
import re

__all__ = ["line_of_pointer", "visible"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def visible(text: str) -> str:
    """Text for one line of a terminal: what would act on it instead of being shown is spelt out.

    Answers are written by others, and an escape sequence in one of them is a command.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def line_of_pointer(text: str, pointer: str) -> int:
    """The line, counted from 1, on which the value at ``pointer`` begins.

    ``text`` is valid JSON. Of a value that is not there, the line of what is around it.
    """
    at = _skip(text, 0)
    for token in pointer.split("/")[1:]:
        below = _below(text, at, token.replace("~1", "/").replace("~0", "~"))
        if below is None:
            break
        at = below
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _below(text: str, at: int, token: str) -> int | None:
    """Where the value of a key, or the item of a number, begins in the value at ``at``."""
    closing = {"{": "}", "[": "]"}.get(text[at])
    if closing is None:
        return None
    index = 0
    inner = _skip(text, at + 1)
    while text[inner] != closing:
        name = str(index)
        if closing == "}":
            name, inner = _DECODER.raw_decode(text, inner)
            inner = _skip(text, _skip(text, inner) + 1)
        if name == token:
            return inner
        _, inner = _DECODER.raw_decode(text, inner)
        inner = _skip(text, inner)
        if text[inner] == ",":
            inner = _skip(text, inner + 1)
        index += 1
    return None
