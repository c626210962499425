"""``codex-leg reference capture``: what is written, when, and what is said of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import vcr.serialize
import vcr.serializers.yamlserializer
import yaml

from harness.contract import Contract
from harness.exchange import Exchange
from harness.exits import Exit
from harness.reference.capturing import Capturer, Wish

from .reference_fakes import VERSION, copy_contract, install_client

PLAIN = Wish(runs=("plain",))
#: Without the calls beside the turn, which take a few seconds.
SHORT = Wish(runs=("server-error", "usage-limit"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def contract(tmp_path: Path, cache: Path) -> Contract:
    return copy_contract(tmp_path / "contract", VERSION)


def folder(contract: Contract) -> Path:
    return contract.path("cassettes", "reference", VERSION)


def files(contract: Contract) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder(contract).iterdir())}


def test_a_release_is_captured_whole_and_read_through_the_contract(
    contract: Contract, cache: Path
) -> None:
    client = install_client(cache)
    done = Capturer(contract).capture(VERSION, Wish())
    assert (done.status, done.why) == ("captured", "")
    assert done.transports == ("https",)
    assert done.waits_for == ("/backend-api/codex/models",)
    again = Contract(contract.root)
    assert again.reference.faults() == []
    assert again.problems() == []
    captures = again.reference.of(VERSION)
    names = [one.path.rpartition("/")[2] for one in captures]
    assert names == sorted(files(contract))
    assert {"plain.https.yaml", "side-calls.https.yaml", "model-list.https.yaml"} < set(names)
    for capture in captures:
        for one in capture.interactions:
            assert one.provenance.kind == "captured"
            assert one.provenance.date == "2026-08-26"
            assert one.provenance.client == {
                "name": "codex-cli",
                "version": VERSION,
                "sha256": client.sha256,
            }
    known = again.reference.releases[VERSION]
    assert (known.sha256, known.transports) == (client.sha256, ("https",))


def test_a_capture_shows_what_was_sent_as_it_was_sent(contract: Contract, cache: Path) -> None:
    install_client(cache)
    Capturer(contract).capture(VERSION, PLAIN)
    captures = {one.path: one for one in Contract(contract.root).captures()}
    (one,) = captures[f"cassettes/reference/{VERSION}/plain.https.yaml"].interactions
    sent = Exchange.from_interaction(one).request
    assert sent is not None
    names = [name for name, _ in sent.headers]
    assert names[:2] == ["Host", "Accept-Encoding"]
    # The account comes first.
    assert dict(sent.headers)["session-id"] == "00000000-0000-4000-8000-000000000002"
    assert sent.payload()["input"][0]["content"][0]["text"] == "say PONG"
    (models,) = captures[f"cassettes/reference/{VERSION}/model-list.https.yaml"].interactions
    assert models.waited_for is True
    beside = captures[f"cassettes/reference/{VERSION}/side-calls.https.yaml"].interactions
    assert [one.waited_for for one in beside] == [False, False]


def test_plain_vcrpy_reads_a_capture(contract: Contract, cache: Path) -> None:
    install_client(cache)
    Capturer(contract).capture(VERSION, PLAIN)
    text = (folder(contract) / "plain.https.yaml").read_text()
    requests, responses = vcr.serialize.deserialize(text, vcr.serializers.yamlserializer)
    assert requests[0].uri == "https://chatgpt.com/backend-api/codex/responses"
    assert responses[0]["status"]["code"] == 200


def test_captured_again_it_is_the_same_bytes(contract: Contract, cache: Path) -> None:
    install_client(cache)
    Capturer(contract).capture(VERSION, Wish())
    before = files(contract)
    done = Capturer(Contract(contract.root)).capture(VERSION, Wish(again=True))
    assert done.status == "captured"
    assert [file for file, changed in done.files if changed] == []
    assert files(contract) == before


def test_what_is_there_and_intact_is_not_captured_again(contract: Contract, cache: Path) -> None:
    client = install_client(cache)
    Capturer(contract).capture(VERSION, PLAIN)
    Path(client.binary).write_text("it is not run")
    done = Capturer(Contract(contract.root)).capture(VERSION, PLAIN)
    assert (done.status, done.isolated) == ("kept", None)


@pytest.mark.parametrize("harm", ["gone", "broken", "of another binary"])
def test_only_what_is_missing_is_captured(contract: Contract, cache: Path, harm: str) -> None:
    install_client(cache)
    Capturer(contract).capture(VERSION, SHORT)
    before = files(contract)
    file = folder(contract) / "usage-limit.https.yaml"
    if harm == "gone":
        file.unlink()
    elif harm == "broken":
        file.write_text("version: 1\n")
    else:
        document = yaml.safe_load(file.read_text())
        for one in document["interactions"]:
            one["provenance"]["client"]["sha256"] = "0" * 64
        file.write_text(yaml.safe_dump(document))
    done = Capturer(Contract(contract.root)).capture(VERSION, SHORT)
    assert done.files == (("usage-limit.https.yaml", True),)
    assert files(contract) == before


def test_a_release_that_takes_no_turn_has_failed_and_leaves_nothing(
    contract: Contract, cache: Path
) -> None:
    install_client(cache, fails=True)
    done = Capturer(contract).capture(VERSION, PLAIN)
    assert done.status == "failed"
    assert done.why == "a plain turn over https exited with 3: it cannot"
    assert not folder(contract).exists()
    assert Contract(contract.root).reference.releases[VERSION].sha256 is None


def test_a_client_that_died_once_is_captured_as_if_it_had_not_and_that_is_said(
    contract: Contract, cache: Path
) -> None:
    wish, told = replace(SHORT, runs=("server-error",)), list[str]()
    capturer = Capturer(contract, tell=told.append)
    install_client(cache)
    capturer.capture(VERSION, wish)
    (wanted,) = contract.reference.runs(VERSION).values()
    install_client(cache, dies=1)
    done = capturer.capture(VERSION, replace(wish, again=True))
    assert (done.status, done.why) == ("captured", "")
    assert done.again == ("server-error over https: it had died of SIGSEGV",)
    assert told[-1] == "server-error over https, once more: it had died of SIGSEGV"
    (found,) = contract.reference.runs(VERSION).values()
    assert [one.request for one in found] == [one.request for one in wanted]


def test_a_run_that_a_client_died_in_twice_is_not_kept(contract: Contract, cache: Path) -> None:
    install_client(cache, dies=2)
    wish = replace(SHORT, runs=("server-error",), transports=("https",))
    done = Capturer(contract).capture(VERSION, wish)
    assert done.why == "server-error over https: it died of SIGSEGV, and so it did once more"
    assert not folder(contract).exists()
    install_client(cache, dies=99)
    done = Capturer(contract).capture(VERSION, PLAIN)
    assert (done.status, done.why) == (
        "failed",
        "a plain turn over websocket: it died of SIGSEGV, and so it did once more",
    )


def test_a_release_that_cannot_be_installed_is_skipped(
    contract: Contract, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    done = Capturer(contract).capture(VERSION, PLAIN)
    assert (done.status, "npm is not on PATH" in done.why) == ("skipped", True)


@pytest.mark.parametrize(("keep", "is_there"), [(None, True), (True, True), (False, False)])
def test_a_binary_that_was_there_goes_only_if_it_is_to_go(
    contract: Contract, cache: Path, keep: bool | None, is_there: bool
) -> None:
    client = install_client(cache)
    Capturer(contract).capture(VERSION, replace(SHORT, keep=keep))
    assert Path(client.binary).exists() is is_there


def run(contract: Contract, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", "reference", "capture", *arguments]
    return subprocess.run(
        [*command, "--root", str(contract.root)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **changes},
    )


def test_the_command_says_what_it_saw_and_lists_it(contract: Contract, cache: Path) -> None:
    install_client(cache)
    done = run(contract, VERSION, "--scenarios", "plain")
    assert done.returncode == Exit.CLEAN, done.stderr
    assert f"[1/1] {VERSION} captured: 3 files (3 new or changed), https" in done.stderr
    assert "waits for /backend-api/codex/models" in done.stderr
    assert done.stdout == ""
    listed = run(contract, "--list")
    assert f"{VERSION}      2026-08-26   https" in listed.stdout
    assert "1 release, 3 files" in listed.stdout


def test_what_it_prints_for_machines_is_as_the_schema_says(contract: Contract, cache: Path) -> None:
    install_client(cache)
    validate = Contract().schemas.validate
    done = json.loads(run(contract, VERSION, "--scenarios", "plain", "--json").stdout)
    assert validate("report/captures.json", done) == []
    assert done["releases"][0]["files"][0] == {"file": "model-list.https.yaml", "changed": True}
    listed = json.loads(run(contract, "--list", "--json").stdout)
    assert validate("report/captures.json", listed) == []
    assert listed["captured"][0]["version"] == VERSION


def test_what_could_not_be_captured_is_exit_6_and_the_rest_is_there(
    contract: Contract, cache: Path
) -> None:
    install_client(cache)
    broken = "0.150.8"
    install_client(cache, version=broken, fails=True)
    copy = json.loads(contract.path("cassettes/reference/releases.json").read_text())
    copy["releases"].append({**copy["releases"][0], "version": broken})
    contract.path("cassettes/reference/releases.json").write_text(json.dumps(copy))
    done = run(contract, broken, VERSION, "--scenarios", "plain")
    assert done.returncode == Exit.UNCHECKED
    assert f"[1/2] {broken} failed: a plain turn" in done.stderr
    assert f"[2/2] {VERSION} captured" in done.stderr
    assert "plain.https.yaml" in files(contract)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenarios", "plane"], "did you mean plain?"),
        (["--scenarios", ","], "--scenarios names none"),
        (["--transport", "carrier-pigeon"], "carrier-pigeon"),
    ],
)
def test_wrong_use_is_one_line_and_exit_4(
    contract: Contract, arguments: list[str], said: str
) -> None:
    done = run(contract, VERSION, *arguments)
    assert done.returncode == Exit.USAGE
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_namespace_it_says_that_isolation_was_off(
    contract: Contract, cache: Path, tmp_path: Path
) -> None:
    install_client(cache)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    done = run(contract, VERSION, "--scenarios", "plain", PATH=str(tools))
    assert done.returncode == Exit.CLEAN, done.stderr
    assert "isolation: off" in done.stderr


def test_ctrl_c_leaves_nothing_half_written_and_no_client_behind(
    contract: Contract, cache: Path
) -> None:
    client = install_client(cache)
    command = [sys.executable, "-m", "harness", "reference", "capture", VERSION]
    process = subprocess.Popen(
        [*command, "--root", str(contract.root)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        deadline = time.monotonic() + 60
        while not clients(client.binary) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == Exit.INTERRUPTED
    deadline = time.monotonic() + 10
    while clients(client.binary) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert clients(client.binary) == []
    assert not folder(contract).exists()


def clients(binary: str) -> list[int]:
    """The processes that run this program."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words: Any = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if binary.encode() in words[:2]:
            found.append(int(entry.parent.name))
    return found
