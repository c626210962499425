"""An event of each type that the contract knows: one that was recorded, else one by its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.contract import Contract, Schemas
from harness.exchange import Exchange

__all__ = ["UNKNOWN", "events_known", "values_known"]

#: A type that nobody has: what a client makes of it is what it makes of all that it does not know.
UNKNOWN: Final = "response.codex_leg_unknown"
_FOLDER: Final = "responses/events"
#: Its items are the plainest, so its events are taken where it has them.
_FIRST: Final = "codex/streamed-text"
_DEEPEST: Final = 5
_PLAIN: Final[Mapping[str, Any]] = {
    "string": "codex-leg",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
}


def events_known(contract: Contract) -> dict[str, dict[str, Any]]:
    """An event of each type, by type; and one of a type that nobody has."""
    prefix = f"{_FOLDER}/"
    types = [
        path.removeprefix(prefix).removesuffix(".json")
        for path in contract.schemas.paths
        if path.startswith(prefix)
    ]
    recorded = dict(_recorded(contract))
    found = {UNKNOWN: {"type": UNKNOWN, "sequence_number": 1}}
    for kind in types:
        if kind != "unknown":
            made = recorded.get(kind) or _made(contract.schemas, f"{prefix}{kind}.json")
            found[kind] = {**made, "type": kind}
    return found


def values_known(contract: Contract, path: str, *members: str) -> list[str]:
    """The values that a schema lists for one of its members."""
    base, schema = contract.schemas.resolve("", path)
    for member in members:
        schema = schema["properties"][member]
        if "$ref" in schema:
            base, schema = contract.schemas.resolve(base, schema["$ref"])
    listed = [*schema.get("x-values", ()), *schema.get("enum", ())]
    return sorted({one for one in listed if isinstance(one, str)})


def _recorded(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    names = [name for name in contract.cassettes if name.startswith("codex/")]
    # The last one counts.
    for name in sorted(names, key=lambda one: one == _FIRST):
        for interaction in contract.cassettes[name].interactions:
            for event in Exchange.from_interaction(interaction).events:
                payload = event.payload
                if isinstance(payload, dict) and isinstance(payload.get("type"), str):
                    yield payload["type"], payload


def _made(schemas: Schemas, path: str) -> dict[str, Any]:
    base, schema = schemas.resolve("", path)
    found: dict[str, Any] = _value(schemas, base, schema, 0)
    return found


def _value(schemas: Schemas, base: str, schema: Mapping[str, Any], depth: int) -> Any:
    if "$ref" in schema:
        base, schema = schemas.resolve(base, schema["$ref"])
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    listed = [*schema.get("enum", ()), *schema.get("x-values", ())]
    if listed:
        return listed[0]
    declared = schema.get("type", "object" if "properties" in schema else "null")
    types = [declared] if isinstance(declared, str) else list(declared)
    kind = next((one for one in types if one != "null"), "null")
    if kind == "object":
        members = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {name: _value(schemas, base, one, depth + 1) for name, one in members.items()}
    return [] if kind == "array" else _PLAIN.get(kind)
