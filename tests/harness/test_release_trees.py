"""Two folders of captured releases: each release is compared with that of the same version."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.cli import run

from .contracts import ROOT
from .planted import compared

REFERENCE = ROOT / "cassettes/reference"
RUN = "plain.https.yaml"


def tree(folder: Path, *versions: str) -> Path:
    """A folder with one run of each of these releases."""
    for version in versions:
        (folder / version).mkdir(parents=True)
        shutil.copy(REFERENCE / version / RUN, folder / version / RUN)
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return tree(tmp_path / "old", "0.155.0", "0.156.0")


def renamed(file: Path, header: str, name: str) -> None:
    file.write_text(file.read_text("utf-8").replace(header, name), "utf-8")


def test_each_release_is_compared_as_a_release_with_its_own_version(
    tmp_path: Path, old: Path
) -> None:
    new = tree(tmp_path / "new", "0.155.0", "0.156.0")
    renamed(new / "0.156.0" / RUN, "x-codex-beta-features", "x-codex-features")
    _, report = compared(old, new)
    (one,) = report["findings"]
    assert (one["rule"], one["pointer"]) == (
        "client-header-renamed",
        "/header/x-codex-beta-features",
    )
    assert one["where"].endswith(f"new/0.156.0/{RUN}")
    assert report.get("one_sided") is None


def test_releases_that_only_one_folder_has_are_said_not_to_be_compared(
    tmp_path: Path, old: Path
) -> None:
    new = tree(tmp_path / "new", "0.156.0", "0.157.0")
    code, report = compared(old, new)
    assert (code, report["findings"]) == (0, [])
    assert {(one["what"], one["why"]) for one in report["one_sided"]} == {
        ("0.155.0", f"only {old} has it"),
        ("0.157.0", f"only {new} has it"),
    }


def test_two_folders_of_one_release_each_are_compared_whatever_their_versions(
    tmp_path: Path,
) -> None:
    here, there = tree(tmp_path / "old", "0.155.0"), tree(tmp_path / "new", "0.156.0")
    both = compared(here / "0.155.0", there / "0.156.0")[1]["findings"]
    assert [one["fingerprint"] for one in compared(here, there)[1]["findings"]] == [
        one["fingerprint"] for one in both
    ]
    assert both


def test_what_has_no_counterpart_is_refused_with_what_to_name_instead(
    tmp_path: Path, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tree(tmp_path / "other", "0.157.0", "0.158.0")
    for sides, why in (
        ((old, other), "the two sides have no release in common"),
        ((old / "0.155.0", other), "one side is a single release"),
    ):
        assert run(["compare", *map(str, sides)]) == 4
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{why}; name the release to compare, such as {other}/0.158.0." in line
