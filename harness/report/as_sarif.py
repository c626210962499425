"""The report as SARIF 2.1.0, which code scanning of GitHub and others read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What could not be looked at is a
notification of the tool's run, which then was no success; what is waived is a suppressed result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import RULES
from harness.drift.waivers import place_of
from harness.lines import visible
from harness.report import Report
from harness.report.as_json import json_text
from harness.report.left import by_reason
from harness.report.words import file_of, set_aside
from leg._version import __version__

__all__ = ["as_sarif"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

#: Benign is recorded, and nothing to act upon.
_LEVELS: Final = {"breaking": "error", "risky": "warning", "additive": "note", "benign": "none"}
#: How GitHub calls the gravity of what is no vulnerability.
_SEVERITIES: Final = {
    "breaking": "error",
    "risky": "warning",
    "additive": "recommendation",
    "benign": "recommendation",
}


#: Members of a finding that name other places.
_PLACES: Final = ("also", "explains")


def as_sarif(report: Report) -> str:
    """The report as one log with one run."""
    aside = [(one, name, why) for name, found in set_aside(report).items() for one, why in found]
    everything = [*report.findings, *(one for one, _, _ in aside)]
    rules = list(dict.fromkeys(one.rule for one in everything))
    results = [_result(one, rules, report) for one in report.findings]
    results += [_suppressed(one, rules, report, name, why) for one, name, why in aside]
    run = {
        "tool": {
            "driver": {
                "name": "codex-leg",
                "version": __version__,
                "rules": [_rule(name) for name in rules],
            }
        },
        # One category an answer to "what was looked at": two commands do not close each other's
        # alerts.
        "automationDetails": {"id": f"codex-leg/{report.command}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
        "properties": {
            "verdict": report.verdict,
            "profile": report.profile,
            "failOn": report.fail_on,
        },
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(name: str) -> dict[str, Any]:
    rule = RULES.get(name)
    if rule is None:
        return {"id": visible(name)}
    return {
        "id": name,
        "shortDescription": {"text": rule.means},
        "help": {
            "text": f"{rule.mend}\ncodex-leg explain {name}",
            "markdown": f"{rule.mend}\n\n`codex-leg explain {name}`",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {
            "tags": list(dict.fromkeys((rule.direction, rule.area, rule.kind, rule.action))),
            "problem.severity": _SEVERITIES[rule.level],
        },
    }


def _result(one: Finding, rules: list[str], report: Report) -> dict[str, Any]:
    document: dict[str, Any] = {
        "ruleId": visible(one.rule),
        "ruleIndex": rules.index(one.rule),
        "level": _LEVELS[one.level],
        "kind": "informational" if one.level == "benign" else "fail",
        "message": {"text": visible(one.message) or visible(one.rule)},
        "locations": [_location(one, report)],
        "partialFingerprints": {
            "codexLeg/v1": one.fingerprint,
            # The only one that GitHub looks at.
            "primaryLocationLineHash": f"{one.fingerprint}:1",
        },
        "properties": {
            "level": one.level,
            "place": place_of(one),
            "before": one.before,
            "after": one.after,
            "seen": one.evidence.seen,
            "of": one.evidence.of,
            **{name: [visible(place) for place in getattr(one, name)] for name in _PLACES},
        },
    }
    if one.probe is not None:
        document["properties"]["probe"] = visible(one.probe)
    return document


def _suppressed(
    gone: Finding, rules: list[str], report: Report, name: str, why: str
) -> dict[str, Any]:
    result = _result(gone, rules, report)
    # What is flaky or known was accepted by nobody.
    status = "accepted" if name == "waived" else "underReview"
    result["suppressions"] = [{"kind": "external", "status": status, "justification": visible(why)}]
    return result


def _location(one: Finding, report: Report) -> dict[str, Any]:
    place = place_of(one)
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": place, "kind": "member"}]
    }
    file = file_of(one, report)
    if file is not None:
        uri = quote(file[0].encode(errors="backslashreplace"), safe="/")
        location["physicalLocation"] = {
            # "file://" and a path from the root, or a path from the root of the repository.
            "artifactLocation": {"uri": f"file://{uri}" if uri.startswith("/") else uri},
            "region": {"startLine": file[1]},
        }
    return location


def _invocation(report: Report) -> dict[str, Any]:
    missed = [
        *_notices("error", "could not be read", report.quarantined),
        *_notices("error", "could not be looked at", report.unchecked),
    ]
    notices = [*missed, *_notices("note", "not compared", report.one_sided)]
    document: dict[str, Any] = {"executionSuccessful": not missed}
    if report.made is not None:
        document["endTimeUtc"] = report.made.strftime("%Y-%m-%dT%H:%M:%SZ")
    if notices:
        document["toolExecutionNotifications"] = notices
    return document


def _notices(level: str, what: str, items: Iterable[Unchecked]) -> list[dict[str, Any]]:
    return [
        {"level": level, "message": {"text": visible(f"{what}: {one}")}} for one in by_reason(items)
    ]
