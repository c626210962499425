"""The adopted shapes: read, and refused where they are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ._errors import ContractError, ContractErrors
from ._schemas import Schemas

__all__ = ["read_snapshot"]

_MEND = "restore it, or remove it and write it anew (make snapshots)"


def read_snapshot(
    file: Path, name: str, schemas: Schemas, surface: str | None
) -> Mapping[str, Any] | None:
    """The snapshot in a file, which messages call ``name``; ``None`` if there is no such file.

    Args:
        surface: the surface of its probe, or ``None`` if that is not known.

    Raises:
        ContractError: it is not a snapshot, or one of another surface.
    """
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ContractError(
            name, "", f"cannot be read: {error.strerror}", "look at its path and rights"
        ) from None
    document = _sound(raw, name, schemas)
    if surface is not None and document["surface"] != surface:
        raise ContractError(
            name, "/surface", f"is {document['surface']!r}, that of the probe {surface!r}", _MEND
        )
    return document


@lru_cache(maxsize=1024)
def _sound(raw: bytes, name: str, schemas: Schemas) -> Mapping[str, Any]:
    """The document, checked. Each is asked for twice in a run, and most of the time is this."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ContractError(name, "", f"is not JSON ({error})", _MEND) from None
    faults = [
        ContractError(name, one.pointer or "/", one.message, one.mend or _MEND)
        for one in schemas.validate("snapshot.json", document)
    ]
    if faults:
        raise ContractErrors(faults[:1])
    found: Mapping[str, Any] = document
    return found
