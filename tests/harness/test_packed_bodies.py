"""A body is compared without its content-encoding; what cannot be unpacked is told, never clean."""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .contracts import ROOT, Outcome
from .test_compare_command import run

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

USAGE = ROOT / "cassettes/codex/usage.yaml"
STREAM = ROOT / "cassettes/codex/streamed-text.yaml"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "zstd": zstd.compress,
    "deflate, gzip": lambda body: gzip.compress(zlib.compress(body)),
}


def recorded(
    target: Path,
    encoding: str | None,
    pack: Callable[[bytes], Any],
    edit: Callable[[str], str] = str,
    *,
    source: Path = USAGE,
    half: str = "response",
    name: str = "Content-Encoding",
) -> Path:
    """A cassette as a recorder keeps it that does not undo the encoding."""
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    (row,) = document["interactions"]
    del row["provenance"]
    row.pop("stream", None)
    if encoding is not None:
        row[half]["headers"][name] = [encoding]
    if half == "response":
        body = edit(row["response"]["body"]["string"])
        row["response"]["body"]["string"] = pack(body.encode())
    else:
        row["request"]["body"] = pack(edit(row["request"]["body"]).encode())
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


def compare(old: Path, new: Path) -> tuple[int, dict[str, Any]]:
    outcome = run("compare", str(old), str(new), "--format", "json")
    return outcome.code, json.loads(outcome.out)


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["rule"], one["pointer"]) for one in report["findings"]]


def otherwise(body: str) -> str:
    changed, count = re.subn(r'"plan_type":\s*"\w+"', '"plan_type":7', body)
    assert count == 1
    return changed


@pytest.mark.parametrize("encoding", PACKERS)
def test_what_differs_in_a_packed_body_is_found(tmp_path: Path, encoding: str) -> None:
    pack = PACKERS[encoding]
    old = recorded(tmp_path / "old.yaml", encoding, pack)
    new = recorded(tmp_path / "new.yaml", encoding, pack, otherwise)
    code, report = compare(old, new)
    assert code == 1
    assert ("type-changed", "/body/plan_type") in told(report)
    assert report["unchecked"] == []


@pytest.mark.parametrize("encoding", PACKERS)
def test_the_same_body_packed_otherwise_is_a_change_of_the_header_alone(
    tmp_path: Path, encoding: str
) -> None:
    plain = recorded(tmp_path / "plain.yaml", None, bytes.decode)
    packed = recorded(tmp_path / "packed.yaml", encoding, PACKERS[encoding])
    for old, new in ((plain, packed), (packed, plain)):
        _, report = compare(old, new)
        assert [pointer for _, pointer in told(report)] == ["/header/content-encoding"]


def test_a_body_that_is_plain_already_stays_so_whatever_its_header_says(tmp_path: Path) -> None:
    for encoding in ("gzip", "deflate", "zstd", "br"):
        for keep in (bytes, bytes.decode):  # !!binary, and a text
            old = recorded(tmp_path / "old.yaml", encoding, keep)
            new = recorded(tmp_path / "new.yaml", encoding, keep, otherwise)
            code, report = compare(old, new)
            assert code == 1
            assert ("type-changed", "/body/plan_type") in told(report)


def test_a_packed_stream_is_its_events(tmp_path: Path) -> None:
    old = recorded(tmp_path / "old.yaml", "gzip", gzip.compress, source=STREAM)
    new = recorded(
        tmp_path / "new.yaml",
        "gzip",
        gzip.compress,
        lambda body: body.replace("response.output_text.done", "response.output_text.end"),
        source=STREAM,
    )
    assert compare(old, old)[0] == 0
    code, report = compare(old, new)
    assert code == 1
    assert [rule for rule, _ in told(report)] == ["event-type-renamed"]


def test_a_packed_request_is_what_was_asked(tmp_path: Path) -> None:
    plain = recorded(tmp_path / "a.yaml", None, bytes.decode, half="request", source=STREAM)
    old = recorded(tmp_path / "b.yaml", "zstd", zstd.compress, half="request", source=STREAM)
    new = recorded(
        tmp_path / "c.yaml",
        "zstd",
        zstd.compress,
        lambda body: body.replace('"store":false', '"store":0'),
        half="request",
        source=STREAM,
    )
    assert told(compare(plain, old)[1]) == [("client-encoding-changed", "/header/content-encoding")]
    assert [pointer for _, pointer in told(compare(old, new)[1])] == ["/body/store"]


def never(body: bytes) -> bytes:
    return b"\x8b\x05\x80" + body[::-1] + b"\x03"


@pytest.mark.parametrize("half", ["response", "request"])
@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_what_cannot_be_unpacked_is_told_as_not_looked_at(
    tmp_path: Path, encoding: str, half: str
) -> None:
    old = recorded(tmp_path / "old.yaml", encoding, never, half=half, source=STREAM)
    new = recorded(tmp_path / "new.yaml", encoding, never, lambda _: "{}", half=half, source=STREAM)
    plain = recorded(tmp_path / "plain.yaml", encoding, bytes.decode, half=half, source=STREAM)
    for pair in ((old, new), (old, plain), (plain, new)):
        code, report = compare(*pair)
        assert (code, report["verdict"]) == (6, "unchecked")
        assert told(report) == []
        what = "the body of the request" if half == "request" else "the body"
        for one in report["unchecked"]:
            assert one["what"].endswith(f".yaml: {what}")
            assert one["why"].startswith(f"content-encoding {encoding}: ")


def test_what_stands_beside_a_body_that_cannot_be_unpacked_is_compared(tmp_path: Path) -> None:
    old = recorded(tmp_path / "old.yaml", "br", never)
    new = recorded(tmp_path / "new.yaml", "br", never, lambda _: "{}")
    new.write_text(new.read_text(encoding="utf-8").replace("code: 200", "code: 404"))
    code, report = compare(old, new)
    assert code == 1
    assert [pointer for _, pointer in told(report)] == ["/status"]
    assert len(report["unchecked"]) == 2


def test_in_a_set_it_takes_away_nothing_of_what_the_others_show(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, edit in ((old, str), (new, otherwise)):
        folder.mkdir()
        recorded(folder / f"{folder.name}1.yaml", "gzip", gzip.compress, edit)
        recorded(folder / f"{folder.name}2.yaml", "br", never)
    code, report = compare(old, new)
    assert code == 1
    assert ("type-changed", "/body/plan_type") in told(report)
    assert [one["what"] for one in report["unchecked"]] == [
        f"{old}/old2.yaml: the body",
        f"{new}/new2.yaml: the body",
    ]


def test_the_very_same_bytes_are_the_same_whoever_can_read_them(tmp_path: Path) -> None:
    old = recorded(tmp_path / "old.yaml", "br", never)
    assert compare(old, old)[0] == 0


def validate(file: Path) -> Outcome:
    return run("validate", str(file), "--surface", "usage", "--format", "json")


def test_validate_looks_into_a_packed_body_and_says_where_it_cannot(tmp_path: Path) -> None:
    good = validate(recorded(tmp_path / "good.yaml", "gzip", gzip.compress))
    assert good.code == 0, good.out
    bad = validate(recorded(tmp_path / "bad.yaml", "gzip", gzip.compress, otherwise))
    assert bad.code == 1
    assert any(one["pointer"] == "/body/plan_type" for one in json.loads(bad.out)["findings"])
    shut = validate(recorded(tmp_path / "shut.yaml", "br", never))
    assert shut.code == 6
    assert json.loads(shut.out)["findings"] == []
