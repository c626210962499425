"""The report for a person: lines in colour on a terminal, the same words without it elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from harness.drift.findings import Finding, Unchecked
from harness.drift.waivers import place_of
from harness.lines import visible
from harness.report import ProbeRow, Report
from harness.report.left import by_reason
from harness.report.words import (
    Group,
    counted,
    cut,
    details,
    first_step,
    grouped,
    harmless,
    set_aside,
    summary,
    verdict_of,
)

__all__ = ["MAX_OF_A_RULE", "all_lines", "as_terminal"]

#: Findings of one rule that are listed; a thousand lines of one kind hide the line of another.
MAX_OF_A_RULE: Final = 50

#: A terminal narrower than this wraps by itself.
_NARROW: Final = 20
_MAX_OUTCOME: Final = 40

_STYLES: Final = {
    "breaking": "bold red",
    "risky": "yellow",
    "additive": "cyan",
    "benign": "dim",
    "waivers": "bold yellow",
    "clean": "bold green",
    "drift": "bold red",
    "unchecked": "bold yellow",
    "quarantined": "bold yellow",
    "waived": "dim",
    "not compared": "dim",
    "known": "dim",
    "flaky": "bold yellow",
    "rule": "bold",
    "dim": "dim",
    "": "",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """Pieces of text with the names of their styles."""

    pieces: tuple[tuple[str, str], ...] = ()
    indent: int = 0

    @property
    def text(self) -> str:
        return " " * self.indent + "".join(text for text, _ in self.pieces)


def _line(*pieces: str | tuple[str, str], indent: int = 0) -> _Line:
    both = [(one, "") if isinstance(one, str) else one for one in pieces]
    return _Line(tuple((visible(text), style) for text, style in both), indent)


def as_terminal(report: Report, *, width: int | None = None) -> str:
    """The report as lines; with ``width`` for a terminal that is so wide, in colour and wrapped."""
    lines = list(_lines(report))
    if width is not None:
        return _coloured(lines, width)
    return harmless("".join(f"{line.text.rstrip()}\n" for line in lines))


def all_lines(report: Report) -> str:
    """The same lines without the verdict, and without leaving out what is there many times.

    Empty if there is nothing to list.
    """
    *lines, _verdict = _lines(report, None)
    return "".join(f"{line.text.rstrip()}\n" for line in lines)


def _coloured(lines: Iterable[_Line], width: int) -> str:
    # 36 ms of import that a pipe need not pay for.
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=width, highlight=False, legacy_windows=False
    )
    for line in lines:
        # Texts are never read as rich's markup: an answer may hold some.
        text = Text.assemble(*((piece, _STYLES[style]) for piece, style in line.pieces))
        for part in text.wrap(console, max(width - line.indent, _NARROW)) or [text]:
            part.rstrip()
            console.print(Text(" " * line.indent) + part, soft_wrap=True)
    return out.getvalue()


def _lines(report: Report, limit: int | None = MAX_OF_A_RULE) -> Iterator[_Line]:
    """All lines, the verdict last; of each kind at most ``limit``."""
    if report.probes:
        yield from _table(report.probes)
    for level, groups in grouped(report.findings).items():
        count = sum(len(group.findings) for group in groups)
        yield _line((level.upper(), level), f"  {counted(count, 'finding')}")
        for group in groups:
            yield from _group(group, limit)
        yield _line()
    yield from _left("quarantined", "could not be read", report.quarantined, limit)
    yield from _left("unchecked", "could not be looked at", report.unchecked, limit)
    yield from _left("not compared", "left out, and why", report.one_sided, limit)
    for name, aside in set_aside(report).items():
        yield _line((name.upper(), name), f"  {counted(len(aside), 'finding')}")
        for found, why in aside:
            place = f"{found.rule}  {place_of(found)}"
            yield _line((place, "dim"), f"  {why}", indent=2)
        yield _line()
    first = first_step(report.findings)
    if first:
        yield _line(("first: ", "rule"), first)
    yield _line(verdict_of(report), f": {summary(report)}")


def _group(group: Group, limit: int | None) -> Iterator[_Line]:
    yield _line((group.rule, "rule"), f": {group.means}" if group.means else "", indent=2)
    for one in islice(group.findings, limit):
        yield from _finding(one)
    more = 0 if limit is None else len(group.findings) - limit
    if more > 0:
        yield _line((f"{more} more; --format json has all of them", "unchecked"), indent=4)
    if group.mend:
        yield _line((f"mend: {group.mend}", "dim"), indent=4)
    yield _line((f"more: codex-leg explain {group.rule}", "dim"), indent=4)


def _finding(one: Finding) -> Iterator[_Line]:
    who = one.probe or one.where
    yield _line((f"{who}  " if who else "", "rule"), place_of(one), indent=4)
    yield _line(one.message, indent=6)
    known = [f"{name} {value}" for name, value in details(one)]
    if known:
        yield _line(("; ".join(known), "dim"), indent=6)


def _left(name: str, what: str, items: Sequence[Unchecked], limit: int | None) -> Iterator[_Line]:
    if items:
        yield _line((name.upper(), name), f"  {len(items)} {what}")
        reasons = by_reason(items)
        for one in reasons[:limit]:
            yield _line(str(one), indent=2)
        more = 0 if limit is None else sum(one.count for one in reasons[limit:])
        if more > 0:
            yield _line((f"{more} more; --format json has all of them", "unchecked"), indent=2)
        yield _line()


def _table(rows: Sequence[ProbeRow]) -> Iterator[_Line]:
    header = ("PROBE", "OUTCOME", "PROVENANCE", "DRIFT")
    cells = [
        (row.id, cut(visible(row.outcome), _MAX_OUTCOME), row.provenance, _drift(row))
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for row, line in zip((None, *rows), (header, *cells), strict=True):
        *most, last = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        style = ("rule", "rule") if row is None else ("", row.verdict)
        yield _line(("  ".join([*most, ""]), style[0]), (last.rstrip(), style[1]))
    yield _line()


def _drift(row: ProbeRow) -> str:
    if row.verdict == "unchecked":
        return "?"
    return counted(row.drift, "finding") if row.drift else "none"
