"""Rules about what a client sends, release to release: signs of what is to come.

Never breaking by themselves: that another client changes breaks nobody. A new thing that the
official client sends is what the server may want tomorrow.
"""

from __future__ import annotations

from typing import Final

from ._model import BENIGN, RISKY, Rule
from ._table import CLIENT, rows_of

__all__ = ["RULES"]

_row = rows_of("client", CLIENT)


def _table(area: str, subject: str, rows: tuple[tuple[str, str, str, str, str], ...]) -> list[Rule]:
    """Rows of (word, kind, action, level, meaning) about one subject."""
    return [
        _row(f"client-{subject}-{word}", f"{area} {kind} {action}", level, means)
        for word, kind, action, level, means in rows
    ]


_HEADERS: Final = _table(
    "header",
    "header",
    (
        ("added", "existence", "add", RISKY, "the client sends one more header"),
        ("removed", "existence", "remove", RISKY, "the client does not send a header any more"),
        ("unobserved", "existence", "remove", BENIGN, "a header sent only sometimes is not seen"),
        ("renamed", "existence", "rename", RISKY, "the client sends a header by another name"),
        ("became-optional", "requiredness", "remove", BENIGN, "it sends a header only sometimes"),
        ("became-always-sent", "requiredness", "add", RISKY, "it sends a header always"),
        ("value-changed", "values", "change", RISKY, "it sends another fixed value of a header"),
        ("value-format-changed", "encoding", "change", RISKY, "a header's value has another form"),
        ("became-repeated", "cardinality", "increase", RISKY, "it sends a header more than once"),
        ("became-single", "cardinality", "decrease", BENIGN, "it sends a header only once"),
    ),
)

_FIELDS: Final = _table(
    "field",
    "field",
    (
        ("added", "existence", "add", RISKY, "the client sends one more field"),
        ("removed", "existence", "remove", RISKY, "the client does not send a field any more"),
        ("unobserved", "existence", "remove", BENIGN, "a field sent only sometimes is not seen"),
        ("renamed", "existence", "rename", RISKY, "the client sends a field by another name"),
        ("moved", "existence", "move", RISKY, "the client sends a field in another place"),
        ("became-optional", "requiredness", "remove", BENIGN, "it sends a field only sometimes"),
        ("became-always-sent", "requiredness", "add", RISKY, "it sends a field always"),
        ("type-changed", "type", "change", RISKY, "it sends a value of another type"),
        ("type-widened", "type", "widen", RISKY, "it sends values of one more type"),
        ("type-narrowed", "type", "narrow", BENIGN, "it sends values of fewer types"),
        ("became-nullable", "type", "widen", RISKY, "it sends null, too"),
        ("became-not-nullable", "type", "narrow", BENIGN, "it does not send null any more"),
        ("value-added", "values", "add", RISKY, "it sends one more value"),
        ("value-unobserved", "values", "remove", BENIGN, "a value is not seen any more"),
        ("value-changed", "values", "change", RISKY, "it sends another value"),
        ("format-changed", "encoding", "change", RISKY, "it sends a value in another form"),
        ("item-added", "structure", "add", RISKY, "it sends items of a new type"),
        ("item-removed", "structure", "remove", RISKY, "it sends no items of a type any more"),
        ("item-renamed", "structure", "rename", RISKY, "it sends items by another type"),
    ),
) + _table(
    "field",
    "list",
    (
        ("now-empty", "cardinality", "decrease", RISKY, "it sends a list without items, too"),
        ("now-filled", "cardinality", "increase", RISKY, "it sends items in what was empty"),
    ),
)

_ADDRESSES: Final = _table(
    "endpoint",
    "query",
    (
        ("added", "requiredness", "add", RISKY, "the client sends one more query parameter"),
        ("removed", "requiredness", "remove", RISKY, "it leaves out a query parameter"),
        ("renamed", "requiredness", "rename", RISKY, "it gives a query parameter another name"),
        ("value-changed", "values", "change", RISKY, "it sends a query parameter otherwise"),
    ),
) + [
    _row(name, axes, level, means)
    for name, axes, level, means in (
        ("client-method-changed", "endpoint values change", RISKY, "it asks by another method"),
        ("client-url-changed", "endpoint identity change", RISKY, "it asks at another address"),
        ("client-encoding-changed", "body encoding change", RISKY, "it packs its body otherwise"),
        ("client-body-kind-changed", "body structure change", RISKY, "its body is of another kind"),
        ("client-endpoint-added", "endpoint existence add", RISKY, "it asks at one more address"),
        (
            "client-endpoint-removed",
            "endpoint existence remove",
            RISKY,
            "it asks at an address no more",
        ),
        ("client-transport-added", "ws existence add", RISKY, "it speaks one more transport"),
        ("client-transport-removed", "ws existence remove", RISKY, "it speaks a transport no more"),
    )
]

_PRECONDITIONS: Final = [
    _row(
        "client-precondition-added",
        "order requiredness add",
        RISKY,
        "the client makes one more call before its first turn, and may not go on without it",
        mend="see whether the server refuses a turn without this call; if it does, the leg must "
        "make the call, too; then adopt",
    ),
    _row(
        "client-precondition-removed",
        "order requiredness remove",
        RISKY,
        "the client makes one call fewer before its first turn: it does not wait for it any more",
        mend="see whether the server still answers this call; if the leg makes it, look whether it "
        "can leave it out; then adopt",
    ),
]

_FRAMES: Final = [
    _row(name, axes, level, means)
    for name, axes, level, means in (
        ("client-frame-added", "event existence add", RISKY, "it sends frames of one more type"),
        (
            "client-frame-removed",
            "event existence remove",
            RISKY,
            "it sends no frames of a type any more",
        ),
        (
            "client-frame-renamed",
            "event existence rename",
            RISKY,
            "it sends frames by another type",
        ),
        (
            "client-frame-order-changed",
            "order order change",
            RISKY,
            "it sends frames in another order",
        ),
    )
]

#: In the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (
    *_HEADERS,
    *_FIELDS,
    *_ADDRESSES,
    *_PRECONDITIONS,
    *_FRAMES,
)
