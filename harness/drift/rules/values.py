"""Rules about what an answer holds: the fields of bodies and events, and headers."""

from __future__ import annotations

from typing import Final

from ._model import ADDITIVE, BENIGN, BREAKING, RISKY, Rule
from ._table import ADOPT, READ, rows_of

__all__ = ["RULES"]

_LIMITS: Final = "see what the leg makes of this limit; change the schema with its source"

_row = rows_of("response", READ)


def _field(
    name: str,
    kind: str,
    action: str,
    level: str,
    means: str,
    *,
    mend: str = READ,
    strict: str | None = None,
    area: str = "field",
) -> Rule:
    """A row about one place; whoever does not read the place is not concerned by what is grave."""
    grave = level in (BREAKING, RISKY)
    axes = f"{area} {kind} {action}"
    return _row(name, axes, level, means, mend=mend, strict=strict, reads=grave)


_EXISTENCE: Final = (
    _field("field-added", "existence", "add", ADDITIVE, "a field is new", mend=ADOPT, strict=RISKY),
    _field("field-removed", "existence", "remove", BREAKING, "a field is gone"),
    _field(
        "field-unobserved",
        "existence",
        "remove",
        BENIGN,
        "a field that came only sometimes is not seen",
        mend=ADOPT,
    ),
    _field(
        "field-renamed",
        "existence",
        "rename",
        BREAKING,
        "a field has another name and the same shape",
    ),
    _field(
        "field-moved", "existence", "move", BREAKING, "a field stands elsewhere with the same shape"
    ),
    _field(
        "fields-swapped",
        "existence",
        "move",
        BREAKING,
        "two fields have changed places, each has what the other had",
        mend="read each where it stands now; change the schema, its invariants and the leg",
    ),
    _field(
        "field-became-optional",
        "requiredness",
        "remove",
        RISKY,
        "a field is not always there any more",
        strict=BREAKING,
    ),
    _field(
        "field-became-always-present",
        "requiredness",
        "add",
        BENIGN,
        "a field is always there now",
        mend=ADOPT,
    ),
)

_TYPES: Final = (
    _field("type-changed", "type", "change", BREAKING, "a value is of another type"),
    _field("type-widened", "type", "widen", BREAKING, "a value may be of one more type"),
    _field(
        "type-narrowed",
        "type",
        "narrow",
        BENIGN,
        "a value is not of one of its types any more",
        mend=ADOPT,
    ),
    _field("became-nullable", "type", "widen", BREAKING, "a value may be null now"),
    _field(
        "became-not-nullable", "type", "narrow", BENIGN, "a value is not null any more", mend=ADOPT
    ),
    _field("null-became-value", "type", "add", RISKY, "what was always null has a value now"),
    _field("value-became-null", "type", "remove", BREAKING, "what had a value is always null now"),
    _field(
        "number-format-changed",
        "encoding",
        "change",
        BREAKING,
        "a whole number became a decimal one, or the other way round",
    ),
    _field("string-format-changed", "encoding", "change", RISKY, "a text has another form"),
    _field("id-form-changed", "identity", "change", RISKY, "an id has another prefix or form"),
    _field(
        "time-unit-changed", "encoding", "change", BREAKING, "a time is in another unit or form"
    ),
)

_VALUES: Final = (
    _field("enum-value-added", "values", "add", BREAKING, "a closed set has one more value"),
    _field(
        "enum-value-unobserved",
        "values",
        "remove",
        BENIGN,
        "a value of a closed set is not seen",
        mend=ADOPT,
    ),
    _field(
        "enum-value-changed", "values", "change", BREAKING, "a value of a closed set became another"
    ),
    _field(
        "open-value-added",
        "values",
        "add",
        ADDITIVE,
        "an open set has one more value",
        mend=ADOPT,
        strict=RISKY,
    ),
    _field(
        "open-value-unobserved",
        "values",
        "remove",
        BENIGN,
        "a value of an open set is not seen",
        mend=ADOPT,
    ),
    _field(
        "open-value-changed", "values", "change", RISKY, "a value of an open set became another"
    ),
    _field(
        "limit-decreased",
        "constraint",
        "decrease",
        RISKY,
        "a limit that the answer names is smaller",
        mend=_LIMITS,
        area="limit",
    ),
    _field(
        "limit-increased",
        "constraint",
        "increase",
        ADDITIVE,
        "a limit that the answer names is larger",
        mend=_LIMITS,
        area="limit",
    ),
)

