"""Rules about whole answers: addresses, who may ask, and refusals."""

from __future__ import annotations

from typing import Final

from ._model import ADDITIVE, BENIGN, BREAKING, RISKY, Rule
from ._table import ADOPT, READ, rows_of

__all__ = ["RULES"]

_MOVED: Final = "find where it went; change rulebook, endpoints and leg together"
_LOGIN: Final = "log in again with what the answer asks for; change the rulebook's login rules"
_WAIT: Final = "wait and ask again; it is drift only if it stays"
_OUTCOME: Final = "change the error contract and leg/outcomes.py, with the new answer as a cassette"

_row = rows_of("response", READ)

_ENDPOINTS: Final = (
    _row(
        "answer-kind-changed",
        "body structure change",
        BREAKING,
        "the answer is of another kind: a stream, JSON, a page, a text",
    ),
    _row(
        "status-changed",
        "endpoint values change",
        RISKY,
        "the answer has another HTTP status of the same class",
    ),
    _row(
        "status-class-changed",
        "endpoint values change",
        BREAKING,
        "the answer has an HTTP status of another class, and nothing else says why",
    ),
    _row(
        "endpoint-removed",
        "endpoint existence remove",
        BREAKING,
        "the address that answered is gone (404, 405, 410)",
        mend=_MOVED,
    ),
    _row(
        "endpoint-added",
        "endpoint existence add",
        ADDITIVE,
        "an address that was not there answers",
        mend=ADOPT,
    ),
    _row(
        "endpoint-redirected",
        "endpoint identity add",
        RISKY,
        "the address sends its callers to another one",
        mend=_MOVED,
    ),
    _row(
        "endpoint-not-redirected",
        "endpoint identity remove",
        BENIGN,
        "the address answers by itself again",
        mend=ADOPT,
    ),
    _row(
        "endpoint-challenged",
        "endpoint structure add",
        BREAKING,
        "a page for people answers in its place: a challenge, or what stands in between",
        mend="compare the headers with those of the real client; a challenge is no answer",
    ),
    _row(
        "endpoint-unchallenged",
        "endpoint structure remove",
        ADDITIVE,
        "the address answers by itself again, and no page in its place",
        mend=ADOPT,
    ),
    _row(
        "server-failing",
        "endpoint lifecycle add",
        RISKY,
        "the server fails (5xx), or wants the same again (408, 425), where it answered",
        mend=_WAIT,
    ),
    _row(
        "server-recovered",
        "endpoint lifecycle remove",
        BENIGN,
        "the server answers where it failed",
        mend=ADOPT,
    ),
)

_AUTH: Final = (
    _row(
        "auth-scope-required",
        "auth requiredness add",
        BREAKING,
        "the token needs a scope that it did not need",
        mend=_LOGIN,
    ),
    _row(
        "auth-scope-not-required",
        "auth requiredness remove",
        ADDITIVE,
        "the token needs no further scope any more",
        mend=ADOPT,
    ),
    _row(
        "auth-refused",
        "auth values remove",
        BREAKING,
        "a credential that was good is refused",
        mend=_LOGIN,
    ),
    _row(
        "auth-accepted",
        "auth values add",
        ADDITIVE,
        "a credential that was refused is good",
        mend=ADOPT,
    ),
    _row(
        "account-refused",
        "auth constraint narrow",
        BREAKING,
        "the account, its workspace, region or plan may not ask any more",
        mend="see which account the answer means; change the rulebook's accounts",
    ),
    _row(
        "account-accepted",
        "auth constraint widen",
        ADDITIVE,
        "the account, its workspace, region or plan may ask now",
        mend=ADOPT,
    ),
    _row(
        "scope-narrowed",
        "auth constraint narrow",
        RISKY,
        "a token comes with a scope that lacks a word it had",
        mend="see what the leg needs it for; ask for the scope, or log in again and look at it",
    ),
    _row(
        "scope-widened",
        "auth constraint widen",
        ADDITIVE,
        "a token comes with a scope that has one more word, and all that it had",
        mend=ADOPT,
    ),
    _row(
        "limit-hit",
        "limit lifecycle add",
        RISKY,
        "a quota or rate limit stands where an answer was",
        mend=_WAIT,
    ),
    _row(
        "limit-gone",
        "limit lifecycle remove",
        BENIGN,
        "an answer stands where a quota or rate limit was",
        mend=ADOPT,
    ),
)

_ERRORS: Final = (
    _row(
        "answer-refused",
        "error existence add",
        BREAKING,
        "the question is refused for a reason that no other rule names",
        mend=_OUTCOME,
    ),
    _row(
        "answer-accepted",
        "error existence remove",
        ADDITIVE,
        "the question is answered, and was refused for a reason that no other rule names",
        mend=ADOPT,
    ),
    _row(
        "refused-more-often",
        "error cardinality increase",
        RISKY,
        "the same question is refused more often: by 10 in 100 answers or more, and chance alone "
        "would do that in less than 1 of 100 cases",
        mend="ask again, more often; if it stays, see which refusal it is and what the leg does",
    ),
    _row(
        "refused-less-often",
        "error cardinality decrease",
        BENIGN,
        "the same question is refused less often: by 10 in 100 answers or more, and chance alone "
        "would do that in less than 1 of 100 cases",
        mend=ADOPT,
    ),
    _row(
        "error-envelope-changed",
        "error structure change",
        BREAKING,
        "a refusal comes in another envelope",
        mend=_OUTCOME,
    ),
    _row(
        "error-code-changed",
        "error values change",
        BREAKING,
        "a refusal has another code",
        mend=_OUTCOME,
    ),
    _row(
        "error-code-added",
        "error values add",
        ADDITIVE,
        "a refusal that had no code has one",
        mend=_OUTCOME,
    ),
    _row(
        "error-code-removed",
        "error values remove",
        RISKY,
        "a refusal that had a code has none",
        mend=_OUTCOME,
    ),
    _row(
        "error-type-changed",
        "error type change",
        RISKY,
        "a refusal is of another type",
        mend=_OUTCOME,
    ),
    _row(
        "error-param-changed",
        "error identity change",
        RISKY,
        "a refusal complains of another parameter",
        mend="see which parameter is refused now; change the rulebook and what the leg sends",
    ),
    _row(
        "error-status-changed",
        "error constraint change",
        RISKY,
        "a refusal has another HTTP status of the same class",
        mend=_OUTCOME,
    ),
    _row(
        "error-outcome-changed",
        "error identity change",
        BREAKING,
        "the leg takes the refusal for another one",
        mend=_OUTCOME,
    ),
    _row(
        "error-field-added",
        "error requiredness add",
        ADDITIVE,
        "a refusal has one more field",
        mend=ADOPT,
    ),
    _row(
        "error-field-removed",
        "error requiredness remove",
        RISKY,
        "a refusal lacks a field that it had",
        reads=True,
        mend=_OUTCOME,
    ),
    _row(
        "error-field-format-changed",
        "error encoding change",
        RISKY,
        "a field of a refusal has another type or form",
        reads=True,
        mend=_OUTCOME,
    ),
)

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (*_ENDPOINTS, *_AUTH, *_ERRORS)
