"""The report as JUnit XML: a case for everything that was looked at, also for what is as it was.

After the schema that Jenkins reads (jenkinsci/xunit-plugin, junit-10.xsd). What could not be looked
at is an ``error``, never ``skipped``: that would be shown as if it did not matter. Jenkins keeps
one failure of a case, so all findings of a case are in one.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from harness.drift.findings import Finding, Unchecked, at_or_over
from harness.drift.waivers import WAIVER_RULES, place_of
from harness.lines import visible
from harness.report import Report
from harness.report.words import (
    counted,
    cut,
    details,
    harmless_markup,
    heading,
    mend_of,
    set_aside,
)
from leg._version import __version__

__all__ = ["as_junit"]

_MAX_TEXT: Final = 500
#: What only one of two sides has: nothing that could not be looked at.
_NOT_COMPARED: Final = "not compared"


@dataclass(slots=True)
class _Case:
    """One thing that was looked at, and what came of it."""

    suite: str
    name: str
    findings: list[Finding] = field(default_factory=list)
    left: list[tuple[str, Unchecked]] = field(default_factory=list)
    aside: list[tuple[str, Finding, str]] = field(default_factory=list)


def as_junit(report: Report) -> str:
    """The report as one ``testsuites`` document."""
    suites: dict[str, list[ET.Element]] = {}
    for case in _cases(report).values():
        suites.setdefault(case.suite, []).append(_case(case, report))
    root = ET.Element("testsuites", {"name": visible(heading(report))})
    for name, cases in suites.items():
        suite = ET.SubElement(root, "testsuite", {"name": visible(name), **_counts(cases)})
        if report.made is not None:
            suite.set("timestamp", report.made.strftime("%Y-%m-%dT%H:%M:%S"))
        properties = ET.SubElement(suite, "properties")
        for key, value in _properties(report):
            ET.SubElement(properties, "property", {"name": key, "value": value})
        suite.extend(cases)
    totals = _counts([case for cases in suites.values() for case in cases])
    root.attrib |= {key: value for key, value in totals.items() if key != "skipped"}
    if report.seconds is not None:
        root.set("time", f"{report.seconds:.3f}")
    ET.indent(root)
    text = harmless_markup(ET.tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "codex-leg", __version__
    yield "profile", report.profile
    yield "fail-on", report.fail_on


def _cases(report: Report) -> dict[str, _Case]:
    """Every case by its name, in the order that they were looked at."""
    known = {row.id: _Case(row.id.rpartition("/")[0] or "probes", row.id)
             for row in report.probes or ()}  # fmt: skip
    known |= {name: _Case(report.command, name) for name in report.compared}
    if not known:
        whole = report.subject or report.command
        known[whole] = _Case(report.command, whole)
    alone = next(iter(known)) if len(known) == 1 else None

    def case(name: str | None, suite: str, else_name: str) -> _Case:
        if name in known:
            return known[name]
        if alone is not None and suite == report.command:
            return known[alone]
        return known.setdefault(f"{suite}: {else_name}", _Case(suite, else_name))

    for one in report.findings:
        if one.rule in WAIVER_RULES:
            case(None, "waivers", one.where or one.rule).findings.append(one)
        else:
            case(one.probe, report.command, one.surface).findings.append(one)
    for why, left in _left(report):
        suite = report.command if left.what in known else why
        case(left.what, suite, left.what).left.append((why, left))
    aside = [(name, *one) for name, found in set_aside(report).items() for one in found]
    for name, gone, why in aside:
        case(gone.probe, report.command, gone.surface).aside.append((name, gone, why))
    return known


def _left(report: Report) -> Iterator[tuple[str, Unchecked]]:
    """What was not looked at, with the reason."""
    yield from (("quarantined", one) for one in report.quarantined)
    yield from (("unchecked", one) for one in report.unchecked)
    yield from ((_NOT_COMPARED, one) for one in report.one_sided)


def _counts(cases: list[ET.Element]) -> dict[str, str]:
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors),
            "skipped": str(skipped)}  # fmt: skip


def _case(case: _Case, report: Report) -> ET.Element:
    element = ET.Element("testcase", {"classname": visible(case.suite), "name": visible(case.name)})
    grave = [one for one in case.findings if at_or_over(one.level, report.fail_on)]
    mild = [one for one in case.findings if not at_or_over(one.level, report.fail_on)]
    left = [f"{why}: {visible(one.what)}: {visible(one.why)}" for why, one in case.left]
    if grave:
        rules = ", ".join(dict.fromkeys(one.rule for one in grave))
        told = [line for one in grave for line in _told(one)] + left
        message = f"{counted(len(grave), 'finding')}: {rules}"
        _outcome(element, "failure", grave[0].rule, message, told)
    elif left and all(why == _NOT_COMPARED for why, _ in case.left):
        ET.SubElement(element, "skipped", {"message": cut(left[0], _MAX_TEXT)})
    elif left:
        _outcome(element, "error", case.left[0][0], left[0], left)
    said = [line for one in mild for line in _told(one)]
    said += [visible(f"{name} {one.rule} {place_of(one)} {why}") for name, one, why in case.aside]
    if said:
        ET.SubElement(element, "system-out").text = "\n".join(said)
    return element


def _outcome(element: ET.Element, tag: str, kind: str, message: str, lines: list[str]) -> None:
    attributes = {"type": visible(kind), "message": cut(visible(message), _MAX_TEXT)}
    ET.SubElement(element, tag, attributes).text = "\n".join(lines)


def _told(one: Finding) -> Iterator[str]:
    yield visible(f"{one.level} {one.rule}: {place_of(one)}")
    yield f"  {visible(one.message)}"
    for name, value in details(one):
        yield f"  {name} {visible(value)}"
    if mend_of(one.rule):
        yield f"  mend: {mend_of(one.rule)}"
