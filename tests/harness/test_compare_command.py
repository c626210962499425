"""``codex-leg compare`` and ``codex-leg shape`` as a user meets them."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli import run as run_command
from harness.cli.progress import Progress
from harness.contract import Contract

from .contracts import ROOT, Outcome, SmallContract, copy_contract
from .repositories import commit, git, make_repository

STREAM = ROOT / "cassettes/codex/streamed-text.yaml"
USAGE = ROOT / "cassettes/codex/usage.yaml"
REFUSAL = ROOT / "cassettes/codex/store-must-be-false.yaml"


def edited(source: Path, target: Path, *edits: tuple[str, str]) -> Path:
    text = source.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, f"{source} does not hold {old!r}"
        text = text.replace(old, new)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def run(*arguments: object) -> Outcome:
    """Run a command in this process: starting one costs more than comparing."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command([str(one) for one in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


def compare(old: object, new: object, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = run("compare", old, new, "--format", "json", *arguments)
    assert done.out, done.err
    return done.code, json.loads(done.out)


def rules(report: dict[str, Any]) -> list[str]:
    return [one["rule"] for one in report["findings"]]


def test_a_cassette_and_itself_are_the_same() -> None:
    done = run("compare", str(STREAM), str(STREAM))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1].startswith("clean: 1 comparison; no drift; ")


def test_other_ids_times_and_texts_are_no_drift(tmp_path: Path) -> None:
    other = edited(
        STREAM,
        tmp_path / "x.yaml",
        ("01ae07221376cd90016ab96e72", "0123456789abcdef0123456789"),
        ("1790537330", "1800000000"),
        ("1790537331", "1800000001"),
        ('"ok"', '"fine"'),
    )
    code, report = compare(STREAM, other)
    assert (code, report["verdict"], report["findings"]) == (0, "clean", [])


def test_one_edit_is_one_finding_and_the_report_follows_its_schema(tmp_path: Path) -> None:
    other = edited(USAGE, tmp_path / "x.yaml", ('"plan_type"', '"plan_kind"'))
    code, report = compare(USAGE, other)
    assert code == 1
    (one,) = report["findings"]
    assert (one["rule"], one["surface"], one["pointer"]) == (
        "field-renamed", "usage", "/body/plan_type",
    )  # fmt: skip
    assert Contract(ROOT).schemas.validate("report/findings.json", report) == []


def test_the_other_way_round_the_mirror_is_found(tmp_path: Path) -> None:
    other = edited(USAGE, tmp_path / "x.yaml", ('"promo": null,', ""))
    assert rules(compare(USAGE, other)[1]) == ["field-removed"]
    assert rules(compare(other, USAGE)[1]) == ["field-added"]


# Folders


def folders(tmp_path: Path, count: int, *edits: tuple[str, str]) -> tuple[Path, Path]:
    """Two folders of the same questions; every answer of the second one is edited."""
    for index in range(count):
        edited(USAGE, tmp_path / f"old/{index}.yaml")
        edited(USAGE, tmp_path / f"new/{index}.yaml", *edits)
    return tmp_path / "old", tmp_path / "new"


def test_the_same_finding_of_many_pairs_is_one_with_its_evidence(tmp_path: Path) -> None:
    old, new = folders(tmp_path, 6, ('"promo": null,', ""))
    code, report = compare(old, new)
    (one,) = report["findings"]
    assert (code, one["rule"], one["level"]) == (1, "field-removed", "breaking")
    assert one["evidence"] == {"seen": 0, "of": 6}
    assert "in 6 of 6 pairs" in one["message"]
    assert one["probe"] == "0"


def test_a_removal_that_was_seen_too_seldom_is_not_called_breaking(tmp_path: Path) -> None:
    old, new = folders(tmp_path, 2, ('"promo": null,', ""))
    (one,) = compare(old, new)[1]["findings"]
    assert (one["rule"], one["level"]) == ("field-removed", "risky")


