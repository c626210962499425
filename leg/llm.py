"""``ctx.llm`` for an agent runtime: whichever credential the environment holds, ``complete`` works.

The three legs behind it (codex and plan, platform, Anthropic) are one client each; which one it is
follows from the credential, and which credential from the persona's model (:func:`leg.select`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from leg.client import AsyncClient, Client
from leg.credentials import Credential
from leg.environment import find_credentials
from leg.limits import Limits
from leg.selection import select

__all__ = ["AsyncLlmContext", "LlmContext", "async_llm_from_env", "llm_from_env"]


class LlmContext(Protocol):
    """What the runtime gives to a persona."""

    def complete(self, prompt: str, max_tokens: int | None = None) -> str:
        """The answer's text, never empty; a :class:`leg.LegError` otherwise."""


class AsyncLlmContext(Protocol):
    """As :class:`LlmContext`, to be awaited."""

    async def complete(self, prompt: str, max_tokens: int | None = None) -> str:
        """The answer's text, never empty; a :class:`leg.LegError` otherwise."""


def _choose(env: Mapping[str, str] | None, model: str | None, *, codex_home: bool) -> Credential:
    found = find_credentials(os.environ if env is None else env, codex_home=codex_home)
    return select(found, model, codex_home=codex_home)


def llm_from_env(
    model: str | None = None,
    *,
    env: Mapping[str, str] | None = None,
    codex_home: bool = False,
    limits: Limits | None = None,
    allow_unknown_models: bool = False,
) -> Client:
    """A client for the credential that the environment holds.

    Args:
        model: the persona's model: a slug, an alias, or ``provider/model``. It prefers the
            credential of its family; the backend's default if there is none.
        env: instead of ``os.environ``.
        codex_home: also look for the Codex CLI's ``auth.json`` (read, never written).
        limits: bounds on each answer.
        allow_unknown_models: let slugs pass that the model table does not know.

    Raises:
        CredentialMissing, CredentialInvalid, CredentialMisused: with what to set instead.
    """
    return Client(
        _choose(env, model, codex_home=codex_home),
        model=model,
        limits=limits,
        allow_unknown_models=allow_unknown_models,
    )


def async_llm_from_env(
    model: str | None = None,
    *,
    env: Mapping[str, str] | None = None,
    codex_home: bool = False,
    limits: Limits | None = None,
    allow_unknown_models: bool = False,
) -> AsyncClient:
    """As :func:`llm_from_env`."""
    return AsyncClient(
        _choose(env, model, codex_home=codex_home),
        model=model,
        limits=limits,
        allow_unknown_models=allow_unknown_models,
    )
