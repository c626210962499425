"""Which model to ask for: a table (``models.json``), not a pass-through.

A model name ages faster than anything else here, and differently for every leg: ChatGPT sign-ins
lost ``gpt-5.5`` on 2026-10-14, API keys kept it. So the facts are data, each with its sources,
and this module only looks them up. The table is read when it is first needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from leg.errors import RequestInvalid

__all__ = [
    "Alias",
    "Family",
    "Leg",
    "ModelRow",
    "Presence",
    "ResolvedModel",
    "default_model",
    "family_of",
    "known_models",
    "model_row",
    "resolve_model",
]

Leg = Literal["codex", "plan", "platform", "anthropic"]
Family = Literal["anthropic", "codex", "openai"]
Status = Literal["current", "hidden", "retired"]

# Prefixes that name a provider and not a model; the last two are routers.
_PROVIDERS = frozenset(
    {"anthropic", "openai", "openai-codex", "codex", "chatgpt", "openrouter", "opencode"}
)
_UNLESS = ", or let unknown models pass (allow_unknown_models=True)"
# What an unknown name may look like if it is let through.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Presence:
    """A model on one leg.

    Attributes:
        status: ``current``; ``hidden`` (not offered; sent as asked, with a warning); ``retired``.
        since: first day, if known.
        until: the day of its retirement, or of an announced end.
        successor: what takes its place; ``None`` means the leg's default.
        note: what the status does not say.
    """

    status: Status
    since: str | None = None
    until: str | None = None
    successor: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of the table.

    Attributes:
        slug: its name on the wire.
        family: whose model it is.
        legs: where it is, was, or will no longer be.
        lite: whether the reference client sends it "responses lite" requests; ``None``: unknown.
        efforts: reasoning efforts that the catalogue lists; ``()`` if unknown.
        default_effort: the catalogue's default effort.
        minimal_client_version: the oldest reference client that the catalogue shows it to.
        plans: the plans that have it; ``()`` if all, or unknown.
        sources: where each of this was published.
    """

    slug: str
    family: Literal["openai", "anthropic"]
    legs: Mapping[Leg, Presence]
    lite: bool | None = None
    efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    minimal_client_version: str | None = None
    plans: tuple[str, ...] = ()
    sources: tuple[Mapping[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name for a model, and why it is taken for that one."""

    alias: str
    slug: str
    reason: str
    sources: tuple[Mapping[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """What to send.

    Attributes:
        slug: the model name for the request.
        asked: what was asked for, as it was given; ``None`` if nothing was.
        warnings: sentences for the caller to show (``warnings.warn``); ``()`` if all is well.
    """

    slug: str
    asked: str | None
    warnings: tuple[str, ...] = ()


def family_of(model: str | None) -> Family | None:
    """The family that a persona's model belongs to, by its name alone; ``None`` if it has none.

    The rule is the surrounding system's (2026-06), in its order: ``anthropic/…`` or containing
    ``claude``; ``openai-codex/…`` or containing ``codex``; ``openai/…`` or ``gpt-…``. The prefix
    ``chatgpt/``, which other clients use for the subscription, counts as ``codex``: it must not end
    on a platform key's bill.
    """
    name = (model or "").strip().lower()
    if name.startswith("anthropic/") or "claude" in name:
        return "anthropic"
    if "codex" in name or name.startswith("chatgpt/"):
        return "codex"
    if name.startswith("openai/") or name.rpartition("/")[2].startswith("gpt-"):
        return "openai"
    return None


def default_model(leg: Leg) -> str:
    """The model that a leg uses when none is asked for."""
    return _table().defaults[leg]


def known_models(leg: Leg, *, status: Status | None = "current") -> tuple[str, ...]:
    """The models of a leg in the order of the table; of any status with ``status=None``."""
    return tuple(
        row.slug
        for row in _table().models.values()
        if leg in row.legs and status in (None, row.legs[leg].status)
    )


def model_row(slug: str) -> ModelRow | None:
    """The row of a model, by its name or an alias; ``None`` if the table does not know it."""
    table = _table()
    alias = table.aliases.get(slug)
    return table.models.get(alias.slug if alias else slug)


def resolve_model(
    persona_model: str | None, leg: Leg, *, allow_unknown: bool = False
) -> ResolvedModel:
    """The model to send for what a persona asks for.

    Provider prefixes and upper case are dropped, aliases followed. A model of the other family
    becomes the leg's default, as the runtime does it; so does a ``*codex*`` slug on the platform
    (surrounding system, 2026-06). A retired model becomes its successor. All three say so in
    ``warnings``.

    Args:
        persona_model: as the persona has it; ``None`` or blank for the leg's default.
        leg: which leg will send it.
        allow_unknown: let a name pass that the table does not have for this leg.

    Raises:
        RequestInvalid: an unknown name; the message names the nearest ones that would do.
    """
    slug = _bare(persona_model)
    default = default_model(leg)
    if not slug:
        return ResolvedModel(default, persona_model)
    row = model_row(slug)
    family = row.family if row else family_of(persona_model)
    if family is not None and (family == "anthropic") != (leg == "anthropic"):
        return _instead(persona_model, default, f"{slug} is of another family than this leg")
    if leg == "platform" and "codex" in slug:
        return _instead(persona_model, default, f"{slug} is a model of the subscription")
    if row is None or leg not in row.legs:
        return _unknown(persona_model, slug, leg, row, allowed=allow_unknown)
    presence = row.legs[leg]
    if presence.status == "retired":
        when = f" since {presence.until}" if presence.until else ""
        reason = f"{row.slug} is retired on the {leg} leg{when}"
        return _instead(persona_model, _successor(row, leg), reason)
    warnings = []
    if presence.status == "hidden":
        note = f" ({presence.note})" if presence.note else ""
        warnings.append(f"{row.slug} is not offered on the {leg} leg{note}; it may be refused")
    elif presence.until:
        successor = f"; {presence.successor} is to replace it" if presence.successor else ""
        warnings.append(f"{row.slug} ends on the {leg} leg on {presence.until}{successor}")
    return ResolvedModel(row.slug, persona_model, tuple(warnings))


def _bare(persona_model: str | None) -> str:
    # The backend's names are lower case, and it does not forgive (decolua/9router#787, 2026-04-27).
    slug = (persona_model or "").strip().lower()
    while "/" in slug and slug.partition("/")[0] in _PROVIDERS:
        slug = slug.partition("/")[2].strip()
    return slug


def _instead(asked: str | None, slug: str, reason: str) -> ResolvedModel:
    return ResolvedModel(slug, asked, (f"{reason}; {slug} is used instead",))


def _successor(row: ModelRow, leg: Leg) -> str:
    """Follow the successors until one is not retired itself."""
    table = _table()
    while leg in row.legs and row.legs[leg].status == "retired":
        name = row.legs[leg].successor
        if name is None:
            return table.defaults[leg]
        row = table.models[name]
    return row.slug


def _unknown(
    asked: str | None, slug: str, leg: Leg, row: ModelRow | None, *, allowed: bool
) -> ResolvedModel:
    usable = len(slug) <= _LONGEST and slug.isprintable() and not any(map(str.isspace, slug))
    if allowed and usable:
        return ResolvedModel(row.slug if row else slug, asked)
    elsewhere = f"; it is known on: {', '.join(row.legs)}" if row else ""
    raise RequestInvalid(
        f"the model {slug[:80]!r} is not in the table of the {leg} leg{elsewhere}",
        hint=f"use {' or '.join(_nearest(slug, leg))}"
        + (
            ", or let unknown models pass (allow_unknown_models=True)"
            if usable and not allowed
            else ""
        ),
    )


def _nearest(slug: str, leg: Leg) -> list[str]:
    import difflib  # noqa: PLC0415  # only needed on the way to an error

    usable = (*known_models(leg), *known_models(leg, status="hidden"))
    return difflib.get_close_matches(slug[:_LONGEST], usable, n=3, cutoff=0.5) or [
        default_model(leg)
    ]


@dataclass(frozen=True, slots=True)
class _Table:
    defaults: Mapping[Leg, str]
    aliases: Mapping[str, Alias]
    models: Mapping[str, ModelRow]


@cache
def _table() -> _Table:
    from importlib import resources  # noqa: PLC0415  # httpx does not need it: keep import cheap

    data = json.loads(resources.files("leg").joinpath("models.json").read_text("utf-8"))
    return _Table(
        defaults={leg: entry["slug"] for leg, entry in data["defaults"].items()},
        aliases={
            entry["alias"]: Alias(**{**entry, "sources": tuple(entry["sources"])})
            for entry in data["aliases"]
        },
        models={entry["slug"]: _row(entry) for entry in data["models"]},
    )


def _row(entry: dict[str, Any]) -> ModelRow:
    lists = {name: tuple(entry.get(name, ())) for name in ("efforts", "plans", "sources")}
    legs = {leg: Presence(**presence) for leg, presence in entry["legs"].items()}
    return ModelRow(**{**entry, **lists, "legs": legs})
