"""What one planted edit must be found as: the rule, the level, the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from harness.contract import Interaction, Schemas
from harness.drift.rules import ADDITIVE, BREAKING, RISKY, RULES

from .oracle import UNSAID, Said
from .sites import Site
from .subject import Subject

__all__ = ["Expected", "Mutant", "expected_at", "expected_in_refusal", "levels_at"]

#: Rules whose level is a matter of evidence: one exchange is thin, unless a schema wants the place.
_THIN = frozenset({"field-removed", "header-removed", "union-member-removed", "event-type-removed"})

#: Rules that are mild where the contract says that the place may be of several types.
_RETYPED = frozenset({"type-changed", "type-widened", "array-became-scalar", "scalar-became-array"})
#: Rules that are mild where the contract says that the place may be null.
_NULLED = frozenset({"value-became-null", "became-nullable"})


@dataclass(frozen=True)
class Expected:
    """What must be found.

    Attributes:
        rule: the rule of the one finding.
        levels: the levels that are right. There is more than one only where the order of events or
            an invariant names the place: then what follows from the edit may be graver than it is.
        pointer: the place, all items alike; ``None`` where the rule names none of its own.
        event: the type of its event, if it must be that one.
    """

    rule: str
    levels: frozenset[str]
    pointer: str | None = None
    event: str | None = None


@dataclass(frozen=True)
class Mutant:
    """One exchange with one edit."""

    subject: Subject
    operator: str
    what: str
    interaction: Interaction
    expected: Expected | None

    @property
    def name(self) -> str:
        return f"{self.subject.name} {self.operator} {self.what}"


def levels_at(
    subject: Subject, rule: str, pointer: str, *, breaks: bool, said: Said = UNSAID
) -> frozenset[str]:
    """The levels that are right for a rule at a place.

    Args:
        breaks: whether the edited value does not keep its schema any more: nothing is graver.
        said: what the schemas say about the place.
    """
    is_mild = rule in _THIN or (said.nullable and rule in _NULLED)
    level = RISKY if is_mild else RULES[rule].level
    if breaks:
        return frozenset({BREAKING})
    if rule in _RETYPED and len(said.types) > 1:
        level = ADDITIVE
    if is_named(subject, pointer):
        return frozenset({level, BREAKING})
    return frozenset({level})


def expected_at(
    subject: Subject, site: Site, rule: str, document: Any, *, pointer: str | None = None
) -> Expected:
    """What an edit of one place of an answer must be found as.

    Args:
        rule: the rule for the edit.
        document: the edited document.
        pointer: where it must be found, if not at the place itself.
    """
    breaks = subject.breaks(site.document, document)
    place = _full(site, site.pointer if pointer is None else pointer)
    event = site.document.label.partition("(")[0] if site.document.label else None
    levels = levels_at(subject, rule, place, breaks=breaks, said=site.said)
    return Expected(rule, levels, plain(place), event)


def _full(site: Site, pointer: str) -> str:
    """The pointer of a finding: outside of events, a body stands below ``/body``."""
    return pointer if site.document.label is not None else f"/body{pointer}"


def plain(pointer: str) -> str:
    """A pointer in which all items are alike."""
    return re.sub(r"\[[^\]/]*\]", "[]", pointer)


def expected_in_refusal(
    subject: Subject, site: Site, edit: str, interaction: Interaction, document: Any
) -> Expected:
    """What an edit of a refusal must be found as: by what it says, and by what the leg makes of it.

    Args:
        edit: the rule that the edit would have in an answer.
        interaction: the edited exchange.
        document: the edited document.
    """
    found = expected_at(subject, site, _error_rule(site, edit), document)
    if found.rule == "error-envelope-changed":
        pointer = "/body" if site.document.label is None else found.pointer
        return replace(found, pointer=pointer, levels=frozenset({BREAKING}))
    if found.rule == "error-code-changed":
        return found
    if subject.outcome(subject.interaction) != subject.outcome(interaction):
        return Expected("error-outcome-changed", frozenset({BREAKING}), found.pointer, found.event)
    return found


def _error_rule(site: Site, edit: str) -> str:
    words = {"enum-value-changed", "open-value-changed"}
    above = plain(_full(site, site.pointer)).rpartition("/")[0]
    is_fact = above in ("/error", "/response/error", _holder(site.document.value))
    if site.document.label is not None and site.pointer in ("/error", "/response/error"):
        return "error-envelope-changed"
    if above == "/body" and site.name in ("error", "detail") and site.document.label is None:
        if isinstance(site.value, str) and edit in words:
            return "error-code-changed"
        if edit != "field-added":
            return "error-envelope-changed"
    if is_fact and site.name in ("code", "error_code") and isinstance(site.value, str | None):
        if edit in words:
            return "error-code-changed"
        return "error-code-added" if edit == "null-became-value" else _code_gone(site, edit)
    if is_fact and site.name in ("type", "param") and edit in words:
        return f"error-{site.name}-changed"
    if edit in ("field-removed", "field-renamed", "field-moved"):
        return "error-field-removed"
    if edit == "field-added":
        return "error-field-added"
    is_kept = edit in words or edit.startswith("limit-")
    return edit if is_kept else "error-field-format-changed"


def _holder(body: Any) -> str:
    """Where the facts of a refusal stand in its body."""
    for name in ("detail", "error"):
        if isinstance(body.get(name), dict):
            return f"/body/{name}"
    return "/body"


def _code_gone(site: Site, edit: str) -> str:
    if site.value is not None:
        return "error-code-removed"
    return "error-field-removed" if edit.startswith("field-") else "error-field-format-changed"


def is_named(subject: Subject, pointer: str) -> bool:
    """Whether the order of events or an invariant speaks about a place, or about one in it."""
    order = subject.endpoint.order if subject.endpoint is not None else None
    return any(_is_near(plain(pointer), one) for one in _named(subject.schemas, order)) or (
        not _of_invariants(subject.schemas).isdisjoint(pointer.split("/"))
    )


def _is_near(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


@lru_cache(maxsize=8)
def _named(schemas: Schemas, order: str | None) -> tuple[str, ...]:
    if order is None:
        return ()
    texts = (one for one in _texts(schemas.document(order)) if one.startswith("/"))
    return tuple({re.sub(r"\{\d+\}", "[]", one) for one in texts})


@lru_cache(maxsize=2)
def _of_invariants(schemas: Schemas) -> frozenset[str]:
    """The names of members that some invariant speaks about."""
    names: set[str] = set()
    for path in schemas.paths:
        for text in _checks(schemas.document(path)):
            names.update(part for part in re.split(r"[/ ]", text) if part)
    return frozenset(names)


def _checks(schema: Any) -> Iterator[str]:
    below = schema.values() if isinstance(schema, dict) else schema
    for one in below if isinstance(schema, dict | list) else ():
        yield from _checks(one)
    if isinstance(schema, dict):
        for entry in schema.get("x-invariants", ()):
            if isinstance(entry, dict) and "check" in entry:
                yield from (one for one in _texts(entry["check"]) if one.startswith("/"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (one for key in value for one in (key, *_texts(value[key])))
    elif isinstance(value, list):
        yield from (one for below in value for one in _texts(below))


def shown(value: Any) -> str:
    """A value in one short line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 30 else f"{text[:29]}…"
