"""``codex-leg reference watch``: is there a newer release, and what is new in it?"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from harness.contract import Contract
from harness.exits import Exit
from harness.reference import npm
from harness.reference.capturing import Capturer, Wish
from harness.reference.watching import watch

from . import reference_fakes
from .reference_fakes import copy_contract, install_client

OLD, NEW = "0.150.7", "0.150.9"
ORDINARY = Wish(runs=("plain",), transports=("https",))
CHECK = "GET chatgpt.com/backend-api/wham/accounts/check"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One release is captured, and a newer one installed: it sends a header and a call more."""
    folder = tmp_path_factory.mktemp("watch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        install_client(folder / "cache", version=OLD)
        script = reference_fakes.SCRIPT.replace("session-id", 'X-A": "b", "session-id')
        check = '    ask("GET", "/backend-api/wham/accounts/check", bearer())\n    part = '
        patch.setattr(reference_fakes, "SCRIPT", script.replace("    part = ", check))
        install_client(folder / "cache", version=NEW)
        contract = copy_contract(folder / "contract", OLD)
        capturer = Capturer(contract, cache=folder / "cache" / "codex-leg" / "codex")
        assert capturer.capture(OLD, ORDINARY).status == "captured"
    return folder


@pytest.fixture
def contract(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contract:
    """A copy of it, of which an ordinary turn is captured alone."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(npm, "newest", lambda: NEW)
    stamps = dict.fromkeys((OLD, "0.150.8", NEW), "2026-08-26T00:00:00Z")
    monkeypatch.setattr(npm, "times", lambda: stamps)
    monkeypatch.setattr(
        "harness.reference.watching.Wish", lambda keep: replace(ORDINARY, keep=keep)
    )
    return Contract(tmp_path / "contract")


def needs(required: bool) -> Any:
    asked = []

    def find_out(version: str, surfaces: frozenset[str], names: tuple[str, ...]) -> dict[str, Any]:
        asked.append((version, surfaces, names))
        row = {"kind": "endpoint", "name": CHECK, "required": required, "observed": "exit 1"}
        return {"rows": [row], "unchecked": []}

    return asked, find_out


def test_a_newer_release_is_captured_compared_and_weighed(contract: Contract) -> None:
    asked, find_out = needs(required=True)
    found = watch(contract, find_out)
    assert (found.newest, found.before, found.is_new) == (NEW, OLD, True)
    assert found.skipped == ["0.150.8"]
    assert asked == [(NEW, frozenset({"accounts"}), ())]
    told = {one.rule: (one.pointer, one.level) for one in found.findings}
    assert told == {
        "client-endpoint-added": (
            "/endpoint/GET /backend-api/wham/accounts/check",
            "breaking",
        ),
        "client-header-added": ("/header/x-a", "risky"),
    }
    assert NEW in Contract(contract.root).reference.versions
    assert found.unchecked == []
    # A second look finds nothing new.
    again = watch(Contract(contract.root), find_out)
    assert (again.is_new, again.findings) == (False, [])
    assert len(asked) == 1


def test_the_command_writes_findings_and_says_so(
    contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "reference.json"
    command = ["reference", "watch", "--no-ablate", "--root", str(contract.root)]
    arguments = ["--format", "json", "--output", str(file), "--fail-on", "risky"]
    assert run([*command, *arguments]) == Exit.DRIFT
    document = json.loads(file.read_text())
    assert Contract().schemas.validate("report/findings.json", document) == []
    assert {one["level"] for one in document["findings"]} == {"risky"}
    err = capsys.readouterr().err
    assert f"new: {NEW}; captured until now: {OLD}" in err
    assert "not looked at: 0.150.8" in err
    assert run(command) == Exit.CLEAN
    assert f"nothing new: the newest release on npm is {NEW}" in capsys.readouterr().err


def test_without_an_answer_of_npm_it_could_not_look(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_answer() -> str:
        raise npm.NoNetwork("offline")

    monkeypatch.setattr(npm, "newest", no_answer)
    assert run(["reference", "watch", "--root", str(contract.root)]) == Exit.UNCHECKED
    assert "offline" in capsys.readouterr().out


def test_a_release_that_does_not_run_is_not_taken_for_clean(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_client(tmp_path / "cache", version=NEW, fails=True)
    found = watch(contract, None)
    (missed,) = found.unchecked
    assert missed.what == f"codex-cli {NEW}"
    assert "exited with 3" in missed.why
    assert found.findings == []


def test_what_it_needs_can_stay_unknown(contract: Contract) -> None:
    def fails(*_: Any) -> dict[str, Any]:
        raise OSError("no room")

    found = watch(contract, fails)
    assert [one.why for one in found.unchecked] == ["no room"]
    assert {one.level for one in found.findings} == {"risky"}