def test_what_is_the_same_in_the_other_pairs_counts_against_a_removal(tmp_path: Path) -> None:
    old, new = folders(tmp_path, 6)
    edited(USAGE, new / "3.yaml", ('"promo": null,', ""))
    (one,) = compare(old, new)[1]["findings"]
    assert (one["rule"], one["level"]) == ("field-became-optional", "risky")
    assert one["evidence"] == {"seen": 5, "of": 6}
    assert (one["probe"], "in 1 of 6 pairs" in one["message"]) == ("3", True)


def test_what_has_no_counterpart_is_compared_by_endpoint_as_a_set(tmp_path: Path) -> None:
    for index in range(6):
        edited(USAGE, tmp_path / f"old/monday-{index}.yaml")
        edited(USAGE, tmp_path / f"new/tuesday-{index}.yaml", ('"promo": null,', ""))
    (one,) = compare(tmp_path / "old", tmp_path / "new")[1]["findings"]
    assert (one["rule"], one["level"], one["pointer"]) == (
        "field-removed", "breaking", "/body/promo",
    )  # fmt: skip


def test_a_set_that_only_one_outcome_is_left_of_on_each_side_is_the_same_question(
    tmp_path: Path,
) -> None:
    edited(STREAM, tmp_path / "old/a.yaml")
    edited(REFUSAL, tmp_path / "new/b.yaml")
    _, report = compare(tmp_path / "old", tmp_path / "new")
    assert "request-value-rejected" in rules(report)


def test_what_only_the_old_side_has_is_dropped_and_what_only_the_new_one_has_is_no_drift(
    tmp_path: Path,
) -> None:
    for name in ("old", "new"):
        edited(STREAM, tmp_path / name / "same.yaml")
    edited(USAGE, tmp_path / "old/usage.yaml")
    dropped = run("compare", str(tmp_path / "old"), str(tmp_path / "new"))
    assert dropped.code == 1
    assert "coverage-dropped" in dropped.out
    added = run("compare", str(tmp_path / "new"), str(tmp_path / "old"))
    assert added.code == 0
    named = "usage (GET https://chatgpt.com/backend-api/wham/usage, ok): only "
    assert named in added.out
    assert "clean: 1 comparison; no drift; 1 not compared" in added.out


def test_a_broken_file_among_others_is_quarantined_and_the_others_are_compared(
    tmp_path: Path,
) -> None:
    old, new = folders(tmp_path, 2)
    (new / "1.yaml").write_text("version: [")
    code, report = compare(old, new)
    assert (code, report["verdict"]) == (7, "quarantined")
    assert "1.yaml" in report["quarantined"][0]["what"]


def test_a_side_of_which_nothing_can_be_read_is_no_comparison(tmp_path: Path) -> None:
    old, new = folders(tmp_path, 2)
    for file in new.iterdir():
        file.write_text("version: [")
    done = run("compare", str(old), str(new))
    assert (done.code, done.out) == (7, "")
    assert len(done.err.splitlines()) == 2


# Answers that say who could not look


def test_a_refusal_that_may_be_our_own_fault_is_not_looked_at_unless_it_is_proved(
    tmp_path: Path,
) -> None:
    refused = ROOT / "cassettes/codex/usage-token-expired.yaml"
    code, report = compare(USAGE, refused)
    assert (code, report["verdict"], report["findings"]) == (6, "unchecked", [])
    code, report = compare(USAGE, refused, "--proved")
    assert code == 1
    assert "auth-refused" in rules(report)


# Raw files


