"""Whether a document is a JSON Schema of this house: known keywords with values that fit.

The metaschema of 2020-12 says the same and takes half a second for 85 schemas, on every start; and
it is silent about a misspelt keyword, because unknown ones are allowed. The tests hold this check
and the metaschema against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ._catalogues import catalogue_faults
from ._invariants import invariant_faults
from ._violations import excerpt, pointer_of

__all__ = ["X_KINDS", "keyword_faults"]

#: What ``x-kind`` can be: the volatile values that a shape takes out.
X_KINDS: Final = frozenset("id time text count limit blob slug url scope token".split())

_TYPES: Final = frozenset({"null", "boolean", "integer", "number", "string", "object", "array"})


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) and value else [value]
    known = all(isinstance(name, str) and name in _TYPES for name in names)
    return known and len(set(names)) == len(names)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, RecursionError, OverflowError):
        return False
    return True


def _is_kind(value: Any) -> bool:
    return isinstance(value, str) and value in X_KINDS


def _is_sources(value: Any) -> bool:
    return _is_list(value) and all(isinstance(one, dict) and one.get("ref") for one in value)


_Row = tuple[Callable[[Any], bool], str]


def _table(names: str, check: Callable[[Any], bool], wants: str) -> dict[str, _Row]:
    return dict.fromkeys(names.split(), (check, wants))


_SUBSCHEMA: Final = frozenset(
    "additionalProperties contains else if items not propertyNames then unevaluatedItems "
    "unevaluatedProperties".split()
)
_SUBSCHEMAS: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED: Final = frozenset(("$defs", "dependentSchemas", "patternProperties", "properties"))

_VALUES: Final[dict[str, _Row]] = {
    **_table("type", _is_type, "a JSON type or a list of them"),
    **_table("$anchor $comment $id $ref $schema description format title", _is_text, "a text"),
    **_table("pattern", _is_pattern, "a regular expression"),
    **_table("required", _is_texts, "a list of texts"),
    **_table("enum examples x-values", _is_list, "a list with something in it"),
    **_table(
        "exclusiveMaximum exclusiveMinimum maximum minimum multipleOf", _is_number, "a number"
    ),
    **_table(
        "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties",
        _is_size,
        "a whole number from 0",
    ),
    **_table(
        "deprecated readOnly uniqueItems writeOnly x-map",
        lambda value: isinstance(value, bool),
        "true or false",
    ),
    **_table("const default", lambda _: True, "anything"),
    **_table("dependentRequired", lambda value: isinstance(value, dict), "an object"),
    **_table("x-kind", _is_kind, "one of " + ", ".join(sorted(X_KINDS))),
    **_table("x-sources", _is_sources, "a list of objects with a ref each"),
}


Fault = tuple[str, str, str]

#: Keywords with a grammar of their own, whose faults lie at places below them.
_TOLD_APART: Final[Mapping[str, Callable[[Any], Iterator[Fault]]]] = {
    "x-catalogue": catalogue_faults,
    "x-invariants": invariant_faults,
}


def keyword_faults(schema: Any, pointer: str = "") -> Iterator[Fault]:
    """What is wrong in a schema and all schemas in it: place, fault, mend."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield pointer or "/", f"is {excerpt(schema)}, not a schema", "make it an object"
        return
    for key, value in schema.items():
        place = pointer + pointer_of([key])
        if key in _SUBSCHEMA:
            yield from keyword_faults(value, place)
        elif key in _SUBSCHEMAS or key in _NAMED:
            yield from _many(key, value, place)
        else:
            yield from _one(key, value, place)


def _one(key: str, value: Any, place: str) -> Iterator[Fault]:
    """What is wrong with a keyword that holds no schema."""
    if key in _TOLD_APART:
        for below, problem, mend in _TOLD_APART[key](value):
            yield place + below, problem, mend
    elif key in _VALUES:
        check, wants = _VALUES[key]
        if not check(value):
            yield place, f"is {excerpt(value)}", f"make it {wants}"
    elif not key.startswith("x-"):
        yield place, "is no keyword of JSON Schema 2020-12 that is used here", "mend its name"


def _many(key: str, value: Any, place: str) -> Iterator[Fault]:
    """The schemas in a list (``allOf``) or below names (``properties``)."""
    below: list[tuple[str, Any]]
    if key in _NAMED:
        if not isinstance(value, dict):
            yield place, f"is {excerpt(value)}", "make it an object of schemas"
            return
        below = list(value.items())
    else:
        if not _is_list(value):
            yield place, f"is {excerpt(value)}", "make it a list of schemas"
            return
        below = [(str(index), one) for index, one in enumerate(value)]
    for name, one in below:
        yield from keyword_faults(one, place + pointer_of([name]))
