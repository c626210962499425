"""``codex-leg canary``: one request each, no credential, and what is in the way is no drift."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from harness.contract import Contract
from harness.recording.canaries import canaries_of
from harness.standin.play import make_standin
from harness.standin.server import StandIn
from harness.standin.values import Incoming, Reply
from leg._version import __version__

from .live_service import Change, LiveService, edited, live_service, proxied

RESPONSES = "/backend-api/codex/responses"
TOKEN = "/oauth/token"
SECRETS = {
    "CODEX_OAUTH_TOKEN": "eyJhbGciOiJub25lIn0.eyJleHAiOjQwMDAwMDAwMDB9.never",
    "CODEX_ACCOUNT_ID": "acc-never",
    "OPENAI_API_KEY": "sk-never-never-never-never",
    "ANTHROPIC_API_KEY": "sk-ant-never-never-never",
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveService]:
    with live_service() as (service, standin):
        _lead(monkeypatch, standin)
        yield service


def _lead(monkeypatch: pytest.MonkeyPatch, standin: StandIn) -> None:
    monkeypatch.delenv("CODEX_BACKEND_BASE_URL", raising=False)
    for name, value in {**proxied(standin), **SECRETS}.items():
        monkeypatch.setenv(name, value)


def canary(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Ask them all; the exit code and the report."""
    file = tmp_path / "canary.json"
    code = run(["canary", "--wait", "0", "--format", "json", "-o", str(file), *arguments])
    return code, json.loads(file.read_bytes())


def rules(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["rule"], one["level"]) for one in report["findings"]}


def replied(path: str, reply: Reply) -> Change:
    return lambda incoming, old: reply if incoming.path == path else old


def test_as_it_was_is_clean_with_one_request_each(service: LiveService, tmp_path: Path) -> None:
    code, report = canary(tmp_path)
    assert (code, report["verdict"]) == (0, "clean")
    ids = canaries_of(Contract())
    assert [row["id"] for row in report["probes"]] == ids
    assert len(service.asked) == len(ids)
    assert {one.scheme for one in service.asked} == {"https"}


def test_no_credential_is_sent_and_the_leg_says_who_it_is(
    service: LiveService, tmp_path: Path
) -> None:
    canary(tmp_path)
    for one in service.asked:
        told = str(one.headers) + one.body.decode()
        assert not [value for value in SECRETS.values() if value in told]
        assert (one.header("user-agent") or "").startswith(f"codex-leg/{__version__}")


def test_a_changed_envelope_is_drift(service: LiveService, tmp_path: Path) -> None:
    service.changes = [edited(TOKEN, lambda body: {"errors": [body["error"]]})]
    code, report = canary(tmp_path, "--confirm", "0")
    assert code == 1
    assert {one["surface"] for one in report["findings"]} == {"auth"}
    assert "breaking" in {level for _, level in rules(report)}


def test_a_moved_endpoint_is_drift(service: LiveService, tmp_path: Path) -> None:
    gone = Reply(404, (("content-type", "application/json"),), b'{"detail":"Not Found"}')
    service.changes = [replied(RESPONSES, gone)]
    code, report = canary(tmp_path, "--confirm", "0")
    assert code == 1
    assert ("probe/status", "breaking") in rules(report)


def test_what_was_never_published_is_held_no_harder_than_it_is_known(
    service: LiveService, tmp_path: Path
) -> None:
    usage = "/backend-api/wham/usage"
    service.changes = [edited(usage, lambda _: {"detail": "Forbidden"}, status=403)]
    code, report = canary(tmp_path, "--confirm", "0")
    assert code == 1
    assert {level for _, level in rules(report)} == {"risky"}
    service.changes = [edited(usage, lambda body: {**body, "more": 1})]
    assert canary(tmp_path, "--confirm", "0")[1]["findings"] == []


def test_an_address_of_the_sign_in_that_moves_is_drift(
    service: LiveService, tmp_path: Path
) -> None:
    moved = {"token_endpoint": "https://auth.openai.com/v2/oauth/token"}
    service.changes = [edited("/.well-known/openid-configuration", lambda body: body | moved)]
    code, report = canary(tmp_path)
    assert code == 1
    assert [one["pointer"] for one in report["findings"]] == ["/body/token_endpoint"]


