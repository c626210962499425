"""Running a client and writing down what it sent, whatever the machine does meanwhile."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.contract import Contract
from harness.reference.canonical import canonical, canonical_set
from harness.reference.clients import CannotTurn, CodexCli, Turn
from harness.reference.gate import Call
from harness.reference.process import Process, is_waiting
from harness.reference.recorder import MOST, Recorder, Stopped
from harness.reference.runs import HTTPS, RUNS, Run
from harness.reference.sent import Recording

from .reference_fakes import VERSION, write_client

BESIDE = "chatgpt.com", "/backend-api/ps/plugins/installed"
MODELS = "chatgpt.com", "/backend-api/codex/models"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> CodexCli:
    return write_client(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def recorder(client: CodexCli) -> Recorder:
    return Recorder(client, Contract())


@pytest.mark.parametrize("name", list(RUNS))
def test_two_recordings_of_a_run_are_the_same_bytes(recorder: Recorder, name: str) -> None:
    """Ids, times, folders, and what comes in between differ from run to run."""
    found = []
    for _ in range(2):
        recording = recorder.run(RUNS[name], HTTPS)
        found.append((canonical(recording, recording.sent, VERSION), recording.exit_codes))
    assert found[0] == found[1]
    assert found[0][0]


def test_calls_beside_the_turn_are_no_part_of_it(recorder: Recorder) -> None:
    recording = recorder.run(RUNS["plain"], HTTPS)
    assert [(one.method, one.path) for one in recording.sent] == [
        ("POST", "/backend-api/codex/responses")
    ]


def test_a_refresh_is_a_part_of_the_turn(recorder: Recorder) -> None:
    recording = recorder.run(RUNS["unauthorized"], HTTPS)
    assert [one.endpoint for one in recording.sent] == ["responses", "token", "responses"]


def test_a_client_that_tries_for_ever_is_stopped(recorder: Recorder) -> None:
    run = Run("for-ever", "503 for ever", ("server-error",))
    recording = recorder.run(run, HTTPS)
    assert len(recording.sent) == MOST
    assert recording.exit_codes == (None,)


def test_every_call_beside_the_turn_is_seen_once(recorder: Recorder) -> None:
    sets = []
    for _ in range(3):
        recording = recorder.side_calls()
        sets.append(canonical_set(recording, recording.sent, VERSION))
    assert sets[0] == sets[1] == sets[2]
    assert [one.uri for one in sets[0]] == [
        "https://chatgpt.com/backend-api/codex/models?client_version=0.0.0",
        "https://chatgpt.com/backend-api/ps/plugins/installed?limit=200",
        "https://chatgpt.com/backend-api/ps/plugins/list",
    ]


def test_what_a_client_waits_for_is_told_from_what_only_comes_first(recorder: Recorder) -> None:
    assert recorder.waits_for(Call("GET", *MODELS))
    assert not recorder.waits_for(Call("GET", *BESIDE))
    assert not recorder.waits_for(Call("GET", "chatgpt.com", "/never/called"))


def test_a_client_is_told_nothing_of_the_machine(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    monkeypatch.setenv("TERM", "screen-256color")
    recording = recorder.run(RUNS["plain"], HTTPS)
    (sent,) = recording.sent
    text = json.dumps(sent.to_json())
    assert "sk-of-somebody" not in text
    assert "screen" not in text


@pytest.mark.parametrize("name", ["plain", "two-turns"])
def test_a_client_that_dies_is_run_once_more_and_the_recording_says_so(
    recorder: Recorder, tmp_path: Path, name: str
) -> None:
    """A crash, of want of memory or of its own, is no fact about what a client sends."""
    crashes = Recorder(write_client(tmp_path, dies=1), Contract())
    wanted, found = (one.run(RUNS[name], HTTPS) for one in (recorder, crashes))
    assert (found.died, found.died_before) == (None, signal.SIGSEGV)
    assert found.exit_codes == wanted.exit_codes
    assert canonical(found, found.sent, VERSION) == canonical(wanted, wanted.sent, VERSION)
    assert Recording.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_client_that_dies_again_is_not_run_a_third_time(tmp_path: Path) -> None:
    recording = Recorder(write_client(tmp_path, dies=9), Contract()).run(RUNS["plain"], HTTPS)
    assert (recording.died, recording.died_before) == (signal.SIGSEGV, signal.SIGSEGV)
    assert sorted(one.name for one in tmp_path.glob("died-*")) == ["died-0", "died-1"]


def test_what_is_called_beside_the_turn_is_seen_once_more_too(
    recorder: Recorder, tmp_path: Path
) -> None:
    crashes = Recorder(write_client(tmp_path, dies=1), Contract())
    wanted, found = recorder.side_calls(), crashes.side_calls()
    assert found.died_before == signal.SIGSEGV
    assert canonical_set(found, found.sent, VERSION) == canonical_set(wanted, wanted.sent, VERSION)


@pytest.mark.parametrize(("dies", "waits"), [(1, False), (2, None)])
def test_a_client_that_dies_has_not_gone_on(tmp_path: Path, dies: int, waits: bool | None) -> None:
    recorder = Recorder(write_client(tmp_path, dies=dies), Contract())
    assert recorder.waits_for(Call("GET", "chatgpt.com", "/never/called")) is waits


def test_a_recorder_that_is_stopped_ends_its_clients(client: CodexCli) -> None:
    recorder = Recorder(client, Contract())
    ended = []

    def run() -> None:
        try:
            recorder.run(Run("for-ever", "", ("stall",)), HTTPS)
        except Stopped:
            ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    start = time.monotonic()
    recorder.stop()
    thread.join(20)
    assert ended
    assert ended[0] - start < 10


def test_a_session_that_is_not_there_cannot_be_gone_on_with(
    client: CodexCli, tmp_path: Path
) -> None:
    with pytest.raises(CannotTurn, match="no session"):
        client.command(Turn("say PING", goes_on=True), tmp_path, tmp_path)


@pytest.fixture
def sleeper() -> Iterator[Process]:
    with Process(["/bin/sh", "-c", "sleep 30"], {}) as process:
        yield process


def test_a_program_that_sleeps_waits_and_one_that_computes_does_not(sleeper: Process) -> None:
    if is_waiting(sleeper.pid) is None:
        pytest.skip("this system does not say what a program does")
    deadline = time.monotonic() + 10
    while not is_waiting(sleeper.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_waiting(sleeper.pid)
    with Process(["/bin/sh", "-c", "while :; do :; done"], {}) as busy:
        time.sleep(0.2)
        assert is_waiting(busy.pid) is False
