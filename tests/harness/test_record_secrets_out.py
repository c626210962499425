"""A service that repeats every kind of secret in every place: none of it is told or written."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.cli import run
from harness.recording import session
from harness.recording.secret_kinds import KINDS, example
from harness.standin.tokens import Grant, TokenEndpoint
from tests.harness.contracts import copy_contract
from tests.harness.recordings import event

PROBES = ("codex/store-must-be-false", "codex/streamed-text", "codex/usage")
SECRETS = [example(kind, 7) for kind in KINDS]
USAGE = json.loads(
    '{"plan_type":"plus","rate_limit":{"allowed":true,"limit_reached":false,'
    '"primary_window":{"used_percent":3,"limit_window_seconds":604800}}}'
)
FACES = ("terminal", "json", "markdown", "sarif", "junit", "html", "github")


class Talkative(BaseHTTPRequestHandler):
    """Answers with all the secrets there are, and with the bearer that it was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = {"email": SECRETS[0], "told": SECRETS, "bearer": self.headers["authorization"]}
        self._answer(200, "application/json", json.dumps({**USAGE, **told}).encode())

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        everything = " ".join([*SECRETS, self.headers["authorization"]])
        if sent.get("store"):
            body = json.dumps({"detail": f"No: {everything}", "error": {"for": SECRETS}})
            self._answer(400, "application/json", body.encode())
            return
        pieces = [
            {"type": "response.created", "response": {"id": "resp_1", "user": everything}},
            {"type": "response.output_text.delta", "item_id": "msg_1", "delta": everything},
            {"type": "response.failed", "response": {"error": {"message": everything}}},
        ]
        self._answer(200, "text/event-stream", b"".join(map(event, pieces)))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for number, secret in enumerate(SECRETS):
            self.send_header(f"X-Told-{chr(97 + number % 26)}-{number}", secret)
        self.send_header("Set-Cookie", f"session={SECRETS[0]}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Talkative)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/backend-api/codex"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bearer(service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    copy_contract(tmp_path / "contract", PROBES)
    login = TokenEndpoint().login(Grant(account_id="0b7d0f5e-3c9a-4f0e-9d55-1a2b3c4d5e6f"))
    monkeypatch.setenv("CODEX_OAUTH_CREDENTIAL", json.dumps(login.auth_json()))
    monkeypatch.setenv("CODEX_BACKEND_BASE_URL", service)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return login.access_token


def assert_untold(text: str, bearer: str, where: str) -> None:
    for kind, secret in zip(KINDS, SECRETS, strict=True):
        assert secret not in text, f"{kind.name} in {where}"
    assert bearer[:60] not in text, where
    assert bearer[60:120] not in text, where


@pytest.mark.parametrize("face", FACES)
def test_no_output_no_log_and_no_file_tells_a_secret(
    face: str,
    bearer: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    report = tmp_path / "report.out"
    arguments = ["record", "--root", str(tmp_path / "contract"), "--yes", "--adopt"]
    assert run([*arguments, "--format", face, "--output", str(report)]) in (1, 6, 7)
    captured = capfd.readouterr()
    assert_untold(captured.out, bearer, "standard output")
    assert_untold(captured.err, bearer, "standard error")
    assert_untold(caplog.text, bearer, "the log")
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert report in files
    for file in files:
        assert_untold(file.read_text(errors="replace"), bearer, str(file))


def test_a_fault_of_ours_shows_where_it_was_and_no_value(
    bearer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object) -> None:
        try:
            raise KeyError(bearer)
        except KeyError as error:
            raise RuntimeError(f"of no use: {' '.join(SECRETS)}") from error

    monkeypatch.setattr(session, "look", fails)
    monkeypatch.setattr(session, "staged", lambda *_: tmp_path / "nothing")
    assert run(["record", "--root", str(tmp_path / "contract"), "--yes"]) == 3
    said = capfd.readouterr().err
    assert "RuntimeError: (its message holds a secret)" in said
    assert "session.py" in said
    assert_untold(said, bearer, "standard error")
