"""What answers in place of the service is no drift, and what it says is shown to nobody."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import leg
from harness.contract import Contract
from harness.recording.asking import LIMITS
from harness.recording.logins import CannotLook, Login
from harness.recording.planning import make_plan
from harness.recording.preflight import preflight
from harness.recording.scrub import Scrubber
from harness.recording.session import Outcome, Session
from harness.recording.shelf import Shelf
from leg.store import FileStore
from tests.harness.contracts import copy_contract
from tests.harness.recordings import credential, event

SAID = "Dear Zelda Quuxington, your key hunter2Xy is gone"
PAGE = f"<!doctype html><html><title>{SAID}</title></html>".encode()
ERROR = json.dumps({"error": {"message": SAID, "type": SAID, "code": "zelda"}}).encode()
STREAM = {"Content-Type": "text/event-stream"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Service:
    """Answers everything alike; a body that is longer than it says breaks off."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    announced: int | None = None

    def answers(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def login(self) -> Login:
        one = replace(credential(), base_url=f"{self.url}/backend-api/codex")
        return Login("codex-subscription", "a test", "environment", lambda: one)


@pytest.fixture
def service() -> Iterator[Service]:
    served = Service()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(served.status, SAID)
            for name, value in served.headers.items():
                self.send_header(name, value)
            length = len(served.body) if served.announced is None else served.announced
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(served.body)

        do_POST = do_GET  # noqa: N815 — the name that the library looks for

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    probes = ("codex/streamed-text", "codex/usage")
    return Contract(copy_contract(tmp_path / "contract", probes).root)


def record(contract: Contract, service: Service, shelf: Path, *ids: str) -> Outcome:
    session = Session(
        contract,
        {"codex-subscription": service.login},
        Scrubber(contract),
        Shelf(shelf, contract, ""),
        LIMITS,
        sleep=lambda _: None,
    )
    with session.shelf.locked():
        return session.run(make_plan(contract, ids, {"codex-subscription"}).asked)


@pytest.mark.parametrize(
    "answer",
    [
        (403, {**HTML, "cf-mitigated": "challenge", "Server": "cloudflare"}, PAGE),
        (200, HTML, PAGE),
        (302, {"Location": "https://hotel.example/login"}, b""),
        (503, HTML, PAGE),
    ],
    ids=["challenge", "page", "portal", "ill"],
)
@pytest.mark.parametrize("probe", ["codex/usage", "codex/streamed-text"])
def test_what_stands_in_the_way_is_no_drift_and_not_quoted(
    probe: str,
    answer: tuple[int, dict[str, str], bytes],
    contract: Contract,
    service: Service,
    tmp_path: Path,
) -> None:
    service.answers(*answer)
    found = record(contract, service, tmp_path / "shelf", probe)
    assert not found.looked
    assert not found.quarantined
    (left,) = found.unchecked
    assert "says nothing of the contract" in left.why
    assert "elda" not in left.why


def test_a_stream_that_breaks_inside_of_its_first_event_is_recorded(
    contract: Contract, service: Service, tmp_path: Path
) -> None:
    whole = event({"type": "response.created", "response": {"id": "resp_1"}})
    for at in (12, 40):
        service.answers(200, STREAM, whole[:at])
        service.announced = 5_000
        found = record(contract, service, tmp_path / f"shelf{at}", "codex/streamed-text")
        assert not found.quarantined
        assert found.looked["codex/streamed-text"].judgement.findings


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "the login is refused"),
        (400, "the quota cannot be read"),
        (302, "the quota cannot be read"),
        (404, "the quota cannot be read"),
        (429, "try again later"),
        (500, "try again later"),
        (503, "try again later"),
    ],
)
def test_a_login_is_blamed_only_for_a_refusal_of_it(
    status: int, told: str, service: Service
) -> None:
    service.answers(status, JSON, ERROR)
    with pytest.raises(CannotLook) as why:
        preflight(service.login)
    assert told in str(why.value)
    assert ("sign in again" in str(why.value)) == (status == 401)
    assert "elda" not in str(why.value)


def test_a_plan_of_another_name_is_not_repeated(service: Service) -> None:
    service.answers(200, JSON, json.dumps({"plan_type": "Zelda_Q_secret"}).encode())
    assert "elda" not in " ".join(preflight(service.login).lines())
    service.answers(200, JSON, b'{"plan_type": "brand_new"}')
    assert "plan brand_new" in preflight(service.login).lines()[0]


@pytest.mark.parametrize("retryable", [False, True])
def test_what_a_refused_refresh_says_is_not_shown(retryable: bool) -> None:
    def refused() -> leg.Credential:
        raise leg.RefreshError(f"refused: {SAID}", status=401, detail=SAID, retryable=retryable)

    login = Login("codex-subscription", "a store", "store", refused)
    with pytest.raises(CannotLook) as why:
        login.credential()
    assert "elda" not in str(why.value)
    assert ("sign in again" in str(why.value)) != retryable
    assert "HTTP 401" in str(why.value)


def test_what_a_broken_line_says_is_not_shown() -> None:
    def lost() -> leg.Credential:
        raise leg.TransportError(f"POST https://x.example/y: 403 {SAID}")

    with pytest.raises(CannotLook) as why:
        Login("codex-subscription", "a store", "store", lost).credential()
    assert str(why.value) == "POST https://x.example/y: 403"


def test_the_store_keeps_its_own_words_for_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    login = Login("codex-subscription", "x", "store", FileStore(tmp_path / "none.json").fresh)
    with pytest.raises(CannotLook, match="there is no such file"):
        login.credential()
