"""Reports for tests: a small one, a hostile one, a huge one, and any one."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from harness.contract import Waiver
from harness.drift.findings import Evidence, Finding, Unchecked, finding
from harness.drift.rules import LEVELS, RULES
from harness.drift.waivers import Waived
from harness.report import Known, ProbeRow, Report

#: An escape sequence, a lone surrogate, a C1 control, an override of the direction, a line break;
#: what GitHub's runner, Markdown, HTML and URLs have a meaning for.
NASTY = (
    "\x1b[31mred\ud800\x9b2J\u202e\nend ü ::error::x ##[error]y %0A `` ` | <b onclick='x'>&amp;"
    '</script>"]]> @someone [a](https://evil.invalid) \x00\ufffe'
)

TODAY = date(2026, 11, 22)


def a_waiver(**changes: Any) -> Waiver:
    """A waiver of any added header, that holds for a year."""
    known: dict[str, Any] = {
        "rule": "header-added",
        "locator": "* * * *",
        "probe": None,
        "reason": "announced",
        "owner": "ada",
        "expires": date(2027, 11, 22),
        "where": "waivers.toml:3",
    }
    return Waiver(**{**known, **changes})


def removed(**changes: Any) -> Finding:
    """A field that is gone from the stream of a probe."""
    one = finding(
        "field-removed",
        "response.completed: /response/usage is gone",
        surface="responses",
        event="response.completed",
        pointer="/response/usage",
        before="object",
        evidence=Evidence(0, 5),
    )
    return replace(one, **{"probe": "codex/streamed-text", **changes})


def added(**changes: Any) -> Finding:
    """A header that is new."""
    one = finding(
        "header-added", "x-new is new", surface="responses", pointer="/header/x-new", after="text"
    )
    return replace(one, **{"probe": "codex/usage", **changes})


def row(name: str, drift: int = 0, **changes: Any) -> ProbeRow:
    """The row of one probe."""
    verdict = "drift" if drift else "clean"
    return replace(ProbeRow(name, "t", "ok", "ok", "composed", drift, verdict), **changes)


def small(**changes: Any) -> Report:
    """Three probes: one broken, one with something new, one as it was."""
    rows = [row("codex/streamed-text", 1), row("codex/usage", 1), row("auth/refresh")]
    report = Report(
        [removed(), added()], (), rows, 1.5, made=datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    )
    return replace(report, **changes)


def hostile() -> Report:
    """Everything that others can write holds all that is dangerous."""
    one = finding("schema/type", f"/a is {NASTY}", surface=NASTY, pointer=f"/{NASTY}", after=NASTY)
    places = {"also": (NASTY,), "explains": (NASTY,)}
    one = replace(one, event=NASTY, probe=NASTY, where=f"{NASTY}:3", **places)
    left = Unchecked(NASTY, NASTY)
    known = ProbeRow(NASTY, NASTY, NASTY, NASTY, "composed", 1, "drift")
    waived = Waived(one, a_waiver(locator=NASTY, reason=NASTY, owner=NASTY))
    return Report(
        [one], [left], [known], 1.0, [left], subject=NASTY, compared=[NASTY], waived=[waived]
    )


def many(count: int, level: str = "breaking", rule: str = "field-removed") -> list[Finding]:
    """So many findings of one kind."""
    return [
        removed(rule=rule, level=level, pointer=f"/response/field_{index}")
        for index in range(count)
    ]


def xml(text: str | bytes) -> ET.Element:
    """What a reader of XML makes of our own output."""
    return ET.fromstring(text)  # noqa: S314 — ours


#: Any text at all, lone surrogates and control characters too.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [NASTY, "##[", "::", "`", "```", "|", "\n", "%", ",", "\\"]
)
_ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(ANY_TEXT, below, max_size=2),
    max_leaves=4,
)
ANY_FINDING = st.builds(
    Finding,
    rule=st.sampled_from(sorted(RULES)) | ANY_TEXT.filter(bool),
    level=st.sampled_from(LEVELS),
    surface=ANY_TEXT,
    direction=st.sampled_from(["request", "response"]),
    event=st.none() | ANY_TEXT,
    pointer=ANY_TEXT,
    before=_ANY_VALUE,
    after=_ANY_VALUE,
    evidence=st.builds(Evidence, st.integers(0, 9), st.integers(0, 9)),
    message=ANY_TEXT.filter(bool),
    where=st.none() | ANY_TEXT,
    probe=st.none() | ANY_TEXT,
    also=st.lists(ANY_TEXT, max_size=7).map(tuple),
    explains=st.lists(ANY_TEXT, max_size=2).map(tuple),
)
_ANY_LEFT = st.builds(Unchecked, ANY_TEXT.filter(bool), ANY_TEXT.filter(bool))
_ANY_ROW = st.builds(
    ProbeRow, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, st.just("composed"), st.integers(0, 3),
    st.sampled_from(["clean", "drift", "unchecked"]),
)  # fmt: skip
ANY_REPORT = st.builds(
    Report,
    findings=st.lists(ANY_FINDING, max_size=3),
    unchecked=st.lists(_ANY_LEFT, max_size=2),
    probes=st.none() | st.lists(_ANY_ROW, max_size=2),
    seconds=st.none() | st.just(1.0),
    quarantined=st.lists(_ANY_LEFT, max_size=1),
    subject=ANY_TEXT,
    compared=st.lists(ANY_TEXT, max_size=2),
    waived=st.lists(st.builds(Waived, ANY_FINDING, st.just(a_waiver())), max_size=2),
    known=st.lists(st.builds(Known, ANY_FINDING, st.none() | st.just("2026-11-20")), max_size=1),
    flaky=st.lists(ANY_FINDING, max_size=1),
)
