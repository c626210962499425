"""The rules of this house for a schema, beside those of JSON Schema itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from ._errors import ContractError
from ._violations import pointer_of

__all__ = ["BASE", "house_faults", "metaschema_faults", "references"]

#: An identifier, not a place: nothing below ``.invalid`` can ever be fetched (RFC 2606).
BASE: Final = "https://codex-leg.invalid/schemas/"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def metaschema_faults(path: str, document: dict[str, Any]) -> list[ContractError]:
    """What the metaschema of 2020-12 has against a document."""
    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    error = best_match(metaschema.iter_errors(document))
    if error is None:
        return []
    return [
        ContractError(
            f"schemas/{path}",
            pointer_of(error.absolute_path) or "/",
            f"not JSON Schema: {error.message[:200]}",
            "see https://json-schema.org/draft/2020-12",
        )
    ]


def house_faults(path: str, document: dict[str, Any]) -> list[ContractError]:
    """The rules of this house: the dialect, an ``$id`` that is its place, words, and sources."""
    wanted: Mapping[str, Any] = {"$schema": _DIALECT, "$id": BASE + path}
    faults = [
        ContractError(f"schemas/{path}", f"/{key}", f"is {document.get(key)!r}", f"make it {value}")
        for key, value in wanted.items()
        if document.get(key) != value
    ]
    faults += [
        ContractError(f"schemas/{path}", f"/{key}", "is missing", "add it")
        for key in ("title", "description", "x-sources")
        if not document.get(key)
    ]
    return faults


def references(document: Any, pointer: str = "") -> list[tuple[str, str]]:
    """Every ``$ref`` of a schema with its place. Examples and values are not schemas."""
    found: list[tuple[str, str]] = []
    if isinstance(document, list):
        for index, value in enumerate(document):
            found += references(value, f"{pointer}/{index}")
    elif isinstance(document, dict):
        for key, value in document.items():
            if key == "$ref" and isinstance(value, str):
                found.append((f"{pointer}/$ref", value))
            elif key not in ("const", "enum", "examples", "default") and not key.startswith("x-"):
                found += references(value, f"{pointer}{pointer_of([key])}")
    return found
