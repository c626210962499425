"""The token endpoints: tokens rotate, work once, expire, and say what real ones say."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.contract import Contract
from harness.standin.backend import Backend
from harness.standin.questions import Question
from harness.standin.tokens import ACCOUNT, Grant, TokenEndpoint, unsigned_jwt
from harness.standin.values import Incoming, Reply
from leg.tokens import CLIENT_ID, Claims, token_family
from tests.standin.asking import NOW, ask, payload, question

CONTRACT = Contract()
REUSED = "auth/refresh-token-reused"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend(clock: Clock) -> Backend:
    return Backend(CONTRACT, clock=clock, tokens=TokenEndpoint(clock=clock))


def refresh(
    backend: Backend,
    token: str,
    *,
    endpoint: str = "token",
    form: bool = False,
    client_id: str = CLIENT_ID,
) -> Reply:
    sent = {"client_id": client_id, "grant_type": "refresh_token", "refresh_token": token}
    return backend.answer(ask(endpoint, body=sent, form=form))


def claims_of(token: str) -> Any:
    claims = Claims.of(token)
    assert claims is not None
    return claims


def decoded(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@pytest.mark.parametrize("form", [False, True], ids=["JSON", "form"])
def test_a_refresh_gives_new_tokens_of_the_same_account(backend: Backend, form: bool) -> None:
    issued = backend.tokens.login(Grant(account_id="acc", plan_type="pro"))
    reply = refresh(backend, issued.refresh_token, form=form)
    assert (reply.status, reply.source) == (200, "auth/refresh-ok")
    given = payload(reply)
    assert given["refresh_token"] != issued.refresh_token
    assert given["access_token"] != issued.access_token
    claims = claims_of(given["access_token"])
    assert (claims.account_id, claims.plan_type) == ("acc", "pro")
    assert claims.expires_at == NOW + 864_000
    assert given["expires_in"] == 864_000


def test_the_answer_to_a_refresh_is_one_of_the_contract(backend: Backend) -> None:
    given = payload(refresh(backend, "rt"))
    assert CONTRACT.schemas.validate("auth/refresh-response.json", given) == []
    plan = payload(refresh(backend, "rt2", endpoint="plan-token", form=True, client_id="oaiapp_A"))
    assert CONTRACT.schemas.validate("plan/token-response.json", plan) == []


def test_a_refresh_token_works_once(backend: Backend) -> None:
    issued = backend.tokens.login()
    new = payload(refresh(backend, issued.refresh_token))["refresh_token"]
    again = refresh(backend, issued.refresh_token)
    assert (again.status, again.source) == (401, REUSED)
    assert payload(again) == json.loads(CONTRACT.cassettes[REUSED].interactions[0].body)
    # The new one is not punished for the old one.
    assert refresh(backend, new).status == 200


def test_of_many_refreshes_at_once_one_succeeds(backend: Backend) -> None:
    issued = backend.tokens.login()
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: refresh(backend, issued.refresh_token), range(64)))
    assert sorted(reply.status for reply in replies) == [200, *[401] * 63]


def test_a_refresh_token_of_anybody_is_accepted_once(backend: Backend, clock: Clock) -> None:
    assert refresh(backend, "from-an-auth.json").status == 200
    assert refresh(backend, "from-an-auth.json").source == REUSED
    strange = Backend(CONTRACT, tokens=TokenEndpoint(clock=clock, accept_unknown=False))
    assert refresh(strange, "from-an-auth.json").source == "auth/refresh-bogus-token"


def test_a_refresh_token_that_was_not_used_for_too_long_has_expired(
    backend: Backend, clock: Clock
) -> None:
    issued = backend.tokens.login()
    clock.now += 31 * 24 * 3600
    reply = refresh(backend, issued.refresh_token)
    assert (reply.status, reply.source) == (401, "auth/refresh-token-expired")


def test_a_refresh_token_belongs_to_the_client_that_it_was_issued_to(backend: Backend) -> None:
    codex, plan = backend.tokens.login(), backend.tokens.login(Grant("plan", client_id="oaiapp_A"))
    assert refresh(backend, plan.refresh_token).source == "auth/refresh-invalid-token"
    crossed = refresh(backend, codex.refresh_token, endpoint="plan-token")
    assert crossed.source == "auth/refresh-invalid-token"
    # Neither is used up by that.
    assert refresh(backend, codex.refresh_token).status == 200
    assert refresh(backend, plan.refresh_token, endpoint="plan-token").status == 200


def test_a_stranger_gets_tokens_of_the_account_that_has_asked_last(backend: Backend) -> None:
    backend.answer(ask("usage", headers={"chatgpt-account-id": "mine"}))
    assert claims_of(payload(refresh(backend, "rt"))["access_token"]).account_id == "mine"
    fresh = TokenEndpoint()
    probe, issued = fresh.answer(question("token"))
    assert (probe, issued is not None and issued.grant.account_id) == ("auth/refresh-ok", ACCOUNT)


@pytest.mark.parametrize("missing", ["client_id", "refresh_token"])
def test_a_refresh_without_a_client_or_a_token_is_refused(backend: Backend, missing: str) -> None:
    sent = {"client_id": "a", "grant_type": "refresh_token", "refresh_token": "rt"}
    del sent[missing]
    reply = backend.answer(ask("token", body=sent))
    assert 400 <= reply.status < 500
    if missing == "client_id":
        assert reply.source == "rule refresh-without-client-id (auth/refresh-without-client-id)"


@pytest.mark.parametrize("endpoint", ["token", "plan-token"])
def test_the_code_of_a_sign_in_is_exchanged(backend: Backend, endpoint: str) -> None:
    sent = {
        "grant_type": "authorization_code",
        "client_id": "oaiapp_A" if endpoint == "plan-token" else CLIENT_ID,
        "code": "c",
        "code_verifier": "v",
        "redirect_uri": "http://localhost:1455/auth/callback",
    }
    reply = backend.answer(ask(endpoint, body=sent, form=True))
    assert reply.status == 200
    family = token_family(payload(reply)["access_token"])
    assert family == ("plan" if endpoint == "plan-token" else "codex")


def test_the_claims_are_those_of_the_contract() -> None:
    tokens = TokenEndpoint(clock=lambda: NOW)
    for folder, issued in (
        ("auth", tokens.login()),
        ("plan", tokens.login(Grant("plan", client_id="oaiapp_Example"))),
    ):
        for name, token in (
            ("access-token-claims", issued.access_token),
            ("id-token-claims", issued.id_token),
        ):
            problems = CONTRACT.schemas.validate(f"{folder}/{name}.json", decoded(token))
            assert problems == [], (folder, name)


def test_a_token_lives_as_long_as_it_is_told_to() -> None:
    tokens = TokenEndpoint(lifetime=60, plan_lifetime=30, clock=lambda: NOW)
    assert claims_of(tokens.login().access_token).expires_at == NOW + 60
    assert claims_of(tokens.login(Grant("plan")).access_token).expires_at == NOW + 30
    assert claims_of(tokens.login(lifetime=-1).access_token).expires_at == NOW - 1


def test_an_auth_json_is_one_that_the_reference_client_reads() -> None:
    issued = TokenEndpoint().login(Grant(account_id="acc"))
    document = issued.auth_json()
    assert CONTRACT.schemas.validate("auth/auth-json.json", document) == []
    assert document["tokens"]["account_id"] == "acc"


def test_a_login_shows_none_of_its_tokens() -> None:
    issued = TokenEndpoint().login()
    shown = f"{issued!r} {issued}"
    assert all(one not in shown for one in (issued.access_token, issued.refresh_token))
    assert shown.startswith("Issued(codex, ")


def test_a_token_that_was_given_for_another_is_told_from_the_old_one(backend: Backend) -> None:
    tokens = backend.tokens
    issued = tokens.login()
    before = tokens.refreshes
    new = payload(refresh(backend, issued.refresh_token))["access_token"]
    assert tokens.refreshes == before + 1
    assert tokens.refreshed(new, before)
    assert not tokens.refreshed(new, tokens.refreshes)
    assert not tokens.refreshed(issued.access_token)


def test_scenarios_share_the_logins(backend: Backend) -> None:
    used = backend.tokens.login().refresh_token
    refresh(backend, used)
    assert refresh(backend.playing("refresh"), used).source == REUSED


@pytest.mark.parametrize("sent", [b"", b"[]", b"\xff", b"grant_type=refresh_token", b"{"])
def test_whatever_is_sent_to_it_is_answered(backend: Backend, sent: bytes) -> None:
    incoming = ask("token")
    broken = Incoming(
        incoming.method, incoming.host, incoming.path, headers=incoming.headers, body=sent
    )
    assert 400 <= backend.answer(broken).status < 500


def test_a_form_may_say_the_same_as_json() -> None:
    sent = {"client_id": "a", "grant_type": "refresh_token", "refresh_token": "r+/= é"}
    incoming = ask("token", body=sent, form=True)
    assert incoming.body == urlencode(sent).encode()
    assert Question.of_request(incoming).body == sent


def test_an_unsigned_jwt_has_three_parts_and_says_that_it_is_not_signed() -> None:
    token = unsigned_jwt({"sub": "ä"})
    assert token.count(".") == 2
    assert all(token.split("."))
    assert decoded(token) == {"sub": "ä"}
