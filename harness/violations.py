"""A breach of a schema as a finding."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from harness.contract import Problem, Schemas
from harness.drift.findings import ONCE, Evidence, Finding, finding
from harness.drift.normaliser import normaliser_of
from harness.drift.rules import RULES
from harness.exchange import Event
from harness.pointers import generalised

__all__ = ["owner_of", "violation"]

#: Keywords of which one wants to know what would have been right.
_TOLD: Final = frozenset({"enum", "pattern", "minimum", "maximum", "minItems", "minLength"})


def _called(event: Event | None) -> str:
    """What a message begins with: the type of the event that it is about."""
    return "" if event is None else f"{event.type} " if event.type else "what is no event: "


def owner_of(problem: Problem, pointer: str) -> Hashable:
    """What is the same for one problem in several events: the schema, and the name of the member.

    What stands at the root of events is theirs in common by its name.
    """
    is_at_top = problem.pointer.count("/") == 1
    return problem.pointer if is_at_top else (problem.owner, pointer.rpartition("/")[2])


def violation(
    schemas: Schemas,
    surface: str,
    problem: Problem,
    path: str,
    value: Any,
    *,
    prefix: str = "",
    direction: str = "response",
    event: Event | None = None,
    evidence: Evidence = ONCE,
    where: str | None = None,
) -> Finding:
    """The finding of one problem that a schema has with a value.

    Args:
        schemas: the contract.
        surface: the surface to name.
        problem: what is wrong.
        path: the schema.
        value: the value that was held against it.
        prefix: the pointer of the value in its exchange (``/body``).
        direction: ``request`` or ``response``.
        event: the event that the value is the payload of.
        evidence: how often it was seen.
        where: ``file:line``.
    """
    table = "request-schema" if direction == "request" else "schema"
    rule = f"{table}/{problem.keyword}"
    if rule not in RULES:
        rule = f"{table}/other"
    pointer = prefix + generalised(value, problem.pointer, normaliser_of(schemas).plan(path))
    mend = f" ({problem.mend})" if problem.keyword in _TOLD else ""
    exact = not rule.endswith("/other")
    return finding(
        rule,
        f"{_called(event)}{pointer or 'the value'} {problem.message}{mend}",
        surface=surface,
        direction=direction,
        event=event.type if event else None,
        pointer=pointer,
        # The text that breaks a pattern is another one each time: it is no identity.
        before=problem.expected if exact else problem.keyword,
        after=problem.found if exact else None,
        evidence=evidence,
        where=where,
    )
