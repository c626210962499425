"""The table of rules: what kinds of difference there are, and how grave each one is.

Levels: ``breaking`` (a client that was right yesterday fails or answers wrongly today), ``risky``
(the evidence cannot decide, or it depends on the consumer), ``additive`` (new and harmless),
``benign`` (recorded, never alerted). Requests are judged the other way round than answers: what we
stop sending rarely hurts us, what the other side stops accepting does; and what only a request
shows is at most ``risky`` until ablation proves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ADDITIVE", "BENIGN", "BREAKING", "LEVELS", "RISKY", "RULES", "Rule"]

BREAKING: Final = "breaking"
RISKY: Final = "risky"
ADDITIVE: Final = "additive"
BENIGN: Final = "benign"

#: From the gravest to the mildest.
LEVELS: Final = (BREAKING, RISKY, ADDITIVE, BENIGN)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of difference.

    Attributes:
        name: its stable name.
        level: how grave it is in an answer.
        request: how grave it is in a request.
        means: what it says, in one line.
        mend: what to do about it, in one line.
    """

    name: str
    level: str
    request: str
    means: str
    mend: str

    def level_for(self, direction: str) -> str:
        """Its level in the given direction."""
        return self.request if direction == "request" else self.level


_READ = "see what reads it; change the schema and the leg, then adopt the new snapshot"
_ADOPT = "look at it once, give it a place in the schema, then adopt the new snapshot"
_EVENT = "see what the leg does with this event; change the contract, then adopt the new snapshot"
_SCHEMA = "if the answer is right, change the schema with its source; else mend the cassette"
_ORDER = "compare the stream with schemas/responses/order.json; one of the two is wrong"

_EXCHANGE = (
    Rule("status-changed", BREAKING, BREAKING, "the answer has another HTTP status", _READ),
    Rule("method-changed", RISKY, RISKY, "the request has another method", _READ),
    Rule("url-changed", RISKY, RISKY, "the request goes to another place", _READ),
    Rule(
        "answer-kind-changed",
        BREAKING,
        BREAKING,
        "a stream became a body, JSON became a page, or the other way round",
        _READ,
    ),
    Rule("shape-changed", RISKY, RISKY, "the shape differs in what no other rule names", _READ),
    Rule("stream-end-changed", RISKY, RISKY, "the stream ends in another way", _EVENT),
    Rule("framing-changed", RISKY, RISKY, "events are named in another way", _EVENT),
    Rule("header-added", ADDITIVE, RISKY, "a header is new", _ADOPT),
    Rule("header-removed", RISKY, BENIGN, "a header is gone", _READ),
    Rule("header-renamed", BREAKING, RISKY, "a header has another name, same form", _READ),
    Rule("header-value-format-changed", RISKY, RISKY, "a header's value has another form", _READ),
    Rule("content-type-changed", BREAKING, RISKY, "the body is of another type", _READ),
)

_FIELDS = (
    Rule("field-added", ADDITIVE, RISKY, "a field is new", _ADOPT),
    Rule("field-removed", BREAKING, BENIGN, "a field is gone", _READ),
    Rule("field-unobserved", BENIGN, BENIGN, "a field seen only sometimes is not seen", _ADOPT),
    Rule("field-renamed", BREAKING, RISKY, "a field has another name and the same shape", _READ),
    Rule("field-moved", BREAKING, RISKY, "a field stands elsewhere with the same shape", _READ),
    Rule("field-became-optional", RISKY, BENIGN, "a field is not always there any more", _READ),
    Rule("field-became-always-present", BENIGN, RISKY, "a field is always there now", _ADOPT),
    Rule("type-changed", BREAKING, RISKY, "a value is of another type", _READ),
    Rule("type-widened", BREAKING, RISKY, "a value may be of one more type", _READ),
    Rule("type-narrowed", BENIGN, RISKY, "a value is not of one of its types any more", _ADOPT),
    Rule("became-nullable", BREAKING, RISKY, "a value may be null now", _READ),
    Rule("became-not-nullable", BENIGN, RISKY, "a value is not null any more", _ADOPT),
    Rule("null-became-value", RISKY, RISKY, "what was always null has a value now", _READ),
    Rule("number-format-changed", BREAKING, RISKY, "a whole number became a decimal, or so", _READ),
    Rule("string-format-changed", RISKY, RISKY, "a text has another form", _READ),
    Rule("id-form-changed", RISKY, RISKY, "an id has another prefix or form", _READ),
    Rule("time-unit-changed", BREAKING, RISKY, "a time is in another unit or form", _READ),
    Rule("enum-value-added", BREAKING, RISKY, "a closed set has one more value", _READ),
    Rule("enum-value-removed", BENIGN, RISKY, "a value of a closed set is not seen", _ADOPT),
    Rule("enum-value-changed", BREAKING, RISKY, "a value of a closed set became another", _READ),
    Rule("open-value-added", ADDITIVE, ADDITIVE, "an open set has one more value", _ADOPT),
    Rule("open-value-removed", BENIGN, BENIGN, "a value of an open set is not seen", _ADOPT),
    Rule("open-value-changed", RISKY, RISKY, "a value of an open set became another", _READ),
    Rule("array-now-may-be-empty", RISKY, BENIGN, "a list that had items may have none", _READ),
    Rule("array-now-may-be-filled", ADDITIVE, RISKY, "a list that was empty has items", _ADOPT),
    Rule("union-member-added", ADDITIVE, RISKY, "items of a new type", _ADOPT),
    Rule("union-member-removed", RISKY, BENIGN, "items of a type are gone", _READ),
    Rule("discriminator-changed", BREAKING, RISKY, "items have another type, same shape", _READ),
)

