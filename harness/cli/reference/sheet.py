"""A table for a terminal, a pipe, a Markdown page."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from harness.lines import visible
from harness.report.writing import print_text

__all__ = ["Sheet", "print_sheet"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is to be shown.

    Attributes:
        title: above it.
        columns: their heads.
        rows: their cells.
        notes: lines below it.
        grave: which rows are to catch the eye, by number.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    grave: frozenset[int] = frozenset()


def print_sheet(sheet: Sheet, face: str) -> None:
    """Print it: ``terminal`` (in colour on one, plain elsewhere) or ``markdown``."""
    if face == "markdown":
        print_text(_markdown(sheet), "markdown")
    elif sys.stdout.isatty():
        print_text(_coloured(sheet), "terminal")
    else:
        print_text(_plain(sheet), "terminal")


def _markdown(sheet: Sheet) -> str:
    lines = [f"## {sheet.title}", ""]
    if sheet.rows:
        lines += [_bars(sheet.columns), _bars(["---"] * len(sheet.columns))]
        lines += [_bars([visible(cell) for cell in row]) for row in sheet.rows]
        lines.append("")
    lines += [f"- {visible(note)}" for note in sheet.notes]
    return "\n".join(lines).rstrip() + "\n"


def _bars(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _plain(sheet: Sheet) -> str:
    """One line a row, so that it can be searched by line."""
    table = [[visible(cell) for cell in row] for row in (sheet.columns, *sheet.rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = [sheet.title, ""]
    if sheet.rows:
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        lines.append("")
    lines += [visible(note) for note in sheet.notes]
    return "\n".join(lines).rstrip() + "\n"


def _coloured(sheet: Sheet) -> str:
    # A pipe need not pay for the import.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out = io.StringIO()
    width = shutil.get_terminal_size().columns
    console = Console(file=out, force_terminal=True, width=width, highlight=False)
    console.print(Text(sheet.title, style="bold"))
    if sheet.rows:
        table = Table(show_edge=False, pad_edge=False, header_style="dim")
        for column in sheet.columns:
            table.add_column(column, overflow="fold")
        for number, row in enumerate(sheet.rows):
            style = "red" if number in sheet.grave else ""
            # Never read as rich's markup.
            table.add_row(*(Text(visible(cell)) for cell in row), style=style)
        console.print(table)
    for note in sheet.notes:
        console.print(Text(visible(note)))
    return out.getvalue()
