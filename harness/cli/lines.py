"""Lines of text for a person: in colour and wrapped on a terminal, plain and whole elsewhere."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Final

from harness.lines import visible
from harness.report.writing import print_text

__all__ = ["Line", "print_lines"]

#: A terminal narrower than this wraps by itself.
_NARROW: Final = 20

_STYLES: Final = {
    "": "",
    "additive": "cyan",
    "benign": "dim",
    "breaking": "bold red",
    "dim": "dim",
    "head": "bold",
    "name": "cyan",
    "risky": "yellow",
}


class Line:
    """Pieces of text, each by itself or with the name of its style.

    Attributes:
        pieces: (text, style).
        first: blanks before the line.
        indent: blanks before what does not fit into its first line.
    """

    def __init__(self, *pieces: str | tuple[str, str], first: int = 0, indent: int = 0) -> None:
        both = [(one, "") if isinstance(one, str) else one for one in pieces]
        self.pieces = [(visible(text), style) for text, style in both]
        self.first = first
        self.indent = indent

    @property
    def text(self) -> str:
        """The line without its styles."""
        return " " * self.first + "".join(text for text, _ in self.pieces)


def print_lines(lines: Iterable[Line]) -> None:
    """Print them on standard output."""
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        text = _coloured(lines, shutil.get_terminal_size().columns)
    else:
        text = "".join(f"{line.text.rstrip()}\n" for line in lines)
    print_text(text, "terminal")


def _coloured(lines: Iterable[Line], width: int) -> str:
    # 36 ms of import that a pipe need not pay for.
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=width, highlight=False, legacy_windows=False
    )
    for line in lines:
        # Never read as rich's markup: an example may hold brackets.
        text = Text(" " * line.first)
        for piece, style in line.pieces:
            text.append(piece, _STYLES[style])
        head, body = text[: line.indent], text[line.indent :]
        for part in body.wrap(console, max(width - line.indent, _NARROW)) or [body]:
            part.rstrip()
            console.print(Text.assemble(head, part), no_wrap=True, crop=False, overflow="ignore")
            head = Text(" " * line.indent)
    return out.getvalue()
