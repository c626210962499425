"""Nights for the tests of alerts: reports in a folder, GitHub on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.alert import github as github_module
from harness.cli import run
from harness.drift.findings import Finding, Unchecked
from harness.report import Report
from harness.report.faces import render

from .github_fake import FakeGitHub, github
from .reports import row

__all__ = ["LOOK", "Nightly", "hub", "nightly", "saw"]

LOOK = "codex/streamed-text"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    monkeypatch.setattr(github_module, "_PAUSE", 0.0)
    for name in (
        "GITHUB_STEP_SUMMARY",
        "CODEX_LEG_WEBHOOK_URL",
        "CODEX_LEG_SLACK_URL",
        "CODEX_LEG_APPRISE_URLS",
    ):
        monkeypatch.delenv(name, raising=False)
    with github() as fake:
        for name, value in fake.env().items():
            monkeypatch.setenv(name, value)
        yield fake


class Nightly:
    """Reports in a folder, told of as the nightly does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tell(self, *arguments: str, **reports: Report | None) -> int:
        files = []
        for witness, report in reports.items():
            file = self.folder / f"{witness}.json"
            file.unlink(missing_ok=True)
            if report is not None:
                file.write_text(render(report, "json"), encoding="utf-8")
            files.append(str(file))
        return run(["alert", *arguments, *files])


@pytest.fixture
def nightly(tmp_path: Path) -> Nightly:
    return Nightly(tmp_path)


def saw(*findings: Finding, left: Sequence[Unchecked] = (), **verdicts: str) -> Report:
    """A run that asked two probes."""
    names = (LOOK, "codex/usage")
    drifted = {one.probe for one in findings}
    rows = [
        row(name, verdict=verdicts.get(name.rpartition("/")[2].replace("-", "_"))
            or ("drift" if name in drifted else "clean"))
        for name in names
    ]  # fmt: skip
    return Report(findings, left, rows, command="canary")
