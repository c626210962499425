"""Everything that can go wrong, as one small tree.

    LegError
    ├── ConfigurationError      nothing was sent: the mistake is on our side
    │   ├── CredentialMissing       no credential was found
    │   ├── CredentialInvalid       a credential was found and cannot be read
    │   ├── CredentialMisused       a token of one kind was about to go to the host of another
    │   └── RequestInvalid          the request cannot be built (unknown model, empty prompt)
    ├── EmptyAnswer             the answer is whole, and holds no text
    ├── TransportError          no whole answer arrived: connect, TLS, reset, timeout
    ├── AnswerError             an answer arrived, and it is a refusal
    │   ├── AuthError               the token is not accepted, or not for this
    │   │   └── RefreshError            the refresh token is not accepted
    │   ├── LimitError              a quota or a rate limit; see ``resets_at``
    │   ├── RequestRefused          this request will never be accepted as it is
    │   │   └── ModelUnavailable        … because of its model
    │   ├── Blocked                 something in front of the backend answered (a challenge page)
    │   └── ServerError             the backend's own failure; a retry may help
    └── StreamError             a stream began and did not end well; carries the partial text
        ├── StreamCut               it ended before its terminal event
        ├── StreamStalled           nothing arrived for longer than the idle limit
        ├── StreamTooLarge          a line, an event or the whole is over its limit
        ├── StreamInvalid           what arrived is not this protocol
        └── ResponseIncomplete      the backend says itself that it stopped early

Two questions are answered by every one of them: :attr:`LegError.outcome` (what happened, from
the closed vocabulary of :mod:`leg.outcomes`) and :attr:`LegError.retryable` (whether sending the
same again can help; and if so, not before ``retry_after`` seconds or ``resets_at``).
No message of theirs ever holds a token.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AnswerError",
    "AuthError",
    "Blocked",
    "ConfigurationError",
    "CredentialInvalid",
    "CredentialMissing",
    "CredentialMisused",
    "EmptyAnswer",
    "LegError",
    "LimitError",
    "ModelUnavailable",
    "RefreshError",
    "RequestInvalid",
    "RequestRefused",
    "ResponseIncomplete",
    "ServerError",
    "StreamCut",
    "StreamError",
    "StreamInvalid",
    "StreamStalled",
    "StreamTooLarge",
    "TransportError",
]


class LegError(Exception):
    """Base of all errors of the leg.

    Attributes:
        message: what happened, one sentence for a person.
        hint: what to do about it, one sentence, or ``""``.
        outcome: the name of what happened, from :mod:`leg.outcomes`.
        retryable: whether the same request can succeed later, unchanged.
        retry_after: seconds to wait first, if the backend said so.
        resets_at: Unix time in seconds at which a limit is lifted, if the backend said so.
    """

    outcome: str = "error"
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        outcome: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        resets_at: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if outcome is not None:
            self.outcome = outcome
        if retryable is not None:
            self.retryable = retryable
        self.retry_after = retry_after
        self.resets_at = resets_at

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigurationError(LegError):
    """Nothing was sent. Not retryable."""

    outcome = "not_sent"


class CredentialMissing(ConfigurationError):
    """No credential was found; the message names every variable that would do."""

    outcome = "credential_missing"


class CredentialInvalid(ConfigurationError):
    """A credential was found and cannot be read; the message names its source and the field."""

    outcome = "credential_invalid"


class CredentialMisused(ConfigurationError):
    """A token was about to be used where it cannot work; the message says what would happen."""

    outcome = "credential_misused"


class RequestInvalid(ConfigurationError):
    """The request cannot be built from what was given."""

    outcome = "request_invalid"


class EmptyAnswer(LegError):
    """The answer is whole and holds no text: ``complete`` never returns ``""``."""

    outcome = "empty"
    retryable = True


class TransportError(LegError):
    """No whole answer arrived, and no part of a stream either."""

    outcome = "transport_failed"
    retryable = True


class AnswerError(LegError):
    """The backend answered, and refused.

    Attributes:
        status: the HTTP status, or the one named inside a frame; 200 for a failure inside a stream.
        code: the machine-readable code of the body, or ``None``.
        detail: the human-readable text of the body (at most 1,000 characters).
        request_id: ``x-request-id`` / ``x-oai-request-id`` of the answer, or ``None``.
        fields: further facts of the answer that the outcome names (``scope``, ``plan_type``,
            ``parameter``, ``model``), as strings.
        partial: the text that had arrived, if the refusal came inside a stream; else ``""``.
    """

    outcome = "request_refused"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        detail: str = "",
        request_id: str | None = None,
        fields: dict[str, str] | None = None,
        partial: str = "",
        **common: Any,
    ) -> None:
        super().__init__(message, **common)
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.fields = dict(fields or {})
        self.partial = partial


class AuthError(AnswerError):
    """The token was refused: expired, revoked, or without the right for this."""

    outcome = "unauthorized"


class RefreshError(AuthError):
    """The refresh was refused. Unless ``retryable``, only a new sign-in helps."""

    outcome = "refresh_refused"


class LimitError(AnswerError):
    """A quota or a rate limit is reached; ``resets_at`` or ``retry_after`` say until when."""

    outcome = "rate_limited"


class RequestRefused(AnswerError):
    """The backend does not accept this request; sending it again will not help."""

    outcome = "request_refused"


class ModelUnavailable(RequestRefused):
    """The model is unknown, retired, not in the plan, or needs a newer client."""

    outcome = "model_not_found"


class Blocked(AnswerError):
    """A page of something in front of the backend (Cloudflare), not an answer of the backend."""

    outcome = "blocked"


class ServerError(AnswerError):
    """The backend failed or is overloaded."""

    outcome = "server_error"
    retryable = True


class StreamError(LegError):
    """A stream began and did not end well.

    Attributes:
        partial: the text that had arrived until then; possibly ``""``.
    """

    outcome = "stream_failed"
    retryable = True

    def __init__(self, message: str, *, partial: str = "", **common: Any) -> None:
        super().__init__(message, **common)
        self.partial = partial


class StreamCut(StreamError):
    """The stream ended before ``response.completed``: what arrived is not the whole answer."""

    outcome = "stream_cut"


class StreamStalled(StreamError):
    """Nothing arrived for longer than :attr:`leg.Limits.idle` seconds."""

    outcome = "stream_stalled"


class StreamTooLarge(StreamError):
    """A line, an event or the whole stream is larger than :class:`leg.Limits` allows."""

    outcome = "stream_too_large"
    retryable = False


class StreamInvalid(StreamError):
    """What arrived is not this protocol (no events at all, or a terminal event without its id)."""

    outcome = "stream_invalid"
    retryable = False


class ResponseIncomplete(StreamError):
    """The backend ended the response early itself; ``reason`` is its word for why."""

    outcome = "incomplete"
    retryable = False

    def __init__(self, message: str, *, reason: str, **common: Any) -> None:
        super().__init__(message, **common)
        self.reason = reason
