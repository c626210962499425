"""What every face of a report says, in the same words: groups, places, counts, the verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.drift.findings import ONCE, Finding, at_or_over
from harness.drift.rules import LEVELS, RULES
from harness.drift.waivers import WAIVER_RULES, Waived
from harness.exits import Exit
from harness.report import Known, Report
from harness.report.decide import exit_code

__all__ = [
    "Group",
    "counted",
    "cut",
    "details",
    "file_of",
    "first_step",
    "grouped",
    "harmless",
    "harmless_markup",
    "heading",
    "made_of",
    "mend_of",
    "set_aside",
    "summary",
    "verdict_of",
    "waived_line",
]

#: Places of one finding that are named; the others are counted.
_ALSO: Final = 5
#: The heading of what is wrong with the waivers, and not with what was looked at.
_WAIVERS: Final = "waivers"
#: Exit code → what it says, and the style of that.
_VERDICTS: Final[Mapping[Exit, tuple[str, str]]] = {
    Exit.DRIFT: ("drift", "drift"),
    Exit.QUARANTINED: ("quarantined", "quarantined"),
    Exit.UNCHECKED: ("unchecked", "unchecked"),
    Exit.NOTHING_RAN: ("unchecked", "unchecked"),
    Exit.USAGE: ("wrong use", "quarantined"),
}
_COMMAND: Final = re.compile(r"(?m)^([ \t]*)::")


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule at one level."""

    level: str
    rule: str
    findings: Sequence[Finding]

    @property
    def means(self) -> str:
        """What the rule says, in one line."""
        return RULES[self.rule].means if self.rule in RULES else ""

    @property
    def mend(self) -> str:
        """What to do about it, in one line."""
        return mend_of(self.rule)


def mend_of(rule: str) -> str:
    """What to do about findings of a rule, in one line."""
    return RULES[rule].mend if rule in RULES else ""


def grouped(findings: Iterable[Finding]) -> dict[str, list[Group]]:
    """Level → its rules, gravest level first, rules in the order that they were met.

    What is wrong with waivers has no level of its own; it stands below ``waivers``, last.
    """
    rules: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        level = _WAIVERS if one.rule in WAIVER_RULES else one.level
        rules.setdefault((level, one.rule), []).append(one)
    levels: dict[str, list[Group]] = {level: [] for level in (*LEVELS, _WAIVERS)}
    for (level, rule), members in rules.items():
        levels[level].append(Group(level, rule, members))
    return {level: groups for level, groups in levels.items() if groups}


def details(one: Finding) -> Iterator[tuple[str, str]]:
    """What else is known of a finding: names and values."""
    if one.evidence != ONCE:
        yield "seen", f"{one.evidence.seen} of {one.evidence.of}"
    if one.also:
        yield "also", _some(one.also)
    if one.explains:
        yield "explains", _some(one.explains)
    if one.where and one.probe:
        yield "at", one.where


def _some(places: Sequence[str]) -> str:
    rest = len(places) - _ALSO
    return ", ".join(places[:_ALSO]) + (f", and {rest} more" if rest > 0 else "")


def first_step(findings: Sequence[Finding]) -> str:
    """What to do first: the mend of the gravest, or ``""`` if there is nothing to do."""
    groups = [group for level in grouped(findings).values() for group in level]
    gravest = next((group for group in groups if group.mend), None)
    return f"{gravest.rule}: {gravest.mend}" if gravest else ""


def file_of(one: Finding, report: Report) -> tuple[str, int] | None:
    """The file and the line that a finding is about, if it is about a file.

    Files are named as they are below the root of the contract.
    """
    file, _, line = (one.where or "").rpartition(":")
    if file and line.isascii() and line.isdecimal() and int(line) > 0:
        return file, int(line)
    if one.where:
        return one.where, 1
    if report.probes is None or one.probe is None:
        return None
    folder = "probes" if one.rule.startswith("probe/") else "cassettes"
    return f"{folder}/{one.probe}.yaml", 1


