"""What every face of a report promises: answers are written by others, and none of them is obeyed.

What one face promises beside that stands in ``test_face_NAME.py``.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given

from harness.contract import Contract
from harness.report import Known, Report
from harness.report.faces import FACES, render
from harness.report.writing import show

from .reports import ANY_REPORT, NASTY, added, hostile, removed, small, xml


@cache
def contract() -> Contract:
    return Contract()


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Report, str, str], str]:
    def run(report: Report, face: str, encoding: str) -> str:
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="\n")
        monkeypatch.setattr(sys, "stdout", out)
        show(report, face)
        out.flush()
        return raw.getvalue().decode(encoding)

    return run


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_nothing_that_a_terminal_obeys_is_printed_and_nothing_crashes(
    printed: Callable[[Report, str, str], str], face: str, encoding: str
) -> None:
    text = printed(hostile(), face, encoding)
    assert "red" in text
    assert [c for c in text if not (c.isprintable() or c == "\n")] == []


@pytest.mark.parametrize("face", ["json", "sarif"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_json_stays_json_with_the_values_as_they_were(
    printed: Callable[[Report, str, str], str], face: str, encoding: str
) -> None:
    document = json.loads(printed(hostile(), face, encoding))
    if face == "json":
        (one,) = document["findings"]
        assert (one["after"], one["pointer"]) == (NASTY, f"/{NASTY}")
    else:
        assert document["runs"][0]["results"][0]["properties"]["after"] == NASTY


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_xml_stays_xml_in_every_encoding(
    printed: Callable[[Report, str, str], str], encoding: str
) -> None:
    root = xml(printed(hostile(), "junit", encoding).encode(encoding))
    assert "ü" in root.findtext(".//failure", "")


def test_json_follows_its_schema() -> None:
    for report in (small(), hostile()):
        document = json.loads(render(report, "json"))
        assert contract().schemas.validate("report/findings.json", document) == []


@pytest.mark.parametrize("face", FACES)
def test_what_is_known_or_flaky_is_told_and_does_not_count(face: str) -> None:
    known = [Known(added(), "2026-11-20")]
    report = small(findings=[], known=known, flaky=[removed()])
    assert report.verdict == "flaky"
    text = render(report, face).lower()
    assert "flaky" in text
    assert "known" in text
    if face != "github":  # which says how many, and annotates nothing of it
        assert "2026-11-20" in text
        assert "response.completed" in text


@given(ANY_REPORT)
def test_any_report_survives_every_face(report: Report) -> None:
    texts = {face: render(report, face) for face in FACES}
    texts["colour"] = render(report, "terminal", width=30)
    for face, text in texts.items():
        text.encode()
        strange = [c for c in text if not (c.isprintable() or c in "\n\x1b")]
        assert strange == [], face
        assert "\x1b" not in text or face == "colour", face
        assert text.endswith("\n"), face
    document = json.loads(texts["json"], parse_constant=pytest.fail)
    assert contract().schemas.validate("report/findings.json", document) == []
    assert len(document["findings"]) == len(report.findings)
    json.loads(texts["sarif"], parse_constant=pytest.fail)
    xml(texts["junit"])


@given(ANY_REPORT)
def test_no_answer_is_a_command_to_githubs_runner(report: Report) -> None:
    for face in FACES:
        lines = render(report, face).splitlines()
        assert [line for line in lines if "##[" in line] == [], face
        commands = [line for line in lines if line.lstrip().startswith("::")]
        assert sum(line.lstrip().startswith("::endgroup") for line in lines) <= 1, face
        wanted = r"::(error|warning|notice) [^:]*::|::group::codex-leg|::endgroup::$"
        assert all(face == "github" and re.match(wanted, line) for line in commands), face


def test_a_terminal_is_obeyed_by_rich_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    def shown(term: str) -> str:
        out = Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setenv("TERM", term)
        monkeypatch.setenv("COLUMNS", "60")
        show(hostile(), "terminal")
        return out.getvalue()

    coloured = shown("xterm-256color")
    assert set(re.findall(r"\x1b\[[0-9;]*m", coloured)) >= {"\x1b[1;31m", "\x1b[0m"}
    assert "\x1b[31m" not in coloured
    assert "\x1b" not in shown("dumb")


def test_no_face_is_imported_before_it_is_asked_for(pytester: pytest.Pytester) -> None:
    code = (
        "import sys, harness.report.faces;"
        "assert not {'jinja2', 'rich', 'xml.etree.ElementTree'} & set(sys.modules), sys.modules"
    )
    assert pytester.run(sys.executable, "-c", code).ret == 0
