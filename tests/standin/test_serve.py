"""``codex-leg serve`` and ``codex-leg scenarios`` as a user meets them: as programs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract
from harness.exchange import Exchange
from harness.netns import available
from tests.harness.contracts import ROOT, codex_leg
from tests.leg.fake_tokens import codex_token

from .raw_wire import Asked, ask, sound_request

CONTRACT = Contract()
SCHEMA = CONTRACT.schemas.validator("report/exchanges.json")
PROGRAM = [sys.executable, "-m", "harness"]
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "COLUMNS": "100"}
#: Asks for the accounts through whatever the environment says; prints the status.
ASK = """
import os, ssl, sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})
try:
    print(urllib.request.urlopen(request, context=ssl.create_default_context()).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


@dataclass
class Served:
    """A running ``serve``; its lines as they come."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read_until(self, pattern: str) -> str:
        """The first line that matches; those before it are kept as well."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if re.search(pattern, line):
                return self.lines[-1]
        raise AssertionError(f"no line matches {pattern}: {self.lines}")

    def exports(self) -> list[str]:
        return [line for line in self.lines if line.startswith("export ")]

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(timeout=10)


@contextmanager
def serve(*arguments: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [*PROGRAM, "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
        cwd=ROOT,
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.communicate()


def in_shell(line: str, command: str) -> str:
    """Paste a line into a shell, then run a command there."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"{line}\n{command}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask_in_shell(line: str, url: str) -> str:
    token = codex_token(exp=4_000_000_000)
    return in_shell(line, f'"{sys.executable}" -c \'{ASK}\' "{url}" {token}').strip()


def test_each_of_the_three_ways_works_when_it_is_pasted() -> None:
    with serve() as served:
        served.read_until("What arrives")
        plain, tls, proxy = served.exports()
        for way in (plain, tls):
            assert (
                ask_in_shell(way, "$CODEX_BACKEND_BASE_URL/models?client_version=0.169.0") == "200"
            )
        accounts = "https://chatgpt.com/backend-api/wham/accounts/check"
        assert ask_in_shell(proxy, accounts) == "200"
        assert "https://" in tls
        assert "HTTPS_PROXY=" in proxy
        assert served.stop() == 0


def test_everything_else_that_it_prints_is_a_comment_to_a_shell() -> None:
    with serve() as served:
        served.read_until("What arrives")
        assert all(line.startswith(("#", "export ")) for line in served.lines)
        in_shell("\n".join(served.lines), "true")


def test_every_exchange_is_one_line_when_it_is_over() -> None:
    with serve("--scenario", "usage-limit") as served:
        served.read_until("What arrives")
        url = served.exports()[0].partition("=")[2].removesuffix("/backend-api/codex")
        ask(url, sound_request("responses"))
        line = served.read_until("429")
        ask(url, sound_request("accounts"))
        served.read_until("accounts/check")
    for part in ("POST", "chatgpt.com/backend-api/codex/responses", "usage-limit-reached", " ms"):
        assert part in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_it_cleanly_with_a_summary(number: int) -> None:
    with serve() as served:
        served.read_until("What arrives")
        url = served.exports()[0].partition("=")[2].removesuffix("/backend-api/codex")
        ask(url, sound_request("accounts"))
        served.read_until("accounts/check")
        assert served.stop(number) == 0
        assert served.lines[-1].startswith("# Stopped. 1 exchange, ")
        assert served.process.stderr is not None
        assert served.process.stderr.read() == ""


def test_a_reader_that_goes_away_stops_it() -> None:
    """``codex-leg serve | head -1`` must not serve for ever."""
    with serve() as served:
        served.read_until("What arrives")
        url = served.exports()[0].partition("=")[2].removesuffix("/backend-api/codex")
        assert served.process.stdout is not None
        served.process.stdout.close()
        ask(url, sound_request("accounts"))
        assert served.process.wait(timeout=10) == 0
        served.process.stdout = None


def test_for_machines_every_line_is_an_object_of_the_schema() -> None:
    with serve("--json", "--bodies") as served:
        header = json.loads(served.read_until("format"))
        url = header["addresses"]["base_url"].removesuffix("/backend-api/codex")
        ask(url, sound_request("responses"))
        row = json.loads(served.read_until("responses"))
        assert served.stop() == 0
    rows = [json.loads(line) for line in served.lines]
    for one in rows:
        SCHEMA.validate(one)
    assert (header["format"], header["scenario"]) == ("codex-leg/exchanges/1", "default")
    assert (row["status"], row["source"], row["ended"]) == (200, "codex/streamed-text", "eof")
    assert row["body"]["model"] == "gpt-5.5"
    assert rows[-1]["exchanges"] == 1


def test_headers_are_shown_as_sent_and_secrets_are_not() -> None:
    token = codex_token()
    asked = Asked(
        "GET",
        sound_request("usage").url,
        None,
        {"X-Odd-Case": "1", "Authorization": f"Bearer {token}"},
    )
    with serve("--json") as served:
        header = json.loads(served.read_until("format"))
        url = header["addresses"]["base_url"].removesuffix("/backend-api/codex")
        ask(url, asked)
        ask(url, asked)
        rows = [json.loads(served.read_until("wham/usage")) for _ in range(2)]
    names = [name for name, _ in rows[0]["headers"]]
    assert names == ["Host", "X-Odd-Case", "Authorization"]
    assert token not in "".join(served.lines)
    assert rows[0]["headers"] == rows[1]["headers"], "the same secret, the same placeholder"


def test_recorded_exchanges_are_cassettes_that_load(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    token = sound_request("responses").headers["authorization"].removeprefix("Bearer ")
    with serve("--record", str(folder)) as served:
        served.read_until("What arrives")
        url = served.exports()[0].partition("=")[2].removesuffix("/backend-api/codex")
        ask(url, sound_request("responses"))
        ask(url, sound_request("token"))
        served.read_until("oauth/token")
        assert served.stop() == 0
    files = sorted(folder.glob("*.yaml"))
    cassettes = [CONTRACT.read_cassette(file) for file in files]
    streamed = Exchange.from_interaction(cassettes[0].interactions[0])
    assert [one.type for one in streamed.events][-1] == "response.completed"
    text = "".join(file.read_text() for file in files)
    assert token not in text
    assert "rt-of-nobody" not in text


def test_it_listens_on_the_port_that_is_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serve("--port", str(port)) as served:
        served.read_until("What arrives")
        assert f"http://127.0.0.1:{port}/" in served.exports()[0]


def once(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "serve", "--once", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT, **(env or {})},
    )


def asking(url: str) -> list[str]:
    return ["--", sys.executable, "-c", ASK, url, "opaque-token-of-nobody"]


USAGE = "https://chatgpt.com/backend-api/wham/usage"


def test_once_prints_what_a_command_sent() -> None:
    done = once(*asking(USAGE))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("200\n"), done.stdout
    assert f"1. GET {USAGE}" in done.stdout
    assert re.search(r"^     Authorization: Bearer REDACTED\S+$", done.stdout, re.MULTILINE)
    assert "opaque-token-of-nobody" not in done.stdout
    assert "→ 200 codex/usage" in done.stdout


def test_once_for_machines_is_one_object_and_the_command_talks_on_stderr() -> None:
    done = once("--json", *asking(USAGE))
    document = json.loads(done.stdout)
    SCHEMA.validate(document)
    assert (document["exit"], document["isolated"]) == (0, available())
    assert [one["url"] for one in document["exchanges"]] == [USAGE]
    assert done.stderr.endswith("200\n")


def test_once_shows_bodies_when_it_is_asked_to() -> None:
    post = (
        "import urllib.request as u; u.urlopen('https://auth.openai.com/oauth/token', data=b'{}')"
    )
    arguments = ["--", sys.executable, "-c", f"try:\n {post}\nexcept OSError: pass"]
    assert "body: 2 bytes" in once(*arguments).stdout
    assert json.loads(once("--json", "--bodies", *arguments).stdout)["exchanges"][0]["body"] == {}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("exit 7", 7),
        ("kill -TERM $$", 128 + signal.SIGTERM),
    ],
)
def test_the_exit_code_of_once_is_the_commands_own(command: str, code: int) -> None:
    done = once("--", "sh", "-c", command)
    assert done.returncode == code
    assert f"exit {code}" in done.stdout


def test_a_command_that_is_not_there_is_127_and_one_line() -> None:
    done = once("--", "no-such-command-here")
    assert done.returncode == 127
    assert done.stderr == "codex-leg: no-such-command-here: No such file or directory\n"


def test_a_command_gets_its_own_options_and_its_own_input() -> None:
    done = subprocess.run(
        [*PROGRAM, "serve", "--once", "--", "sh", "-c", 'cat; echo "$1"', "sh", "--json"],
        input="through\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
    )
    assert done.stdout.startswith("through\n--json\n")


@pytest.mark.skipif(not available(), reason="this system makes no network namespaces")
def test_a_command_can_reach_nothing_but_the_stand_in() -> None:
    done = once("--", sys.executable, "-c", "import socket; print(*socket.if_nameindex())")
    assert done.stdout.splitlines()[0] == "(1, 'lo')"
    assert done.stderr == ""


def test_without_namespaces_it_says_so_and_goes_on(tmp_path: Path) -> None:
    # A PATH without unshare, and with all that the command needs.
    done = once(*asking(USAGE), env={"PATH": str(tmp_path)})
    assert done.returncode == 0
    assert done.stderr == (
        "codex-leg: this system gives no network namespace: "
        "COMMAND could reach more than the stand-in\n"
    )
    assert "→ 200 codex/usage" in done.stdout


def test_a_rule_can_be_switched() -> None:
    asked = [sys.executable, "-c", ASK, USAGE.replace("wham/usage", "codex/models"), "opaque-token"]
    assert once("--", *asked).stdout.startswith("400\n")
    off = once("--rule", "models-client-version-missing=off", "--", *asked)
    assert off.stdout.startswith("200\n")


#: Arguments → what the one line on stderr has to say.
WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown scenario names the closest ones": (
        ("--scenario", "usage-limt"),
        "there is no scenario 'usage-limt'; did you mean usage-limit",
    ),
    "an unknown rule names the closest ones": (
        ("--rule", "store-must-be-fals=on"),
        "there is no rule 'store-must-be-fals'; did you mean store-must-be-false",
    ),
    "a rule that is neither on nor off": (
        ("--rule", "store-must-be-false"),
        "--rule 'store-must-be-false' is not ID=on or ID=off.",
    ),
    "a folder that cannot be made": (
        ("--record", "/nowhere/at/all"),
        "--record: there is no folder /nowhere/at.",
    ),
    "a folder for the CA that is not there": (
        ("--ca", "/nowhere"),
        "no such folder for the CA file: /nowhere",
    ),
    "a port that is none": (("--port", "70000"), "70000 is not in the range 0<=x<=65535"),
    "a command without once": (("--", "true"), "a COMMAND needs --once."),
    "once without a command": (("--once",), "--once needs a COMMAND, behind --."),
}


@pytest.mark.parametrize("what", list(WRONG))
def test_wrong_use_is_one_line_and_exit_4(what: str) -> None:
    arguments, said = WRONG[what]
    done = codex_leg("serve", *arguments)
    assert (done.code, done.out) == (4, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_port_that_is_taken_is_one_line_and_exit_4() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = codex_leg("serve", "--port", str(port))
    assert (done.code, done.out) == (4, "")
    assert f"port {port} on 127.0.0.1 is taken" in done.err
    assert done.err.count("\n") == 1


def test_nothing_in_the_current_folder_is_run(tmp_path: Path) -> None:
    """``serve --once`` begins again in a namespace; it has to be the same program."""
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("raise SystemExit('not this one')")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("codex-leg")), "serve", "--once", "--", "true"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")


def scenarios(*arguments: str) -> str:
    done = codex_leg("scenarios", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


def test_scenarios_rules_and_faults_are_listed() -> None:
    listed = {
        (): set(CONTRACT.scenarios),
        ("--rules",): set(CONTRACT.rules),
    }
    for arguments, names in listed.items():
        lines = scenarios(*arguments).splitlines()
        assert names <= {line.split()[0] for line in lines if line}
    assert "split-in-character" in scenarios("--faults")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("usage-limit",), ("responses: codex/usage-limit-reached", "codex-leg serve --scenario")),
        (
            ("--rules", "store-must-be-false"),
            ("refused as in: codex/store-must-be-false", "source"),
        ),
        (("--faults", "drip"), ("bytes_per_write (int), 1 if not given",)),
    ],
)
def test_one_of_them_is_explained(arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    said = scenarios(*arguments)
    for part in parts:
        assert part in said


@pytest.mark.parametrize("kind", ["scenario", "rule", "fault"])
def test_for_machines_they_are_an_object(kind: str) -> None:
    option = () if kind == "scenario" else (f"--{kind}s",)
    document: dict[str, Any] = json.loads(scenarios(*option, "--format", "json"))
    assert document["format"] == f"codex-leg/{kind}s/1"
    assert all(one["name"] and one["title"] for one in document[f"{kind}s"])


def test_as_markdown_they_are_a_table() -> None:
    lines = scenarios("--format", "markdown").splitlines()
    assert lines[0] == "| NAME | TITLE |"
    assert len(lines) == len(CONTRACT.scenarios) + 2
    assert scenarios("usage-limit", "--format", "markdown").startswith("## `usage-limit`")


def test_an_unknown_name_is_one_line_and_exit_4() -> None:
    for option, name in ((), "tool-cal"), (("--rules",), "store"), (("--faults",), "rese"):
        done = codex_leg("scenarios", *option, name)
        assert (done.code, done.out) == (4, "")
        assert "did you mean" in done.err
        assert done.err.count("\n") == 1
