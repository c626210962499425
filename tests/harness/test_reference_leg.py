"""``codex-leg reference leg``: sent as the reference client does, or otherwise for a reason."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.cli import run
from harness.contract import Contract, ContractErrors
from harness.exits import Exit
from harness.reference.leg import Allowance, Verdicts, against, leg_requests, read_allowances
from harness.reference.leg.requests import Asked
from harness.reference.wire.captured import Captured, read_captured
from leg.profiles import PROTOCOL_VERSION

from .captures import beside, captured, turn

CONTRACT = Contract()
NEWEST = CONTRACT.reference.versions[-1]
ALLOWANCES = read_allowances(CONTRACT)
TURN = next(one for one in leg_requests() if one.name == "turn")


@pytest.fixture(scope="module")
def newest() -> Captured:
    return read_captured(CONTRACT, NEWEST)


def test_every_request_of_the_leg_is_the_same_or_allowed_to_differ(newest: Captured) -> None:
    verdicts = against(leg_requests(), newest, ALLOWANCES)
    assert [one.message for one in verdicts.findings()] == []
    assert verdicts.unchecked == []
    assert {row.request for row in verdicts.rows} == {
        "turn", "tool call", "refresh", "models", "accounts", "usage",
    }  # fmt: skip


def test_a_place_without_its_allowance_is_drift(newest: Captured) -> None:
    for left_out in ALLOWANCES:
        others = [one for one in ALLOWANCES if one != left_out]
        found = against(leg_requests(), newest, others).findings()
        assert {one.rule for one in found} <= {"leg/missing", "leg/extra", "leg/value"}
        assert len({one.pointer for one in found}) >= 1, left_out
        assert all(one.surface == left_out.surface for one in found)


def test_an_allowance_that_nothing_needs_is_a_finding(newest: Captured) -> None:
    more = Allowance("responses", "header", "openai-beta", "It was sent until 0.50.0.")
    (one,) = against(leg_requests(), newest, [*ALLOWANCES, more]).findings()
    assert (one.rule, one.pointer) == ("leg/allowance-unused", "/header/openai-beta")
    assert one.where == "schemas/responses/allowances.json"
    nowhere = Allowance("responses", "header", "session-id", "It is the same on both sides.")
    rules = [one.rule for one in against([TURN], newest, [*ALLOWANCES, nowhere]).findings()]
    assert "leg/allowance-unused" in rules


def verdicts(edit: Callable[[dict[str, Any]], None], **theirs: Any) -> Verdicts:
    """One request of the leg, edited, against a client that sends the same unedited."""
    fields = dict(TURN.fields)
    edit(fields)
    mine = Asked(TURN.name, TURN.surface, TURN.call, fields, TURN.vantages)
    same = captured("0.1.0", {"plain.https": [turn(**theirs)]})
    (request,) = same.requests
    object.__setattr__(request, "fields", TURN.fields)
    return against([mine], same, [])


@pytest.mark.parametrize(
    ("edit", "rule", "pointer"),
    [
        (lambda one: one.pop("/header/session-id"), "leg/missing", "/header/session-id"),
        (lambda one: one.pop("/body/store"), "leg/missing", "/body/store"),
        (
            lambda one: one.update({"/header/x-new": one["/header/accept"]}),
            "leg/extra",
            "/header/x-new",
        ),
        (
            lambda one: one.update({"/body/store": one["/body/stream"]}),
            "leg/value",
            "/body/store",
        ),
    ],
)
def test_each_difference_is_one_finding(
    edit: Callable[[dict[str, Any]], None], rule: str, pointer: str
) -> None:
    assert verdicts(lambda _: None).findings() == []
    (one,) = verdicts(edit).findings()
    assert (one.rule, one.pointer, one.level, one.direction) == (rule, pointer, "risky", "request")


def test_a_request_that_the_client_was_not_captured_in_could_not_be_looked_at() -> None:
    plain = captured("0.1.0", transports=("https", "websocket"))
    found = against(leg_requests(), plain, ALLOWANCES)
    assert [one.what for one in found.unchecked] == ["tool call", "refresh"]
    # Nothing is known of what these need, so no allowance of theirs is called unused.
    assert not any(one.surface in ("responses", "auth") for one in found.unused)


def test_a_call_that_the_client_does_not_make_needs_an_allowance_of_its_own() -> None:
    calls = [beside("https://chatgpt.com/backend-api/wham/usage")]
    without = captured("0.1.0", {"plain.https": [turn()]})
    usage = [one for one in leg_requests() if one.name == "usage"]
    (one,) = against(usage, without, []).findings()
    assert (one.rule, one.pointer) == (
        "leg/extra",
        "/endpoint/GET /backend-api/wham/usage",
    )
    making = captured("0.1.0", {"plain.https": [turn()], "side-calls.https": calls})
    allowed = [one for one in ALLOWANCES if one.surface == "usage"]
    rules = {one.rule for one in against(usage, making, allowed).findings()}
    assert "leg/allowance-unused" in rules


def test_allowances_that_are_none_are_refused() -> None:
    contract = Contract()
    document = copy.deepcopy(contract.schemas.document("responses/allowances.json"))
    document["allowances"][0]["reason"] = "because"
    contract.schemas._documents["responses/allowances.json"] = document
    with pytest.raises(ContractErrors, match=r"schemas/responses/allowances.json.*reason"):
        read_allowances(contract)


def test_the_leg_names_the_newest_release_that_it_was_set_against() -> None:
    document = CONTRACT.schemas.document("responses/allowances.json")
    assert document["reference"] == {"client": "codex-cli", "version": PROTOCOL_VERSION}
    assert PROTOCOL_VERSION == NEWEST


def test_the_command_is_clean_and_shows_each_place_if_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["reference", "leg", "--all"]) == Exit.CLEAN
    out, err = capsys.readouterr()
    assert "turn: " in err
    (row,) = [line for line in out.splitlines() if line.startswith("usage ")]
    assert "allowed" in row
    assert ["turn", "same", "header", "session-id"] in [line.split() for line in out.splitlines()]


def test_against_an_older_release_it_is_drift_as_the_schema_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["reference", "leg", "--version", "0.130.0", "--json"]) == Exit.DRIFT
    document = json.loads(capsys.readouterr().out)
    assert CONTRACT.schemas.validate("report/findings.json", document) == []
    places = {(one["rule"], one["pointer"]) for one in document["findings"]}
    assert ("leg/extra", "/header/session-id") in places
    assert ("leg/missing", "/header/session_id") in places
    assert ("leg/allowance-unused", "/header/x-codex-routing-hint") in places
