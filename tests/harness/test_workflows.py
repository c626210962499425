"""The workflows: pinned, few rights, secrets where they belong, nothing but make targets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .contracts import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NAMES = [file.name for file in FILES]
BIN = Path(sys.executable).parent
SECRET = re.compile(r"\$\{\{[^}]*\bsecrets\.([A-Z_]+)")
#: Targets that run programs which are neither ours nor pinned by us.
FOREIGN = frozenset({"reference", "nightly"})


def workflow(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key "on" as true.
    document: dict[Any, Any] = yaml.safe_load((FILES[0].parent / name).read_text())
    document["on"] = document.pop(True)
    return document


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow(name)["jobs"]
    return found


def runs(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def targets() -> set[str]:
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def secrets(value: Any) -> set[str]:
    return set(SECRET.findall(yaml.safe_dump(value)))


def test_there_are_the_two() -> None:
    assert NAMES == ["nightly.yml", "verify.yml"]


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_and_says_its_version(name: str) -> None:
    text = (FILES[0].parent / name).read_text()
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    for one in uses:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_allowed_that_no_job_asks_for(name: str) -> None:
    document = workflow(name)
    assert document["permissions"] == {}
    writes = {
        (job, right)
        for job, steps in document["jobs"].items()
        for right, level in steps["permissions"].items()
        if level == "write"
    }
    assert writes == ({("alert", "issues")} if name == "nightly.yml" else set())


@pytest.mark.parametrize("name", NAMES)
def test_no_job_leaves_its_token_on_the_disk_or_runs_for_ever(name: str) -> None:
    for job in jobs(name).values():
        (checkout,) = [one for one in job["steps"] if "actions/checkout" in one.get("uses", "")]
        assert checkout["with"]["persist-credentials"] is False
        assert job["timeout-minutes"] <= 90
        assert job["runs-on"] == "ubuntu-24.04"


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_do_not_get_into_each_others_way(name: str) -> None:
    assert workflow(name)["concurrency"]["group"]


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_a_make_target(name: str) -> None:
    known = targets()
    for job in jobs(name).values():
        for line in runs(job):
            found = re.fullmatch(r"make ([a-z-]+)( [A-Z]+=(\"[^\"$]*\"|[^\s\"$]+))*", line)
            assert found, line
            assert found[1] in known, line


def test_a_pull_request_sees_no_secret() -> None:
    document = workflow("verify.yml")
    assert "pull_request_target" not in document["on"]
    assert secrets(document) == set()


def test_secrets_are_where_they_are_needed_and_nowhere_else() -> None:
    document = workflow("nightly.yml")
    assert secrets({key: value for key, value in document.items() if key != "jobs"}) == set()
    known = {name: secrets(job) for name, job in document["jobs"].items()}
    assert known == {
        "canary": set(),
        "reference": set(),
        "record": {"CODEX_OAUTH_CREDENTIAL"},
        "alert": {"CODEX_LEG_WEBHOOK_URL", "CODEX_LEG_SLACK_URL"},
    }
    for job in document["jobs"].values():
        if secrets(job):
            assert job["environment"]
        for step in job["steps"]:
            assert not secrets(step) or "run" in step


@pytest.mark.parametrize("name", NAMES)
def test_no_token_is_beside_programs_of_others(name: str) -> None:
    for job in jobs(name).values():
        if any(line.split()[1] in FOREIGN for line in runs(job)):
            assert secrets(job) == set()
            assert "github.token" not in yaml.safe_dump(job)
            assert job["permissions"] == {"contents": "read"}


def test_people_are_told_whatever_became_of_the_witnesses() -> None:
    found = jobs("nightly.yml")
    alert = found["alert"]
    assert alert["if"] == "always()"
    assert set(alert["needs"]) == set(found) - {"alert"}
    for name in alert["needs"]:
        (upload,) = [
            one for one in found[name]["steps"] if "upload-artifact" in one.get("uses", "")
        ]
        assert upload["if"] == "always()"
        assert any(f"REPORT=reports/{name}/{name}.json" in line for line in runs(found[name]))
        assert upload["with"]["name"] == name
        assert upload["with"]["path"] == f"reports/{name}/"
        assert name in alert["steps"][-1]["env"]["WITNESSES"]
    (download,) = [one for one in alert["steps"] if "download-artifact" in one.get("uses", "")]
    assert download["with"] == {"path": "reports", "merge-multiple": False}


def make_says(*arguments: str, root: Path = ROOT) -> str:
    """What make would run."""
    command = ["make", "-n", "--no-print-directory", "-o", ".venv/.installed", *arguments]
    # The tests may be run by make themselves, which tells those below it how to speak.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_each_witness_is_believed_about_itself_alone() -> None:
    said = make_says("alert", "WITNESSES=canary record", "FOLDER=reports")
    assert "alert reports/canary/canary.json reports/record/record.json" in said


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 1), (6, 0)])
def test_a_pull_request_is_not_red_for_what_could_not_be_looked_at(
    tmp_path: Path, code: int, ends: int
) -> None:
    (tmp_path / "codex-leg").write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    (tmp_path / "codex-leg").chmod(0o755)
    for target in ("canary", "known"):
        (line,) = [one for one in runs(jobs("verify.yml")["canary"]) if f"make {target}" in one]
        said = make_says(*line.split()[1:], f"BIN={tmp_path}", f"BASELINE={tmp_path}/known.json")
        done = subprocess.run(["/bin/sh", "-c", said], check=False)
        assert done.returncode == ends
        alone = make_says(target, f"BIN={tmp_path}", f"BASELINE={tmp_path}/known.json")
        assert subprocess.run(["/bin/sh", "-c", alone], check=False).returncode == code


def test_one_variable_says_which_canaries_are_asked() -> None:
    assert "codex-leg canary canary/a canary/b " in make_says(
        "canary", "CANARIES=canary/a canary/b"
    )
    for name in NAMES:
        (step,) = [
            one
            for one in jobs(name)["canary"]["steps"]
            if one.get("run", "").startswith("make canary")
        ]
        assert step["env"]["CANARIES"] == "${{ vars.CODEX_LEG_CANARIES }}"


@pytest.mark.parametrize(
    "command",
    [
        ["actionlint", "-color=false"],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--persona=pedantic", ".github"],
    ],
    ids=["actionlint", "zizmor"],
)
def test_the_linters_have_nothing_to_say(command: list[str]) -> None:
    program = BIN / command[0]
    if not program.exists():
        pytest.skip(f"{command[0]} is not installed; make lint runs it")
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A make that does as if: it writes down what it is asked, and canaries fail."""
    script = tmp_path / "make"
    script.write_text(
        '#!/bin/sh\necho "$@" >> asked\ncase "$2" in canary) exit 2;; esac\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return tmp_path


def test_a_night_goes_on_after_a_failure_and_ends_red(night: Path) -> None:
    assert shutil.which("sh")
    (night / "reports" / "canary").mkdir(parents=True)
    (night / "reports" / "canary" / "canary.json").write_text("yesterday")
    done = subprocess.run(
        [ROOT / "tools" / "nightly", "./make", "reports", "canary", "reference", "record"],
        cwd=night, check=False,
    )  # fmt: skip
    asked = (night / "asked").read_text().splitlines()
    assert [line.split()[1] for line in asked] == ["canary", "reference", "record", "alert"]
    assert "WITNESSES=canary reference record" in asked[-1]
    assert "ARGS=--keep reports/canary/evidence" in asked[0]
    assert "ARGS=--yes --no-adopt --confirm 3 --keep reports/record/evidence" in asked[2]
    assert done.returncode == 1
    assert not (night / "reports" / "canary" / "canary.json").exists()