def raw(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def body_of(cassette: Path) -> str:
    document = yaml.safe_load(cassette.read_text(encoding="utf-8"))
    body: str = document["interactions"][0]["response"]["body"]["string"]
    return body


def test_raw_answers_are_compared_with_each_other_and_with_cassettes(tmp_path: Path) -> None:
    old = raw(tmp_path, "old.sse", body_of(STREAM))
    new = raw(tmp_path, "new.sse", body_of(STREAM).replace('"delta":', '"piece":'))
    code, report = compare(old, new, "--surface", "responses")
    assert code == 1
    assert "/delta" in {one["pointer"] for one in report["findings"]}
    assert compare(old, old, "--surface", "responses")[0] == 0
    usage = raw(tmp_path, "usage.json", body_of(USAGE))
    assert compare(usage, usage, "--surface", "usage")[0] == 0


def test_a_stream_of_lines_is_the_same_stream(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("data: ") for line in body_of(STREAM).split("\n") if "data: " in line
    ]
    old = raw(tmp_path, "old.jsonl", "\n".join(lines))
    new = raw(tmp_path, "new.jsonl", "\n".join(lines[:-1]))
    assert compare(old, old, "--surface", "responses")[0] == 0
    code, report = compare(old, new, "--surface", "responses")
    assert code == 1
    assert report["findings"]


# Captures of a client


def captured(path: Path, *calls: dict[str, Any], late: Sequence[dict[str, Any]] = ()) -> None:
    document = yaml.safe_load(STREAM.read_text(encoding="utf-8"))
    turn = document["interactions"][0]
    for one in (turn, *calls, *late):
        one["provenance"] = {
            **copy.deepcopy(turn["provenance"]), "kind": "captured",
            "client": {"name": "codex-cli"},
        }  # fmt: skip
    document["interactions"] = [*calls, turn, *late]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def call(path: str) -> dict[str, Any]:
    return {
        "request": {
            "method": "GET", "uri": f"https://chatgpt.com{path}", "headers": {}, "body": None,
        },
        "response": {
            "status": {"code": 200, "message": ""}, "headers": {}, "body": {"string": "{}"},
        },
    }  # fmt: skip


def test_calls_that_a_client_makes_are_a_set_and_each_new_one_is_a_finding(tmp_path: Path) -> None:
    first, second, third = (call(f"/backend-api/{name}") for name in ("a", "b", "c"))
    captured(tmp_path / "0.1/turn.yaml", first, second, call("/backend-api/a"))
    captured(tmp_path / "0.2/turn.yaml", second, first, third)
    code, report = compare(tmp_path / "0.1", tmp_path / "0.2")
    assert code == 1
    (one,) = report["findings"]
    assert (one["rule"], one["direction"], one["pointer"]) == (
        "client-endpoint-added", "request", "/endpoint/GET /backend-api/c",
    )  # fmt: skip
    _, mirror = compare(tmp_path / "0.2", tmp_path / "0.1")
    assert rules(mirror) == ["client-endpoint-removed"]


def test_calls_in_a_file_of_their_own_are_held_against_those_of_the_whole_other_side(
    tmp_path: Path,
) -> None:
    first, second = (call(f"/backend-api/{name}") for name in ("a", "b"))
    captured(tmp_path / "0.1/turn.yaml", first)
    captured(tmp_path / "0.2/turn.yaml", first)
    captured(tmp_path / "0.2/side-calls.yaml", first, second)
    document = yaml.safe_load((tmp_path / "0.2/side-calls.yaml").read_text(encoding="utf-8"))
    document["interactions"].pop()
    (tmp_path / "0.2/side-calls.yaml").write_text(yaml.safe_dump(document))
    forth = run("compare", tmp_path / "0.1", tmp_path / "0.2", "--format", "json")
    assert [(one["rule"], one["pointer"]) for one in json.loads(forth.out)["findings"]] == [
        ("client-endpoint-added", "/endpoint/GET /backend-api/b")
    ]
    assert forth.err == ""
    _, back = compare(tmp_path / "0.2", tmp_path / "0.1")
    assert rules(back) == ["client-endpoint-removed"]


def websocket_turn() -> dict[str, Any]:
    created, completed = (
        json.dumps({"type": f"response.{name}", "response": {"id": "resp_1", "status": name}})
        for name in ("created", "completed")
    )
    return {
        "request": {
            "method": "GET", "uri": "https://chatgpt.com/backend-api/codex/responses",
            "headers": {}, "body": None,
        },
        "response": {
            "status": {"code": 101, "message": ""}, "headers": {}, "body": {"string": ""},
        },
        "frames": [
            {"from": "client", "at": 0, "text": '{"type":"response.create"}'},
            {"from": "server", "at": 1, "text": created},
            {"from": "server", "at": 2, "text": completed},
        ],
    }  # fmt: skip


def test_a_transport_that_a_client_takes_up_or_drops_is_one_finding(tmp_path: Path) -> None:
    captured(tmp_path / "0.1/turn.yaml", call("/backend-api/a"))
    captured(tmp_path / "0.2/turn.yaml", call("/backend-api/a"), websocket_turn())
    _, report = compare(tmp_path / "0.1", tmp_path / "0.2")
    assert [(one["rule"], one["pointer"]) for one in report["findings"]] == [
        ("client-transport-added", "/transport/ws")
    ]
    _, mirror = compare(tmp_path / "0.2", tmp_path / "0.1")
    assert rules(mirror) == ["client-transport-removed"]


def test_runs_over_a_transport_that_came_are_part_of_that_one_finding(tmp_path: Path) -> None:
    captured(tmp_path / "0.1/turn.https.yaml")
    captured(tmp_path / "0.2/turn.https.yaml")
    captured(tmp_path / "0.2/turn.websocket.yaml", websocket_turn())
    document = yaml.safe_load((tmp_path / "0.2/turn.websocket.yaml").read_text(encoding="utf-8"))
    document["interactions"].pop()
    (tmp_path / "0.2/turn.websocket.yaml").write_text(yaml.safe_dump(document))
    forth = run("compare", tmp_path / "0.1", tmp_path / "0.2", "--format", "json")
    assert (rules(json.loads(forth.out)), forth.err) == (["client-transport-added"], "")
    back = run("compare", tmp_path / "0.2", tmp_path / "0.1", "--format", "json")
    assert rules(json.loads(back.out)) == ["client-transport-removed"]


def test_a_call_that_a_client_now_makes_before_its_first_turn_is_one_finding(
    tmp_path: Path,
) -> None:
    captured(tmp_path / "0.1/turn.yaml", late=[call("/backend-api/a")])
    captured(tmp_path / "0.2/turn.yaml", call("/backend-api/a"))
    _, report = compare(tmp_path / "0.1", tmp_path / "0.2")
    assert [(one["rule"], one["pointer"]) for one in report["findings"]] == [
        ("client-precondition-added", "/endpoint/GET /backend-api/a")
    ]
    _, mirror = compare(tmp_path / "0.2", tmp_path / "0.1")
    assert rules(mirror) == ["client-precondition-removed"]


# Contracts and revisions


@pytest.fixture
def repository(tmp_path: Path) -> SmallContract:
    contract = copy_contract(tmp_path / "contract")
    shutil.copytree(ROOT / "rulebook", contract.root / "rulebook")
    for rule in (contract.root / "rulebook").iterdir():
        if rule.name not in ("store-must-be-false.yaml", "stream-must-be-true.yaml"):
            rule.unlink()
    make_repository(contract.root)
    commit(contract.root)
    git(contract.root, "tag", "then")
    return contract


def revisions(contract: SmallContract, *arguments: str) -> Outcome:
    names = (contract.root if one == "." else one for one in arguments)
    return run("compare", "--root", contract.root, *names)


def test_two_revisions_that_say_the_same_are_clean(repository: SmallContract) -> None:
    done = revisions(repository, "then", ".")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1].startswith("clean: 7 comparisons; no drift; ")


