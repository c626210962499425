"""What of an answer is the service's, and what is the moment's, the login's or the quota's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import leg
from harness.contract import Contract
from harness.recording import session as session_module
from harness.recording.asking import LIMITS
from harness.recording.logins import CannotLook, Login
from harness.recording.planning import make_plan, select
from harness.recording.preflight import preflight
from harness.recording.results import adoptable, report_of
from harness.recording.scrub import Scrubber
from harness.recording.session import Outcome, Session
from harness.recording.shelf import Shelf
from harness.standin.play import make_standin
from harness.standin.server import StandIn
from tests.harness.contracts import copy_contract
from tests.harness.recordings import credential

PROBES = ("codex/store-must-be-false", "codex/streamed-text", "codex/usage")


@dataclass
class Run:
    """A run against the stand-in."""

    contract: Contract
    standin: StandIn
    folder: Path
    waited: list[float]

    def login(self, get: Callable[[leg.Credential], leg.Credential] = lambda one: one) -> Login:
        one = replace(credential(), base_url=f"{self.standin.url}/backend-api/codex")
        return Login("codex-subscription", "a test", "environment", lambda: get(one))

    def session(self, login: Login | None = None) -> Session:
        return Session(
            self.contract,
            {"codex-subscription": login or self.login()},
            Scrubber(self.contract),
            Shelf(self.folder, self.contract, ""),
            LIMITS,
            sleep=self.waited.append,
        )

    def go(self, *ids: str, login: Login | None = None) -> Outcome:
        session = self.session(login)
        plan = make_plan(self.contract, select(ids or PROBES), {"codex-subscription"}, moved=True)
        with session.shelf.locked():
            return session.run(plan.asked)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    small = copy_contract(tmp_path / "contract", PROBES)
    with make_standin() as standin:
        yield Run(Contract(small.root), standin, tmp_path / "shelf", [])


def whys(found: Outcome) -> dict[str, str]:
    return {one.what: one.why for one in found.unchecked}


def test_a_login_that_dies_in_the_middle_ends_the_run_and_keeps_what_is_done(run: Run) -> None:
    times = iter(range(10))

    def dying(one: leg.Credential) -> leg.Credential:
        if next(times) >= 2:
            raise leg.CredentialInvalid("a test: it is gone", hint="sign in again")
        return one

    found = run.go(login=run.login(dying))
    assert sorted(found.looked) == ["codex/store-must-be-false", "codex/usage"]
    assert whys(found) == {"codex/streamed-text": "a test: it is gone (sign in again)"}
    assert adoptable(found)[0].keys() == found.looked.keys()


def test_an_ill_service_is_no_drift(run: Run) -> None:
    run.standin.scenario("server-error")
    found = run.go("codex/streamed-text")
    assert "the service is ill (server_error)" in whys(found)["codex/streamed-text"]
    assert report_of(run.contract, found).verdict == "unchecked"


def test_a_short_rate_limit_is_waited_for(run: Run) -> None:
    run.standin.scenario("rate-limited-retry-after")
    found = run.go("codex/streamed-text")
    assert len(run.waited) == 1
    assert found.requests == 2
    assert "codex/streamed-text" in {*found.looked, *whys(found)}


def test_a_refused_login_is_believed_when_the_quota_is_refused_as_well(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.standin.scenario("token-revoked")
    found = run.go("codex/streamed-text")
    # Whoever may still see the quota has a login: then it is the address that refuses.
    assert found.looked["codex/streamed-text"].judgement.outcome == "token_revoked"

    def refused(*_: object, **__: object) -> None:
        raise CannotLook("the login is refused (token_revoked): sign in again")

    monkeypatch.setattr(session_module, "preflight", refused)
    run.session().shelf.forget()
    again = run.go("codex/streamed-text")
    assert (
        "token_revoked, and the login was looked at: the login is refused"
        in whys(again)["codex/streamed-text"]
    )


def test_only_what_shows_each_time_is_drift(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = session_module.ask_live
    count = 0

    def once_otherwise(*arguments, **options):
        nonlocal count
        count += 1
        run.standin.scenario("model-not-found" if count == 1 else "default")
        return ask(*arguments, **options)

    monkeypatch.setattr(session_module, "ask_live", once_otherwise)
    session = run.session()
    plan = make_plan(run.contract, ["codex/streamed-text"], {"codex-subscription"}, moved=True)
    with session.shelf.locked():
        found = session.run(plan.asked)
        session.confirm(3, 45.0)
    report = report_of(run.contract, found)
    assert [one for one in report.findings if one.level == "breaking"] == []
    assert {"probe/outcome", "probe/status"} <= {one.rule for one in report.flaky}
    assert run.waited == [45.0]
    assert "codex/streamed-text" not in adoptable(found)[0]


def test_what_shows_each_time_stays(run: Run) -> None:
    run.standin.scenario("model-not-found")
    session = run.session()
    plan = make_plan(run.contract, ["codex/streamed-text"], {"codex-subscription"}, moved=True)
    with session.shelf.locked():
        found = session.run(plan.asked)
        session.confirm(2, 45.0)
    report = report_of(run.contract, found)
    assert "probe/outcome" in {one.rule for one in report.findings}
    assert list(report.flaky) == []
    assert run.waited == [45.0, 45.0]


def test_a_quota_that_is_used_up_is_seen_before_anything_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = {"limit_window_seconds": 18_000, "used_percent": 100}
    usage = {"rate_limit": {"limit_reached": True, "primary_window": window}}
    monkeypatch.setattr(leg.Client, "usage", lambda _: usage)
    with pytest.raises(CannotLook, match=r"used up \(5 hours: 100 % used\)"):
        preflight(run.login())


def test_a_preflight_tells_nothing_that_is_secret(run: Run) -> None:
    one = credential()
    said = json.dumps(preflight(run.login()).lines())
    assert "account …5e6f" in json.loads(said)[0]
    for secret in (one.token, one.account_id or "-", one.refresh_token or "-"):
        assert secret not in said


def test_a_quota_of_a_form_that_nobody_knows_is_no_fault(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for usage in ({}, {"rate_limit": []}, {"plan_type": 7, "rate_limit": {"primary_window": "x"}}):
        monkeypatch.setattr(leg.Client, "usage", lambda _, usage=usage: usage)
        assert preflight(run.login()).windows == ()
