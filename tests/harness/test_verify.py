"""``codex-leg verify`` as a user meets it: clean, drifted, broken, asked wrongly."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
import yaml

from harness.contract import Contract
from harness.replay import network_shut

from .contracts import FEW, ROOT, SmallContract, codex_leg, copy_contract


@pytest.fixture
def contract(tmp_path: Path) -> SmallContract:
    return copy_contract(tmp_path / "contract")


def test_a_sound_contract_is_clean_and_every_probe_has_a_row(contract: SmallContract) -> None:
    done = contract.verify()
    assert (done.code, done.err) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if "/" in line}
    assert set(rows) == set(FEW)
    assert rows["codex/store-must-be-false"] == ["store_must_be_false", "transcribed", "none"]
    assert done.out.splitlines()[-1].startswith("clean: 7 probes (7 transcribed); no drift; ")


def test_the_projects_own_contract_is_clean() -> None:
    done = codex_leg("verify", "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["verdict"], report["findings"]) == (0, "clean", [])
    assert {row["id"] for row in report["probes"]} == set(Contract(ROOT).probes)


STREAM = "cassettes/codex/streamed-text.yaml"
REFUSAL = "cassettes/codex/store-must-be-false.yaml"
REUSED = "cassettes/auth/refresh-token-reused.yaml"
SCOPE = "cassettes/2026-06-04/responses-gpt-5.5.yaml"
USAGE = "cassettes/codex/usage.yaml"

#: A change by hand → what is changed, to what, and what the report has to name.
EDITS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "a type": (
        STREAM,
        '"output_index":0,"sequence_number":4',
        '"output_index":"0","sequence_number":4',
        ("codex/streamed-text", "/output_index"),
    ),
    "a removed key": (
        STREAM,
        ',"obfuscation":"HEzrZkWilmQmyy"',
        "",
        ("codex/streamed-text", "/obfuscation"),
    ),
    "a key that the leg needs": (STREAM, '"delta":"ok",', "", ("codex/streamed-text", "/delta")),
    "an added key": (
        STREAM,
        '"delta":"ok",',
        '"delta":"ok","colour":"red",',
        ("codex/streamed-text", "/colour"),
    ),
    "a renamed key": (
        STREAM,
        '"usage":{"attr',
        '"used":{"attr',
        ("codex/streamed-text", "/response/us"),
    ),
    "a renamed event": (
        STREAM,
        "response.output_text.done",
        "response.output_text.finished",
        ("codex/streamed-text", "response.output_text.finished"),
    ),
    "a text in one place only": (
        STREAM,
        '"delta":"ok"',
        '"delta":"no"',
        ("codex/streamed-text", "/text"),
    ),
    "a null where there was a value": (
        STREAM,
        '"status":"completed","access',
        '"status":null,"access',
        ("codex/streamed-text", "/response/status"),
    ),
    "a closed value": (
        STREAM,
        '"role":"assistant"',
        '"role":"robot"',
        ("codex/streamed-text", "/item/role"),
    ),
    "an id of another form": (
        STREAM,
        '"item_id":"msg_',
        '"item_id":"m-',
        ("codex/streamed-text", "/item_id"),
    ),
    "a time in milliseconds": (
        STREAM,
        '"completed_at":1790537331',
        '"completed_at":1790537331000',
        ("codex/streamed-text", "/response/completed_at"),
    ),
    "a status": (REFUSAL, "code: 400", "code: 422", ("codex/store-must-be-false", "/status")),
    "the words of a refusal": (
        REFUSAL,
        "Store must",
        "Storage must",
        ("codex/store-must-be-false", "request_refused"),
    ),
    "the code of a refusal": (
        REUSED,
        '"refresh_token_reused"',
        '"refresh_token_spent"',
        ("auth/refresh-token-reused", "refresh_refused"),
    ),
    "a scope": (
        SCOPE,
        "api.responses.write",
        "api.responses.read",
        ("2026-06-04/responses-gpt-5.5", "api.responses.read"),
    ),
    "a window": (
        USAGE,
        '"limit_window_seconds"',
        '"limit_window_minutes"',
        ("codex/usage", "limit_window_minutes"),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_one_change_by_hand_fails_and_the_probe_and_the_field_are_named(
    contract: SmallContract, edit: str
) -> None:
    file, old, new, named = EDITS[edit]
    contract.replace(file, old, new)
    done = contract.verify(named[0])
    assert done.code == 1, done.out + done.err
    findings = done.out.split("\n\n", 1)[1]
    for name in named:
        assert name in findings


def _swap(document: Any) -> None:
    events = document["interactions"][0]["response"]["body"]["string"].split("\n\n")
    events[4], events[5] = events[5], events[4]
    document["interactions"][0]["response"]["body"]["string"] = "\n\n".join(events)


def _drop_one(document: Any) -> None:
    body = document["interactions"][0]["response"]["body"]
    body["string"] = "\n\n".join(body["string"].split("\n\n")[:-2]) + "\n\n"


def _repeat_last(document: Any) -> None:
    body = document["interactions"][0]["response"]["body"]
    events = body["string"].split("\n\n")
    body["string"] = "\n\n".join([*events[:-1], events[-2], ""])


def _no_header(document: Any) -> None:
    headers = document["interactions"][0]["response"]["headers"]
    del headers["x-codex-primary-used-percent"]


STRUCTURE: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "another order": ("codex/streamed-text", _swap, "order/"),
    "an end that is missing": ("codex/streamed-text", _drop_one, "stream_cut"),
    "an end that comes twice": ("codex/streamed-text", _repeat_last, "order/terminal-repeated"),
    "a header that is missing": ("codex/streamed-text-2025", _no_header,
                                 "/header/x-codex-primary-used-percent"),
}  # fmt: skip


@pytest.mark.parametrize("edit", STRUCTURE)
def test_a_change_of_structure_fails(contract: SmallContract, edit: str) -> None:
    probe, change, named = STRUCTURE[edit]
    contract.edit_yaml(f"cassettes/{probe}.yaml", change)
    done = contract.verify(probe)
    assert done.code == 1, done.out + done.err
    assert named in done.out
    assert probe in done.out.split("\n\n", 1)[1]


def test_a_snapshot_that_lost_a_half_is_no_clean_one(contract: SmallContract) -> None:
    file = contract.file("snapshots/codex/usage.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    document["request"] = {}
    file.write_text(json.dumps(document), encoding="utf-8")
    done = contract.verify("codex/usage")
    assert done.code == 1, done.out + done.err
    assert "  shape-changed: " in done.out
    assert "codex/usage  usage response - /request\n" in done.out


def test_how_a_snapshot_file_is_written_is_no_drift(contract: SmallContract) -> None:
    file = contract.file("snapshots/codex/usage.json")
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8"))), encoding="utf-8")
    assert contract.verify("codex/usage").code == 0


def test_other_ids_times_and_texts_are_no_drift(contract: SmallContract) -> None:
    for old, new in (
        ("01ae07221376cd90016ab96e72", "0123456789abcdef0123456789"),
        ("1790537330", "1800000000"),
        ("1790537331", "1800000009"),
        ('"ok"', '"fine"'),
    ):
        contract.replace(STREAM, old, new)
    contract.replace("probes/codex/streamed-text.yaml", "text: ok", "text: fine")
    done = contract.verify("codex/streamed-text")
    assert done.code == 0, done.out


def test_findings_in_json_follow_their_schema(contract: SmallContract) -> None:
    contract.replace(STREAM, '"delta":"ok",', "")
    done = contract.verify("--format", "json")
    report = json.loads(done.out)
    assert Contract(ROOT).schemas.validate("report/findings.json", report) == []
    assert (done.code, report["verdict"]) == (1, "drift")
    assert {one["probe"] for one in report["findings"]} == {"codex/streamed-text"}


def test_an_answer_cannot_steer_the_terminal_nor_break_the_report(contract: SmallContract) -> None:
    strange = r"\u001b[31m\ud800\u202e"
    contract.replace(STREAM, '"type":"response.output_text.done"', f'"type":"{strange}"')
    done = contract.verify("codex/streamed-text")
    assert done.code == 1, done.err
    assert r"\x1b[31m\ud800\u202e" in done.out
    assert all(c.isprintable() or c == "\n" for c in done.out)
    pytest_says = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "probes"],
        cwd=contract.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert r"\x1b[31m\ud800\u202e" in pytest_says.stdout
    assert "\x1b" not in pytest_says.stdout


def test_fail_on_lets_milder_findings_pass_but_shows_them(contract: SmallContract) -> None:
    contract.replace(STREAM, '"delta":"ok",', '"delta":"ok","colour":"red",')
    done = contract.verify("--fail-on", "breaking")
    assert done.code == 0
    assert "additive" in done.out


def test_a_probe_without_a_snapshot_is_not_green(contract: SmallContract) -> None:
    contract.file("snapshots/codex/usage.json").unlink()
    done = contract.verify()
    assert done.code == 6
    assert "codex/usage: no snapshot yet" in done.out
    refused = contract.verify("--pytest=--snapshot-update")
    assert (refused.code, refused.out) == (4, "")
    assert codex_leg("adopt", "--root", str(contract.root), "--yes").code == 0
    assert contract.verify().code == 0


def _break(name: str, old: str, new: str) -> Callable[[SmallContract], None]:
    return lambda contract: contract.replace(name, old, new)


BROKEN: dict[str, tuple[Callable[[SmallContract], Any], tuple[str, ...]]] = {
    "a probe without its cassette": (
        lambda c: c.file("cassettes/codex/usage.yaml").unlink(),
        ("probes/codex/usage.yaml", "cassettes/codex/usage.yaml")),
    "a cassette without its probe": (
        lambda c: c.file("probes/codex/usage.yaml").unlink(),
        ("cassettes/codex/usage.yaml", "probes/codex/usage.yaml")),
    "a snapshot without its probe": (
        lambda c: [c.file(f"{f}/codex/usage.yaml").unlink() for f in ("probes", "cassettes")],
        ("snapshots/codex/usage.json", "no probe")),
    "a snapshot that is not JSON": (
        lambda c: c.file("snapshots/codex/usage.json").write_text("{"),
        ("snapshots/codex/usage.json", "not JSON")),
    "a snapshot that is nested too deep": (
        lambda c: c.file("snapshots/codex/usage.json").write_text("[" * 100_000),
        ("snapshots/codex/usage.json", "not JSON")),
    "a snapshot of other types": (
        lambda c: c.file("snapshots/codex/usage.json").write_text(
            '{"format":"codex-leg/shape/1","surface":5,"request":[],"response":5}'),
        ("snapshots/codex/usage.json", "/request", "make it an object")),
    "a snapshot of another surface": (
        _break("snapshots/codex/usage.json", '"surface": "usage"', '"surface": "models"'),
        ("snapshots/codex/usage.json", "/surface", "'models'", "'usage'")),
    "a file among the snapshots that is none": (
        lambda c: c.file("snapshots/codex/usage.txt").write_text(""),
        ("snapshots/codex/usage.txt", "no .json file")),
    "an index that is gone": (
        lambda c: c.file("schemas/index.json").unlink(),
        ("schemas/index.json", "not there")),
    "a schema of cassettes that asks for nothing": (
        lambda c: c.file("schemas/cassette.json").write_text("{}"),
        ("schemas/cassette.json", "/$schema")),
    "a source that is none": (
        lambda c: c.edit_yaml("cassettes/codex/usage.yaml",
            lambda d: d["interactions"][0]["provenance"]["parts"]["body"].update({"from": "x"})),
        ("cassettes/codex/usage.yaml", "parts/body/from", "names no source", "owner/repo#7")),
    "YAML that is none": (
        lambda c: c.file("probes/codex/usage.yaml").write_text("id: [\n"),
        ("probes/codex/usage.yaml", "line 2")),
    "an empty file": (
        lambda c: c.file("cassettes/codex/usage.yaml").write_text(""),
        ("cassettes/codex/usage.yaml",)),
    "a key that is misspelt": (
        _break("probes/codex/usage.yaml", "\ntitle:", "\ntitel:"),
        ("probes/codex/usage.yaml", "titel")),
    "an outcome that does not exist": (
        _break("probes/codex/usage.yaml", "outcome: ok", "outcome: great"),
        ("probes/codex/usage.yaml", "/expect/outcome", "great")),
    "an id that is not its path": (
        _break("probes/codex/usage.yaml", "id: codex/usage\n", "id: codex/usages\n"),
        ("probes/codex/usage.yaml", "/id")),
    "a provenance that does not exist": (
        _break("cassettes/codex/usage.yaml", "kind: transcribed", "kind: remembered"),
        ("cassettes/codex/usage.yaml", "provenance/kind", "remembered")),
    "a status without a source": (
        lambda c: c.edit_yaml("cassettes/codex/usage.yaml",
            lambda d: d["interactions"][0]["provenance"]["parts"].pop("status")),
        ("cassettes/codex/usage.yaml", "status")),
    "a request that is not the probe's": (
        _break("cassettes/codex/store-must-be-false.yaml", '"store":true', '"store":false'),
        ("cassettes/codex/store-must-be-false.yaml", "/request/body")),
    "a schema that is not JSON": (
        _break("schemas/usage/usage.json", "{", "[{"),
        ("schemas/usage/usage.json",)),
    "a schema that is no schema": (
        lambda c: c.replace("schemas/usage/window.json", '"object", "null"', '"objekt", "null"', 1),
        ("schemas/usage/window.json", "objekt")),
    "a reference that leads nowhere": (
        lambda c: c.file("schemas/usage/window.json").unlink(),
        ("schemas/", "window.json")),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_one_line_with_file_field_and_mend(
    contract: SmallContract, case: str
) -> None:
    spoil, named = BROKEN[case]
    spoil(contract)
    done = contract.verify()
    assert (done.code, done.out) == (7, ""), done.out + done.err
    lines = done.err.splitlines()
    assert all(line.startswith("codex-leg: ") for line in lines)
    assert any(all(name in line for name in named) for line in lines), done.err
    assert "Traceback" not in done.err


WRONG = {
    ("verify", "codex/streamd-text"): "codex/streamed-text",
    ("verify", "--pytest=--nope"): "--nope",
    ("verify", "--fail-on", "horrible"): "breaking",
    ("verify", "--root", "/nowhere"): "/nowhere",
    ("verfy",): "verify",
    ("validate", "nothing.sse", "--surface", "responses"): "nothing.sse",
    ("validate", "README.md", "--surface", "nope"): "responses",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_is_one_line_that_helps(arguments: tuple[str, ...]) -> None:
    done = codex_leg(*arguments)
    assert (done.code, done.out) == (4, "")
    assert WRONG[arguments] in done.err
    assert len(done.err.splitlines()) == 1


def test_selecting_nothing_is_not_green(contract: SmallContract) -> None:
    assert contract.verify("-k", "nothing-of-the-kind").code == 5


def test_probes_are_tests(contract: SmallContract) -> None:
    report = contract.root / "out.xml"
    done = contract.verify(f"--pytest=--junitxml={report}")
    assert done.code == 0
    assert report.read_text().count("<testcase ") == len(FEW)


def test_pytest_itself_collects_probes_and_shows_what_differs(contract: SmallContract) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "probes"]
    clean = subprocess.run(command, cwd=contract.root, capture_output=True, text=True, check=False)
    assert f"{len(FEW)} passed" in clean.stdout, clean.stdout
    contract.replace(STREAM, '"delta":"ok",', "")
    spoilt = subprocess.run(command, cwd=contract.root, capture_output=True, text=True, check=False)
    assert spoilt.returncode == 1
    assert "field-removed" in spoilt.stdout
    assert "Traceback" not in spoilt.stdout


def test_yaml_outside_of_a_contract_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", **{"probes/codex/x": "id: x"})
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes()


def test_no_socket_can_be_made_while_a_probe_is_replayed() -> None:
    with network_shut(), pytest.warns(match="socket"):
        with pytest.raises(pytest_socket.SocketBlockedError):
            socket.socket()
    with socket.socket() as free:
        assert free.fileno() >= 0


def test_pytest_recording_replays_our_cassettes_unchanged(
    contract: SmallContract, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.mark.default_cassette("streamed-text.yaml")
        @pytest.mark.vcr
        @pytest.mark.block_network
        def test_it():
            answer = httpx.post("https://chatgpt.com/backend-api/codex/responses")
            assert answer.status_code == 200
            assert answer.text.count("event: ") == 9

        @pytest.fixture
        def vcr_cassette_dir():
            return {str(contract.root / "cassettes" / "codex")!r}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:codex_leg", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_every_cassette_is_plain_vcr_yaml() -> None:
    for file in sorted((ROOT / "cassettes").rglob("*.yaml")):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        # A key of ours at the top level is what pytest-recording 0.14 cannot load.
        assert set(document) == {"version", "interactions"}, file
