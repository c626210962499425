"""The whole of it, rehearsed: record, adopt, the service changes, a night, an issue, and its end.

The stand-in plays the live service; the leg is unchanged. Once at a base URL, and once over real
TLS at the real hosts, through the stand-in as a proxy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.alert import github as github_module
from harness.cli import run
from harness.contract import Contract
from harness.reference import npm
from harness.standin.faults import parse_fault
from harness.standin.tokens import unsigned_jwt
from harness.standin.values import Incoming, Reply

from .contracts import SmallContract, copy_contract
from .github_fake import TOKEN, FakeGitHub, github
from .live_service import LiveService, edited, live_service, proxied

USAGE, CHECK = "/backend-api/wham/usage", "/backend-api/wham/accounts/check"
MODELS, RESPONSES = "/backend-api/codex/models", "/backend-api/codex/responses"
#: What is recorded: three bodies and a stream, in the order that they are asked.
LIVE = ("codex/accounts-check", "codex/models", "codex/usage", "codex/streamed-text")
CANARIES = ("canary/auth-refresh-bogus-token", "canary/platform-responses-without-key")

_ACCOUNT = "5eeded00-5eed-4eed-8eed-5eededacc0de"
_EMAIL = "seeded.person@seeded-secret.example"
_CLAIMS = {
    "exp": 4_000_000_000,
    "email": _EMAIL,
    "https://api.openai.com/auth": {
        "chatgpt_account_id": _ACCOUNT,
        "chatgpt_plan_type": "plus",
        "chatgpt_user_id": "user-SeededSeededSeeded0001",
    },
}
_ACCESS = unsigned_jwt(_CLAIMS)
_REFRESH = "rt_SeededSeededSeededSeededSeededSeeded0001"
#: None of these may stand anywhere afterwards.
SECRETS = (_ACCESS, _ACCESS.split(".")[1], _REFRESH, _ACCOUNT, _EMAIL, "SeededSeeded", TOKEN)


@dataclass
class Stage:
    """A service, a repository on GitHub, a contract of our own, and the nights."""

    service: LiveService
    hub: FakeGitHub
    contract: SmallContract
    folder: Path

    def record(self, *arguments: str) -> int:
        return run([
            "record", *LIVE, "--yes", "--root", str(self.contract.root),
            "--state", str(self.folder / "state"), "--wait", "0", *arguments,
        ])  # fmt: skip

    def night(self) -> dict[str, int]:
        """Every witness looks, then people are told; the exit codes."""
        reports = self.folder / "reports"
        reports.mkdir(exist_ok=True)

        def says(name: str) -> tuple[str, ...]:
            return ("--format", "json", "--output", str(reports / f"{name}.json"))

        self.service.asked.clear()
        root = ("--root", str(self.contract.root))
        codes = {
            "canary": run(["canary", *root, "--wait", "0", *says("canary")]),
            "reference": run(["reference", "watch", *says("reference")]),
            "record": self.record("--no-adopt", "--fresh", "--confirm", "2", *says("record")),
        }
        codes["alert"] = run(["alert", *(str(reports / f"{name}.json") for name in codes)])
        return codes

    def says(self, witness: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            (self.folder / "reports" / f"{witness}.json").read_bytes()
        )
        return found

    def cassettes(self) -> dict[str, bytes]:
        root = self.contract.root
        files = [*(root / "cassettes").rglob("*"), *(root / "snapshots").rglob("*")]
        return {str(file): file.read_bytes() for file in files if file.is_file()}

    def open_topics(self) -> set[str]:
        open_ = [one["body"] for one in self.hub.issues if one["state"] == "open"]
        return {body.partition("codex-leg/topic ")[2].partition(" ")[0] for body in open_}


@contextmanager
def _stage(tmp_path: Path, patch: pytest.MonkeyPatch, *, tls: bool) -> Iterator[Stage]:
    patch.setattr(github_module, "_PAUSE", 0.0)
    newest = Contract().reference.versions[-1]
    patch.setattr(npm, "newest", lambda: newest)
    with live_service() as (service, standin), github() as hub:
        patch.delenv("CODEX_BACKEND_BASE_URL", raising=False)
        led = proxied(standin) if tls else standin.env()
        secret = {"CODEX_OAUTH_CREDENTIAL": json.dumps(_blob())}
        # GitHub is not behind the proxy of the service.
        aside = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        for name, value in {**led, **hub.env(), **secret, **aside}.items():
            patch.setenv(name, value)
        patch.setenv("HOME", str(tmp_path / "home"))
        contract = copy_contract(tmp_path / "contract", (*LIVE, *CANARIES))
        yield Stage(service, hub, contract, tmp_path)


def _blob() -> dict[str, Any]:
    return {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {
            "id_token": unsigned_jwt(_CLAIMS),
            "access_token": _ACCESS,
            "refresh_token": _REFRESH,
            "account_id": _ACCOUNT,
        },
        "last_refresh": "2026-11-22T00:00:00Z",
    }


@pytest.fixture(params=["tls", "base-url"])
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    with _stage(tmp_path, monkeypatch, tls=request.param == "tls") as stage:
        assert stage.record("--adopt") == 0
        yield stage


def _without(*names: str) -> Any:
    return lambda body: {name: value for name, value in body.items() if name not in names}


def _after(count: int, reply: Reply) -> Any:
    """From the answer of this number on, to whoever has the login, another one."""
    seen = [0]

    def change(incoming: Incoming, old: Reply) -> Reply:
        if _ACCESS not in (incoming.header("authorization") or ""):
            return old
        seen[0] += 1
        return old if seen[0] <= count else reply

    return change


JSON = (("content-type", "application/json"),)
DEAD = Reply(401, JSON, b'{"error":{"message":"Your authentication token has been invalidated. '
             b'Please try signing in again.","type":"invalid_request_error",'
             b'"code":"token_invalidated","param":null},"status":401}')  # fmt: skip
USED_UP = Reply(429, JSON, b'{"error":{"type":"usage_limit_reached","message":"The usage limit has '
                b'been reached","plan_type":"plus","resets_in_seconds":3600}}')  # fmt: skip
LOST = Reply(200, JSON, b"{}", faults=(parse_fault({"fault": "close-before-header"}),))


def _hold_no_secret(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Nowhere: no file, nothing printed, nothing told."""
    said = capsys.readouterr()
    told = json.dumps([stage.hub.issues, stage.hub.comments])
    texts = {"stdout": said.out, "stderr": said.err, "GitHub": told}
    for file in stage.folder.rglob("*"):
        if file.is_file():
            texts[str(file)] = file.read_bytes().decode("utf-8", "replace")
    for name, text in texts.items():
        assert not [one for one in SECRETS if one in text], name


