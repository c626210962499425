"""The report as Markdown, for ``$GITHUB_STEP_SUMMARY``, an issue or a chat.

Everything that others wrote stands in code spans: nothing in them is a link, a mention, HTML or a
cell's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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

__all__ = ["MAX_BYTES", "as_markdown", "code_span"]

#: GitHub refuses a step's summary of more than 1 MiB, and all of it is lost then.
MAX_BYTES: Final = 1_000_000

#: What is kept for saying how much does not fit.
_RESERVE: Final = 500
_MAX_TEXT: Final = 1000
_BACKTICKS: Final = re.compile(r"`+")

#: A piece of the document, and how many findings (or probes) it tells of.
_Block = tuple[str, int]


def as_markdown(report: Report, *, max_bytes: int = MAX_BYTES) -> str:
    """The report in at most ``max_bytes`` bytes of UTF-8; it says how much does not fit."""
    written: list[str] = []
    size, left = 0, 0
    for text, count in _blocks(report):
        block = harmless(text)
        length = len(block.encode())
        # Once one does not fit, none does: what is missing is the end, not holes.
        if left or size + length > max_bytes - _RESERVE:
            left += count
            continue
        size += length
        written.append(block)
    if left:
        written.append(f"\n**{left} more** do not fit here; `--format json` has all of them.\n")
    return "".join(written)


def _blocks(report: Report) -> Iterator[_Block]:
    verdict, _ = verdict_of(report)
    yield f"## {code_span(f'codex-leg {report.command}')}: {verdict}\n\n", 0
    if report.subject:
        yield f"{code_span(report.subject)}\n\n", 0
    yield f"**{verdict}**: {summary(report)}\n", 0
    first = first_step(report.findings)
    if first:
        yield f"\nFirst: {code_span(first)}\n", 0
    yield from _left("Could not be read", report.quarantined)
    yield from _left("Could not be looked at", report.unchecked)
    yield from _left("Not compared", report.one_sided)
    for level, groups in grouped(report.findings).items():
        count = sum(len(group.findings) for group in groups)
        yield f"\n### {level} ({count})\n", 0
        for group in groups:
            yield from _group(group)
    for name, aside in set_aside(report).items():
        yield f"\n### {name} ({len(aside)})\n\n", 0
        for found, why in aside:
            yield f"- {code_span(f'{found.rule} {place_of(found)}')}: {code_span(why)}\n", 1
    if report.probes:
        yield from _table(report.probes)


def _group(group: Group) -> Iterator[_Block]:
    yield f"\n**{code_span(group.rule)}** {group.means}\n\n", 0
    for one in group.findings:
        yield _finding(one), 1
    mend = f"Mend: {group.mend}. " if group.mend else ""
    yield f"\n{mend}More: {code_span(f'codex-leg explain {group.rule}')}\n", 0


def _finding(one: Finding) -> str:
    who = one.probe or one.where
    told = f" in {code_span(who)}" if who else ""
    known = "; ".join(f"{name} {code_span(value)}" for name, value in details(one))
    more = f"<br>{known}" if known else ""
    return f"- {code_span(place_of(one))}{told}<br>{code_span(one.message)}{more}\n"


def _left(what: str, items: Sequence[Unchecked]) -> Iterator[_Block]:
    if items:
        yield f"\n### {what} ({len(items)})\n\n", 0
        for one in by_reason(items):
            names = ", ".join(map(code_span, one.names)) + (f", {one.rest}" if one.more else "")
            told = f"{names}: {code_span(one.why)}"
            if one.count > 1:
                told = f"{code_span(one.why)} ({one.count}): {names}"
            yield f"- {told}\n", one.count


def _table(rows: Sequence[ProbeRow]) -> Iterator[_Block]:
    # What is not clean comes first: the rest may not fit, and is not what one looks for.
    ordered = sorted(rows, key=lambda row: row.verdict == "clean")
    yield f"\n<details><summary>{counted(len(rows), 'probe')}</summary>\n\n", 0
    yield "| probe | outcome | provenance | drift |\n| --- | --- | --- | --- |\n", 0
    for row in ordered:
        cells = (row.id, row.outcome, row.provenance, f"{row.verdict} ({row.drift})")
        yield f"| {' | '.join(map(_cell, cells))} |\n", 1
    yield "\n</details>\n", 0


def _cell(text: str) -> str:
    # In a table a bar ends the cell, in a code span too; escaped it is a bar again.
    return code_span(text).replace("|", "\\|")


def code_span(text: str) -> str:
    """A code span around any text: the fence is longer than what is inside."""
    shown = cut(visible(text), _MAX_TEXT) or " "
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(shown)), default=0))
    pad = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
