"""Refusals to errors: every envelope, every member that may be missing, the right outcome."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import leg
from leg.envelopes import read_refusal
from leg.outcomes import error_of_answer
from leg.refusal_table import REFRESH_TABLE, TABLE


def error(
    status: int, body: object, *, refresh: bool = False, headers: dict[str, str] | None = None
) -> leg.AnswerError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_of_answer(status, headers or {}, raw, refresh=refresh, now=1_000_000.0)


CASES = [
    (401, {"detail": "Unauthorized"}, leg.AuthError, "unauthorized"),
    (401, {"detail": {"error_code": "invalid_token"}}, leg.AuthError, "token_expired"),
    (402, {"detail": {"code": "deactivated_workspace"}}, leg.AuthError, "workspace_deactivated"),
    (401, {"error": {"code": "token_revoked", "type": None}, "status": 401}, leg.AuthError,
     "token_revoked"),
    (401, {"error": {"code": "no_matching_rule"}}, leg.AuthError, "token_not_for_backend"),
    (401, {"error": {"code": "hardened_oauth_rule_missing"}}, leg.AuthError, "route_not_granted"),
    (400, {"detail": "Unsupported parameter: max_output_tokens"}, leg.RequestRefused,
     "unsupported_parameter"),
    (400, {"error": {"code": "unknown_parameter", "message": "Unknown parameter: 'input[6].phase'.",
                     "param": "input[6].phase"}}, leg.RequestRefused, "unsupported_parameter"),
    (400, {"type": "error", "status": 400, "error": {"detail": "Unsupported parameter: generate"}},
     leg.RequestRefused, "unsupported_parameter"),
    (400, {"detail": "Store must be set to false"}, leg.RequestRefused, "store_must_be_false"),
    (400, {"detail": "Stream must be set to true"}, leg.RequestRefused, "stream_must_be_true"),
    (400, {"detail": "Something new"}, leg.RequestRefused, "request_refused"),
    (404, {"detail": "Not Found"}, leg.RequestRefused, "not_found"),
    (429, {"error": {"type": "usage_limit_reached"}}, leg.LimitError, "usage_limit_reached"),
    (429, {}, leg.LimitError, "rate_limited"),
    (529, {"type": "error", "error": {"type": "overloaded_error"}}, leg.ServerError, "overloaded"),
    (429, {"error": {"type": "rate_limit_error", "message": "Error"}}, leg.RequestRefused,
     "request_refused"),
    (429, {"error": {"type": "rate_limit_error", "message": "Slow"}}, leg.LimitError,
     "rate_limited"),
    (401, {"error": {"message": "x-api-key header is required"}}, leg.AuthError,
     "oauth_not_supported"),
    (503, b"Service Unavailable", leg.ServerError, "server_error"),
    (502, b"<html>bad gateway</html>", leg.ServerError, "server_error"),
    (403, b"<!DOCTYPE html><title>Just a moment...</title>", leg.Blocked, "blocked"),
    (403, {"detail": "no"}, leg.RequestRefused, "request_refused"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "outcome"), CASES)
def test_a_refusal_has_its_error_and_its_outcome(
    status: int, body: object, kind: type[leg.AnswerError], outcome: str
) -> None:
    caught = error(status, body)
    assert (type(caught), caught.outcome, caught.status) == (kind, outcome, status)


REFRESHES = [
    (401, {"error": {"code": "refresh_token_expired"}}, "refresh_expired"),
    (400, {"error": {"code": "REFRESH_TOKEN_REUSED"}}, "refresh_reused"),
    (401, {"code": "refresh_token_invalidated"}, "refresh_invalidated"),
    (400, {"error": "invalid_grant"}, "refresh_refused"),
    (401, {"error": {"code": "token_expired"}}, "refresh_refused"),
    (503, b"", "server_error"),
    (429, {}, "rate_limited"),
]


@pytest.mark.parametrize(("status", "body", "outcome"), REFRESHES)
def test_a_refused_refresh_says_whether_to_sign_in_again(
    status: int, body: object, outcome: str
) -> None:
    caught = error(status, body, refresh=True)
    assert caught.outcome == outcome
    assert caught.retryable == (outcome in ("server_error", "rate_limited"))


def test_the_missing_scope_is_named() -> None:
    text = "You have insufficient permissions. Missing scopes: api.responses.write..."
    caught = error(401, {"error": {"message": text, "type": "invalid_request_error"}})
    assert (caught.outcome, caught.fields) == ("missing_scope", {"scope": "api.responses.write"})


def test_the_parameter_and_the_model_are_named() -> None:
    assert error(400, {"detail": "Unsupported parameter: top_p"}).fields == {"parameter": "top_p"}
    text = "The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account."
    caught = error(400, {"detail": text})
    assert (caught.outcome, caught.fields) == ("model_not_supported", {"model": "gpt-5.4"})


def test_a_limit_says_when_it_ends() -> None:
    body = {"error": {"type": "usage_limit_reached", "resets_in_seconds": 60}}
    caught = error(429, body)
    assert (caught.resets_at, caught.retry_after, caught.retryable) == (1_000_060, 60, True)
    body["error"]["resets_at"] = 1_000_061
    assert error(429, body).resets_at == 1_000_061


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("Mon, 12 Jan 1970 13:46:50 GMT", 10.0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert error(429, {}, headers={"retry-after": value}).retry_after == seconds


def test_a_claude_limit_is_told_from_a_throttle_by_its_header() -> None:
    reset = {"retry-after": "7", "anthropic-ratelimit-unified-reset": "1774472400"}
    throttle = error(429, {"error": {"type": "rate_limit_error"}}, headers=reset)
    rejected = {"anthropic-ratelimit-unified-status": "rejected", **reset}
    limit = error(429, {"error": {"type": "rate_limit_error"}}, headers=rejected)
    assert (throttle.outcome, limit.outcome) == ("rate_limited", "usage_limit_reached")
    assert limit.retry_after == 7


def test_a_redirect_and_a_list_of_details_are_told() -> None:
    assert "redirect" in str(error(302, b""))
    listed = error(422, {"detail": [{"loc": ["body"], "msg": "field required"}]})
    assert listed.detail == "field required"


def test_a_page_is_not_shown_as_a_message() -> None:
    caught = error(403, b"<html>" + b"x" * 5000)
    assert "<html>" not in str(caught)
    assert len(caught.detail) <= 1000


def test_every_outcome_of_the_table_is_in_the_vocabulary() -> None:
    assert {row.outcome for row in TABLE + REFRESH_TABLE} <= leg.OUTCOMES


def test_every_outcome_is_raised_by_something() -> None:
    """The vocabulary holds no word that nothing says."""
    source = "".join(p.read_text() for p in Path(leg.__file__).parent.glob("*.py"))
    quoted = set(re.findall(r'"([a-z_]+)"', source))
    assert leg.OUTCOMES - {"ok"} <= quoted


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "detail", "code", "type", "message", "resets_at", "param", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.integers(300, 599),
    _json.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    st.booleans(),
)
def test_whatever_is_answered_there_is_an_error_of_ours(
    status: int, body: bytes, refresh: bool
) -> None:
    caught = error_of_answer(status, {"retry-after": "x"}, body, refresh=refresh)
    assert caught.outcome in leg.OUTCOMES
    assert caught.status == status
    assert len(read_refusal(status, {}, body).text) <= 1000