def test_a_changed_answer_is_found_between_revisions(repository: SmallContract) -> None:
    repository.replace("cassettes/codex/usage.yaml", '"plan_type"', '"plan_kind"')
    commit(repository.root)
    for names in (("then", "HEAD"), ("HEAD~1", ".")):
        done = revisions(repository, *names, "--format", "json")
        (one,) = json.loads(done.out)["findings"]
        assert (done.code, one["rule"], one["probe"]) == (1, "field-renamed", "codex/usage")
        root = "" if names[1] == "HEAD" else f"{repository.root}/"
        assert one["where"] == f"{root}cassettes/codex/usage.yaml"


def test_what_the_contract_says_is_accepted_is_compared_too(repository: SmallContract) -> None:
    repository.replace(
        "schemas/responses/request.json", '"store": {"type": "boolean", "const": false}',
        '"store": {"type": "boolean"}',
    )  # fmt: skip
    done = revisions(repository, "then", ".", "--format", "json")
    (one,) = json.loads(done.out)["findings"]
    assert (one["rule"], one["level"], one["direction"], one["pointer"]) == (
        "request-value-accepted", "additive", "request", "/body/store",
    )  # fmt: skip


def test_a_probe_that_is_gone_is_dropped_coverage_and_a_new_one_is_named(
    repository: SmallContract,
) -> None:
    for folder, suffix in (("probes", "yaml"), ("cassettes", "yaml"), ("snapshots", "json")):
        repository.file(f"{folder}/codex/usage.{suffix}").unlink()
    done = revisions(repository, "then", ".", "--format", "json")
    (one,) = json.loads(done.out)["findings"]
    assert (done.code, one["rule"], one["before"]) == (1, "coverage-dropped", "codex/usage")
    back = revisions(repository, ".", "then")
    assert (back.code, back.err) == (0, "")
    assert "codex/usage: only then has it" in back.out


