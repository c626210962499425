"""Which of several credentials a request uses.

The rule is the surrounding system's ``selectCredential`` (2026-06), with the plan token added
behind the Codex subscription: a persona's model prefers its family, and if the family has no
credential, the first in order is used.
"""

from __future__ import annotations

from collections.abc import Sequence

from leg.credentials import Credential, CredentialKind
from leg.environment import CREDENTIAL_VARIABLES
from leg.errors import CredentialMissing
from leg.models import Family, family_of

__all__ = ["select"]

_PREFERENCE: dict[Family, tuple[CredentialKind, ...]] = {
    "anthropic": (CredentialKind.ANTHROPIC_KEY, CredentialKind.CLAUDE_SUBSCRIPTION),
    "codex": (
        CredentialKind.CODEX_SUBSCRIPTION,
        CredentialKind.PLAN,
        CredentialKind.PLATFORM_KEY,
    ),
    "openai": (
        CredentialKind.PLATFORM_KEY,
        CredentialKind.CODEX_SUBSCRIPTION,
        CredentialKind.PLAN,
    ),
}


def select(
    credentials: Sequence[Credential], model: str | None = None, *, codex_home: bool = False
) -> Credential:
    """The credential for ``model``; the first in order if the model has no family.

    If the family has no credential either, the first in order stands in: the runtime then uses
    that leg's default model (:func:`leg.models.resolve_model` does, and says so).

    Args:
        credentials: in order, as :func:`leg.environment.find_credentials` gives them.
        model: the persona's model, with or without a ``provider/`` prefix.
        codex_home: whether ``auth.json`` was looked for; only for the message.

    Raises:
        CredentialMissing: there is none at all; the message names every variable that would do.
    """
    if not credentials:
        raise _missing(codex_home=codex_home)
    family = family_of(model)
    for kind in _PREFERENCE[family] if family else ():
        for credential in credentials:
            if credential.kind is kind:
                return credential
    return credentials[0]


def _missing(*, codex_home: bool) -> CredentialMissing:
    names = ", ".join(CREDENTIAL_VARIABLES)
    message = f"no credential was found: none of {names} is set"
    if codex_home:
        message += ", and there is no auth.json below CODEX_HOME (default ~/.codex)"
    return CredentialMissing(
        message,
        hint="set one of them; CODEX_OAUTH_TOKEN goes with CODEX_ACCOUNT_ID or CHATGPT_ACCOUNT_ID",
    )
