"""Where a report goes: a file whole or not at all, standard output in any state."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.contract import Contract
from harness.exits import WrongUse
from harness.report import writing
from harness.report.faces import FACES, render
from harness.report.writing import check_output, write_file

from .contracts import ROOT, codex_leg
from .reports import hostile, small

#: An excerpt of a stream that is as it should be.
EVENT = (
    '{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1",'
    '"output_index":0,"content_index":0,"delta":"ok","logprobs":[]}'
)
VALIDATE = ("validate", "--surface", "responses", "--excerpt")


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    file = tmp_path / "answer.sse"
    file.write_text(f"event: response.output_text.delta\ndata: {EVENT}\n\n", encoding="utf-8")
    return file


@pytest.fixture
def broken(stream: Path) -> Path:
    stream.write_text(stream.read_text().replace('"delta":"ok",', ""), encoding="utf-8")
    return stream


@pytest.mark.parametrize("face", FACES)
def test_a_file_holds_what_the_face_says_in_utf_8(tmp_path: Path, face: str) -> None:
    file = tmp_path / "report"
    write_file(hostile(), face, file)
    assert file.read_bytes().decode("utf-8") == render(hostile(), face)
    assert [one.name for one in tmp_path.iterdir()] == ["report"]


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.json"
    file.write_text("as it was")

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(WrongUse, match=r"report\.json cannot be written: No space left"):
        write_file(small(), "json", file)
    assert file.read_text() == "as it was"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_rights_and_links_stay_as_they_were(tmp_path: Path) -> None:
    file, link = tmp_path / "report.json", tmp_path / "link.json"
    file.write_text("as it was")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(small(), "json", link)
    assert link.is_symlink()
    assert json.loads(file.read_text())["verdict"] == "drift"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_new_file_has_the_rights_that_a_new_file_has(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("")
    write_file(small(), "json", tmp_path / "report.json")
    assert (tmp_path / "report.json").stat().st_mode == other.stat().st_mode


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_file(small(), "json", pipe)
    reader.join(timeout=10)
    assert json.loads(read[0])["verdict"] == "drift"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_cannot_be_written_is_told_before_anything_is_run(tmp_path: Path) -> None:
    for file, named in (
        (tmp_path, "is a folder"),
        (tmp_path / "nowhere" / "report.json", "make it first"),
        (Path("/proc/report.json"), "cannot be written"),
    ):
        if file.parent == Path("/proc") and os.geteuid() == 0:
            continue  # root may write everywhere, as far as rights go
        with pytest.raises(WrongUse, match=named):
            check_output(file)
    check_output(tmp_path / "report.json")


def test_the_command_says_it_in_one_line_and_does_not_run(stream: Path, tmp_path: Path) -> None:
    done = codex_leg(*VALIDATE, str(stream), "--output", str(tmp_path / "no" / "report.json"))
    assert (done.code, done.out) == (4, "")
    assert "there is no folder" in done.err
    assert len(done.err.splitlines()) == 1


def test_with_a_file_the_log_still_shows_what_happened(broken: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.sarif"
    done = codex_leg(*VALIDATE, str(broken), "--format", "sarif", "--output", str(file))
    assert done.code == 1
    assert json.loads(file.read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert "BREAKING" in done.out
    assert f"{broken}:1" in done.out


def test_a_dash_is_standard_output(stream: Path) -> None:
    done = codex_leg(*VALIDATE, str(stream), "--json", "-o", "-")
    assert json.loads(done.out)["verdict"] == "clean"


@pytest.mark.parametrize("face", FACES)
def test_every_face_is_there_from_the_command_line(broken: Path, face: str) -> None:
    done = codex_leg(*VALIDATE, str(broken), "--format", face)
    assert (done.code, done.err) == (1, "")
    assert "/delta" in done.out


def test_json_has_a_shorthand(broken: Path) -> None:
    short, long = (
        codex_leg(*VALIDATE, str(broken), *option) for option in (["--json"], ["--format", "json"])
    )
    assert short == long
    report = json.loads(short.out)
    assert Contract(ROOT).schemas.validate("report/findings.json", report) == []
    both = codex_leg(*VALIDATE, str(broken), "--json", "--format", "html")
    assert (both.code, both.out) == (4, "")
    assert "--json and --format html exclude each other" in both.err


def test_profiles_and_levels_are_options(broken: Path) -> None:
    for profile in ("tolerant", "strict", "leg"):
        done = codex_leg(*VALIDATE, str(broken), "--json", "--profile", profile)
        assert (done.code, json.loads(done.out)["profile"]) == (1, profile)
    done = codex_leg(*VALIDATE, str(broken), "--profile", "mine")
    assert done.code == 4
    assert "tolerant" in done.err


def test_a_reader_that_has_seen_enough_gets_no_traceback(broken: Path) -> None:
    command = [sys.executable, "-m", "harness", *VALIDATE, str(broken)]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_standard_output_will_do(broken: Path, encoding: str) -> None:
    broken.write_text(broken.read_text().replace("msg_1", "mäg–1"), encoding="utf-8")
    for face in FACES:
        done = subprocess.run(
            [sys.executable, "-m", "harness", *VALIDATE, str(broken), "--format", face],
            cwd=ROOT, capture_output=True, check=False,
            env={**os.environ, "PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (1, b""), face
        assert done.stdout.decode(encoding)
