"""Generated files are what their generators make of today's sources."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness import generated
from harness.contract import Contract
from harness.generated import GENERATED, main, text_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(ROOT)


@pytest.mark.parametrize("path", GENERATED)
def test_every_generated_file_is_up_to_date(path: str, contract: Contract) -> None:
    assert (ROOT / path).read_text("utf-8") == text_of(path, contract), "run: make generated"


@pytest.mark.parametrize("path", GENERATED)
def test_generating_twice_gives_the_same(path: str, contract: Contract) -> None:
    assert text_of(path, contract) == text_of(path, Contract(ROOT))


def test_only_what_is_out_of_date_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("probes", "cassettes", "schemas", "rulebook", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    monkeypatch.setattr(generated, "Contract", lambda: Contract(tmp_path))
    page = tmp_path / "docs/rules.md"
    page.write_text("old", "utf-8")
    assert main(["docs/rules.md", "schemas/reads.json"]) == 0
    assert capsys.readouterr().out == "docs/rules.md\n"
    assert page.read_text("utf-8") == (ROOT / "docs/rules.md").read_text("utf-8")
    assert main(["docs/rules.md"]) == 0
    assert capsys.readouterr().out == ""
    assert [one.name for one in (tmp_path / "docs").glob(".*")] == []


def test_a_file_that_nothing_generates_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["README.md"]) == 4
    assert "nothing generates README.md; there are: docs/" in capsys.readouterr().err