def waived_line(one: Waived) -> str:
    """A finding that does not count, and why."""
    waiver = one.waiver
    return f"until {waiver.expires} ({waiver.owner}): {waiver.reason}"


def set_aside(report: Report) -> dict[str, list[tuple[Finding, str]]]:
    """What does not count, by the reason: the findings, each with a line that says why."""
    aside = {
        "waived": [(one.finding, waived_line(one)) for one in report.waived],
        "known": [(one.finding, _known_line(one)) for one in report.known],
        "flaky": [(one, "did not show each time it was asked") for one in report.flaky],
    }
    return {name: found for name, found in aside.items() if found}


def _known_line(one: Known) -> str:
    return f"known since {one.since}" if one.since else "known: an earlier report has it"


def heading(report: Report) -> str:
    """What was done: the command and what it looked at."""
    return f"codex-leg {report.command} {report.subject}".rstrip()


def verdict_of(report: Report) -> tuple[str, str]:
    """The verdict as the exit code has it, and the style (a word of the verdicts) to show it in."""
    code = exit_code(report)
    if code in _VERDICTS:
        return _VERDICTS[code]
    if report.findings:
        return "clean at this level", "clean"
    return report.verdict, report.verdict


def _found(report: Report) -> Iterator[str]:
    """How many findings there are of each level, and what is wrong with the waivers."""
    real = report.drift
    if report.waivers_to_mend:
        yield f"{counted(len(report.waivers_to_mend), 'waiver')} to mend"
    levels = Counter(one.level for one in real)
    found = ", ".join(f"{levels[level]} {level}" for level in LEVELS if levels[level])
    if real and not any(at_or_over(one.level, report.fail_on) for one in real):
        yield f"{counted(len(real), 'finding')} below {report.fail_on} ({found})"
    elif found or not _looked_nowhere(report):
        yield found or "no drift"


def _looked_nowhere(report: Report) -> bool:
    """Whether something could not be looked at, and nothing says that anything else could."""
    return bool(report.unchecked) and report.probes is None and not report.compared


def summary(report: Report) -> str:
    """The verdict in one line, without its first word."""
    parts = []
    if report.probes is not None:
        made = ", ".join(made_of(report))
        parts.append(counted(len(report.probes), "probe") + (f" ({made})" if made else ""))
    elif report.compared:
        parts.append(f"{counted(len(report.compared), 'comparison')}")
    parts += _found(report)
    parts += [
        f"{len(items)} {what}"
        for what, items in (
            ("not readable", report.quarantined),
            ("not looked at", report.unchecked),
            ("not compared", report.one_sided),
        )
        if items
    ]
    if report.waived:
        ends = min(one.waiver.expires for one in report.waived)
        parts.append(f"{len(report.waived)} waived (the first until {ends})")
    if report.known:
        parts.append(f"{len(report.known)} known already")
    if report.flaky:
        parts.append(f"{len(report.flaky)} flaky")
    if report.profile != "tolerant":
        parts.append(f"profile {report.profile}")
    if report.seconds is not None:
        parts.append(f"{report.seconds:.1f} s")
    return "; ".join(parts)


def made_of(report: Report) -> list[str]:
    """How many probes have a cassette of which kind."""
    kinds = Counter(row.provenance for row in report.probes or ())
    return [f"{count} {kind}" for kind, count in sorted(kinds.items())]


def counted(count: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def cut(text: str, limit: int) -> str:
    """Text of at most ``limit`` characters; what was cut says so."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def harmless(text: str) -> str:
    """Lines that GitHub's runner does not take for commands.

    It obeys a line that begins with ``::`` after spaces, and ``##[`` anywhere in a line
    (actions/runner, src/Runner.Common/ActionCommand.cs); answers are written by others.
    """
    return _COMMAND.sub(r"\1\\::", text.replace("##[", "##\\["))


def harmless_markup(text: str) -> str:
    """XML or HTML that says the same in lines that GitHub's runner does not take for commands."""
    return _COMMAND.sub(r"\1&#58;:", text.replace("##[", "##&#91;"))
