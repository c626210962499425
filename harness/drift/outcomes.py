"""Which rule an outcome of the leg comes under, where the same question was answered before.

Data: a row an outcome. A question that is refused now and was answered before shows what the
server does not accept any more; the other way round, what it accepts now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["RULES_OF_REFUSALS", "SHAKY_RULES", "Meaning", "is_shaky", "meaning_of"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What it means that a question is refused.

    Attributes:
        refused: the rule, if it was answered before.
        accepted: the rule, if it was refused before, and is answered now.
        direction: ``request`` where the rule is about what is accepted, else ``response``.
        pointer: the place that it is about.
        is_shaky: whether it can be the fault of who asks, and not of the server: a credential that
            has run out, a quota that is used up, a bad moment.
    """

    refused: str
    accepted: str
    direction: str = "response"
    pointer: str = "/status"
    is_shaky: bool = False


def _asked(subject: str, worse: str, better: str, pointer: str) -> Meaning:
    return Meaning(f"request-{subject}-{worse}", f"request-{subject}-{better}", "request", pointer)


_VALUE: Final = ("value", "rejected", "accepted")
_AUTH: Final = Meaning("auth-refused", "auth-accepted", is_shaky=True)
_SCOPE: Final = Meaning("auth-scope-required", "auth-scope-not-required")
_ACCOUNT: Final = Meaning("account-refused", "account-accepted")
_LIMIT: Final = Meaning("limit-hit", "limit-gone", is_shaky=True)
_SERVER: Final = Meaning("server-failing", "server-recovered", is_shaky=True)
_MODEL: Final = _asked("model", "rejected", "accepted", "/body/model")
_OTHER: Final = Meaning("answer-refused", "answer-accepted")
_REDIRECT: Final = Meaning("endpoint-redirected", "endpoint-not-redirected")
#: The statuses that name another address (RFC 9110, section 15.4); 304 names none.
_REDIRECTS: Final = (301, 302, 303, 307, 308)
#: Those that ask to send the same again: too slow, and too early (RFC 9110, 15.5.9; RFC 8470, 5.2).
_LATER: Final = (408, 425)
_ENCODING: Final = _asked("encoding", "rejected", "accepted", "/header/content-encoding")

_MEANINGS: Final[Mapping[str, Meaning]] = {
    "unsupported_parameter": _asked("field", "rejected", "accepted", "/body"),
    "instructions_required": _asked("field-became", "required", "optional", "/body/instructions"),
    "store_must_be_false": _asked(*_VALUE, "/body/store"),
    "stream_must_be_true": _asked(*_VALUE, "/body/stream"),
    "system_role_refused": _asked("item", "rejected", "accepted", "/body/input/[]/role"),
    "input_must_be_list": _asked("type", "narrowed", "widened", "/body/input"),
    "model_not_supported": _MODEL,
    "model_not_found": _MODEL,
    "client_too_old": _asked("client-version", "rejected", "accepted", "/header/version"),
    "context_length_exceeded": _asked("limit", "decreased", "increased", "/body/input"),
    "content_refused": _asked("content", "refused", "accepted", "/body/input"),
    "previous_response_not_found": _asked(
        "state", "not-found", "found", "/body/previous_response_id"
    ),
    "unsupported_capability": _asked("capability", "rejected", "accepted", "/body"),
    "oauth_not_supported": _asked(
        "header-became", "required", "optional", "/header/anthropic-beta"
    ),
    "missing_scope": _SCOPE,
    "route_not_granted": _SCOPE,
    "blocked": Meaning("endpoint-challenged", "endpoint-unchallenged"),
    "not_found": Meaning("endpoint-removed", "endpoint-added"),
    "region_not_supported": _ACCOUNT,
    "workspace_deactivated": _ACCOUNT,
    "not_eligible": _ACCOUNT,
    "usage_not_included": _ACCOUNT,
    "unauthorized": _AUTH,
    "token_expired": _AUTH,
    "token_revoked": _AUTH,
    "token_not_for_backend": _AUTH,
    "refresh_expired": _AUTH,
    "refresh_reused": _AUTH,
    "refresh_invalidated": _AUTH,
    "refresh_refused": _AUTH,
    "usage_limit_reached": _LIMIT,
    "rate_limited": _LIMIT,
    "insufficient_quota": _LIMIT,
    "server_error": _SERVER,
    "overloaded": _SERVER,
}


#: Outcomes that do not say what is wrong, and codes that do: with the member that ``param`` names
#: (openai/codex#6945, openai/codex#9035; onecli/onecli#434 of the token endpoint).
_UNNAMED: Final = ("request_refused", "refresh_refused")
_CODES: Final[Mapping[str, tuple[str, str, str]]] = {
    "invalid_value": _VALUE,
    "unsupported_value": _VALUE,
    "missing_required_parameter": ("field-became", "required", "optional"),
}


def meaning_of(refusal: Mapping[str, Any], sent: Mapping[str, str]) -> Meaning:
    """What a refusal means.

    Args:
        refusal: the member of a snapshot (:func:`.refusals.refusal_of`).
        sent: the request half of the snapshot.
    """
    outcome, status = refusal["outcome"], refusal["status"]
    if outcome == "blocked" and status == 404:  # a page that finds nothing is no challenge
        return _MEANINGS["not_found"]
    if outcome == "request_refused" and status is not None:
        if status in _REDIRECTS:
            return _REDIRECT
        if status in _LATER:
            return _SERVER
        if status == 415 and "/header/content-encoding" in sent:
            return _ENCODING
    if outcome == "instructions_required" and "/body/instructions" in sent:
        # They were there: it is what they say that is not accepted (openai/codex#3224).
        return _asked(*_VALUE, "/body/instructions")
    meaning = _MEANINGS.get(outcome, _OTHER)
    param, code = refusal["param"], refusal["code"]
    if not param:
        return meaning
    place = param.replace("~", "~0").replace("/", "~1").replace("[]", ".[]").replace(".", "/")
    pointer = f"/body/{place}"
    if outcome in _UNNAMED and code in _CODES:
        return _asked(*_CODES[code], pointer)
    if outcome in ("unsupported_parameter", "unsupported_capability"):
        return Meaning(meaning.refused, meaning.accepted, meaning.direction, pointer)
    return meaning


def is_shaky(outcome: str) -> bool:
    """Whether an outcome can be the fault of who asks, or of the moment (:class:`Meaning`)."""
    return _MEANINGS.get(outcome, _OTHER).is_shaky


#: Every rule that says that an answer became a refusal, or a refusal an answer.
RULES_OF_REFUSALS: Final = frozenset(
    rule
    for meaning in (*_MEANINGS.values(), _OTHER, _REDIRECT, _ENCODING)
    for rule in (meaning.refused, meaning.accepted)
)

#: Those of them that can be the fault of who asks, and are believed only where that is ruled out.
SHAKY_RULES: Final = frozenset(
    rule
    for meaning in _MEANINGS.values()
    if meaning.is_shaky
    for rule in (meaning.refused, meaning.accepted)
) - {
    rule
    for meaning in (*_MEANINGS.values(), _OTHER)
    if not meaning.is_shaky
    for rule in (meaning.refused, meaning.accepted)
}