def test_headers_that_were_never_published_are_not_held(
    service: LiveService, tmp_path: Path
) -> None:
    def more(_: Incoming, reply: Reply) -> Reply:
        return replace(reply, headers=(*reply.headers, ("access-control-allow-origin", "*")))

    service.changes = [more]
    assert canary(tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (403, "text/html", b"<html><title>Just a moment...</title>cloudflare</html>"),
        (503, "text/plain", b"upstream connect error"),
        (500, "application/json", b'{"detail":"Internal Server Error"}'),
        (200, "text/html; charset=utf-8", b"<html><title>Sign in to the hotel</title></html>"),
    ],
)
def test_what_stands_in_between_is_no_drift(
    service: LiveService, tmp_path: Path, status: int, content_type: str, body: bytes
) -> None:
    service.changes = [replied(TOKEN, Reply(status, (("content-type", content_type),), body))]
    code, report = canary(tmp_path)
    assert (code, report["findings"]) == (6, [])
    assert [one["what"] for one in report["unchecked"]] == ["canary/auth-refresh-bogus-token"]


def _sent_on(address: str) -> Change:
    headers = (("location", address), ("content-type", "text/html"))
    return replied(TOKEN, Reply(302, headers, b"<html>Found</html>"))


def test_being_sent_to_another_host_is_no_drift(service: LiveService, tmp_path: Path) -> None:
    service.changes = [_sent_on("http://captive.example/login?name=Zelda")]
    code, report = canary(tmp_path)
    assert (code, report["findings"]) == (6, [])
    assert "Zelda" not in json.dumps(report)
    # The service itself may send its clients on: then the endpoint has moved.
    service.changes = [_sent_on("/v2/oauth/token")]
    assert canary(tmp_path, "--confirm", "0")[0] == 1


def test_a_host_that_has_enough_is_left_alone(service: LiveService, tmp_path: Path) -> None:
    busy = Reply(429, (("content-type", "application/json"),), b'{"detail":"Too Many Requests"}')

    def change(incoming: Incoming, reply: Reply) -> Reply:
        return busy if incoming.host == "chatgpt.com" else reply

    service.changes = [change]
    code, report = canary(tmp_path)
    assert code == 6
    assert len([one for one in service.asked if one.host == "chatgpt.com"]) == 1
    assert len(report["unchecked"]) == 5
    assert "canary/codex-usage-bogus-bearer" in {one["what"] for one in report["unchecked"]}


def test_breaking_is_asked_again_and_flaky_if_it_does_not_last(
    service: LiveService, tmp_path: Path
) -> None:
    bad = Reply(200, (("content-type", "application/json"),), b"{}")
    left = [2]

    def twice(incoming: Incoming, reply: Reply) -> Reply:
        if incoming.path != TOKEN or not left[0]:
            return reply
        left[0] -= 1
        return bad

    service.changes = [twice]
    code, report = canary(tmp_path, "--confirm", "3")
    assert (code, report["verdict"]) == (0, "flaky")
    assert "breaking" in {one["level"] for one in report["flaky"]}
    # The first look, and two more: the second of them is as it was.
    assert len([one for one in service.asked if one.path == TOKEN]) == 3


def test_breaking_that_lasts_is_drift(service: LiveService, tmp_path: Path) -> None:
    service.changes = [edited(TOKEN, lambda _: {}, status=200)]
    code, report = canary(tmp_path, "--confirm", "3")
    assert code == 1
    assert not report.get("flaky")
    assert len([one for one in service.asked if one.path == TOKEN]) == 4


def test_without_a_network_nothing_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("CODEX_BACKEND_BASE_URL", raising=False)
    code, report = canary(tmp_path)
    assert (code, report["verdict"]) == (6, "unchecked")
    assert len(report["unchecked"]) == len(canaries_of(Contract()))


def test_the_answers_are_kept_as_cassettes(service: LiveService, tmp_path: Path) -> None:
    canary(tmp_path, "--keep", str(tmp_path / "evidence"), "canary/auth-refresh-bogus-token")
    file = tmp_path / "evidence" / "canary" / "auth-refresh-bogus-token.yaml"
    cassette = Contract().read_cassette(file)
    assert cassette.interactions[0].provenance.kind == "recorded"
    assert cassette.interactions[0].status == 401


def test_the_stand_in_can_be_a_service_that_refuses_strangers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rules = {"responses-with-a-subscription": False}
    with make_standin("strangers", rules=rules) as standin:
        _lead(monkeypatch, standin)
        assert canary(tmp_path)[0] == 0


def test_a_probe_that_needs_a_login_is_no_canary() -> None:
    assert run(["canary", "codex/usage"]) == 4


def test_every_backend_has_a_canary() -> None:
    contract = Contract()
    asked = {contract.probes[id_].backend for id_ in canaries_of(contract)}
    assert asked == {"codex", "auth", "platform", "anthropic"}
