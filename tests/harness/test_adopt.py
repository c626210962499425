"""``codex-leg adopt``: it shows, it asks, it writes whole files; and nothing else writes them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.adoption import carry_out, plan
from harness.cli import run as run_command
from harness.contract import Contract

from .contracts import ROOT, Outcome, SmallContract, copy_contract

USAGE = "cassettes/codex/usage.yaml"
SHAPE = "snapshots/codex/usage.json"


@pytest.fixture
def contract(tmp_path: Path) -> SmallContract:
    """A small contract whose shapes are all adopted."""
    contract = copy_contract(tmp_path / "contract")
    adopted = plan(Contract(contract.root))
    carry_out(Contract(contract.root), adopted)
    return contract


def adopt(contract: SmallContract, *arguments: str) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(["adopt", "--root", str(contract.root), *arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


def snapshots(contract: SmallContract) -> dict[str, bytes]:
    folder = contract.root / "snapshots"
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def drift(contract: SmallContract) -> None:
    contract.replace(USAGE, '"plan_type"', '"plan_kind"')


def test_where_nothing_has_changed_there_is_nothing_to_adopt(contract: SmallContract) -> None:
    before = snapshots(contract)
    done = adopt(contract)
    assert (done.code, done.err) == (0, "codex-leg: nothing to adopt\n")
    assert snapshots(contract) == before


def test_a_dry_run_shows_the_drift_and_changes_nothing(contract: SmallContract) -> None:
    drift(contract)
    before = snapshots(contract)
    done = adopt(contract, "--dry-run")
    assert done.code == 1
    assert "field-renamed" in done.out
    assert "codex/usage" in done.out
    assert snapshots(contract) == before


def test_adopting_shows_the_same_and_makes_verify_clean(contract: SmallContract) -> None:
    drift(contract)
    shown = adopt(contract, "--dry-run", "--format", "json")
    done = adopt(contract, "--yes", "--format", "json")
    assert json.loads(done.out) == json.loads(shown.out)
    assert (done.code, done.err) == (0, "codex-leg: adopted: 1 changed shape\n")
    again = adopt(contract)
    assert (again.code, again.err) == (0, "codex-leg: nothing to adopt\n")
    assert Contract(contract.root).snapshot("codex/usage") is not None
    assert "/body/plan_kind" in contract.file(SHAPE).read_text(encoding="utf-8")


def test_new_shapes_are_written_and_those_without_a_probe_removed(contract: SmallContract) -> None:
    contract.file(SHAPE).unlink()
    for folder in ("probes", "cassettes"):
        contract.file(f"{folder}/auth/refresh-token-reused.yaml").unlink()
    shown = adopt(contract, "--dry-run")
    assert shown.code == 1
    assert "coverage-dropped" in shown.out
    assert "no shape was adopted yet" in shown.out
    done = adopt(contract, "--yes")
    assert (done.code, done.err) == (0, "codex-leg: adopted: 1 new, 1 removed shapes\n")
    assert contract.file(SHAPE).is_file()
    assert not (contract.root / "snapshots/auth").exists()
    assert Contract(contract.root).problems() == []


def test_a_new_shape_alone_is_something_that_was_not_looked_at(contract: SmallContract) -> None:
    contract.file(SHAPE).unlink()
    assert adopt(contract, "--dry-run").code == 6


def test_only_the_probes_that_are_named_are_adopted(contract: SmallContract) -> None:
    drift(contract)
    contract.file("snapshots/codex/function-call.json").unlink()
    done = adopt(contract, "codex/usage", "--yes")
    assert done.err == "codex-leg: adopted: 1 changed shape\n"
    assert not contract.file("snapshots/codex/function-call.json").exists()
    assert adopt(contract, "codex", "--yes").err == "codex-leg: adopted: 1 new shape\n"


def test_without_a_terminal_and_without_yes_it_refuses_in_one_line(contract: SmallContract) -> None:
    drift(contract)
    before = snapshots(contract)
    done = subprocess.run(
        [sys.executable, "-m", "harness", "adopt", "--root", str(contract.root)],
        cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "--yes" in done.stderr
    assert snapshots(contract) == before


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_on_a_terminal_it_asks_and_does_as_it_is_told(
    contract: SmallContract, answer: str, code: int
) -> None:
    drift(contract)
    before = snapshots(contract)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        command = [sys.executable, "-m", "harness", "adopt", "--root", str(contract.root)]
        os.execv(sys.executable, command)  # noqa: S606 — a process with a terminal of its own
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 65536)
    os.write(terminal, f"{answer}\n".encode())
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 65536):
            shown += piece
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == code
    assert b"Adopt 1 changed shape?" in shown
    assert (snapshots(contract) != before) == (answer == "y")


def test_a_broken_contract_is_not_adopted(contract: SmallContract) -> None:
    drift(contract)
    contract.file("probes/codex/streamed-text.yaml").write_text("id: [")
    before = snapshots(contract)
    done = adopt(contract, "--yes")
    assert done.code == 7
    assert "probes/codex/streamed-text.yaml" in done.err
    assert snapshots(contract) == before


def test_what_cannot_be_written_is_one_line(contract: SmallContract) -> None:
    drift(contract)
    contract.file("snapshots/codex/usage.json").unlink()
    contract.file("snapshots/codex/usage.json").mkdir()
    (contract.root / "snapshots/codex/usage.json/x").touch()
    done = adopt(contract, "codex/usage", "--yes")
    assert done.code in (4, 7)
    assert done.err.count("\n") == 1
    assert "snapshots/codex/usage.json" in done.err


def test_the_files_are_what_they_were_before_adopt_came(contract: SmallContract) -> None:
    for file in sorted((ROOT / "snapshots").rglob("*.json")):
        text = file.read_text(encoding="utf-8")
        kept = json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        assert kept == text, file


def test_killed_at_any_moment_each_file_is_the_old_one_or_the_new_one(
    contract: SmallContract,
) -> None:
    after = snapshots(contract)
    before = {name: content.replace(b'"/body', b'"/old', 1) for name, content in after.items()}
    assert all(before[name] != after[name] for name in after)
    # It says when it is about to make a file or a renaming last, and is killed right there.
    script = (
        "import itertools, os, sys, time; from pathlib import Path;"
        "from harness.adoption import plan, carry_out; from harness.contract import Contract;"
        "count = itertools.count(1); moment = int(sys.argv[2]);"
        "os.fsync = lambda _: (print('sync', flush=True), next(count) == moment and"
        " time.sleep(60));"
        "c = Contract(Path(sys.argv[1])); carry_out(c, plan(c))"
    )
    for moment in (1, 2, 3, 8, 13):
        for name, content in before.items():
            contract.file(f"snapshots/{name}").write_bytes(content)
        with subprocess.Popen(
            [sys.executable, "-c", script, str(contract.root), str(moment)],
            cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for _ in range(moment):
                assert process.stdout.readline() == b"sync\n"
            process.send_signal(signal.SIGKILL)
        found = {
            name: content
            for name, content in snapshots(contract).items()
            if not Path(name).name.startswith(".")
        }
        assert found.keys() == before.keys()
        for name, content in found.items():
            assert content in (before[name], after[name]), name
        # Of each file that is through, two things were made last: the file, and its new name.
        assert sum(found[name] == after[name] for name in after) == moment // 2
        assert Contract(contract.root).problems() == []
    carry_out(Contract(contract.root), plan(Contract(contract.root)))
    assert snapshots(contract) == after, "a rerun completes it, and sweeps up"


# Nothing else writes


def test_verify_refuses_to_write_snapshots_and_names_adopt(contract: SmallContract) -> None:
    drift(contract)
    before = snapshots(contract)
    done = contract.verify("--pytest=--snapshot-update")
    assert (done.code, done.out) == (4, "")
    assert "codex-leg adopt" in done.err
    assert done.err.count("\n") == 1
    assert snapshots(contract) == before


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "2")])
def test_pytest_itself_refuses_to_write_snapshots_of_probes(
    contract: SmallContract, more: tuple[str, ...]
) -> None:
    drift(contract)
    contract.file("snapshots/codex/function-call.json").unlink()
    before = snapshots(contract)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more,
         "--snapshot-update", "probes"],
        cwd=contract.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "nothing but codex-leg adopt writes snapshots/" in done.stdout + done.stderr
    assert snapshots(contract) == before


def test_whoever_has_snapshots_of_their_own_may_update_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(snapshot):\n    assert snapshot == 1\n")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--snapshot-update")
    done.assert_outcomes(passed=1)
    assert list((pytester.path / "__snapshots__").iterdir())
