"""``reference ablate`` and ``reference handles`` as a user calls them: results and errors."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from harness.cli import run
from harness.contract import Contract, version_key
from harness.netns import available
from harness.reference import NoNetwork, NoSuchRelease
from harness.reference.ablation.table import Case, Table
from harness.reference.handles.reaction import Reaction
from harness.reference.handles.table import Handled, HandlesTable

from .reference_fakes import copy_contract

VERSION = "0.150.7"
CLIENT = Path(__file__).with_name("scripted_client.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_contract(tmp_path / "contract").root


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where releases are installed; there is none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "codex-leg"


def install(cache: Path, script: str) -> Path:
    """A release in the cache that is this script."""
    folder = cache / "codex" / VERSION
    folder.mkdir(parents=True)
    binary = folder / "codex"
    binary.write_text(f"#!{sys.executable} -IS\n{script}", encoding="utf-8")
    binary.chmod(0o755)
    facts = {
        "version": VERSION,
        "binary": "codex",
        "sha256": hashlib.sha256(binary.read_bytes()).hexdigest(),
        "package": "none",
        "integrity": "none",
    }
    (folder / "release.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


@pytest.fixture
def release(cache: Path) -> Path:
    """The scripted client, installed as a release."""
    return install(cache, CLIENT.read_text(encoding="utf-8"))


def test_a_release_is_ablated_where_it_can_reach_nothing_else(
    release: Path, root: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    here = ["reference", "ablate", VERSION, "--root", str(root)]
    assert run([*here, "--only", "/accounts/[]", "--jobs", "4", "--format", "json"]) == 6
    captured = capfd.readouterr()
    document = json.loads(captured.out)
    needed = {row["name"] for row in document["rows"] if row["required"]}
    assert needed == {"/accounts/[]", "/accounts/[]/id"}
    assert document["unchecked"][0]["why"] == "no new token is fetched"
    assert Contract(root).schemas.validate("report/ablation.json", document) == []
    assert f"ablate {VERSION}: " in captured.err
    assert ("isolation: off" in captured.err) is not available()
    # It was there before, so it stays; what was kept for the case of a break does not.
    assert (release / "release.json").exists()
    assert list((cache / "seen").glob("*")) == []


def test_a_release_that_fails_by_itself_is_not_judged(
    cache: Path, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install(cache, "import sys; sys.exit('ERROR: it cannot')")
    for command in ("ablate", "handles"):
        assert run(["reference", command, VERSION, "--root", str(root)]) == 6
        captured = capfd.readouterr()
        assert captured.out == ""
        expected = "with nothing changed, the plain turn fails: no answer, exit 1: it cannot"
        assert f"codex-leg: {VERSION}: {expected}" in captured.err


@pytest.mark.parametrize(
    ("error", "code"), [(NoSuchRelease("9.9.9"), 4), (NoNetwork("no route"), 6)]
)
def test_what_cannot_be_installed_is_one_line(
    error: Exception,
    code: int,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("harness.reference.trials.opening.install", fail)
    for command in ("ablate", "handles"):
        assert run(["reference", command, "9.9.9"]) == code
        assert capfd.readouterr().err == f"codex-leg: {error}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--save", "--surface", "accounts"],
        ["--save", "--saved"],
        ["--saved"],
        ["--surface", "nothing"],
        ["--jobs", "0"],
    ],
)
@pytest.mark.parametrize("command", ["ablate", "handles"])
def test_wrong_use_is_told_before_anything_runs(
    command: str, arguments: list[str], cache: Path, root: Path
) -> None:
    options = ["--root", str(root), *arguments]
    assert run(["reference", command, "9.9.9", *options]) == 4
    assert not cache.exists()


THING = ("accounts", "endpoint", "GET chatgpt.com/backend-api/wham/accounts/check")
TABLE = Table.of(
    VERSION,
    "0" * 64,
    [
        (THING, Case("plain", "404", fails=True, observed="exit 1; no answer")),
        (THING, Case("plain", "no answer", fails=True, observed="waits", flaky=True)),
        (("models", "field", "/models/[]/upgrade"), Case("plain", "removed", False, "no change")),
    ],
)
IGNORED = Reaction("ignored", 0, 0, False, 0, "", known=False)
FATAL = Reaction("fatal", 5, 0, False, 1, "a | b")
HANDLED = HandlesTable.of(
    VERSION,
    "0" * 64,
    [
        Handled("responses", "event", "response.codex_leg_unknown", False, IGNORED),
        Handled("responses", "event", "keepalive", False, IGNORED, "response.codex_leg_unknown"),
        Handled("responses", "failed", "slow_down", True, FATAL, "codex_leg_unknown"),
    ],
    [("the turn “expired”", "no new token is fetched")],
)


def save(root: Path, folder: str, text: str) -> None:
    (root / folder).mkdir()
    (root / folder / f"{VERSION}.json").write_text(text, encoding="utf-8")


def test_what_is_saved_is_shown_in_every_face(
    root: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save(root, "ablations", TABLE.text())
    here = ["reference", "ablate", VERSION, "--root", str(root), "--saved"]
    assert run(here) == 0
    plain = capfd.readouterr().out
    row = next(line for line in plain.splitlines() if "accounts/check" in line)
    assert " ".join(row.split()) == (
        "needed accounts endpoint GET chatgpt.com/backend-api/wham/accounts/check "
        "404: exit 1; no answer / no answer: waits (not every time)"
    )
    assert "upgrade" not in plain
    assert "1 can be left out and nothing changes: --all." in plain
    assert run([*here, "--all", "--only", "upgrade"]) == 0
    assert "upgrade" in capfd.readouterr().out
    assert run([*here, "--format", "markdown"]) == 0
    assert "| needed | accounts | endpoint | GET" in capfd.readouterr().out
    assert run([*here, "--format", "json"]) == 0
    assert capfd.readouterr().out == TABLE.text()


def test_what_was_not_looked_at_is_never_green(
    root: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save(root, "handles", HANDLED.text())
    here = ["reference", "handles", VERSION, "--root", str(root), "--saved"]
    assert run([*here, "--format", "markdown"]) == 6
    shown = capfd.readouterr().out
    assert "| responses | failed | slow_down |  | 5 retries, fatal: “a \\| b” |" in shown
    assert "keepalive" not in shown
    assert "Not looked at: the turn “expired”: no new token is fetched." in shown
    assert run([*here, "--format", "json"]) == 6
    document = json.loads(capfd.readouterr().out)
    assert Contract(root).schemas.validate("report/handles.json", document) == []


def test_a_part_comes_with_what_it_is_set_against(
    root: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save(root, "handles", HANDLED.text())
    here = ["reference", "handles", VERSION, "--root", str(root), "--saved", "--format", "json"]
    assert run([*here, "--only", "keepalive"]) == 6
    part = HandlesTable.from_json(json.loads(capfd.readouterr().out))
    assert [one.name for one in part.rows] == ["keepalive", "response.codex_leg_unknown"]
    assert part.rows[0].reaction == IGNORED


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        (TABLE.text().replace(f'"{VERSION}"', '"0.1.0"'), "the file is called otherwise"),
        (TABLE.text().replace('"fails": true', '"fails": 1'), "/rows/0/cases/0/fails"),
    ],
)
def test_a_broken_file_is_named(
    text: str, problem: str, root: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save(root, "ablations", text)
    assert run(["reference", "ablate", VERSION, "--root", str(root), "--saved"]) == 7
    err = capfd.readouterr().err
    assert f"ablations/{VERSION}.json" in err
    assert problem in err
    # Nobody has to call the command to hear of it.
    assert {one.file for one in Contract(root).problems()} == {f"ablations/{VERSION}.json"}


def test_a_version_does_not_lead_out_of_the_folder(root: Path, cache: Path) -> None:
    save(root, "ablations", TABLE.text())
    (root / "elsewhere.json").write_text(TABLE.text(), encoding="utf-8")
    assert Contract(root).observed.ablation("../elsewhere") is None
    assert Contract(root).observed.ablation(VERSION) is not None


def test_the_committed_files_are_sound_and_know_the_routing_call() -> None:
    contract = Contract()
    assert list(contract.observed.faults()) == []
    routing = {}
    for version in ("0.155.0", "0.156.0", "0.169.0"):
        document = contract.observed.ablation(version)
        assert document is not None, version
        rows = [row for row in document["rows"] if row["surface"] == "accounts"]
        routing[version] = {row["name"]: row["required"] for row in rows}
    check = "GET chatgpt.com/backend-api/wham/accounts/check"
    # 0.155.0 does not ask at all.
    assert routing["0.155.0"] == {}
    for version in ("0.156.0", "0.169.0"):
        needed = {name for name, required in routing[version].items() if required}
        members = ("id", "account_routing_override", "workspace_backend_origin")
        entry = {f"/accounts/[]/{member}" for member in members}
        assert needed == {check, "/accounts", "/accounts/[]", *entry}


@pytest.mark.parametrize("folder", ["ablations", "handles"])
def test_the_newest_that_was_measured_was_measured_whole(folder: str) -> None:
    observed = Contract().observed
    look = {"ablations": observed.ablation, "handles": observed.handles}[folder]
    newest = max(observed.versions(folder), key=version_key)
    document = look(newest)
    assert version_key(newest) >= version_key("0.169.0")
    assert document is not None
    assert document["unchecked"] == []
    assert len(document["rows"]) > 900


@pytest.mark.real_codex
def test_the_newest_release_that_is_at_hand_needs_the_same_as_in_the_contract(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(REAL_CACHE))
    command = ["reference", "ablate", "0.169.0", "--format", "json", "--again"]
    for name in ("accounts/[]/", "[response.completed]/response/usage/", "response/id"):
        command += ["--only", name]
    code = run(command)
    captured = capfd.readouterr()
    if code == 6 and os.environ.get("CI") != "true":
        pytest.skip(captured.err)
    assert code == 0, captured.err
    document = json.loads(captured.out)
    committed = Contract().observed.ablation("0.169.0")
    assert committed is not None
    known = {(row["surface"], row["kind"], row["name"]): row for row in committed["rows"]}
    assert len(document["rows"]) > 50
    for row in document["rows"]:
        assert row == known[row["surface"], row["kind"], row["name"]]


# The home of each test is its own; what is installed is everybody's.
REAL_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
