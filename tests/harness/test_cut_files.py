"""A raw stream as ``curl -N`` leaves it: broken off anywhere, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract import ContractError
from harness.raw import read_sse

from .contracts import ROOT
from .test_compare_command import body_of, compare, rules, run

STREAM = ROOT / "cassettes/codex/streamed-text.yaml"
#: Two events; the text of the second has characters of two, three and four bytes.
TWO: bytes = (
    b'event: a\ndata: {"type":"a"}\n\n' + 'event: b\ndata: {"type":"b","é":"€😀"}\n\n'.encode()
)


def file(tmp_path: Path, name: str, raw: bytes) -> Path:
    (tmp_path / name).write_bytes(raw)
    return tmp_path / name


@pytest.mark.parametrize("size", range(len("event:"), len(TWO)))
def test_a_stream_that_is_cut_anywhere_is_still_a_stream(size: int) -> None:
    found = read_sse(TWO[:size], "x.sse")
    assert found.is_stream
    assert [event.type for event in found.events] == ["a"] * TWO[:size].count(b"\n\n")


def whole(tmp_path: Path) -> tuple[Path, bytes]:
    raw = body_of(STREAM).replace('"ok"', '"ok €"').encode()
    return file(tmp_path, "old.sse", raw), raw


@pytest.mark.parametrize("where", ["in a character", "in the first event", "in its first line"])
def test_a_file_that_is_cut_is_a_stream_that_is_cut(tmp_path: Path, where: str) -> None:
    old, raw = whole(tmp_path)
    ends = {
        "in a character": raw.index("€".encode()) + 1,
        "in the first event": raw.index(b"\n\n") - 40,
        "in its first line": len("event: resp"),
    }
    new = file(tmp_path, "new.sse", raw[: ends[where]])
    code, report = compare(old, new, "--surface", "responses")
    assert (code, rules(report)) == (1, ["stream-cut"])
    _, report = compare(new, old, "--surface", "responses")
    assert rules(report) == ["stream-whole-again"]
    told = run("validate", new, "--surface", "responses", "--format", "json")
    assert told.code == 1
    assert "order/terminal-missing" in told.out


def test_a_refusal_in_a_file_of_a_stream_is_a_refusal(tmp_path: Path) -> None:
    old, _ = whole(tmp_path)
    new = file(tmp_path, "new.sse", b'{"detail":"Unauthorized"}\n')
    code, report = compare(old, new, "--surface", "responses")
    assert (code, rules(report)) == (1, ["answer-refused"])


def test_a_body_in_a_file_of_a_stream_is_another_kind_of_answer(tmp_path: Path) -> None:
    old, _ = whole(tmp_path)
    new = file(tmp_path, "new.sse", b'{"object":"response","id":"resp_1"}')
    code, report = compare(old, new, "--surface", "responses")
    assert (code, rules(report)) == (1, ["answer-kind-changed"])


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"data: {}\n\n\xff", "byte 10: not UTF-8"),
        (b"data: \xe2\x82\ndata: {}\n\n", "byte 6: not UTF-8"),
        (b"<html>no</html>", "holds no event"),
        (b"[1, 2", "holds no event"),
        (b": only a comment", "holds no event"),
    ],
)
def test_what_is_no_stream_at_all_is_refused_as_before(raw: bytes, problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        read_sse(raw, "x.sse")
