"""Which schemas a body of unknown origin can be meant to keep, and which comes closest to it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

from harness.contract import Endpoint, Schemas

__all__ = ["closeness", "closest", "known_members", "of_success"]


def of_success(schemas: Schemas, endpoints: Iterable[Endpoint], payload: Any) -> list[str]:
    """The schemas of all answers of these endpoints that this body can be."""
    if isinstance(payload, dict) and payload.get("object") == "response":
        known = _responses(schemas, endpoints)
        if known:
            return known
    return sorted({one.ok for one in endpoints if one.ok is not None})


def _responses(schemas: Schemas, endpoints: Iterable[Endpoint]) -> list[str]:
    folders = {posixpath.dirname(one.events) for one in endpoints if one.events}
    paths = sorted(f"{folder}/response.json" for folder in folders)
    return [path for path in paths if path in schemas.paths]


def closest(schemas: Schemas, paths: Iterable[str], payload: Any) -> str:
    """The schema that names most of its keys; then the one that has least against it.

    In this order: a schema that asks for nothing has nothing against anything.
    """
    return max(paths, key=lambda path: closeness(schemas, path, payload))


def closeness(schemas: Schemas, path: str, payload: Any) -> tuple[int, int]:
    """How many of its keys a schema names, and how much it has against it, as a number below 0."""
    keys = payload.keys() if isinstance(payload, dict) else set()
    return len(keys & _named(schemas, path)), -len(schemas.validate(path, payload))


def known_members(schemas: Schemas, surface: str) -> set[str]:
    """The members that any answer of a surface has at its root, as far as they are described."""
    endpoints = schemas.endpoints(surface)
    paths = {one.ok for one in endpoints} | {one.error for one in endpoints}
    paths |= set(_responses(schemas, endpoints))
    return {name for path in paths if path is not None for name in _named(schemas, path)}


def _named(schemas: Schemas, path: str) -> set[str]:
    base, schema = schemas.resolve("", path)
    names = set(schema.get("properties", ()))
    for part in [schema, *schema.get("allOf", ())]:
        if "$ref" in part:
            _, other = schemas.resolve(base, part["$ref"])
            names |= set(other.get("properties", ()))
    return names
