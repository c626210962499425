"""A pointer into one value as a pointer into all values like it: how findings are told apart."""

from __future__ import annotations

from typing import Any

from harness.drift.plan import NOTHING, Plan
from harness.drift.snapshot import ANY_KEY, unescape

__all__ = ["generalised"]


def generalised(value: Any, pointer: str, plan: Plan = NOTHING) -> str:
    """``/a/0`` as ``/a/[]``, an item with a ``type`` as ``/a/[TYPE]``, a key of a map as ``{}``.

    Args:
        value: what the pointer leads into.
        pointer: a JSON pointer.
        plan: what the schemas say of the value: they tell which objects are maps, whose keys are
            other ones each time.
    """
    tokens: list[str] = []
    for token in pointer.split("/")[1:]:
        below: Any = None
        if isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            below, plan = value[int(token)], plan.items
            kind = below.get("type") if isinstance(below, dict) else None
            tokens.append(f"[{kind}]" if isinstance(kind, str) and "/" not in kind else "[]")
        elif isinstance(value, dict):
            key = unescape(token)
            plan = plan.variant(value.get("type"))
            tokens.append(token if plan.is_name(key) else ANY_KEY)
            below, plan = value.get(key), plan.member(key)
        else:
            tokens.append(token)
        value = below
    return "".join(f"/{token}" for token in tokens)
