"""Edits of some answers among several to one question, and of calls of a client."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli import run

from .contracts import ROOT
from .planted import compared, told

USAGE = ROOT / "cassettes/codex/usage.yaml"
STREAM = ROOT / "cassettes/codex/streamed-text.yaml"
REFERENCE = ROOT / "cassettes/reference"
REFUSED = {
    404: {"detail": "Not Found"},
    400: {"detail": "Bad Request"},
    401: {"detail": "Unauthorized"},
    429: {"error": {"type": "usage_limit_reached", "message": "The usage limit was reached"}},
    500: {"detail": "Internal Server Error"},
}

Interaction = dict[str, Any]


def interaction(source: Path = USAGE, status: int = 200) -> Interaction:
    one: Interaction = yaml.load(source.read_bytes(), yaml.CSafeLoader)["interactions"][0]
    if status != 200:
        one["response"]["status"]["code"] = status
        one["response"]["headers"] = {"content-type": ["application/json"]}
        one["response"]["body"] = {"string": json.dumps(REFUSED[status])}
        one.pop("stream", None)
    return one


def cassette(path: Path, interactions: Sequence[Interaction]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"version": 1, "interactions": copy.deepcopy(list(interactions))}
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), "utf-8")
    return path


def together(tmp_path: Path, name: str, statuses: Sequence[int]) -> Path:
    """One cassette of so many answers to one question."""
    return cassette(tmp_path / f"{name}.yaml", [interaction(status=one) for one in statuses])


def apart(tmp_path: Path, name: str, statuses: Sequence[int]) -> Path:
    """A folder of as many cassettes, whose names nothing on the other side has."""
    for number, status in enumerate(statuses):
        cassette(tmp_path / name / f"{name}-{number}.yaml", [interaction(status=status)])
    return tmp_path / name


# Refusals among answers


@pytest.mark.parametrize("layout", [together, apart])
@pytest.mark.parametrize(
    ("status", "rule"),
    [
        (404, "endpoint-removed"), (400, "answer-refused"), (401, "auth-refused"),
        (429, "limit-hit"), (500, "server-failing"),
    ],
)  # fmt: skip
def test_refusals_among_answers_are_found_with_how_many_there_are(
    tmp_path: Path, layout: Any, status: int, rule: str
) -> None:
    old, new = layout(tmp_path, "old", [200] * 4), layout(tmp_path, "new", [200] + [status] * 3)
    code, report = compared(old, new, "--proved")
    (one,) = report["findings"]
    assert (one["rule"], one["evidence"], report.get("one_sided")) == (
        rule,
        {"seen": 3, "of": 4},
        None,
    )
    assert (code, one["message"].endswith("in 3 of 4 answers")) == (1, True)


def test_without_proof_a_refusal_among_answers_was_not_looked_at(tmp_path: Path) -> None:
    old = together(tmp_path, "old", [200] * 3)
    code, report = compared(old, together(tmp_path, "new", [200, 200, 429]))
    assert (code, report["findings"], len(report["unchecked"])) == (6, [], 1)
    assert "in 1 of 3 answers" in report["unchecked"][0]["why"]


def test_refusals_of_several_kinds_in_place_of_answers_are_each_found(tmp_path: Path) -> None:
    old, new = (
        together(tmp_path, "old", [200] * 4), together(tmp_path, "new", [404, 404, 400, 400]),
    )  # fmt: skip
    assert {one[0] for one in told((old, new))} == {"endpoint-removed", "answer-refused"}


def test_a_refusal_among_answers_that_is_gone_is_good_news_and_nothing_is_unchecked(
    tmp_path: Path,
) -> None:
    old, new = together(tmp_path, "old", [200, 200, 429]), together(tmp_path, "new", [200] * 3)
    _, report = compared(old, new)
    assert [(one["rule"], one["level"]) for one in report["findings"]] == [("limit-gone", "benign")]
    assert (report["unchecked"], report.get("one_sided")) == ([], None)
    assert compared(old, new, "--fail-on", "additive")[0] == 0


def test_a_turn_more_that_is_refused_is_not_merely_one_more(tmp_path: Path) -> None:
    turn, refused = interaction(STREAM), interaction(STREAM, 429)
    old = cassette(tmp_path / "old.yaml", [turn])
    new = cassette(tmp_path / "new.yaml", [turn, refused])
    assert compared(old, new)[0] == 6
    assert [one[0] for one in told((old, new), "--proved")] == ["limit-hit"]


def test_a_refusal_of_what_was_not_asked_before_is_not_looked_at(tmp_path: Path) -> None:
    other = interaction(status=404)
    other["request"]["uri"] += "?period=week"
    old = apart(tmp_path, "old", [200, 200])
    new = apart(tmp_path, "new", [200])
    cassette(new / "week.yaml", [other])
    code, report = compared(old, new)
    assert (code, report["findings"]) == (6, [])
    (missed,) = report["unchecked"]
    assert "did not ask like this" in missed["why"]
    assert "week" in missed["what"]


def test_a_file_that_is_new_asks_a_question_of_its_own(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for side in (old, new):
        cassette(side / "usage.yaml", [interaction()])
    cassette(new / "usage-expired.yaml", [interaction(status=401)])
    code, report = compared(old, new)
    assert (code, report["findings"], len(report["one_sided"])) == (0, [], 1)


@pytest.mark.parametrize("lacking", [1, 3, 6])
def test_answers_that_are_one_set_are_counted_by_answers_and_not_by_pairs(
    tmp_path: Path, lacking: int
) -> None:
    answers = [interaction() for _ in range(6)]
    old = cassette(tmp_path / "old.yaml", answers)
    for one in answers[:lacking]:
        body = json.loads(one["response"]["body"]["string"])
        del body["plan_type"]
        one["response"]["body"]["string"] = json.dumps(body)
    (found,) = compared(old, cassette(tmp_path / "new.yaml", answers))[1]["findings"]
    assert found["evidence"] == {"seen": 6 - lacking, "of": 6}
    assert " pairs" not in found["message"]


def packed(one: Interaction) -> None:
    body = json.loads(one["response"]["body"]["string"])
    one["response"]["body"]["string"] = json.dumps({"data": body})


@pytest.mark.parametrize("some", [1, 5, 10])
def test_answers_of_which_some_stand_in_an_envelope_are_one_move_with_how_many(
    tmp_path: Path, some: int
) -> None:
    answers = [interaction() for _ in range(10)]
    old = cassette(tmp_path / "old.yaml", answers)
    for one in answers[:some]:
        packed(one)
    new = cassette(tmp_path / "new.yaml", answers)
    (found,) = compared(old, new)[1]["findings"]
    assert (found["rule"], found["level"], found["pointer"]) == ("field-moved", "breaking", "/body")
    assert (found["after"], found["evidence"]) == ("/body/data", {"seen": some, "of": 10})


def test_that_no_answer_stands_in_an_envelope_any_more_is_one_finding_too(tmp_path: Path) -> None:
    answers = [interaction() for _ in range(10)]
    new = cassette(tmp_path / "new.yaml", answers)
    packed(answers[3])
    (found,) = compared(cassette(tmp_path / "old.yaml", answers), new)[1]["findings"]
    assert [found[name] for name in ("rule", "level", "pointer")] == [
        "field-unobserved", "benign", "/body/data",
    ]  # fmt: skip
    assert "field-became-always-present /body/plan_type" in found["explains"]


def test_members_that_some_answers_lack_are_no_envelope_if_nothing_holds_them(
    tmp_path: Path,
) -> None:
    answers = [interaction() for _ in range(10)]
    old = cassette(tmp_path / "old.yaml", answers)
    answers[0]["response"]["body"]["string"] = json.dumps({"data": {"hint": "we are moving"}})
    rules = {one[0] for one in told((old, cassette(tmp_path / "new.yaml", answers)))}
    assert rules == {"field-became-optional", "field-added"}


# Captures of a client


def capture(run: str) -> tuple[Path, list[Interaction]]:
    path = REFERENCE / f"0.156.0/{run}.yaml"
    return path, yaml.load(path.read_bytes(), yaml.CSafeLoader)["interactions"]


def findings(*arguments: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        run([*arguments, "--format", "json"])
    found: list[dict[str, Any]] = json.loads(out.getvalue())["findings"]
    return found


def test_two_captured_releases_are_compared_as_reference_diff_compares_them() -> None:
    sides = [str(REFERENCE / version) for version in ("0.155.0", "0.156.0")]
    by_path = findings("compare", *sides)
    by_version = findings("reference", "diff", "0.155.0", "0.156.0")
    assert {one["pointer"] for one in by_path} >= {
        "/header/x-codex-turn-metadata/model",
        "/body/client_metadata/guardian_credits_requested",
    }
    assert [one | {"where": ""} for one in by_path] == [one | {"where": ""} for one in by_version]


def test_findings_between_releases_stand_in_the_capture_that_shows_them() -> None:
    found = findings("reference", "diff", "0.155.0", "0.156.0")
    assert {one["where"] for one in found} == {
        "cassettes/reference/0.156.0/plain.https.yaml",
        "cassettes/reference/0.156.0/side-calls.https.yaml",
    }
    back = findings("reference", "diff", "0.156.0", "0.155.0")
    gone = {one["where"] for one in back if one["rule"] == "client-endpoint-removed"}
    assert gone == {"cassettes/reference/0.156.0/side-calls.https.yaml"}


def test_a_body_that_is_packed_now_was_packed_by_nothing_before() -> None:
    (packed,) = (
        one
        for one in findings("reference", "diff", "0.92.0", "0.95.0")
        if one["rule"] == "client-encoding-changed"
    )
    assert packed["message"].endswith(': none became ~"zstd"')


@pytest.mark.parametrize("of", ["plain.https", "plain.websocket"])
@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        ({"uri": "https://chatgpt.com/backend-api/codex/v2/responses"}, "client-url-changed"),
        ({"method": "PUT"}, "client-method-changed"),
    ],
)
def test_a_turn_at_another_address_or_by_another_method_is_one_edit(
    tmp_path: Path, of: str, edit: dict[str, str], rule: str
) -> None:
    path, calls = capture(of)
    calls[0]["request"].update(edit)
    assert [one[0] for one in told((path, cassette(tmp_path / "new.yaml", calls)))] == [rule]


def test_what_a_turn_holds_is_compared_at_another_address_too(tmp_path: Path) -> None:
    path, calls = capture("plain.https")
    calls[0]["request"]["uri"] = "https://chatgpt.com/backend-api/codex/v2/responses"
    calls[0]["request"]["headers"]["x-new"] = ["1"]
    calls[0]["header_names"].append("x-new")
    assert [one[::2] for one in told((path, cassette(tmp_path / "new.yaml", calls)))] == [
        ("client-header-added", "/header/x-new"),
        ("client-url-changed", "/endpoint/POST /backend-api/codex/responses"),
    ]


def test_one_call_fewer_beside_a_turn_is_chance_and_so_is_what_only_it_held(tmp_path: Path) -> None:
    path, calls = capture("side-calls.https")
    addresses = [one["request"]["uri"].partition("?")[0] for one in calls]
    twice = [place for place, one in enumerate(addresses) if addresses.count(one) > 1]
    assert twice
    for number, place in enumerate(twice):
        fewer = calls[:place] + calls[place + 1 :]
        assert told((path, cassette(tmp_path / f"{number}.yaml", fewer))) == []


def test_a_capture_that_cannot_be_read_is_quarantined_and_its_run_is_no_drift(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for side in (old, new):
        for name in ("plain.https", "plain.websocket"):
            cassette(side / f"{name}.yaml", capture(name)[1])
    (new / "plain.websocket.yaml").write_text("interactions: [", "utf-8")
    code, report = compared(old, new)
    assert (code, report["findings"]) == (7, [])
    assert [one["what"] for one in report["quarantined"]] == [str(new / "plain.websocket.yaml")]


def test_a_stream_against_a_websocket_is_told_how_they_can_be_compared() -> None:
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        code = run(["compare", str(STREAM), str(capture("plain.websocket")[0])])
    assert code == 4
    assert "--surface responses compares their events" in err.getvalue()


def test_a_client_of_no_version_that_asks_at_another_address_is_one_edit(tmp_path: Path) -> None:
    turn = interaction(STREAM)
    turn["provenance"] |= {"kind": "captured", "client": {"name": "codex-cli"}}
    moved = copy.deepcopy(turn)
    moved["request"]["uri"] = "https://chatgpt.com/backend-api/codex/v2/responses"
    sides = (
        cassette(tmp_path / "old/turn.yaml", [turn]),
        cassette(tmp_path / "new/turn.yaml", [moved]),
    )
    assert [one[0] for one in told((sides[0].parent, sides[1].parent))] == ["client-url-changed"]