# Progress, faces, shapes


def test_progress_is_for_terminals_only(tmp_path: Path) -> None:
    old, new = folders(tmp_path, 3)
    assert run("compare", str(old), str(new)).err == ""


@pytest.mark.parametrize("face", ["markdown", "junit", "sarif", "github", "html"])
def test_every_face_tells_of_a_comparison(tmp_path: Path, face: str) -> None:
    other = edited(USAGE, tmp_path / "x.yaml", ('"plan_type"', '"plan_kind"'))
    done = run("compare", str(USAGE), str(other), "--format", face)
    assert done.code == 1
    assert "field-renamed" in done.out


def test_fail_on_and_profile_decide_the_exit_code(tmp_path: Path) -> None:
    other = edited(USAGE, tmp_path / "x.yaml", ('"promo": null,', '"promo": null,"colour":"red",'))
    assert run("compare", str(USAGE), str(other)).code == 1
    assert run("compare", str(USAGE), str(other), "--fail-on", "risky").code == 0


def test_help_shows_every_kind_of_side() -> None:
    told = run("compare", "--help").out
    for example in (
        "old.yaml new.yaml",
        "monday/ tuesday/",
        "old.sse new.sse --surface",
        "HEAD~5 .",
    ):
        assert example in told


def test_a_shape_tells_places_counts_forms_and_when(tmp_path: Path) -> None:
    old, _ = folders(tmp_path, 3)
    edited(USAGE, old / "1.yaml", ('"promo": null,', ""))
    done = run("shape", str(old))
    assert (done.code, done.err) == (0, "")
    head, *rows = done.out.splitlines()
    assert head.startswith("usage: GET https://chatgpt.com/backend-api/wham/usage, ok (3 exchanges")
    cells = {row.split("  ")[1]: row.split() for row in rows if row.startswith("  response ")}
    assert "2 of 3" in next(row for row in rows if "/body/promo " in row)
    assert "time(s)" in next(
        row for row in rows if row.strip().startswith("response") and "reset_at " in row
    )
    assert cells


def test_a_shape_as_json_follows_its_schema() -> None:
    done = run("shape", ROOT / "cassettes/codex", "--format", "json")
    document = json.loads(done.out)
    assert done.code == 0
    assert Contract(ROOT).schemas.validate("report/shapes.json", document) == []
    assert {one["outcome"] for one in document["shapes"]} >= {"ok", "store_must_be_false"}


def test_a_shape_shows_no_content(tmp_path: Path) -> None:
    other = edited(
        USAGE, tmp_path / "x.yaml", ('"promo": null', '"promo":"eyJhbGciOiJub25lIn0.secret.text"')
    )
    for face in ("terminal", "json"):
        assert "secret" not in run("shape", str(other), "--format", face).out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_whoever_waits_at_a_terminal_sees_how_far_it_is_and_others_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 0.5, 2.0, 2.1, 3.0])
    monkeypatch.setattr("harness.cli.progress.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    with Progress(8_000_000) as progress:
        for done in (1_000_000, 4_000_000, 5_000_000, 6_000_000):
            progress(done)
    assert shown.getvalue().split("\r\x1b[K") == [
        "", "read 4 of 8 MB, 50 %, 2 MB/s", "read 6 of 8 MB, 75 %, 2 MB/s", "",
    ]  # fmt: skip
