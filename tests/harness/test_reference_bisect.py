"""``codex-leg reference bisect``: the exact release, with as few installs as possible."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import run
from harness.contract import Contract
from harness.exits import Exit
from harness.reference import npm
from harness.reference.history.bisect import Edge, bisect, edges_of
from harness.reference.history.probing import best_of
from harness.reference.install import Release
from harness.reference.install import install as install_for_real

from . import captures, reference_fakes
from .captures import turn
from .reference_fakes import copy_contract, install_client
from .test_reference_history import facts

PLAIN = frozenset({"plain.https"})
#: Without a change, and with it.
CHANGED: list[dict[str, str]] = [{}, {"tier": "flex"}]


class Broken(Exception):
    """A release that cannot be run."""


def edge(before: int, after: int, change: str = "appeared") -> Edge:
    return Edge(change, f"0.{before}.0", f"0.{after}.0", PLAIN)  # type: ignore[arg-type]


@given(st.integers(1, 200), st.data())
def test_it_finds_the_release_and_tries_few(count: int, data: st.DataObject) -> None:
    change = data.draw(st.integers(1, count))
    vanished = data.draw(st.booleans())
    tried: list[str] = []

    def has(version: str) -> bool:
        tried.append(version)
        return (int(version.split(".")[1]) >= change) != vanished

    published = [f"0.{number}.0" for number in range(count + 5)]
    what = "vanished" if vanished else "appeared"
    found = bisect(edge(0, count, what), published, has, most=8, cannot=(Broken,))
    assert found.is_found
    assert (found.before, found.after) == (f"0.{change - 1}.0", f"0.{change}.0")
    assert len(tried) <= 8
    assert len(set(tried)) == len(tried)


def test_a_release_that_cannot_be_run_is_passed_over_and_said() -> None:
    def has(version: str) -> bool:
        if version in ("0.4.0", "0.5.0"):
            raise Broken("no binary")
        return int(version.split(".")[1]) >= 7

    found = bisect(edge(0, 9), [f"0.{n}.0" for n in range(10)], has, most=8, cannot=(Broken,))
    assert (found.before, found.after, found.is_found) == ("0.6.0", "0.7.0", True)
    failed = [one.version for one in found.looked if one.has is None]
    assert failed == ["0.5.0", "0.4.0"][: len(failed)]

    def never(version: str) -> bool:
        raise Broken(f"no binary of {version}")

    found = bisect(edge(0, 3), [f"0.{n}.0" for n in range(4)], never, most=8, cannot=(Broken,))
    assert (found.is_found, found.between) == (False, ["0.1.0", "0.2.0"])
    assert "no binary of" in found.why


def test_no_more_are_tried_than_may_be() -> None:
    found = bisect(edge(0, 99), [f"0.{n}.0" for n in range(99)], lambda _: True, most=2, cannot=())
    assert len(found.looked) == 2
    assert not found.is_found
    assert found.why == "2 releases were tried, and no more may be"


def test_edges_are_what_the_history_brackets() -> None:
    history = facts(
        ("0.1.0", {"plain.https": [turn()]}),
        ("0.3.0", {"plain.https": [turn(tier="flex")]}),
        ("0.5.0", {"plain.https": [turn()]}),
    )
    (row,) = [one for one in history.rows if one.fact.name == "/tier"]
    assert [(one.change, one.before, one.after) for one in edges_of(history, row)] == [
        ("appeared", "0.1.0", "0.3.0"),
        ("vanished", "0.3.0", "0.5.0"),
    ]


@pytest.mark.parametrize(
    ("vantages", "best"),
    [
        ({"tool-call.https", "plain.websocket", "plain.https"}, "plain.https"),
        ({"plain.websocket", "two-turns.https"}, "plain.websocket"),
        ({"side-calls.https", "two-turns.https"}, "side-calls.https"),
    ],
)
def test_the_run_that_takes_least_is_chosen(vantages: set[str], best: str) -> None:
    assert best_of(frozenset(vantages)) == best


@pytest.fixture
def _history(monkeypatch: pytest.MonkeyPatch) -> None:
    found = captures.history()
    monkeypatch.setattr("harness.cli.reference.bisect.read_history", lambda _: found)


# With clients that are really run, and a registry that is not.

#: The fake client sends a header from this release on.
FIRST = 5
VERSIONS = [f"0.150.{number}" for number in range(9)]


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contract:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    stamps = {one: f"2026-08-{20 + n:02}T00:00:00Z" for n, one in enumerate(VERSIONS)}
    monkeypatch.setattr(npm, "times", lambda: stamps)
    plain = reference_fakes.SCRIPT
    marked = plain.replace('"session-id": name,', '"session-id": name, "X-New": "yes",')
    for number, version in enumerate(VERSIONS):
        monkeypatch.setattr(reference_fakes, "SCRIPT", marked if number >= FIRST else plain)
        install_client(tmp_path / "cache", version=version)
    made = copy_contract(tmp_path / "contract", VERSIONS[0], VERSIONS[-1])
    for version in (VERSIONS[0], VERSIONS[-1]):
        # The one run that takes no calls beside the turn along is the quickest.
        command = ["reference", "capture", version, "--scenarios", "usage-limit"]
        assert run([*command, "--root", str(made.root)]) == Exit.CLEAN
    return Contract(made.root)


def test_the_command_runs_what_is_between_and_leaves_it_as_it_was(
    contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    before = sorted(path for path in contract.root.rglob("*"))
    installed = sorted((tmp_path / "cache/codex-leg/codex").iterdir())
    root = ["--root", str(contract.root)]
    assert run(["reference", "bisect", "x-new", "--kind", "header", "--json", *root]) == Exit.CLEAN
    document = json.loads(capsys.readouterr().out)
    assert Contract().schemas.validate("report/bisect.json", document) == []
    (found,) = document["edges"]
    assert found["release"] == f"0.150.{FIRST}"
    assert found["before"]["version"] == f"0.150.{FIRST - 1}"
    assert len(found["tried"]) <= 3
    assert document["installed"] == 0
    assert document["fact"] == {"surface": "responses", "kind": "header", "name": "x-new"}
    # Nothing was written, and what was installed before is still there.
    assert sorted(contract.root.rglob("*")) == before
    assert sorted((tmp_path / "cache/codex-leg/codex").iterdir()) == installed
    assert run(["reference", "bisect", "x-new", "--kind", "header", "--most", "1", *root]) == 6
    assert "1 releases were tried, and no more may be" in capsys.readouterr().out
    good = ["--good", VERSIONS[0], "--bad", VERSIONS[-1]]
    assert run(["reference", "bisect", "x-new: yes", *good, *root]) == Exit.CLEAN
    assert f"appeared in 0.150.{FIRST}" in capsys.readouterr().out


def test_what_is_not_there_is_installed_once_and_removed_again(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache/codex-leg/codex"
    away = tmp_path / "registry"
    between = VERSIONS[1:-1]
    for version in between:
        shutil.move(cache / version, away / version)
    installed: list[str] = []

    def install(version: str, folder: Path) -> Release:
        installed.append(version)
        shutil.copytree(away / version, folder / version)
        return install_for_real(version, folder)

    monkeypatch.setattr("harness.reference.history.probing.install", install)
    root = ["--root", str(contract.root)]
    assert run(["reference", "bisect", "x-new", "--kind", "header", *root]) == Exit.CLEAN
    assert len(installed) == len(set(installed)) <= 3
    assert set(installed) <= set(between)
    assert sorted(one.name for one in cache.iterdir() if one.is_dir()) == [
        VERSIONS[0],
        VERSIONS[-1],
    ]


def test_what_the_history_knows_need_not_be_run_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    history = facts(*((f"0.{n}.0", {"plain.https": [turn(**CHANGED[n > 5])]}) for n in range(1, 9)))
    monkeypatch.setattr("harness.cli.reference.bisect.read_history", lambda _: history)
    monkeypatch.setattr(npm, "times", lambda: {f"0.{n}.0": "2026-08-20" for n in range(1, 9)})
    sides = ["--good", "0.1.0", "--bad", "0.8.0"]
    assert run(["reference", "bisect", "/tier", *sides]) == Exit.CLEAN
    out, err = capsys.readouterr()
    assert "appeared in 0.6.0" in out
    assert "0 installed" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sesion-idd"], "did you mean session-id"),
        (["session"], "facts have 'session' in their name"),
        (["/stream", "--surface", "responses"], "every captured release has it"),
        (["session-id", "--good", "0.130.0"], "belong together"),
        (["session-id", "--good", "0.132.0", "--bad", "0.130.0"], "is not older than"),
        (["session-id", "--good", "0.132.0", "--bad", "0.134.0"], "both have it"),
        (["session-id", "--good", "0.130.0", "--bad", "99.0.0"], "99.0.0 is not captured"),
    ],
)
@pytest.mark.usefixtures("_history")
def test_wrong_use_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reference", "bisect", *arguments]) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.usefixtures("_history")
def test_without_npm_it_goes_by_what_is_known_and_is_not_sure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_answer() -> dict[str, str]:
        raise npm.NoNetwork("offline")

    monkeypatch.setattr(npm, "times", no_answer)
    assert run(["reference", "bisect", "session-id", "--surface", "responses"]) == Exit.UNCHECKED
    out, err = capsys.readouterr()
    assert "appeared in 0.131.0 (2026-05-18); last before: 0.130.0" in out
    assert "offline; known releases are gone by" in err