_EVENTS = (
    Rule("event-type-added", ADDITIVE, RISKY, "an event of a new type", _EVENT),
    Rule("event-type-removed", BREAKING, BENIGN, "an event of this type is gone", _EVENT),
    Rule("event-type-renamed", BREAKING, RISKY, "an event of the same shape, renamed", _EVENT),
    Rule("event-order-changed", BREAKING, RISKY, "the same events in another order", _EVENT),
    Rule("event-count-changed", RISKY, RISKY, "an event comes more or less often", _EVENT),
)

_FRAMING = (
    Rule("sse/data-not-json", BREAKING, BREAKING, "the data of an event is not JSON", _EVENT),
    Rule("sse/done-sentinel", BREAKING, BREAKING, "the stream has a [DONE]", _EVENT),
    Rule("sse/event-name-differs", BREAKING, BREAKING, "event: and type do not agree", _EVENT),
    Rule("sse/last-event-unfinished", BREAKING, BREAKING, "no empty line at the end", _EVENT),
    Rule("event-unknown", ADDITIVE, ADDITIVE, "an event that the contract has no word for", _ADOPT),
    Rule("status-differs", BREAKING, BREAKING, "the body names another HTTP status", _READ),
    Rule("answer-not-json", BREAKING, BREAKING, "the body should be JSON and is not", _READ),
    Rule("answer-not-stream", BREAKING, BREAKING, "the body should be a stream and is not", _READ),
)

_SCHEMAS = (
    Rule("schema/required", BREAKING, RISKY, "a field that a consumer needs is missing", _SCHEMA),
    Rule("schema/type", BREAKING, RISKY, "a value is of a type that the schema forbids", _SCHEMA),
    Rule("schema/enum", BREAKING, RISKY, "a value is not in its closed set", _SCHEMA),
    Rule("schema/const", BREAKING, RISKY, "a value is not the one it must be", _SCHEMA),
    Rule("schema/other", BREAKING, RISKY, "a value breaks another limit of its schema", _SCHEMA),
)

_ORDERS = (
    Rule("order/first-event", BREAKING, BREAKING, "the stream begins differently", _ORDER),
    Rule("order/terminal-missing", BREAKING, BREAKING, "the stream has no final event", _ORDER),
    Rule("order/terminal-repeated", BREAKING, BREAKING, "it has more than one", _ORDER),
    Rule("order/event-after-terminal", BREAKING, BREAKING, "an event after the final one", _ORDER),
    Rule("order/error-without-terminal", BREAKING, BREAKING, "an error, and no end after", _ORDER),
    Rule("order/sequence-base", BREAKING, BREAKING, "the first number is not the base", _ORDER),
    Rule("order/sequence-gap", BREAKING, BREAKING, "a sequence number is left out", _ORDER),
    Rule("order/sequence-repeat", BREAKING, BREAKING, "a sequence number does not rise", _ORDER),
    Rule("order/singleton-repeated", BREAKING, BREAKING, "an event comes twice", _ORDER),
    Rule("order/bracket-not-opened", BREAKING, BREAKING, "an event of a part never begun", _ORDER),
    Rule("order/bracket-not-closed", BREAKING, BREAKING, "a part begins and never ends", _ORDER),
    Rule("order/bracket-reopened", BREAKING, BREAKING, "a part begins twice", _ORDER),
    Rule("order/response-changed", BREAKING, BREAKING, "the response becomes another", _ORDER),
    Rule("order/place-changed", BREAKING, BREAKING, "the place of an item is not clear", _ORDER),
    Rule("order/item-changed", BREAKING, BREAKING, "an item ends as another than it began", _ORDER),
    Rule("order/aggregate-mismatch", BREAKING, BREAKING, "the pieces do not add up", _ORDER),
)

_PROBE = "if the answer has moved, adopt it and change the probe; else mend the leg"

_PROBES = (
    Rule("probe/outcome", BREAKING, BREAKING, "the leg makes something else of it", _PROBE),
    Rule("probe/status", BREAKING, BREAKING, "the status is not the expected one", _PROBE),
    Rule("probe/text", BREAKING, BREAKING, "the leg assembles another text", _PROBE),
    Rule("probe/field", BREAKING, BREAKING, "the error lacks a fact, or has another", _PROBE),
    Rule("probe/calls", BREAKING, BREAKING, "the leg returns other calls of tools", _PROBE),
    Rule("probe/unplayed", BREAKING, BREAKING, "the leg never asked the question", _PROBE),
    Rule("leg/request", BREAKING, BREAKING, "the leg builds another request", _PROBE),
)

#: Every rule, by name.
RULES: Final = {
    rule.name: rule
    for table in (_EXCHANGE, _FIELDS, _EVENTS, _FRAMING, _SCHEMAS, _ORDERS, _PROBES)
    for rule in table
}
