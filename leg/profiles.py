"""One Responses wire, several backends that speak it: what differs between them, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from leg.credentials import Credential, CredentialKind
from leg.errors import CredentialMisused

__all__ = ["CODEX", "PLAN", "PLATFORM", "PROFILES", "PROTOCOL_VERSION", "Profile", "profile_for"]

#: The release of the reference client whose protocol this leg was last checked against. Sent as
#: ``client_version`` when the catalogue of models is asked for, which the backend filters by it.
PROTOCOL_VERSION: Final = "0.169.0"


@dataclass(frozen=True, slots=True)
class Profile:
    """A backend that speaks the Responses wire.

    Attributes:
        name: ``codex``, ``plan`` or ``platform``; also the key of its model table.
        base_url: where ``/responses`` and ``/models`` are, without a slash at the end.
        kinds: the kinds of credential that it takes; any other is refused before it is sent.
        refusals: why, for the kinds that people try: what the backend would have answered.
        fields: the optional fields of a request that it accepts; others are refused by the leg
            before they are sent, because the backend would (400).
        fixed: the fields that always have this value.
        include: what is asked for besides, because nothing is stored and nothing can be fetched.
        needs_instructions: whether a request without instructions is refused.
    """

    name: Literal["codex", "plan", "platform"]
    base_url: str
    kinds: frozenset[CredentialKind]
    refusals: Mapping[CredentialKind, str]
    fields: frozenset[str]
    fixed: Mapping[str, object]
    include: tuple[str, ...] = ()
    needs_instructions: bool = True

    def check(self, credential: Credential) -> None:
        """Refuse a credential that this backend cannot take.

        Raises:
            CredentialMisused: with what would have happened.
        """
        if credential.kind in self.kinds:
            return
        why = self.refusals.get(credential.kind, "it is a credential of another service")
        raise CredentialMisused(
            f"the credential from {credential.source} ({credential.kind.value}) cannot be used "
            f"with the {self.name} profile: {why}"
        )


_COMMON: Final = frozenset(
    {
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "reasoning",
        "text",
        "service_tier",
        "prompt_cache_key",
        "include",
    }
)
_STATELESS: Final[Mapping[str, object]] = {"store": False, "stream": True}

#: The backend of the Codex CLI. Fields: the body of codex-cli 0.169.0 (capture of 2026-11-22);
#: refused ones: ``probes/codex/``.
CODEX: Final = Profile(
    name="codex",
    base_url="https://chatgpt.com/backend-api/codex",
    kinds=frozenset({CredentialKind.CODEX_SUBSCRIPTION}),
    refusals={
        CredentialKind.PLAN: "the backend answers 401 no_matching_rule to a plan token",
        CredentialKind.PLATFORM_KEY: "the backend takes the token of a Codex login only",
    },
    fields=_COMMON,
    fixed=_STATELESS,
    include=("reasoning.encrypted_content",),
)

#: Sign in with ChatGPT, documented since 2026-09-29 (developers.openai.com/siwc); ``probes/plan/``.
PLAN: Final = Profile(
    name="plan",
    base_url="https://api.openai.com/v1",
    kinds=frozenset({CredentialKind.PLAN}),
    refusals={
        CredentialKind.CODEX_SUBSCRIPTION: "the public API answers "
        '"Missing scopes: api.responses.write" to the token of a Codex login',
        CredentialKind.PLATFORM_KEY: "a platform key is billed by use; choose profile platform",
    },
    fields=_COMMON,
    fixed=_STATELESS,
)

#: The public API with a key of its own. Not the subject of this project: the same wire, so that
#: one leg can serve every credential.
PLATFORM: Final = Profile(
    name="platform",
    base_url="https://api.openai.com/v1",
    kinds=frozenset({CredentialKind.PLATFORM_KEY}),
    refusals={
        CredentialKind.CODEX_SUBSCRIPTION: "the public API answers insufficient_quota or "
        '"Missing scopes: api.responses.write" to a subscription token, on every call',
        CredentialKind.PLAN: "a plan token must keep to what the plan allows; choose profile plan",
    },
    fields=_COMMON | {"temperature", "top_p", "metadata", "truncation"},
    fixed=_STATELESS,
    needs_instructions=False,
)

PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile for profile in (CODEX, PLAN, PLATFORM)
}


def profile_for(credential: Credential) -> Profile:
    """The profile that takes this credential.

    Raises:
        CredentialMisused: none of them does (Anthropic's have a leg of their own).
    """
    for profile in PROFILES.values():
        if credential.kind in profile.kinds:
            return profile
    raise CredentialMisused(
        f"the credential from {credential.source} ({credential.kind.value}) is not for a "
        "Responses backend; use leg.llm_from_env or the Anthropic leg"
    )
