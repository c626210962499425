"""Nothing that an error says holds a token, even if the backend repeats it to us."""

from __future__ import annotations

from leg.credentials import Credential
from leg.errors import AnswerError, LegError

__all__ = ["redacted", "secrets_of"]

_SHOWN = "[redacted]"
#: A shorter secret would be found in ordinary words.
_SHORTEST = 8


def redacted(error: LegError, *secrets: str | None) -> LegError:
    """The same error, with every secret taken out of what it says."""
    for secret in secrets:
        if secret is None or len(secret) < _SHORTEST:
            continue
        error.message = error.message.replace(secret, _SHOWN)
        error.args = tuple(
            a.replace(secret, _SHOWN) if isinstance(a, str) else a for a in error.args
        )
        if isinstance(error, AnswerError):
            error.detail = error.detail.replace(secret, _SHOWN)
            error.fields = {k: v.replace(secret, _SHOWN) for k, v in error.fields.items()}
    return error


def secrets_of(credential: Credential) -> tuple[str | None, ...]:
    """What must not be shown of a credential."""
    return (credential.token, credential.refresh_token, credential.id_token)
