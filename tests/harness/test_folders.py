"""Of a folder each file is read, or named with why it is not; and each exchange has its surface."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract, plain_url
from harness.sides import Lens, open_sides

from .contracts import ROOT
from .test_compare_command import compare, edited, rules, run

USAGE = ROOT / "cassettes/codex/usage.yaml"
STREAM = ROOT / "cassettes/codex/streamed-text.yaml"
PLAN_MODELS = ROOT / "cassettes/plan/models.yaml"
URL = "https://chatgpt.com/backend-api/wham/usage"
NUMBER = ('"plan_type": "prolite"', '"plan_type": 7')
CONTRACT = Contract(ROOT)


def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        shutil.copy(STREAM, tmp_path / name / "turn.yaml")
    return tmp_path / "old", tmp_path / "new"


def left(report: dict[str, Any]) -> dict[str, str]:
    return {Path(one["what"]).name: one["why"] for one in report.get("one_sided", ())}


@pytest.mark.parametrize("suffix", [".yml", ".YAML", ".Yml"])
def test_a_cassette_is_read_however_its_suffix_is_written(tmp_path: Path, suffix: str) -> None:
    old, new = folders(tmp_path)
    shutil.copy(USAGE, old / f"u{suffix}")
    edited(USAGE, new / f"u{suffix}", NUMBER)
    code, report = compare(old, new)
    assert (code, rules(report)) == (1, ["type-changed"])
    code, report = compare(old / f"u{suffix}", new / f"u{suffix}")
    assert (code, rules(report)) == (1, ["type-changed"])
    assert run("validate", new / f"u{suffix}", "--surface", "usage").code == 1


def test_a_broken_cassette_of_any_suffix_is_quarantined(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    shutil.copy(USAGE, old / "u.yml")
    (new / "u.yml").write_text("version: [")
    code, report = compare(old, new)
    assert code == 7
    assert [one["what"] for one in report["quarantined"]] == [f"{new}/u.yml"]


def test_what_is_not_read_is_named_with_why(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    (new / "body.JSON").write_text("{}")
    (new / "deep").mkdir()
    (new / "deep/stream.sse").write_text("data: {}\n\n")
    (old / "notes.txt").write_text("x")
    (old / ".hidden").write_text("x")
    code, report = compare(old, new)
    assert (code, report["findings"]) == (0, [])
    found = left(report)
    assert found.keys() == {"body.JSON", "stream.sse", "notes.txt"}
    assert all("--surface" in found[one] for one in ("body.JSON", "stream.sse"))
    assert "neither a cassette" in found["notes.txt"]
    told = run("compare", old, new).out
    assert "NOT COMPARED" in told
    assert f"{new}/deep/stream.sse" in told


def test_raw_answers_of_a_folder_are_read_where_it_is_said_what_answered(tmp_path: Path) -> None:
    for name, kind in (("old", '"plus"'), ("new", "7")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.JSON").write_text(f'{{"plan_type":{kind}}}')
    code, report = compare(tmp_path / "old", tmp_path / "new", "--surface", "usage")
    assert (code, rules(report)) == (1, ["type-changed"])
    assert left(report) == {}


def foreign(target: Path, *edits: tuple[str, str]) -> Path:
    return edited(USAGE, target, (URL, "https://ab.example/otlp/v1/traces"), *edits)


def test_a_file_of_no_surface_does_not_stop_the_others_and_is_named(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    shutil.copy(USAGE, old / "u.yaml")
    edited(USAGE, new / "u.yaml", NUMBER)
    foreign(new / "telemetry.yaml")
    for pair in ((old, new), (new, old)):
        code, report = compare(*pair)
        assert (code, rules(report)) == (1, ["type-changed"])
        assert left(report) == {
            "telemetry.yaml": "no surface has the address GET https://ab.example/otlp/v1/traces; "
            "name one with --surface"
        }


def test_what_both_have_and_no_surface_is_not_looked_at(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    foreign(old / "t.yaml")
    foreign(new / "t.yaml", NUMBER)
    code, report = compare(old, new)
    assert (code, report["verdict"]) == (6, "unchecked")
    assert [one["what"] for one in report["unchecked"]] == [f"{old}/t.yaml"]


def test_what_moved_to_a_host_of_no_surface_is_compared_with_what_it_was(tmp_path: Path) -> None:
    old, new = folders(tmp_path)
    shutil.copy(USAGE, old / "u.yaml")
    edited(USAGE, new / "u.yaml", ("https://chatgpt.com/", "https://usage.example/"))
    for pair in ((old, new), (new, old)):
        code, report = compare(*pair)
        assert code == 1
        assert [one["pointer"] for one in report["findings"]] == ["/url"]
        assert "one_sided" not in report


def test_a_lone_file_of_no_surface_is_refused_by_its_name(tmp_path: Path) -> None:
    done = run("compare", foreign(tmp_path / "a.yaml"), foreign(tmp_path / "b.yaml", NUMBER))
    assert done.code == 4
    assert f"{tmp_path}/a.yaml: no surface has the address" in done.err
    lone = tmp_path / "lone"
    foreign(lone / "c.yaml")
    done = run("compare", USAGE.parent, lone)
    assert done.code == 4
    assert f"{lone}/c.yaml: no surface has the address" in done.err


def test_the_port_that_https_has_anyhow_is_no_part_of_an_address(tmp_path: Path) -> None:
    with_port = edited(USAGE, tmp_path / "u.yaml", (URL, URL.replace(".com/", ".com:443/")))
    for pair in ((USAGE, with_port), (with_port, USAGE)):
        code, report = compare(*pair)
        assert (code, report["findings"]) == (0, [])
    assert run("validate", with_port, "--surface", "usage").code == 0
    assert plain_url("https://a.b:443") == "https://a.b"
    assert plain_url("wss://a.b:443/c:443?d") == "wss://a.b/c:443?d"
    for other in ("https://a.b:4433/", "http://a.b:443/", "https://a.b/c:443/d"):
        assert plain_url(other) == other


# Surfaces that share an address


def plan_models(tmp_path: Path) -> Path:
    return edited(
        PLAN_MODELS, tmp_path / "new.yaml", ('"context_window":272000', '"context_window":1000')
    )


def test_a_file_of_the_plan_path_is_taken_for_what_its_body_shows(tmp_path: Path) -> None:
    new = plan_models(tmp_path)
    for pair in ((PLAN_MODELS, new), (new, PLAN_MODELS)):
        done = run("compare", *pair, "--format", "json")
        (found,) = json.loads(done.out)["findings"]
        assert found["surface"] == "plan"
        assert found["pointer"].endswith("/context_window")
        assert "taken for" not in done.err


def test_what_nothing_tells_apart_is_told_as_a_guess(tmp_path: Path) -> None:
    file = ROOT / "cassettes/plan/usage-limit.yaml"
    new = edited(file, tmp_path / "new.yaml", ("code: 429", "code: 403"))
    done = run("compare", file, new)
    assert f"{file}: taken for platform; plan has the same address" in done.err
    assert "taken for" not in run("compare", file, new, "--surface", "plan").err


def test_no_answer_of_the_contract_is_taken_for_another_surface_without_a_word() -> None:
    lens = Lens(CONTRACT.schemas)
    guessed, wrong = 0, []
    for file in sorted((ROOT / "cassettes").glob("[!r]*/*.yaml")):
        key = file.relative_to(ROOT / "cassettes").with_suffix("").as_posix()
        probe = CONTRACT.read_probe(ROOT / f"probes/{key}.yaml")
        with open_sides((str(file),), contract=CONTRACT) as (side,):
            for one in side.read("", lens):
                guessed += one.is_guess
                if one.surfaces[0] != probe.surface and not one.is_guess:
                    wrong.append(key)
    # Its refusal is that of the other surface, word for word.
    assert wrong == ["plan/plan-token-on-codex-backend"]
    assert guessed < 10
