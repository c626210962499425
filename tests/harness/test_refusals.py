"""Refusals: what they say, what they show where an answer was, and when they show nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.contract import Contract
from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.findings import Finding, Unchecked
from harness.drift.outcomes import RULES_OF_REFUSALS, meaning_of
from harness.drift.refusals import refusal_of
from harness.drift.rules import RULES
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange
from leg.outcomes import OUTCOMES
from tests.harness import samples

CONTRACT = Contract()


def snapshot(one: Exchange, surface: str = "responses") -> dict[str, Any]:
    return snapshot_of(shape_of(CONTRACT.schemas, surface, one))


def found(
    before: Exchange, after: Exchange, *, proved: bool = True, unchecked: Any = None
) -> list[Finding]:
    return compare(
        snapshot(before),
        snapshot(after),
        evidence=Evidences(schemas=CONTRACT.schemas),
        proved=proved,
        unchecked=unchecked,
    )


def answer() -> Exchange:
    return samples.exchange(samples.text_turn())


def refused(status: int, body: Any) -> Exchange:
    """The same question, refused."""
    one = samples.refusal(body, status)
    return replace(one, request=answer().request)


def error(code: str | None, message: str = "It does not work.", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, **more}}


def test_what_a_refusal_means_is_what_the_leg_makes_of_it() -> None:
    for pair in CONTRACT.load():
        one = Exchange.from_interaction(pair.cassette.interactions[0])
        said = refusal_of(one, pair.probe.surface)
        outcome = pair.probe.expect.outcome
        if one.failed:
            assert said is not None
            assert said["outcome"] == outcome, pair.probe.id
        elif outcome in ("ok", "incomplete", "stream_cut", "empty"):
            assert said is None, pair.probe.id
        else:
            assert (said or {}).get("outcome") == outcome, pair.probe.id


@pytest.mark.parametrize(
    ("body", "envelope", "code", "kind"),
    [
        ({"detail": "No."}, "detail", None, None),
        ({"detail": {"code": "deactivated_workspace"}}, "detail{}", "deactivated_workspace", None),
        ({"detail": {"error_code": "invalid_token"}}, "detail{}", "invalid_token", None),
        ({"detail": [{"loc": ["body"], "msg": "no"}]}, "detail[]", None, None),
        (error("x"), "error{}", "x", "invalid_request_error"),
        ({"error": "invalid_grant"}, "error", "invalid_grant", None),
        ({"code": "x", "message": "no"}, "{}", "x", None),
        ([1], "json", None, None),
    ],
)
def test_the_envelope_is_taken_off(
    body: Any, envelope: str, code: str | None, kind: str | None
) -> None:
    said = refusal_of(refused(400, body), "responses")
    assert said is not None
    assert (said["envelope"], said["code"], said["type"]) == (envelope, code, kind)
    assert said["status"] == 400
    assert said["outcome"] in OUTCOMES


@pytest.mark.parametrize(
    ("body", "envelope"), [(b"<html>no</html>", "page"), (b"no", "text"), (b" ", "empty")]
)
def test_what_is_no_json_has_an_envelope_too(body: bytes, envelope: str) -> None:
    said = refusal_of(replace(refused(502, {}), body=body), "responses")
    assert said is not None
    assert said["envelope"] == envelope


REFUSED: list[tuple[int, Any, str, str, str]] = [
    (400, {"detail": "Unsupported parameter: temperature"}, "request-field-rejected",
     "request", "/body/temperature"),
    (400, {"detail": "Instructions are required"}, "request-value-rejected",
     "request", "/body/instructions"),
    (400, {"detail": "Store must be set to false"}, "request-value-rejected",
     "request", "/body/store"),
    (400, {"detail": "Stream must be set to true"}, "request-value-rejected",
     "request", "/body/stream"),
    (400, {"detail": "Input must be a list"}, "request-type-narrowed", "request", "/body/input"),
    (400, {"detail": "System messages are not allowed"}, "request-item-rejected",
     "request", "/body/input/[]/role"),
    (400, error("context_length_exceeded"), "request-limit-decreased", "request", "/body/input"),
    (400, error("previous_response_not_found"), "request-state-not-found",
     "request", "/body/previous_response_id"),
    (400, error("something_new"), "answer-refused", "response", "/status"),
    (403, error("unsupported_country_region_territory"), "account-refused", "response", "/status"),
    (401, error(None, "Missing scopes: api.write"), "auth-scope-required", "response", "/status"),
    (404, {"detail": "Not Found"}, "endpoint-removed", "response", "/status"),
    (307, {}, "endpoint-redirected", "response", "/status"),
    (401, {"detail": "Unauthorized"}, "auth-refused", "response", "/status"),
    (429, error("rate_limit_exceeded"), "limit-hit", "response", "/status"),
    (500, {"detail": "oops"}, "server-failing", "response", "/status"),
]  # fmt: skip
SHAKY = {"auth-refused", "limit-hit", "server-failing"}


@pytest.mark.parametrize(("status", "body", "rule", "direction", "pointer"), REFUSED)
def test_an_answer_that_became_a_refusal_is_one_finding_that_its_outcome_names(
    status: int, body: Any, rule: str, direction: str, pointer: str
) -> None:
    (one,) = found(answer(), refused(status, body))
    assert (one.rule, one.direction, one.pointer) == (rule, direction, pointer)
    assert one.level == RULES[rule].level
    assert (one.before, str(status) in one.message) == ("ok", True)


@pytest.mark.parametrize(("status", "body", "rule", "direction", "pointer"), REFUSED)
def test_a_refusal_that_became_an_answer_is_its_mirror(
    status: int, body: Any, rule: str, direction: str, pointer: str
) -> None:
    (one,) = found(refused(status, body), answer())
    assert (one.direction, one.pointer, one.after) == (direction, pointer, "ok")
    assert one.rule in RULES_OF_REFUSALS
    assert one.level in ("additive", "benign")
    assert one.rule != rule


@pytest.mark.parametrize(("status", "body", "rule"), [row[:3] for row in REFUSED])
def test_without_proof_a_fault_of_credential_quota_or_moment_is_not_drift(
    status: int, body: Any, rule: str
) -> None:
    for pair in ((answer(), refused(status, body)), (refused(status, body), answer())):
        unchecked: list[Unchecked] = []
        findings = found(*pair, proved=False, unchecked=unchecked)
        assert bool(unchecked) == (rule in SHAKY)
        assert bool(findings) == (rule not in SHAKY)


def test_what_the_client_sent_is_compared_even_where_nothing_else_can_be() -> None:
    other = refused(429, error("rate_limit_exceeded"))
    assert other.request is not None
    body = json.loads(other.request.body) | {"colour": "red"}
    sent = replace(other.request, body=json.dumps(body).encode())
    unchecked: list[Unchecked] = []
    (one,) = found(answer(), replace(other, request=sent), proved=False, unchecked=unchecked)
    assert (one.rule, one.pointer) == ("client-field-added", "/body/colour")
    assert len(unchecked) == 1


def failing(code: str, at: int = 2) -> Exchange:
    """A turn that begins and then fails inside its stream."""
    events = samples.text_turn()[:at]
    response = samples.response("failed", "0a", 1790537330, error={"code": code, "message": "m"})
    return samples.exchange([*events, {"type": "response.failed", "response": response}])


def test_a_stream_that_fails_is_a_refusal_like_any_other() -> None:
    said = refusal_of(failing("context_length_exceeded"), "responses")
    assert said is not None
    assert (said["status"], said["envelope"]) == (200, "event response.failed")
    assert said["outcome"] == "context_length_exceeded"
    (one,) = found(answer(), failing("context_length_exceeded"))
    assert (one.rule, one.direction) == ("request-limit-decreased", "request")
    (code,) = found(failing("server_is_overloaded"), failing("cyber_policy"))
    assert (code.rule, code.event) == ("error-code-changed", "response.failed")


def test_a_stream_that_breaks_off_is_no_acceptance_of_what_was_refused() -> None:
    cut = samples.exchange(samples.text_turn()[:4])
    assert "stream-cut" in {one.rule for one in found(failing("cyber_policy"), cut)}
    assert {one.rule for one in found(failing("cyber_policy"), cut)}.isdisjoint(RULES_OF_REFUSALS)


SAID: list[tuple[tuple[int, Any], tuple[int, Any], str | None, str]] = [
    ((400, error("a")), (400, error("b")), "error-code-changed", "/body/error/code"),
    ((400, error(None)), (400, error("b")), "error-code-added", "/body/error/code"),
    ((400, error("a")), (400, error(None)), "error-code-removed", "/body/error/code"),
    ((400, error("a")), (422, error("a")), "error-status-changed", "/status"),
    ((400, error("a")), (400, error("a", type="other")), "error-type-changed", "/body/error/type"),
    ((400, error("a")), (400, {"detail": "No."}), "error-envelope-changed", "/body"),
    ((400, error("a")), (400, error("a", colour="red")), "error-field-added", "/body/error/colour"),
    ((400, error("a", colour="red")), (400, error("a")), "error-field-removed",
     "/body/error/colour"),
    ((400, error("a", colour="red")), (400, error("a", colour=7)), "error-field-format-changed",
     "/body/error/colour"),
    ((400, {"detail": "Store must be set to false"}), (400, {"detail": "Keep nothing"}),
     "error-outcome-changed", "/body/detail"),
    ((400, {"detail": "Store must be set to false"}),
     (422, {"detail": "Store must be set to false"}), "error-outcome-changed", "/status"),
    ((400, error("a", "One sentence.")), (400, error("a", "Another sentence.")), None, ""),
    ((400, {"detail": "No."}), (400, {"detail": "Not at all."}), None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "rule", "pointer"), SAID)
def test_two_refusals_differ_in_what_they_say_and_never_in_their_wording(
    before: tuple[int, Any], after: tuple[int, Any], rule: str | None, pointer: str
) -> None:
    findings = found(refused(*before), refused(*after))
    expected = [] if rule is None else [(rule, pointer)]
    assert [(one.rule, one.pointer) for one in findings] == expected


def test_every_outcome_of_a_refusal_has_a_meaning() -> None:
    facts: Mapping[str, Any] = {"status": 400, "envelope": "error{}", "code": None, "param": None}
    for outcome in OUTCOMES:
        meaning = meaning_of({**facts, "outcome": outcome}, {})
        assert {meaning.refused, meaning.accepted} <= RULES_OF_REFUSALS
        assert RULES[meaning.accepted].level in ("additive", "benign")
        assert RULES[meaning.refused].level in ("breaking", "risky")
