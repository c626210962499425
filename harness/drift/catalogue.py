"""A list of models as a catalogue: what each of them is, by name, and what became of it.

A shape merges all items of a list into one; in a catalogue it matters which of them has changed.
Which list is a catalogue, and what its members mean, stands in the schema (``x-catalogue``, see
``docs/contract.md``). Pure: exchanges and catalogues in, findings out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from harness.contract import Schemas
from harness.exchange import Exchange
from harness.grammar import lookup

from .catalogue_changes import claim_shapes, compare_catalogues
from .lacking import lacking

__all__ = [
    "catalogue_of",
    "catalogue_text",
    "claim_shapes",
    "compare_catalogues",
    "merge_catalogues",
    "text_of",
]

Catalogue = Mapping[str, Any]


def catalogue_of(schemas: Schemas, surface: str, exchange: Exchange) -> dict[str, Any] | None:
    """The catalogue in the body of an answer; ``None`` if it has none.

    ``{"at": POINTER, "key": POINTER, "default": [slug], "models": {slug: {GROUP: {pointer: [value,
    …]}}}, "lacks": {slug: [pointer]}}``: the list, the member of its items that holds the slug, and
    what each model is, in the groups ``shown``, ``minimum``, ``capabilities``, ``defaults`` and
    ``limits``. A capability has as many values as there are; of all else one answer says one thing,
    and answers that contradict each other several (:func:`merge_catalogues`). ``lacks`` are the
    members that a row does not have, or has null, where others have them.
    """
    if exchange.failed or exchange.is_stream:
        return None
    for pointer, says in _annotations(schemas, surface, exchange):
        rows = lookup(exchange.payload(), pointer)
        if isinstance(rows, list):
            named = {
                row[says["key"]]: row
                for row in rows
                if isinstance(row, dict) and isinstance(row.get(says["key"]), str)
            }
            return {
                "at": f"/body{pointer}",
                "key": f"/{says['key']}",
                "default": _default(says, rows),
                "models": {slug: _model(says, row) for slug, row in named.items()},
                "lacks": lacking(named),
            }
    return None


def catalogue_text(schemas: Schemas, surface: str, exchange: Exchange) -> str | None:
    """The catalogue of an answer as canonical JSON, to be counted; ``None`` if it has none."""
    found = catalogue_of(schemas, surface, exchange)
    return None if found is None else text_of(found)


def text_of(catalogue: Catalogue) -> str:
    """A catalogue as canonical JSON."""
    return json.dumps(catalogue, sort_keys=True, ensure_ascii=False)


def _annotations(
    schemas: Schemas, surface: str, exchange: Exchange
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Where a catalogue can be in an answer of a surface, and what its schema says of it."""
    sent = exchange.request
    if sent is None:
        endpoints = schemas.endpoints(surface)
    else:
        found = schemas.endpoint(surface, sent.method, sent.url)
        endpoints = (found,) if found else ()
    for path in sorted({one.ok for one in endpoints if one.ok}):
        yield from _annotated(schemas, path)


@lru_cache(maxsize=256)
def _annotated(schemas: Schemas, path: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    members = schemas.document(path).get("properties", {})
    return tuple(
        (f"/{name}", member["x-catalogue"])
        for name, member in members.items()
        if isinstance(member, dict) and "x-catalogue" in member
    )


def _model(says: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    shown = says.get("shown", {"at": "", "in": []})
    groups = {
        "shown": ([shown["at"]], lambda value: [value in shown["in"]]),
        "minimum": ([says.get("minimum", "")], _version),
        "capabilities": (says.get("capabilities", []), _capabilities),
        "defaults": (says.get("defaults", []), lambda value: [value]),
        "limits": (says.get("limits", []), lambda value: [value]),
    }
    return {name: _members(row, *group) for name, group in groups.items()}


def _members(
    row: Mapping[str, Any], pointers: Iterable[str], read: Callable[[Any], list[Any]]
) -> dict[str, list[Any]]:
    """What a row has of these members. A member that is not there says nothing."""
    found: dict[str, list[Any]] = {}
    for pointer in pointers:
        head, _, rest = pointer.partition("/[]")
        outer, _, key = head.rpartition("/")
        around = lookup(row, outer)
        if isinstance(around, dict) and key in around:
            value = around[key]
            if rest and isinstance(value, list):
                value = [lookup(one, rest) for one in value]
            found[pointer] = read(value)
    return found


def _capabilities(value: Any) -> list[Any]:
    """Each thing that it can do: the items of a list, or the word yes."""
    if isinstance(value, list):
        return sorted({one for one in value if isinstance(one, str)})
    return [True] if value is True else []


def _default(says: Mapping[str, Any], rows: list[Any]) -> list[str]:
    """The model that is taken if none is asked for: the shown one of the lowest rank."""
    shown, rank = says.get("shown"), says.get("rank")
    if rank is None:
        return []
    ranked = sorted(
        (lookup(row, rank), row[says["key"]])
        for row in rows
        if isinstance(lookup(row, rank), int)
        and isinstance(lookup(row, f"/{says['key']}"), str)
        and (shown is None or lookup(row, shown["at"]) in shown["in"])
    )
    return [ranked[0][1]] if ranked else []


def _version(value: Any) -> list[Any]:
    """A version as text: some catalogues have it as three numbers."""
    if isinstance(value, list) and value and all(isinstance(one, int) for one in value):
        return [".".join(map(str, value))]
    return [value]


def merge_catalogues(catalogues: Iterable[Catalogue]) -> dict[str, Any] | None:
    """One catalogue that says all that these say, in whatever order they come."""
    ordered = sorted(catalogues, key=lambda one: json.dumps(one, sort_keys=True))
    if not ordered:
        return None
    merged = ordered[0]
    for other in ordered[1:]:
        merged = _merged(merged, other)
    return json.loads(json.dumps(merged))  # type: ignore[no-any-return]  # a copy of our own


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        keys = [*one, *(key for key in other if key not in one)]
        return {
            key: _merged(one[key], other[key]) if key in one and key in other
            else one.get(key, other.get(key))
            for key in keys
        }  # fmt: skip
    if isinstance(one, list):
        values = {json.dumps(value): value for value in [*one, *other]}
        return [values[key] for key in sorted(values)]
    return one
