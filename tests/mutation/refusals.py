"""An answer that becomes a refusal, and a refusal that becomes an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from harness.drift.rules import BREAKING, RISKY, RULES

from .answers import AnswerOperator
from .expect import Expected, Mutant
from .streams import dumps
from .subject import Subject

__all__ = ["REFUSAL_OPERATORS"]


def _error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


#: A refusal as the backend words it: status, body, and what it shows if the question was answered.
REFUSALS: tuple[tuple[int, Any, str, str], ...] = (
    (400, {"detail": "Unsupported parameter: temperature"}, "request-field-rejected",
     "/body/temperature"),
    (400, {"detail": "Store must be set to false"}, "request-value-rejected", "/body/store"),
    (400, {"detail": "Stream must be set to true"}, "request-value-rejected", "/body/stream"),
    (400, {"detail": "Instructions are required"}, "request-field-became-required",
     "/body/instructions"),
    (400, {"detail": "System messages are not allowed"}, "request-item-rejected",
     "/body/input/[]/role"),
    (400, {"detail": "Input must be a list"}, "request-type-narrowed", "/body/input"),
    (400, _error("too long", code="context_length_exceeded"), "request-limit-decreased",
     "/body/input"),
    (400, _error("gone", code="previous_response_not_found"), "request-state-not-found",
     "/body/previous_response_id"),
    (400, _error("no", code="content_filter"), "request-content-refused", "/body/input"),
    (400, _error("no", code="something_new"), "answer-refused", "/status"),
    (400, {"detail": "The 'x' model is not supported when using Codex with a ChatGPT account."},
     "request-model-rejected", "/body/model"),
    (400, {"detail": "The 'x' model requires a newer version of Codex."},
     "request-client-version-rejected", "/header/version"),
    (401, _error("Missing scopes: api.responses.write"), "auth-scope-required", "/status"),
    (401, {"detail": "Unauthorized"}, "auth-refused", "/status"),
    (403, "<html><title>Just a moment...</title></html>", "endpoint-challenged", "/status"),
    (403, "<html><title>Forbidden</title></html>", "endpoint-challenged", "/status"),
    (403, "Forbidden", "answer-refused", "/status"),
    (404, "<html><title>404 Not Found</title></html>", "endpoint-removed", "/status"),
    (404, {"detail": "Not Found"}, "endpoint-removed", "/status"),
    (405, {"detail": "Method Not Allowed"}, "endpoint-removed", "/status"),
    (302, "", "endpoint-redirected", "/status"),
    (402, _error("x", code="deactivated_workspace"), "account-refused", "/status"),
    (429, _error("wait", code="rate_limit_exceeded"), "limit-hit", "/status"),
    (500, {"detail": "Internal Server Error"}, "server-failing", "/status"),
    (529, _error("busy", code="server_is_overloaded"), "server-failing", "/status"),
)  # fmt: skip


class Refused(AnswerOperator):
    """The same question is refused, in the backend's own words."""

    name = "refuse the answer"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        outcome = subject.outcome(subject.interaction)
        asks_for_tokens = subject.interaction.request.uri.endswith("/oauth/token")
        if outcome not in ("ok", "(incomplete)") or asks_for_tokens:
            return
        sent = subject.request[0].value if subject.request else {}
        for status, body, usual, pointer in REFUSALS:
            # Where they are sent already, it is what they say that is not accepted.
            is_there = pointer == "/body/instructions" and "instructions" in sent
            rule = "request-value-rejected" if is_there else usual
            text = body if isinstance(body, str) else dumps(body)
            kind = "application/json"
            if isinstance(body, str):
                kind = "text/html" if body.startswith("<") else "text/plain"
            interaction = replace(
                subject.interaction,
                status=status,
                headers={"content-type": (kind,)},
                body=text,
                stream=None,
            )
            what = f"{status} {text[:40]}"
            if subject.surface == "anthropic":
                if not isinstance(body, dict) or "error" not in body:
                    continue  # not its wording
                interaction = replace(interaction, body=dumps({"type": "error", **body}))
            yield self.mutant(subject, what, interaction, rule, pointer=pointer)


