"""The report as annotations of a GitHub workflow.

What GitHub shows is limited: 10 annotations of a level in a step, 50 in a job; the rest vanishes
without a word (github.com/orgs/community/discussions/26680, zizmorcore/zizmor#634). So this stays
below both, says how many more there are, and lists all of them as plain lines of the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.drift.findings import Finding, Unchecked
from harness.drift.waivers import WAIVER_RULES, place_of
from harness.lines import visible
from harness.report import Report
from harness.report.as_terminal import all_lines
from harness.report.left import by_reason
from harness.report.words import (
    cut,
    details,
    file_of,
    harmless,
    heading,
    mend_of,
    summary,
    verdict_of,
)

__all__ = ["LIMITS", "as_github"]

#: Level of GitHub's → how many annotations of it one run writes: 25 in all, so that two runs in one
#: job stay below 50.
LIMITS: Final = {"error": 10, "warning": 10, "notice": 5}

#: Benign findings are recorded: they stand in the log, and are annotated nowhere.
_LEVELS: Final = {"error": "breaking", "warning": "risky", "notice": "additive"}
_MAX_TEXT: Final = 2000
#: The name of the group that lists all, and where to find it.
_ALL: Final = "codex-leg: the whole report"
_IN_LOG: Final = f'the log of this step lists them, in the group "{_ALL}"'
#: Reasons for which something was left that one annotation holds.
_NAMED: Final = 10


def as_github(report: Report) -> str:
    """Workflow commands, at most ``LIMITS`` of each level; all findings; and the verdict.

    GitHub shows the commands as annotations. All findings stand in one group of lines of the log.
    """
    lines: list[str] = []
    for command, level in _LEVELS.items():
        found = [one for one in report.findings if one.level == level]
        head = list(_left_over(command, report))
        room = LIMITS[command] - len(head)
        # One place is for saying that there are more.
        shown = found if len(found) <= room else found[: room - 1]
        lines += head
        lines += [_annotation(command, one, report) for one in shown]
        if len(shown) < len(found):
            more = f"{len(found) - len(shown)} more {level} findings; {_IN_LOG}"
            lines.append(_command(command, {"title": heading(report)}, more))
    verdict = f"{verdict_of(report)[0]}: {summary(report)}"
    commands = "".join(f"{line}\n" for line in lines)
    return f"{commands}{_log_of(report)}{harmless(visible(verdict))}\n"


def _log_of(report: Report) -> str:
    """All that was found, as a person reads it, in a group that the log folds; ``""`` if none."""
    said = all_lines(report)
    return f"::group::{_ALL}\n{harmless(said)}::endgroup::\n" if said else ""


def _left_over(command: str, report: Report) -> Iterator[str]:
    """One annotation for all that was not looked at: it is never to be crowded out."""
    for level, what, items in (
        ("error", "could not be read", report.quarantined),
        ("error", "could not be looked at", report.unchecked),
        ("notice", "not compared", report.one_sided),
    ):
        if items and level == command:
            yield _command(command, {"title": f"{len(items)} {what}"}, _names(items))


def _names(items: Sequence[Unchecked]) -> str:
    reasons = by_reason(items)
    named = "; ".join(map(str, reasons[:_NAMED]))
    more = sum(one.count for one in reasons[_NAMED:])
    return f"{named}; {more} more" if more > 0 else named


def _annotation(command: str, one: Finding, report: Report) -> str:
    place = file_of(one, report)
    known = {} if place is None else {"file": place[0], "line": str(place[1])}
    who = f" ({one.probe})" if one.probe else ""
    mend = mend_of(one.rule)
    lines = [f"{cut(one.message, _MAX_TEXT)}{who}", place_of(one)]
    lines += [f"{name} {cut(value, _MAX_TEXT)}" for name, value in details(one) if name != "at"]
    lines += [f"mend: {mend}"] if mend else []
    title = one.rule if one.rule in WAIVER_RULES else f"{one.level}: {one.rule}"
    return _command(command, {**known, "title": title}, *lines)


def _command(command: str, properties: dict[str, str], *lines: str) -> str:
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {said}::{_data(chr(10).join(map(visible, lines)))}"


def _data(text: str) -> str:
    coded = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return harmless(coded)


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