def test_from_the_first_recording_to_an_alert_and_its_end(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "--root", str(stage.contract.root)]) == 0
    quiet = dict.fromkeys(("canary", "reference", "record", "alert"), 0)
    assert stage.night() == quiet
    assert stage.hub.issues == []
    before = stage.cassettes()

    stage.service.changes = [
        edited(USAGE, _without("rate_limit")),
        edited(CHECK, lambda body: {**_without("accounts")(body), "items": body["accounts"]}),
        edited(
            MODELS,
            lambda body: {
                **body,
                "models": [*body["models"], body["models"][0] | {"slug": "gpt-rehearsed"}],
            },
        ),
    ]
    assert stage.night() == quiet | {"record": 1}
    found = [(one["surface"], one["level"]) for one in stage.says("record")["findings"]]
    assert found == [("accounts", "breaking"), ("usage", "risky"), ("models", "additive")]
    assert stage.open_topics() == {"usage", "accounts", "models"}
    assert "the leg: **no**" in stage.hub.topic("usage")["body"]

    told = len(stage.hub.writes())
    stage.night()
    assert len(stage.hub.writes()) == told

    stage.service.changes = []
    assert stage.night() == quiet
    assert stage.open_topics() == set()
    assert all("**Over.**" in comments[-1] for comments in stage.hub.comments.values())
    assert stage.cassettes() == before
    _hold_no_secret(stage, capsys)


@pytest.mark.parametrize(
    ("count", "reply", "why"),
    [
        (0, DEAD, "the login is refused"),
        (3, USED_UP, "the quota is used up"),
        (3, LOST, "the network was lost"),
    ],
    ids=["dead-credential", "quota-in-the-middle", "network-in-the-middle"],
)
def test_what_could_not_be_looked_at_is_red_and_closes_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str], count: int, reply: Reply, why: str
) -> None:
    stage.service.changes = [edited(USAGE, _without("rate_limit"))]
    stage.night()
    assert stage.open_topics() == {"usage"}
    before = stage.cassettes()

    stage.service.changes = [_after(count, reply)]
    codes = stage.night()
    assert (codes["record"], codes["alert"]) == (6, 6)
    assert stage.says("record")["verdict"] == "unchecked"
    assert stage.open_topics() >= {"could-not-look"}
    assert why in stage.hub.topic("could-not-look")["body"]
    assert stage.cassettes() == before
    looked = {
        row["id"] for row in stage.says("record").get("probes", ()) if row["verdict"] == "clean"
    }
    assert ("usage" in stage.open_topics()) == ("codex/usage" not in looked)

    stage.service.changes = []
    assert stage.night()["alert"] == 0
    assert stage.open_topics() == set()
    _hold_no_secret(stage, capsys)


def test_a_service_that_changes_for_a_moment_wakes_nobody(stage: Stage) -> None:
    left = [1]

    def once(incoming: Incoming, reply: Reply) -> Reply:
        # The first of them is the preflight's.
        if incoming.path != USAGE or "REDACTED" in (incoming.header("authorization") or ""):
            return reply
        left[0] += 1
        if left[0] != 3:
            return reply
        return replace(reply, body=json.dumps({**json.loads(reply.body), "rate_limit": 1}).encode())

    stage.service.changes = [once]
    codes = stage.night()
    assert (codes["record"], codes["alert"]) == (0, 0)
    assert stage.says("record")["verdict"] == "flaky"
    assert stage.hub.issues == []
