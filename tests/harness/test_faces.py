"""What a report prints: answers are written by others, and a terminal obeys what it is sent."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable

import pytest

from harness.drift.findings import Finding, Unchecked, finding
from harness.report import ProbeRow, Report
from harness.report.faces import show

#: An escape sequence, a lone surrogate, a C1 control, an override of the direction, a line break.
NASTY = "\x1b[31mred\ud800\x9b2J\u202e\nend ü"


def report() -> Report:
    one: Finding = finding(
        "schema/type", f"/a is {NASTY}", surface="responses", pointer=f"/{NASTY}", after=NASTY
    )
    row = ProbeRow("codex/x", "t", NASTY, "ok", "composed", 1, "drift")
    return Report([one], [Unchecked(NASTY, NASTY)], [row], 1.0)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    def run(face: str, encoding: str) -> str:
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="\n")
        monkeypatch.setattr(sys, "stdout", out)
        show(report(), face)
        out.flush()
        return raw.getvalue().decode(encoding)

    return run


@pytest.mark.parametrize("face", ["terminal", "json"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_nothing_that_a_terminal_obeys_is_printed_and_nothing_crashes(
    printed: Callable[[str, str], str], face: str, encoding: str
) -> None:
    text = printed(face, encoding)
    assert "red" in text
    assert [c for c in text if not (c.isprintable() or c == "\n")] == []


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_stays_json_with_the_values_as_they_were(
    printed: Callable[[str, str], str], encoding: str
) -> None:
    (one,) = json.loads(printed("json", encoding))["findings"]
    assert (one["after"], one["pointer"]) == (NASTY, f"/{NASTY}")


def test_a_terminal_shows_what_is_there(printed: Callable[[str, str], str]) -> None:
    text = printed("terminal", "utf-8")
    assert r"/a is \x1b[31mred\ud800\x9b2J\u202e\nend ü" in text
    assert len(text.splitlines()) == 8
