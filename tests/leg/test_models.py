"""The model table is sound, and names resolve as it says."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leg.errors import RequestInvalid
from leg.models import (
    Leg,
    ResolvedModel,
    default_model,
    family_of,
    known_models,
    model_row,
    resolve_model,
)

LEGS: tuple[Leg, ...] = get_args(Leg)


def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(resources.files("leg").joinpath("models.json").read_text())
    return data


def _warning(resolved: ResolvedModel) -> str:
    [warning] = resolved.warnings
    return warning


# --- the table -------------------------------------------------------------------------------


def test_every_row_alias_and_default_has_a_source_with_a_date() -> None:
    data = _data()
    for entry in (*data["models"], *data["aliases"], *data["defaults"].values()):
        assert entry["sources"], entry
        for source in entry["sources"]:
            assert set(source) == {"ref", "date", "says"}
            assert re.fullmatch(r"20\d\d(-\d\d(-\d\d)?)?", source["date"]), source
            assert source["date"] <= data["checked"]


def test_names_are_unique_and_lower_case() -> None:
    data = _data()
    names = [row["slug"] for row in data["models"]] + [row["alias"] for row in data["aliases"]]
    assert len(names) == len(set(names))
    assert all(name == name.lower().strip() and "/" not in name for name in names)


def test_aliases_successors_and_defaults_lead_to_rows_of_the_table() -> None:
    data = _data()
    rows = {row["slug"]: row for row in data["models"]}
    assert set(data["defaults"]) == set(LEGS)
    for leg, default in data["defaults"].items():
        assert rows[default["slug"]]["legs"][leg]["status"] == "current"
    for alias in data["aliases"]:
        assert alias["slug"] in rows
        assert alias["reason"]
    for row in rows.values():
        for leg, presence in row["legs"].items():
            assert leg in LEGS
            assert (row["family"] == "anthropic") == (leg == "anthropic")
            assert presence["status"] in data["statuses"]
            successor = presence.get("successor")
            assert successor is None or leg in rows[successor]["legs"]


@pytest.mark.parametrize("leg", LEGS)
def test_every_retired_model_ends_at_one_that_is_not_retired(leg: Leg) -> None:
    for slug in known_models(leg, status="retired"):
        resolved = resolve_model(slug, leg)
        row = model_row(resolved.slug)
        assert row is not None
        assert row.legs[leg].status == "current"
        assert slug in _warning(resolved)
        assert resolved.slug in _warning(resolved)


@pytest.mark.parametrize("leg", LEGS)
def test_current_models_resolve_to_themselves(leg: Leg) -> None:
    assert default_model(leg) in known_models(leg)
    for slug in known_models(leg):
        resolved = resolve_model(slug, leg)
        assert resolved.slug == slug
        row = model_row(slug)
        assert row is not None
        assert bool(resolved.warnings) == (row.legs[leg].until is not None)


def test_facts_of_a_row_can_be_read() -> None:
    row = model_row("gpt-6-astra")
    assert row is not None
    assert row.lite is True
    assert row.minimal_client_version == "0.153.0"
    assert row.efforts[-1] == "ultra"
    assert row.sources
    assert model_row("gpt-5.5-codex") is model_row("gpt-5.5")
    assert model_row("no-such-model") is None
    assert "says" not in repr(row)


# --- resolving -------------------------------------------------------------------------------


@pytest.mark.parametrize("leg", LEGS)
@pytest.mark.parametrize("asked", [None, "", "  ", "openai/", "anthropic/ "])
def test_no_model_is_the_default_of_the_leg(leg: Leg, asked: str | None) -> None:
    assert resolve_model(asked, leg) == ResolvedModel(default_model(leg), asked)


@pytest.mark.parametrize(
    ("asked", "leg", "slug"),
    [
        ("gpt-6-astra", "codex", "gpt-6-astra"),
        ("openai-codex/gpt-6-astra", "codex", "gpt-6-astra"),
        ("openai/gpt-6-sol", "platform", "gpt-6-sol"),
        ("chatgpt/gpt-6-sol", "plan", "gpt-6-sol"),
        ("openrouter/openai/gpt-6-sol", "platform", "gpt-6-sol"),
        (" GPT-6-Luna ", "codex", "gpt-6-luna"),
        ("gpt-5.5", "platform", "gpt-5.5"),
        ("openai-codex/gpt-5.5", "platform", "gpt-5.5"),
        ("gpt-6.1", "codex", "gpt-6.1-sol"),
        ("anthropic/claude-opus-5-5", "anthropic", "claude-opus-5-5"),
        ("opus", "anthropic", "claude-opus-5-5"),
        ("anthropic/claude-haiku-4-5", "anthropic", "claude-haiku-4-5-20251001"),
    ],
)
def test_prefixes_and_aliases_resolve_without_a_word(asked: str, leg: Leg, slug: str) -> None:
    assert resolve_model(asked, leg) == ResolvedModel(slug, asked)


@pytest.mark.parametrize(
    ("asked", "leg", "slug", "says"),
    [
        # Retired for ChatGPT sign-ins; the API keeps the same name.
        ("gpt-5.5", "codex", "gpt-6-sol", "retired on the codex leg since 2026-10-14"),
        ("gpt-5.5-codex", "codex", "gpt-6-sol", "gpt-5.5 is retired"),
        ("gpt-5.4-mini", "codex", "gpt-6-luna", "since 2026-08-31"),
        # Its successor of then is retired as well.
        ("gpt-5.3-codex", "codex", "gpt-6-sol", "since 2026-06-02"),
        ("gpt-5.2-codex", "codex", "gpt-6-sol", "since 2026-04-14"),
        # Nobody named a successor.
        ("gpt-5.3-codex-spark", "codex", "gpt-6.1-sol", "since 2026-09-14"),
        ("gpt-5.4", "plan", "gpt-6-sol", "retired on the plan leg;"),
        ("claude-sonnet-4-0", "anthropic", "claude-sonnet-4-6", "since 2026-06-15"),
        ("claude-3-5-sonnet-20241022", "anthropic", "claude-sonnet-4-5-20250929", "2025-10-28"),
        # A subscription's model on the platform.
        ("gpt-5.3-codex", "platform", "gpt-6.1-sol", "a model of the subscription"),
        ("codex-anything", "platform", "gpt-6.1-sol", "a model of the subscription"),
        # Another family.
        ("claude-opus-5-5", "codex", "gpt-6.1-sol", "of another family"),
        ("anthropic/whatever", "plan", "gpt-6.1-sol", "of another family"),
        ("sonnet", "platform", "gpt-6.1-sol", "of another family"),
        ("gpt-5.5", "anthropic", "claude-opus-5-5", "of another family"),
        ("openai-codex/gpt-9", "anthropic", "claude-opus-5-5", "of another family"),
        # Sent as asked, but not without a word.
        ("gpt-5.5", "plan", "gpt-5.5", "not offered on the plan leg"),
        ("codex-auto-review", "codex", "codex-auto-review", "not offered on the codex leg"),
        ("gpt-5", "platform", "gpt-5", "ends on the platform leg on 2026-12-11; gpt-6.1-sol"),
        ("claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5-20250929", "on 2026-11-30"),
    ],
)
def test_what_is_not_sent_as_asked_is_said(asked: str, leg: Leg, slug: str, says: str) -> None:
    resolved = resolve_model(asked, leg)
    assert (resolved.slug, resolved.asked) == (slug, asked)
    assert says in _warning(resolved)


@pytest.mark.parametrize(
    ("asked", "leg", "near"),
    [
        ("gpt-6-lunar", "codex", "gpt-6-luna"),
        ("gpt-6-astro", "plan", "gpt-6-astra"),
        ("claude-opus-5.5", "anthropic", "claude-opus-5-5"),
        ("zzz", "codex", "gpt-6.1-sol"),
    ],
)
def test_an_unknown_name_is_refused_with_the_near_ones(asked: str, leg: Leg, near: str) -> None:
    with pytest.raises(RequestInvalid, match=re.escape(near)) as caught:
        resolve_model(asked, leg)
    assert "allow_unknown_models=True" in caught.value.hint
    assert resolve_model(asked, leg, allow_unknown=True) == ResolvedModel(asked, asked)


def test_a_name_that_is_known_elsewhere_says_where() -> None:
    with pytest.raises(RequestInvalid, match="known on: platform"):
        resolve_model("gpt-4o", "codex")
    with pytest.raises(RequestInvalid, match="known on: codex, platform"):
        resolve_model("gpt-6.1-terra", "plan")
    assert resolve_model("gpt-6.1-terra", "plan", allow_unknown=True).slug == "gpt-6.1-terra"


@pytest.mark.parametrize("asked", ["a b", "a\nb", "a\0", "x" * 201])
def test_a_name_that_is_no_name_never_passes(asked: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        resolve_model(asked, "codex", allow_unknown=True)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@given(st.none() | st.text(), st.sampled_from(LEGS), st.booleans())
def test_any_name_is_resolved_or_refused(asked: str | None, leg: Leg, allowed: bool) -> None:
    try:
        resolved = resolve_model(asked, leg, allow_unknown=allowed)
    except RequestInvalid:
        return
    assert resolved.asked == asked
    assert resolved.slug
    assert not any(character.isspace() for character in resolved.slug)


def test_the_prefix_chatgpt_means_the_subscription() -> None:
    assert family_of("chatgpt/gpt-6-sol") == "codex"
