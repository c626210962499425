"""The faces of a report: a terminal with colour, plain text without, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from harness.drift.findings import Finding
from harness.lines import visible
from harness.report import ProbeRow, Report

__all__ = ["FACES", "show"]

_COLOURS: Final = {
    "breaking": "bold red",
    "risky": "yellow",
    "additive": "cyan",
    "benign": "dim",
    "clean": "green",
    "drift": "bold red",
    "unchecked": "yellow",
    "quarantined": "yellow",
}


def show(report: Report, face: str) -> None:
    """Print a report on standard output."""
    FACES[face](report)


def _print(text: str = "") -> None:
    """Print what the terminal can show; what it cannot encode is spelt out."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _json(report: Report) -> None:
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2)
    # JSON itself escapes only half of what a terminal obeys, and no lone surrogate.
    print("".join(c if _is_safe(c) else json.dumps(c)[1:-1] for c in text))


def _is_safe(character: str) -> bool:
    if character.isascii():
        return character.isprintable() or character == "\n"
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return character.isprintable() and encoding.lower().replace("-", "") == "utf8"


def _terminal(report: Report) -> None:
    # A pipe or a CI log gets the same words without colour, padding or borders drawn with boxes.
    paint = _painter()
    if report.probes:
        _table(report.probes, paint)
    for one in report.findings:
        _finding(one, paint)
    for left in report.unchecked:
        _print(f"{paint('unchecked', 'unchecked')}  {visible(left.what)}: {visible(left.why)}")
    if report.findings or report.unchecked:
        _print()
    _print(_summary(report, paint))


Paint = Callable[[str, str], str]


def _painter() -> Paint:
    if not sys.stdout.isatty():
        return lambda text, _: text
    from rich.style import Style  # noqa: PLC0415 — a pipe need not pay for it

    return lambda text, name: Style.parse(_COLOURS[name]).render(text)


def _table(rows: Sequence[ProbeRow], paint: Paint) -> None:
    header = ("PROBE", "OUTCOME", "PROVENANCE", "DRIFT")
    cells = [(row.id, visible(row.outcome), row.provenance, _drift(row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for line in (header, *cells):
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        if line is not header:
            name = "clean" if line[3] == "none" else "unchecked" if line[3] == "?" else "drift"
            padded[3] = paint(line[3], name)
        _print("  ".join(padded).rstrip())
    _print()


def _drift(row: ProbeRow) -> str:
    if row.verdict == "unchecked":
        return "?"
    return f"{row.drift} finding{'s' * (row.drift > 1)}" if row.drift else "none"


def _finding(one: Finding, paint: Paint) -> None:
    place = " ".join(part for part in (one.event, one.pointer) if part)
    who = one.probe or one.where or one.surface
    line = visible(f"{who}  {one.rule}  {place}".rstrip())
    _print(f"{paint(one.level, one.level)}  {line}")
    where = f" ({one.where})" if one.where and one.probe else ""
    _print(f"    {visible(one.message + where)}")


def _summary(report: Report, paint: Paint) -> str:
    parts = []
    if report.probes is not None:
        kinds = Counter(row.provenance for row in report.probes)
        made = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        count = len(report.probes)
        parts.append(f"{count} probe{'s' * (count != 1)}" + (f" ({made})" if made else ""))
    levels = Counter(one.level for one in report.findings)
    found = ", ".join(f"{levels[level]} {level}" for level in _COLOURS if levels[level])
    parts.append(found or "no drift")
    if report.unchecked:
        parts.append(f"{len(report.unchecked)} not looked at")
    if report.seconds is not None:
        parts.append(f"{report.seconds:.1f} s")
    return f"{paint(report.verdict, report.verdict)}: {'; '.join(parts)}"


#: Face → what prints it.
FACES: Final[Mapping[str, Callable[[Report], None]]] = {"terminal": _terminal, "json": _json}