class FailedInside(AnswerOperator):
    """The same question is begun to be answered, and then refused inside the stream."""

    name = "fail inside the stream"
    _FAILURES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("context_length_exceeded", "request-limit-decreased"),
        ("rate_limit_exceeded", "limit-hit"),
        ("server_is_overloaded", "server-failing"),
        ("cyber_policy", "request-content-refused"),
        ("something_new", "server-failing"),
    )

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        if not subject.is_stream or subject.outcome(subject.interaction) != "ok":
            return
        first = subject.blocks[0].payload
        if first["type"] != "response.created":
            return
        for code, rule in self._FAILURES:
            response = {**first["response"], "status": "failed", "error": {
                "code": code, "message": "It failed."}}  # fmt: skip
            payload = {"type": "response.failed", "sequence_number": 1, "response": response}
            failed = subject.blocks[0].with_payload(payload)
            if failed.name is not None:
                failed = failed.with_name("response.failed")
            interaction = subject.with_blocks([subject.blocks[0], failed])
            yield self.mutant(subject, code, interaction, rule)


class Accepted(AnswerOperator):
    """What was refused is answered: with the answer of another probe of the same address.

    Where no probe of this address has an answer, it is not planted.
    """

    name = "answer what was refused"
    #: Of what the leg has no word for, the code says what it is about.
    _RULE_OF_CODES: ClassVar[dict[str, str]] = {
        "invalid_value": "request-value-accepted",
        "unsupported_value": "request-value-accepted",
        "missing_required_parameter": "request-field-became-optional",
    }
    _RULES: ClassVar[dict[str, str]] = {
        "unsupported_parameter": "request-field-accepted",
        "store_must_be_false": "request-value-accepted",
        "stream_must_be_true": "request-value-accepted",
        "instructions_required": "request-field-became-optional",
        "system_role_refused": "request-item-accepted",
        "input_must_be_list": "request-type-widened",
        "context_length_exceeded": "request-limit-increased",
        "previous_response_not_found": "request-state-found",
        "unsupported_capability": "request-capability-accepted",
        "content_refused": "request-content-accepted",
        "request_refused": "answer-accepted",
        "model_not_supported": "request-model-accepted",
        "model_not_found": "request-model-accepted",
        "client_too_old": "request-client-version-accepted",
        "missing_scope": "auth-scope-not-required",
        "route_not_granted": "auth-scope-not-required",
        "oauth_not_supported": "request-header-became-optional",
        "unauthorized": "auth-accepted",
        "token_expired": "auth-accepted",
        "token_revoked": "auth-accepted",
        "token_not_for_backend": "auth-accepted",
        "refresh_refused": "auth-accepted",
        "blocked": "endpoint-unchallenged",
        "not_found": "endpoint-added",
        "workspace_deactivated": "account-accepted",
        "region_not_supported": "account-accepted",
        "not_eligible": "account-accepted",
        "usage_not_included": "account-accepted",
        "usage_limit_reached": "limit-gone",
        "rate_limited": "limit-gone",
        "insufficient_quota": "limit-gone",
        "server_error": "server-recovered",
        "overloaded": "server-recovered",
    }

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        outcome = subject.outcome(subject.interaction)
        other = next(
            (one for one in subject.siblings if one.outcome(one.interaction) == "ok"), None
        )
        if not subject.is_refusal or other is None:
            return
        answer = other.interaction
        interaction = replace(
            subject.interaction,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            stream=answer.stream,
        )
        rule = self._RULES.get(outcome, "auth-accepted")
        if outcome in ("request_refused", "refresh_refused"):
            rule = self._RULE_OF_CODES.get(_code(subject), rule)
        if outcome == "instructions_required" and "instructions" in subject.request[0].value:
            rule = "request-value-accepted"
        made = self.mutant(subject, outcome, interaction, rule)
        # What was refused is judged as a request now, too, and the answer is to another question:
        # that the one breaks its schema, and that the other does not echo it, can add to it.
        levels = frozenset({RULES[rule].level, RISKY, BREAKING})
        yield replace(made, expected=Expected(rule, levels))


def _code(subject: Subject) -> str:
    """The code of a refusal that names the member which it is about."""
    body = subject.exchange.payload()
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not error.get("param"):
        return ""
    return str(error.get("code"))


REFUSAL_OPERATORS: tuple[type[AnswerOperator], ...] = (Refused, FailedInside, Accepted)
