"""Cassettes of any origin, by the thousand: only what a comparison needs is looked at.

:class:`._contract.Contract` holds its own cassettes against their schema and asks for the source of
every part. Here nothing is asked but that an exchange can be made of it, so that whatever vcrpy
has recorded can be compared; what cannot be read is refused in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ._build import Place, build_interaction
from ._files import read_bytes
from ._model import Interaction, Part, Provenance, RecordedRequest, StreamFacts
from ._quick_yaml import quick_yaml
from ._violations import excerpt

__all__ = ["CASSETTES", "check_version", "interactions_of", "read_interactions"]

#: How the names of cassettes end; whoever compares one looks at it in lower case.
CASSETTES: Final = (".yaml", ".yml")
VERSION: Final = 1

_WAITED: Final = (bool, type(None))
#: Of an exchange that does not say where it comes from.
_SILENT: Final = {"kind": "unknown", "date": "", "source": "", "parts": {}}
_UNKNOWN: Final = Provenance(kind="unknown", date="", source="", client=None, note=None, parts={})


def read_interactions(path: Path, name: str | None = None) -> tuple[Interaction, ...]:
    """The exchanges of one cassette, whoever recorded it.

    Args:
        path: a YAML file as vcrpy writes it; our own members may be missing.
        name: what messages call it; by default, its path.

    Raises:
        ContractError: it cannot be read, is larger than ``MAX_BYTES``, is no UTF-8 or no YAML, is
            of another version, or holds something that is no exchange.
    """
    name = name or str(path)
    return interactions_of(read_bytes(path, name), name)


def interactions_of(raw: bytes, name: str) -> tuple[Interaction, ...]:
    """The exchanges in the bytes of a cassette, as :func:`read_interactions` reads them.

    Raises:
        ContractError: as there.
    """
    root = Place(quick_yaml(raw, name), name)
    check_version(root)
    return tuple(_interaction(one) for one in root.items("interactions"))


def check_version(cassette: Place) -> None:
    """Refuse a cassette of another version: whatever else is wrong with it says nothing.

    Raises:
        ContractError: it is one, or no cassette at all.
    """
    version = cassette.at("version")
    if version.value != VERSION or version.value is True:
        found = "is missing" if version.value is None else f"is {excerpt(version.value)}"
        raise version.fault(
            f"{found}; cassettes of version {VERSION} are known here",
            "name a cassette of vcrpy, or use a newer codex-leg",
        )


def _interaction(place: Place) -> Interaction:
    row = place.typed(dict)
    try:
        return _plain(row)
    except (KeyError, TypeError, ValueError, AttributeError):
        # The long way, which tells what is wrong, takes six times as long.
        known = row.get("provenance")
        about = {**_SILENT, **known} if isinstance(known, dict) else known or _SILENT
        found = build_interaction(Place({**row, "provenance": about}, place.file, place.pointer))
        sent = replace(found.request, headers=_lowered(found.request.headers))
        return replace(found, request=sent, headers=_lowered(found.headers))


def _plain(row: Mapping[str, Any]) -> Interaction:
    """The exchange in a row where all is as it should be, over HTTP; else any of four errors."""
    request, response = row["request"], row["response"]
    sent, body, status = request["body"], response["body"]["string"], response["status"]["code"]
    texts = (request["method"], request["uri"], sent or "", body)
    if type(status) is not int or any(one.__class__ is not str for one in texts):
        raise TypeError
    if "frames" in row or "close_code" in row:
        raise ValueError
    names, waited_for = row.get("header_names"), row.get("waited_for")
    if any(one.__class__ is not str for one in names or ()) or type(waited_for) not in _WAITED:
        raise TypeError
    return Interaction(
        request=RecordedRequest(texts[0], texts[1], _headers(request["headers"]), sent),
        status=status,
        headers=_headers(response["headers"]),
        body=body,
        provenance=_provenance(row["provenance"]) if "provenance" in row else _UNKNOWN,
        stream=_stream(row["stream"]) if "stream" in row else None,
        header_names=None if names is None else tuple(names),
        waited_for=waited_for,
    )


def _headers(found: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    for values in found.values():
        if values.__class__ is not list or any(one.__class__ is not str for one in values):
            raise TypeError
    return _lowered(found)


def _lowered(found: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Headers under lower-case names, as vcrpy has them only since version 9."""
    headers: dict[str, tuple[str, ...]] = {}
    for name, values in found.items():
        key = name.lower()
        headers[key] = (*headers[key], *values) if key in headers else tuple(values)
    return headers


def _provenance(found: Mapping[str, Any]) -> Provenance:
    client, note = found["client"], found.get("note")
    parts = {
        name: Part(part["from"], part.get("date"), part.get("note"))
        for name, part in found["parts"].items()
    }
    texts = [found["kind"], found["date"], found["source"], note or "", *(client or {}).values()]
    for part in parts.values():
        texts += (part.source, part.date or "", part.note or "")
    if any(one.__class__ is not str for one in texts):
        raise TypeError
    return Provenance(texts[0], texts[1], texts[2], client, note, parts)


def _stream(found: Mapping[str, Any]) -> StreamFacts:
    ended, chunks = found["ended"], found["chunks"]
    if ended.__class__ is not str:
        raise TypeError
    if chunks is None:
        return StreamFacts(ended)
    pairs = tuple((float(at), size) for at, size in chunks)
    if any(size.__class__ is not int for _, size in pairs):
        raise TypeError
    return StreamFacts(ended, pairs)
