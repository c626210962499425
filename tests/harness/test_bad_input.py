"""What cannot be read or found is one line each, exit 4 or 7, and nothing half-written."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import run as run_command
from harness.contract import MAX_BYTES, Contract, ContractError, read_bytes
from harness.raw import RAW, read_raw

from .contracts import ROOT, Outcome, copy_contract
from .repositories import commit, make_repository

USAGE = ROOT / "cassettes/codex/usage.yaml"
OF_USAGE = ("--surface", "usage")


def run(*arguments: object) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command([str(one) for one in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


Make = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> Make:
    def make(name: str, content: str | bytes = "") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def sparse(path: Path, size: int) -> Path:
    """A file of this size that takes no place on the disk."""
    with path.open("wb") as made:
        made.truncate(size)
    return path


#: What is wrong → the name of the file, its content, what the line has to say.
BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "broken YAML": ("x.yaml", "version: 1\ninteractions: [\n", "line 3, column 1: not YAML"),
    "YAML that is no cassette": ("x.yaml", "- 1\n", "is a list, not a mapping"),
    "an empty cassette file": ("x.yaml", "", "not a mapping"),
    "a cassette from the future": (
        "x.yaml", "version: 2\ninteractions: []\n", "/version: is 2; cassettes of version 1"),
    "a cassette of no version": ("x.yaml", "interactions: []\n", "/version: is missing"),
    "a cassette that is not UTF-8": ("x.yaml", b"version: 1\n# \xff\n", "byte 13: not UTF-8"),
    "a row that is no exchange": (
        "x.yaml", "version: 1\ninteractions: [{request: 5}]\n", "/interactions/0"),
    "broken JSON": ("x.json", '{"a": 1,}', "line 1, column 9: not JSON"),
    "JSON that is nested too deep": ("x.json", "[" * 200_000, "not JSON"),
    "JSON that is not UTF-8": ("x.json", b'{"a": "\xff"}', "byte 7: not UTF-8"),
    "lines that are no events": ("x.jsonl", "1\n2\n", "line 1: is no event"),
    "a broken line among events": (
        "x.jsonl", '{"type": "ping"}\n\n{"type": "pi\n{"type": "ping"}\n',
        "line 3, column 10: not JSON"),
    "no lines at all": ("x.jsonl", "\n\n", "holds no event"),
    "a stream that is not UTF-8": ("x.sse", b"data: {}\n\n\xff", "byte 10: not UTF-8"),
    "a stream without an event": ("x.sse", ": only a comment\n\n", "holds no event"),
    "a page instead of a stream": ("x.sse", "<html>no</html>", "holds no event"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("side", ["old", "new", "shape"])
def test_a_broken_file_is_one_line_with_its_name_and_place(
    file: Make, case: str, side: str
) -> None:
    name, content, said = BROKEN[case]
    broken = file(name, content)
    sound = file("sound.json", "{}")
    names = {"old": ("compare", broken, sound), "new": ("compare", sound, broken)}
    done = run(*names.get(side, ("shape", broken)), "--surface", "usage")
    assert (done.code, done.out) == (7, "")
    assert done.err.count("\n") == 1
    assert str(broken) in done.err
    assert said in done.err


@pytest.mark.parametrize("case", BROKEN)
def test_validate_refuses_the_same_files(file: Make, case: str) -> None:
    name, content, said = BROKEN[case]
    done = run("validate", file(name, content), "--surface", "usage")
    assert (done.code, done.out) == (7, "")
    if case == "a cassette from the future":
        assert (done.err.count("\n"), said in done.err) == (1, True)
    assert "Traceback" not in done.err


def test_two_faults_of_one_exchange_are_one_line_that_names_both(file: Make) -> None:
    text = USAGE.read_text(encoding="utf-8").replace("{code: 200,", "{code: fine,")
    done = run("validate", file("x.yaml", text.replace("method: GET", "method: 7")), *OF_USAGE)
    assert (done.code, done.err.count("\n")) == (7, 1)
    assert "/interactions/0/request/method: is a whole number, not a text" in done.err
    assert "(and /interactions/0/response/status/code: is a text, not a whole number)" in done.err


def test_what_is_not_there_is_called_missing(file: Make) -> None:
    text = USAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition("  - request:")
    without = f"{head}  - {rest[rest.index('response:') :]}"
    done = run("validate", file("x.yaml", without), *OF_USAGE)
    assert (done.code, done.err.count("\n")) == (7, 1)
    assert "/interactions/0/request: is missing — write a mapping" in done.err


# Too large


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl", ".sse"])
def test_a_file_of_a_gigabyte_is_refused_before_it_is_read(tmp_path: Path, suffix: str) -> None:
    large = sparse(tmp_path / f"large{suffix}", 1024**3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for arguments in (("validate", large), ("compare", large, large), ("shape", large)):
        done = run(*arguments, "--surface", "usage")
        assert (done.code, done.out) == (7, "")
        assert done.err.count("\n") == 1
        assert "has 1,024 MiB; files of more than 256 MiB are not read" in done.err
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000, f"{grown} kB more"


def test_a_large_file_of_a_contract_is_refused_too(tmp_path: Path) -> None:
    contract = copy_contract(tmp_path / "contract")
    sparse(contract.file("cassettes/codex/usage.yaml"), MAX_BYTES + 1)
    sparse(contract.file("snapshots/codex/usage.json"), MAX_BYTES + 1)
    done = contract.verify()
    assert (done.code, done.out) == (7, "")
    for name in ("cassettes/codex/usage.yaml", "snapshots/codex/usage.json"):
        assert f"{name}: has 256 MiB; files of more" in done.err


def test_a_large_file_of_a_revision_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    contract = copy_contract(tmp_path / "contract")
    sparse(contract.file("cassettes/codex/usage.yaml"), MAX_BYTES + 1)
    make_repository(contract.root)
    commit(contract.root)
    for name in ("HEAD", "HEAD:cassettes/codex/usage.yaml"):
        done = run("shape", name, "--root", contract.root)
        assert (done.code, done.out) == (7, "")
        assert done.err.count("\n") == 1
        assert "files of more than 256 MiB are not read" in done.err


def test_the_limit_is_exact_and_counts_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_bytes(path, "x", 5) == b"12345"
    with pytest.raises(ContractError, match="x: has 0 MiB; files of more than 0 MiB"):
        read_bytes(path, "x", 4)


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    caught: list[BaseException] = []

    def read() -> None:
        try:
            read_bytes(pipe, "pipe.yaml")
        except ContractError as error:
            caught.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(10)
    assert [str(one) for one in caught] == [
        "pipe.yaml: is no plain file — write it to a file first"
    ]
    with pytest.raises(ContractError, match="is no plain file"):
        read_bytes(Path("/dev/zero"), "zero")


# Neither files nor folders, and what may not be looked at


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def link_to_the_folder(path: Path) -> None:
    path.symlink_to(path.parent)


@contextlib.contextmanager
def without_roots_rights() -> Iterator[None]:
    """To root, nothing is shut."""
    if os.geteuid() != 0:
        yield
        return
    # What is imported late may lie where nobody else looks.
    assert run("compare", USAGE, USAGE).code == run("shape", USAGE).code == 0
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (pipe, "x.yaml: is no plain file"),
    "a link that leads nowhere": (link_to_nothing, "x.yaml: cannot be read: No such file"),
    "a link to itself": (link_to_itself, "x.yaml: cannot be read: Too many levels"),
    "a circle of folders": (link_to_the_folder, "x.yaml: is a link to a folder"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_cannot_be_read_in_a_folder_is_not_left_out_in_silence(
    tmp_path: Path, case: str
) -> None:
    make, said = ODD[case]
    shutil.copy(USAGE, tmp_path / "sound.yaml")
    make(tmp_path / "x.yaml")
    for arguments in (("shape", tmp_path), ("compare", tmp_path, USAGE)):
        done = run(*arguments)
        assert (done.code, done.out) == (7, "")
        assert done.err.count("\n") == 1
        assert said in done.err


@pytest.mark.parametrize("case", ODD)
def test_named_alone_it_is_one_line_too_and_nothing_waits_for_it(tmp_path: Path, case: str) -> None:
    path = tmp_path / "x.yaml"
    ODD[case][0](path)
    for arguments in (("shape", path), ("compare", path, USAGE), ("validate", path)):
        done = run(*arguments, "--surface", "usage")
        assert (done.code in (4, 7), done.out) == (True, "")
        assert done.err.count("\n") == 1
        assert "x.yaml" in done.err


@pytest.mark.parametrize("shut", ["side", "side/below", "side/x.yaml"])
def test_what_we_have_no_right_to_is_one_line_never_a_smaller_side(shut: str) -> None:
    # Not tmp_path: what is around that is shut to all others.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        side = folder / "side"
        (side / "below").mkdir(parents=True)
        for target in (side, side / "below"):
            shutil.copy(USAGE, target / "x.yaml")
        folder.chmod(0o755)
        (folder / shut).chmod(0)
        with without_roots_rights():
            found = [run("shape", side), run("compare", USAGE, side)]
        (folder / shut).chmod(0o755)
    for done in found:
        assert (done.code, done.out) == (7, "")
        assert done.err.count("\n") == 1
        assert f"{shut}: cannot be " in done.err
        assert "Permission denied" in done.err


@pytest.mark.parametrize("folder", ["probes/codex", "cassettes/codex", "snapshots/codex"])
def test_a_folder_of_a_contract_that_is_a_circle_is_a_fault_of_it(
    tmp_path: Path, folder: str
) -> None:
    contract = copy_contract(tmp_path / "contract")
    contract.file(f"{folder}/again").symlink_to(contract.root)
    for arguments in (("verify",), ("adopt", "--yes")):
        done = run(*arguments, "--root", contract.root)
        assert (done.code, done.out) == (7, "")
        assert done.err == (
            f"codex-leg: {folder}/again: is a link to a folder — put a folder there, or name the "
            "one that it leads to\n"
        )


# As another machine writes it


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_byte_order_mark_and_other_line_ends_change_nothing(
    file: Make, mark: bytes, end: bytes
) -> None:
    def written(name: str, raw: bytes) -> Path:
        return file(name, mark + raw.replace(b"\n", end))

    stream = (ROOT / "cassettes/codex/streamed-text.yaml").read_bytes()
    for name, raw in (("usage", USAGE.read_bytes()), ("stream", stream)):
        plain = file(f"{name}.yaml", raw)
        done = run("compare", plain, written(f"{name}-other.yaml", raw))
        assert done.code == 0, done.out + done.err
    answer = json.loads(Contract(ROOT).cassettes["codex/usage"].interactions[0].body)
    bodies = {".json": json.dumps(answer, indent=1).encode()}
    events = [b'{"type":"response.created","response":{}}', b'{"type":"ping"}']
    # How a stream was framed, in an .sse file, is a fact of its own: test_framing.py.
    if end != b"\r":  # in lines of JSON it is blank space
        bodies[".jsonl"] = b"\n".join(events)
    for suffix, raw in bodies.items():
        surface = "usage" if suffix == ".json" else "responses"
        plain, other = file(f"a{suffix}", raw), written(f"b{suffix}", raw)
        done = run("compare", plain, other, "--surface", surface)
        assert done.code == 0, (suffix, done.out + done.err)


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl"])
def test_a_nul_is_refused_with_its_line(file: Make, suffix: str) -> None:
    broken = file(f"x{suffix}", b'{"type":\n"a\0b"}\n' if suffix != ".jsonl" else b'"a"\n"a\0b"\n')
    for arguments in (("shape", broken), ("validate", broken), ("compare", USAGE, broken)):
        done = run(*arguments, "--surface", "usage")
        assert (done.code, done.out) == (7, "")
        assert done.err.count("\n") == 1
        assert "line 2" in done.err


# Reports of before


@pytest.mark.parametrize("case", ["a pipe", "a gigabyte"])
def test_a_report_of_before_is_not_waited_for_nor_read_beyond_measure(
    tmp_path: Path, case: str
) -> None:
    report = tmp_path / "before.json"
    if case == "a pipe":
        pipe(report)
    else:
        sparse(report, 1024**3)
    why = "is no plain file" if case == "a pipe" else "has 1,024 MiB"
    done = run("compare", USAGE, USAGE, "--baseline-report", report)
    assert (done.code, done.out, done.err.count("\n")) == (4, "", 1)
    assert f"before.json {why}" in done.err
    done = run("alert", report, "--dry-run", "--state", tmp_path / "state.json")
    assert done.code == 6
    assert f"there is no report before.json: {why}" in done.out
    done = run("alert", report, "--state", report)
    assert (done.code, done.out, done.err.count("\n")) == (6, "", 1)
    assert "before.json is no state of codex-leg alert" in done.err


# Not there


def test_what_is_not_there_is_one_line_of_wrong_usage(tmp_path: Path, file: Make) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").touch()
    sound = file("sound.json", "{}")
    stream = file("x.sse", 'data: {"type":"ping"}\n\n')
    contract = copy_contract(tmp_path / "contract")
    make_repository(contract.root)
    commit(contract.root)
    here = ("--root", contract.root)
    cases: dict[tuple[object, ...], str] = {
        (
            "compare",
            "nowhere.yaml",
            USAGE,
            *here,
        ): "'nowhere.yaml' is neither a path nor a revision",
        ("compare", USAGE, "no-such-revision", *here): "'no-such-revision' is neither a path",
        ("compare", USAGE, "HEAD:no/such/path", *here): "HEAD has no 'no/such/path'",
        ("compare", empty, empty): "empty holds no cassette",
        ("compare", ROOT / "README.md", USAGE): "README.md is of a kind that is not known",
        ("compare", sound, sound): "sound.json holds an answer alone; name what answered",
        ("compare", sound, sound, "--surface", "nope"): "there is no surface 'nope'",
        ("compare", USAGE, ROOT / "cassettes/auth/refresh-ok.yaml"): "nothing can be compared",
        ("compare", USAGE, stream, "--root", "/nowhere"): "/nowhere",
        ("compare", USAGE, USAGE, "--waivers", "/nowhere"): "/nowhere",
        ("shape", "nowhere", *here): "'nowhere' is neither a path nor a revision",
        ("shape", stream): "--surface",
        ("adopt", "no/such/probe", "--dry-run"): "there is no probe 'no/such/probe'",
    }
    for arguments, said in cases.items():
        done = run(*arguments)
        assert (done.code, done.out) == (4, ""), (arguments, done.err)
        assert done.err.count("\n") == 1, done.err
        assert said in done.err


def test_sides_of_other_surfaces_have_nothing_in_common_and_both_are_named(tmp_path: Path) -> None:
    for side, name in (("old", "codex/usage"), ("new", "auth/refresh-ok")):
        (tmp_path / side).mkdir()
        shutil.copy(ROOT / f"cassettes/{name}.yaml", tmp_path / side / "x.yaml")
    done = run("compare", tmp_path / "old", tmp_path / "new")
    assert done.code == 4
    assert "old is usage" in done.err
    assert "new is auth" in done.err


def test_without_git_paths_still_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("compare", USAGE, USAGE).code == 0
    done = run("compare", "HEAD", USAGE)
    assert (done.code, done.err.count("\n")) == (4, 1)
    assert "git is not installed" in done.err


def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    strange = tmp_path / "a\x1b[31mb.yaml"
    strange.write_text("version: [")
    done = run("compare", strange, USAGE)
    assert done.code == 7
    assert "\x1b" not in done.err


def test_nothing_is_half_written_where_the_input_is_broken(tmp_path: Path, file: Make) -> None:
    target = tmp_path / "report.json"
    broken = file("x.yaml", "version: [")
    done = run("compare", broken, USAGE, "--format", "json", "--output", target)
    assert done.code == 7
    assert not target.exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["x.yaml"]


@given(st.sampled_from(sorted(RAW)), st.binary(max_size=200) | st.text(max_size=99).map(str.encode))
def test_no_bytes_whatever_raise_anything_but_one_line(suffix: str, raw: bytes) -> None:
    try:
        exchange = read_raw(suffix, raw, "x")
    except ContractError as error:
        assert "\n" not in str(error)
    else:
        assert exchange.is_stream == (suffix != ".json")


def test_the_contract_itself_is_below_every_limit() -> None:
    assert Contract(ROOT).problems() == []
