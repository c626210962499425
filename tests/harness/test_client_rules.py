"""Two captures of a client, as sets of calls: what it asks, over what, and before what."""

from __future__ import annotations

import pytest

from harness.contract import Provenance
from harness.exchange import Exchange, SentRequest
from harness.sides import Seen
from harness.sides._clients import Clients, are_captures, client_findings

BASE = "https://chatgpt.com/backend-api"
CAPTURED = Provenance("captured", "2026-11-22", "loopback", {"name": "codex-cli"}, None, {})

Calls = list[Seen]


def _seen(exchange: Exchange, *, is_turn: bool = True) -> Seen:
    return Seen(("responses",), exchange, is_turn, CAPTURED)


def _call(path: str) -> Seen:
    asked = SentRequest("GET", f"{BASE}{path}")
    return _seen(Exchange(request=asked, status=200), is_turn=False)


ASKED = SentRequest("POST", f"{BASE}/codex/responses")
TURN = _seen(Exchange(request=ASKED, status=200, is_stream=True))
WS_TURN = _seen(
    Exchange(
        request=SentRequest("GET", f"{BASE}/codex/responses"),
        status=101,
        is_stream=True,
        transport="ws",
    )
)
MODELS, SKILLS = _call("/models"), _call("/skills")


def _rules(before: Calls, after: Calls) -> list[tuple[str, str]]:
    clients = Clients()
    clients.see(0, before)
    clients.see(1, after)
    found = [*clients.findings(), *client_findings(before, after)]
    return sorted((one.rule, one.pointer) for one in found)


@pytest.mark.parametrize(
    ("fewer", "more", "added", "removed", "pointer"),
    [
        (
            [TURN],
            [TURN, WS_TURN],
            "client-transport-added",
            "client-transport-removed",
            "/transport/ws",
        ),
        (
            [TURN],
            [TURN, SKILLS],
            "client-endpoint-added",
            "client-endpoint-removed",
            "/endpoint/GET /backend-api/skills",
        ),
        (
            [TURN, MODELS],
            [MODELS, TURN],
            "client-precondition-added",
            "client-precondition-removed",
            "/endpoint/GET /backend-api/models",
        ),
    ],
)
def test_what_comes_in_one_release_goes_in_the_mirror(
    fewer: Calls, more: Calls, added: str, removed: str, pointer: str
) -> None:
    assert _rules(fewer, more) == [(added, pointer)]
    assert _rules(more, fewer) == [(removed, pointer)]


@pytest.mark.parametrize("calls", [[TURN], [MODELS, TURN, SKILLS], [TURN, WS_TURN]])
def test_the_same_calls_are_no_difference(calls: Calls) -> None:
    assert _rules(calls, calls) == []
    assert _rules(calls, [*calls, calls[0]]) == []


def test_only_captures_of_a_client_are_sets_of_calls() -> None:
    unknown = Seen(("responses",), SKILLS.exchange)
    assert are_captures([TURN], [SKILLS])
    assert not are_captures([TURN], [unknown])
    clients = Clients()
    clients.see(0, [TURN])
    clients.see(1, [unknown])
    assert list(clients.findings()) == []
