"""The adopted shapes: read, and refused where they are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._errors import ContractError, ContractErrors
from ._files import read_bytes
from ._schemas import Schemas

__all__ = ["read_snapshot"]

_MEND = "restore it, or remove it and adopt the shape anew (codex-leg adopt)"


def read_snapshot(
    file: Path, name: str, schemas: Schemas, surface: str | None, *, sound: bool = False
) -> Mapping[str, Any] | None:
    """The snapshot in a file, which messages call ``name``; ``None`` if there is no such file.

    Args:
        surface: the surface of its probe, or ``None`` if that is not known.
        sound: it was checked before, by another process.

    Raises:
        ContractError: it is not a snapshot, or one of another surface.
    """
    if not file.exists():
        return None
    try:
        document = json.loads(read_bytes(file, name))
    except (ValueError, RecursionError) as error:
        raise ContractError(name, "", f"is not JSON ({error})", _MEND) from None
    if not sound:
        _check(document, name, schemas, surface)
    found: Mapping[str, Any] = document
    return found


def _check(document: Any, name: str, schemas: Schemas, surface: str | None) -> None:
    faults = [
        ContractError(name, one.pointer or "/", one.message, one.mend or _MEND)
        for one in schemas.validate("snapshot.json", _thin(document))
    ]
    if faults:
        raise ContractErrors(faults[:1])
    if surface is not None and document["surface"] != surface:
        raise ContractError(
            name, "/surface", f"is {document['surface']!r}, that of the probe {surface!r}", _MEND
        )


def _thin(document: Any) -> Any:
    """The document without the fields that are beyond doubt; it is valid if the document is.

    The schema has one pattern for all their pointers. Asking it once a line, of thousands of
    lines, is most of what reading a contract costs.
    """
    if not isinstance(document, dict):
        return document
    thin = {name: _without_plain(value) for name, value in document.items()}
    events = document.get("events")
    if isinstance(events, dict):
        thin["events"] = {label: _without_plain(value) for label, value in events.items()}
    return thin


def _without_plain(fields: Any) -> Any:
    if not isinstance(fields, dict) or not all(
        isinstance(line, str) and line and (not place or place[0] == "/")
        for place, line in fields.items()
    ):
        return fields
    return {}
