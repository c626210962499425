"""Rules for one exchange held against the contract: there is no before, only what must be."""

from __future__ import annotations

from typing import Final

from ._model import ADDITIVE, BREAKING, RISKY, Rule
from ._table import ADOPT, EVENT, READ, rows_of

__all__ = ["RULES"]

_SCHEMA: Final = "if the answer is right, change the schema with its source; else mend the file"
_ASKED: Final = "if the request is right, change its schema with its source; else mend the sender"
_ORDER: Final = "compare the stream with schemas/responses/order.json; one of the two is wrong"
_PROBE: Final = "if the answer has moved, adopt it and change the probe; else mend the leg"
_LEG: Final = "let the leg do as the client does, or allow it in schemas/responses/allowances.json"
_WAIVER: Final = "delete the waiver, or renew it with a reason"

_row = rows_of("contract", _SCHEMA)


def _table(
    prefix: str, area: str, mend: str, level: str, rows: dict[str, tuple[str, str]]
) -> list[Rule]:
    """Rules of one prefix: their names below it, with kind and meaning."""
    return [
        _row(f"{prefix}/{name}", f"{area} {kind} break", level, means, mend=mend)
        for name, (kind, means) in rows.items()
    ]


_FRAMING: Final = _table(
    "sse",
    "sse",
    EVENT,
    BREAKING,
    {
        "data-not-json": ("encoding", "the data of an event is not JSON"),
        "done-sentinel": ("framing", "the stream has a [DONE]"),
        "event-name-differs": ("identity", "event: and type do not agree"),
        "last-event-unfinished": ("framing", "no empty line at the end"),
    },
)

_ANSWERS: Final = [
    _row(
        "event-unknown",
        "event existence add",
        ADDITIVE,
        "an event that the contract has no word for",
        mend=ADOPT,
        strict=BREAKING,
    ),
    _row(
        "field-unknown",
        "field existence add",
        ADDITIVE,
        "a field that its schema does not have",
        mend=ADOPT,
        strict=RISKY,
    ),
    _row(
        "item-unknown",
        "field type add",
        ADDITIVE,
        "an item of a type that its schema does not have",
        mend=ADOPT,
        strict=BREAKING,
    ),
    _row(
        "status-differs",
        "error values break",
        BREAKING,
        "the body names another HTTP status",
        mend=READ,
    ),
    _row(
        "answer-not-json",
        "body encoding break",
        BREAKING,
        "the body should be JSON and is not",
        mend=READ,
    ),
    _row(
        "answer-not-stream",
        "body structure break",
        BREAKING,
        "the body should be a stream and is not",
        mend=READ,
    ),
]

_SCHEMAS: Final = _table(
    "schema",
    "schema",
    _SCHEMA,
    BREAKING,
    {
        "required": ("requiredness", "a field that a consumer needs is missing"),
        "type": ("type", "a value is of a type that the schema forbids"),
        "enum": ("values", "a value is not in its closed set"),
        "const": ("values", "a value is not the one it must be"),
        "other": ("constraint", "a value breaks another limit of its schema"),
    },
)

_REQUESTS: Final = _table(
    "request-schema",
    "schema",
    _ASKED,
    RISKY,
    {
        "required": ("requiredness", "the request lacks a field that the server wants"),
        "type": ("type", "the request has a value of a type that its schema forbids"),
        "enum": ("values", "the request has a value that is not in its closed set"),
        "const": ("values", "the request has a value that is not the one it must be"),
        "other": ("constraint", "the request breaks another limit of its schema"),
    },
)

_INVARIANTS: Final = _table(
    "invariant",
    "invariant",
    _SCHEMA,
    BREAKING,
    {
        "value": ("values", "a value is not the one that its place promises"),
        "time": ("constraint", "a time does not lie where it must"),
        "echo": ("identity", "the answer does not say again what was asked"),
        "sum": ("constraint", "numbers that belong together do not add up"),
    },
)

_ORDERS: Final = _table(
    "order",
    "order",
    _ORDER,
    BREAKING,
    {
        "first-event": ("order", "the stream begins differently"),
        "terminal-missing": ("lifecycle", "the stream has no final event"),
        "terminal-repeated": ("cardinality", "it has more than one"),
        "event-after-terminal": ("lifecycle", "an event after the final one"),
        "error-without-terminal": ("lifecycle", "an error, and no end after"),
        "sequence-base": ("order", "the first number is not the base"),
        "sequence-gap": ("order", "a sequence number is left out"),
        "sequence-repeat": ("order", "a sequence number does not rise"),
        "singleton-repeated": ("cardinality", "an event comes twice"),
        "bracket-not-opened": ("structure", "an event of a part never begun"),
        "bracket-not-closed": ("structure", "a part begins and never ends"),
        "bracket-reopened": ("structure", "a part begins twice"),
        "response-changed": ("identity", "the response becomes another"),
        "place-changed": ("identity", "the place of an item is not clear"),
        "item-changed": ("identity", "an item ends as another than it began"),
        "aggregate-mismatch": ("values", "the pieces do not add up"),
    },
)

_PROBES: Final = [
    *_table(
        "probe",
        "probe",
        _PROBE,
        BREAKING,
        {
            "outcome": ("identity", "the leg makes something else of it"),
            "status": ("values", "the status is not the expected one"),
            "text": ("values", "the leg assembles another text"),
            "field": ("values", "the error lacks a fact, or has another"),
            "calls": ("cardinality", "the leg returns other calls of tools"),
            "unplayed": ("existence", "the leg never asked the question"),
        },
    ),
    _row(
        "leg/request",
        "probe structure break",
        BREAKING,
        "the leg builds another request",
        mend=_PROBE,
    ),
    _row(
        "leg/missing",
        "field existence break",
        RISKY,
        "the reference client sends what the leg does not",
        mend=_LEG,
    ),
    _row(
        "leg/extra",
        "field requiredness break",
        RISKY,
        "the leg sends what the reference client does not",
        mend=_LEG,
    ),
    _row(
        "leg/value",
        "field values break",
        RISKY,
        "the leg sends another value than the reference client",
        mend=_LEG,
    ),
    _row(
        "leg/allowance-unused",
        "waiver existence break",
        RISKY,
        "the leg may differ where it does not",
        mend="remove the row from schemas/responses/allowances.json",
    ),
    _row(
        "coverage-dropped",
        "probe existence remove",
        RISKY,
        "a probe that the old side has is missing on the new one",
        mend="record the exchange for the new side, too; what is not asked is not known",
    ),
]

_WAIVERS: Final = [
    _row(
        "waiver-unused",
        "waiver existence break",
        BREAKING,
        "a waiver matches no finding",
        mend=_WAIVER,
    ),
    _row(
        "waiver-expired",
        "waiver lifecycle break",
        BREAKING,
        "a waiver is past its day",
        mend=_WAIVER,
    ),
]

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (
    *_FRAMING,
    *_ANSWERS,
    *_SCHEMAS,
    *_REQUESTS,
    *_INVARIANTS,
    *_ORDERS,
    *_PROBES,
    *_WAIVERS,
)
