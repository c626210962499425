"""What a JSON Schema validator found, in words that name the field and the fault.

jsonschema's own messages repeat the whole value, which here can be a 10,000 character answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from jsonschema.exceptions import best_match

if TYPE_CHECKING:
    from jsonschema import ValidationError

__all__ = ["Problem", "excerpt", "json_type", "pointer_of", "problems_of"]

EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One violation of a schema.

    Attributes:
        pointer: the JSON pointer of the value at fault; ``""`` is the whole value.
        message: what is wrong with it.
        mend: what to do about it; never empty.
        keyword: the keyword of JSON Schema that refused it (``required``, ``type`` …).
        schema_path: the pointer of that keyword, as the validator walked there.
        expected: what the schema wants, for machines (a type, a list of values …).
        found: what is there, for machines (a type or a value); ``None`` if nothing is.
        owner: which schema refused it: the same number for all places that share this schema.
    """

    pointer: str
    message: str
    mend: str
    keyword: str
    schema_path: str
    expected: Any = None
    found: Any = None
    owner: int = 0


def pointer_of(path: Iterable[object]) -> str:
    """A JSON pointer (RFC 6901) from its parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def json_type(value: Any) -> str:
    """The JSON name of the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", dict: "object", list: "array"}
    return names.get(type(value), type(value).__name__)


def excerpt(value: Any) -> str:
    """A value as JSON, cut to a length that fits into one line."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"


def problems_of(errors: Iterable[ValidationError]) -> Iterator[Problem]:
    """The problems behind a validator's errors, one for each value and keyword."""
    for error in errors:
        yield _problem(_deepest(error))


def _deepest(error: ValidationError) -> ValidationError:
    """For a union, the error of the branch that came closest; else the error itself."""
    branches: dict[object, list[ValidationError]] = {}
    for one in error.context or ():
        branches.setdefault(one.schema_path[0], []).append(one)
    if not branches:
        return error
    best = best_match(min(branches.values(), key=_distance))
    return error if best is None else _deepest(best)


def _distance(branch: Iterable[ValidationError]) -> tuple[bool, int]:
    """How far a value is from one branch: one of another type or name was never meant for it."""
    errors = list(branch)
    other = any(one.validator in ("type", "const", "enum") and not one.path for one in errors)
    return other, len(errors)


def _missing(error: ValidationError) -> Problem:
    # The validator reports each missing key by itself, and names it in prose only.
    wanted: Any = error.validator_value
    missing = (key for key in wanted if error.message.startswith(f"{key!r} "))
    return Problem(
        pointer_of([*error.absolute_path, next(missing, "?")]),
        "is missing",
        "add it",
        "required",
        pointer_of(error.absolute_schema_path),
        expected="present",
        owner=id(error.schema),
    )


def _problem(error: ValidationError) -> Problem:
    if error.validator == "required":
        return _missing(error)
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        return _unknown(error)
    message, mend, found = _words(error)
    if "propertyNames" in error.absolute_schema_path:
        message, mend = f"has the key {excerpt(error.instance)}", f"a key is {mend or 'another'}"
    return Problem(
        pointer_of(error.absolute_path),
        message,
        mend,
        str(error.validator),
        pointer_of(error.absolute_schema_path),
        expected=error.validator_value if _is_small(error.validator_value) else None,
        found=found,
        owner=id(error.schema),
    )


def _unknown(error: ValidationError) -> Problem:
    # The validator names all of them in one sentence of prose.
    schema: Any = error.schema
    value: Any = error.instance
    known = sorted(schema.get("properties", ()))
    strange = [key for key in value if key not in known] if isinstance(value, dict) else []
    first = str(strange[0]) if strange else "?"
    near = get_close_matches(first, known, n=1)
    also = f" (nor {'is' if len(strange) == 2 else 'are'} {_list(strange[1:])})"
    return Problem(
        pointer_of([*error.absolute_path, first]),
        "is no key that is known here" + (also if strange[1:] else ""),
        f"do you mean {near[0]!r}?" if near else _cut(f"remove it; known are {_list(known)}"),
        str(error.validator),
        pointer_of(error.absolute_schema_path),
    )


def _list(names: Iterable[Any]) -> str:
    return _cut(", ".join(repr(str(name)) for name in names))


_NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
#: Limits of a size: what a value that breaks them is, and what they ask for.
_LIMITS = {
    **dict.fromkeys(("minItems", "minLength", "minProperties"), ("", "at least")),
    **dict.fromkeys(("maxItems", "maxLength", "maxProperties"), ("is too long", "at most")),
    "minimum": ("is {}, less than {}", "at least"),
    "maximum": ("is {}, more than {}", "at most"),
    "exclusiveMinimum": ("is {}, not more than {}", "more than"),
    "exclusiveMaximum": ("is {}, not less than {}", "less than"),
}


def _type_words(value: Any, wanted: Any, *, at_root: bool) -> tuple[str, str, str]:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    mend = " or ".join(_NAMES.get(name, name) for name in names)
    verb = "write the document:" if value is None and at_root else "make it"
    return f"is {_typed(value)}, not {' or '.join(names)}", f"{verb} {mend}", json_type(value)


def _words(error: ValidationError) -> tuple[str, str, Any]:
    keyword, value = str(error.validator), error.instance
    wanted: Any = error.validator_value
    small = value if _is_small(value) else json_type(value)
    if keyword == "type":
        return _type_words(value, wanted, at_root=not error.absolute_path)
    if keyword == "enum":
        allowed = ", ".join(excerpt(one) for one in wanted)
        return f"is {excerpt(value)}", f"one of: {allowed}", small
    if keyword == "const":
        return f"is {excerpt(value)}, not {excerpt(wanted)}", f"make it {excerpt(wanted)}", small
    if keyword == "pattern":
        return f"is {excerpt(value)}", f"text of the form {wanted}", small
    if keyword in _LIMITS:
        told, ask = _LIMITS[keyword]
        if not told:
            told = "is too short" if value else "is empty"
        return told.format(excerpt(value), wanted), f"{ask} {wanted}", small
    if keyword == "format":
        return f"is {excerpt(value)}, not a {wanted}", f"write it as a {wanted}", small
    place = f"see {pointer_of(error.absolute_schema_path)} in the schema"
    if keyword == "not":
        return _cut(error.message), place, small
    return f"is {excerpt(value)} ({keyword}: {excerpt(wanted)})", place, small


def _typed(value: Any) -> str:
    kind = json_type(value)
    if kind in ("object", "array", "null") or not _is_small(value):
        return kind
    return f"{kind} ({excerpt(value)})"


def _is_small(value: Any) -> bool:
    return not isinstance(value, dict) and len(json.dumps(value, default=repr)) <= 3 * EXCERPT


def _cut(text: str) -> str:
    return text if len(text) <= 3 * EXCERPT else text[: 3 * EXCERPT] + "…"
