"""A persona's model prefers its family; without one, the first credential in order is used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.credentials import Credential, CredentialKind
from leg.environment import CREDENTIAL_VARIABLES
from leg.errors import CredentialMissing
from leg.models import family_of
from leg.selection import select

from .fake_tokens import OPAQUE

A, C, X, P, K = (
    CredentialKind.ANTHROPIC_KEY,
    CredentialKind.CLAUDE_SUBSCRIPTION,
    CredentialKind.CODEX_SUBSCRIPTION,
    CredentialKind.PLAN,
    CredentialKind.PLATFORM_KEY,
)
_ALL = (A, C, X, P, K)


def _credential(kind: CredentialKind, number: int = 0) -> Credential:
    return Credential(kind, OPAQUE, f"{kind.value}-{number}", account_id="account")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        (None, None),
        ("", None),
        ("anthropic/claude-opus-5-5", "anthropic"),
        ("anthropic/anything", "anthropic"),
        ("claude-sonnet-5-5", "anthropic"),
        ("openrouter/anthropic.claude-haiku", "anthropic"),
        ("openai/claude-by-mistake", "anthropic"),
        ("openai-codex/gpt-5.5", "codex"),
        ("gpt-5.3-codex", "codex"),
        ("openai/gpt-5.3-codex", "codex"),
        ("CODEX-mini", "codex"),
        ("openai/gpt-5.5", "openai"),
        ("openai/o3", "openai"),
        ("gpt-5.5", "openai"),
        ("GPT-5.5", "openai"),
        ("openrouter/gpt-5.5", "openai"),
        ("o3", None),
        ("not-gpt-5", None),
        ("gemini-4", None),
    ],
)
def test_a_name_belongs_to_a_family(model: str | None, family: str | None) -> None:
    assert family_of(model) == family


@pytest.mark.parametrize(
    ("model", "held", "chosen"),
    [
        # No family: the first in order.
        (None, (A, C, X, P, K), A),
        ("o3", (X, P, K), X),
        # Anthropic.
        ("claude-opus-5-5", (A, C, X, P, K), A),
        ("anthropic/x", (C, X, P, K), C),
        ("claude-opus-5-5", (X, K), X),
        # Codex: the subscription, then the plan, then the platform key.
        ("openai-codex/gpt-5.5", (A, C, X, P, K), X),
        ("gpt-5.3-codex", (A, C, P, K), P),
        ("gpt-5.3-codex", (A, C, K), K),
        ("gpt-5.3-codex", (A, C), A),
        # OpenAI: the platform key, then the subscription, then the plan.
        ("gpt-5.5", (A, C, X, P, K), K),
        ("openai/gpt-5.5", (A, C, X, P), X),
        ("gpt-5.5", (A, C, P), P),
        ("gpt-5.5", (C,), C),
    ],
)
def test_a_family_is_preferred_and_the_first_stands_in(
    model: str | None, held: tuple[CredentialKind, ...], chosen: CredentialKind
) -> None:
    assert select([_credential(kind) for kind in held], model).kind is chosen


def test_of_two_of_a_kind_the_first_is_used() -> None:
    held = [_credential(K, 1), _credential(X, 2), _credential(X, 3)]
    assert select(held, "gpt-5.3-codex").source == "codex-subscription-2"


def test_without_any_credential_every_variable_that_would_do_is_named() -> None:
    with pytest.raises(CredentialMissing) as caught:
        select([], "gpt-5.5")
    message = str(caught.value)
    for variable in (*CREDENTIAL_VARIABLES, "CODEX_ACCOUNT_ID", "CHATGPT_ACCOUNT_ID"):
        assert variable in message
    assert "auth.json" not in message
    with pytest.raises(CredentialMissing, match=r"auth\.json below CODEX_HOME"):
        select([], codex_home=True)


@given(st.lists(st.sampled_from(_ALL), min_size=1), st.none() | st.text())
def test_whatever_is_asked_for_one_of_the_credentials_is_chosen(
    kinds: list[CredentialKind], model: str | None
) -> None:
    held = [_credential(kind, number) for number, kind in enumerate(kinds)]
    assert any(select(held, model) is credential for credential in held)


def test_every_kind_has_its_leg() -> None:
    legs = [kind.leg for kind in _ALL]
    assert legs == ["anthropic", "anthropic", "codex", "plan", "platform"]