_STRUCTURE: Final = (
    _field(
        "array-became-scalar", "structure", "narrow", BREAKING, "what was a list is a single value"
    ),
    _field(
        "scalar-became-array", "structure", "widen", BREAKING, "what was a single value is a list"
    ),
    _field(
        "array-now-may-be-empty",
        "cardinality",
        "decrease",
        RISKY,
        "a list that always had items may have none",
    ),
    _field(
        "array-now-may-be-filled",
        "cardinality",
        "increase",
        ADDITIVE,
        "a list that was always empty has items",
        mend=ADOPT,
    ),
    _field("object-now-empty", "cardinality", "decrease", BREAKING, "an object lost its members"),
    _field(
        "object-now-filled",
        "cardinality",
        "increase",
        ADDITIVE,
        "an object that had no members has some",
        mend=ADOPT,
        strict=RISKY,
    ),
    _field(
        "union-member-added",
        "structure",
        "add",
        ADDITIVE,
        "a list has items of a new type",
        mend=ADOPT,
        strict=BREAKING,
    ),
    # What a list holds is often up to the one answer: of its items, too, a removal needs counted
    # evidence (the first law), in lists: one in each of 5 before, in none of 3 since. Else: risky.
    _field("union-member-removed", "structure", "remove", BREAKING, "items of one type are gone"),
    _field(
        "discriminator-changed",
        "structure",
        "rename",
        BREAKING,
        "items have another type and the same shape",
    ),
    _row(
        "shape-changed",
        "body structure change",
        RISKY,
        "the shape differs in what no other rule names",
    ),
)

_HEADERS: Final = (
    _field("header-added", "existence", "add", ADDITIVE, "a header is new", area="header"),
    _field("header-removed", "existence", "remove", BREAKING, "a header is gone", area="header"),
    _field(
        "header-unobserved",
        "existence",
        "remove",
        BENIGN,
        "a header that came only sometimes is not seen",
        mend=ADOPT,
        area="header",
    ),
    _field(
        "header-renamed",
        "existence",
        "rename",
        BREAKING,
        "a header has another name and the same form",
        area="header",
    ),
    _field(
        "header-became-optional",
        "requiredness",
        "remove",
        RISKY,
        "a header is not always there any more",
        area="header",
    ),
    _field(
        "header-became-always-present",
        "requiredness",
        "add",
        BENIGN,
        "a header is always there now",
        mend=ADOPT,
        area="header",
    ),
    _field(
        "header-value-changed",
        "values",
        "change",
        RISKY,
        "a header with a fixed value has another one",
        area="header",
    ),
    _field(
        "header-value-format-changed",
        "encoding",
        "change",
        RISKY,
        "a header's value has another form",
        area="header",
    ),
    _field(
        "header-became-repeated",
        "cardinality",
        "increase",
        RISKY,
        "a header comes more than once",
        area="header",
    ),
    _field(
        "header-became-single",
        "cardinality",
        "decrease",
        BENIGN,
        "a header that came more than once comes once",
        mend=ADOPT,
        area="header",
    ),
    _row(
        "content-type-changed",
        "body encoding change",
        BREAKING,
        "the body is of another media type, or its text in another charset",
    ),
    _row(
        "encoding-changed", "body encoding change", RISKY, "the body is compressed in another way"
    ),
)

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (*_EXISTENCE, *_TYPES, *_VALUES, *_STRUCTURE, *_HEADERS)
