"""Which captured releases are nearest to one that is not."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contract import version_key

__all__ = ["nearest"]


def nearest(version: str, captured: Sequence[str]) -> tuple[str, ...]:
    """The captured versions right before and right after this one; none if nothing is captured."""
    key = version_key(version)
    older = [one for one in captured if version_key(one) < key]
    newer = [one for one in captured if version_key(one) > key]
    return (*sorted(older, key=version_key)[-1:], *sorted(newer, key=version_key)[:1])
