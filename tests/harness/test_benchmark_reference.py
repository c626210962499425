"""The benchmark of the reference client: what cannot be measured is said, never left out."""

from pathlib import Path

import pytest

from benchmarks.reference import capture

from .reference_fakes import VERSION, install_client


def test_a_release_that_is_not_installed_is_not_measured_and_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert capture(VERSION).startswith("not measured: it is not installed")
    assert list(tmp_path.iterdir()) == []


def test_a_release_that_does_not_run_has_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    install_client(tmp_path, fails=True)
    assert capture(VERSION).startswith("failed: ")
