"""On which line of a file it stands: tells the place (``file:line``) of what a check is about.

A check names an event and a pointer into it; of what is no event, the pointer begins with ``/body``
or ``/header``, and that of a request with ``/request``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from harness.contract import Interaction, YamlLines
from harness.exchange import Event
from harness.lines import line_of_pointer

__all__ = ["REQUEST", "Locate", "in_cassette", "in_event", "in_json", "in_stream", "nowhere"]

#: Tells the place of a pointer in an event, or outside of events (``None``).
Locate = Callable[[Event | None, str], str | None]

#: What stands before a pointer into a request.
REQUEST: Final = "/request"
_BODY: Final = "/body"
_HEADER: Final = "/header"


def nowhere(_event: Event | None, _pointer: str) -> None:
    """No file, no place."""


def in_stream(name: str) -> Locate:
    """Of a file that is a stream, or has an event a line."""
    return lambda event, _: f"{name}:{event.line if event else 1}"


def in_json(name: str, text: str) -> Locate:
    """Of a file that is one body."""
    return lambda _, pointer: f"{name}:{line_of_pointer(text, pointer.removeprefix(_BODY))}"


def in_event(name: str, text: str) -> Locate:
    """Of a file that is one event."""
    return lambda _, pointer: f"{name}:{line_of_pointer(text, pointer)}"


def in_cassette(name: str, lines: YamlLines, index: int, interaction: Interaction) -> Locate:
    """Of the exchange of this index in a cassette."""
    root = ("interactions", index)
    line, is_block = lines.of((*root, "response", "body", "string"))

    @cache
    def frame(number: int) -> int:
        return lines.of((*root, "frames", number - 1, "text"))[0]

    def of_event(event: Event) -> int:
        if interaction.frames:
            return frame(event.line)
        return line - 1 + event.line if is_block else line

    def outside(pointer: str) -> int:
        if pointer.startswith(REQUEST):
            return lines.of((*root, *pointer.split("/")[1:3]))[0]
        if pointer.startswith(_HEADER):
            return lines.of((*root, "response", "headers", *pointer.split("/")[2:]))[0]
        if pointer.startswith(_BODY) and is_block and isinstance(interaction.body, str):
            text = interaction.body
            return line - 1 + _line_in(text, pointer.removeprefix(_BODY))
        return line

    return lambda event, pointer: f"{name}:{of_event(event) if event else outside(pointer)}"


def _line_in(text: str, pointer: str) -> int:
    """The line of a place in a body, which need not be JSON."""
    try:
        return line_of_pointer(text, pointer)
    except (ValueError, IndexError, RecursionError):
        return 1
