"""Edits of a value that leave its type: another word, another form, another unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .oracle import json_type
from .places import NEW, Edit, FieldOperator, put
from .sites import Site

__all__ = ["VALUE_OPERATORS"]

Row = tuple[Edit, str, str | None]


class OtherWord(FieldOperator):
    """A word of a closed or of an open set is another one, once.

    What an event or an item is told apart by is not edited here: that is another rule.
    """

    name = "change a word"

    def edits(self, site: Site) -> Iterator[Row]:
        if not (site.said.closed or site.said.is_open) or isinstance(site.value, list | dict):
            return
        if site.value is None or isinstance(site.value, float) or tells_apart(site):
            return
        name = "enum-value" if site.said.closed else "open-value"
        words = [one for one in site.others if json_type(one) == json_type(site.value)]
        other: Any = f"{NEW}_word"
        if isinstance(site.value, bool):
            other = not site.value
            if other in words:
                return
        elif isinstance(site.value, int):
            other = 77
        action = "added" if site.value in words else "changed"
        if words and action == "changed":
            # The word of this one value alone: the others are words of the same set.
            action = "changed"
        yield put(other), f"{name}-{action}", None


def tells_apart(site: Site) -> bool:
    """Whether a place is the type of an event, or of what an event or an item is told apart by."""
    if site.name != "type":
        return False
    parent = site.pointer.rpartition("/")[0]
    is_event = site.document.label is not None
    is_item = parent.endswith("]") and not parent.endswith("[]")
    return is_item or (is_event and parent in ("", "/item", "/part", "/content_block", "/delta"))


class OtherType(FieldOperator):
    """The type of an item is another word, once: the same thing under another type.

    Where other items have kept this type, items of a new type are there besides.
    """

    name = "change the type of an item"

    def edits(self, site: Site) -> Iterator[Row]:
        if not tells_apart(site) or site.pointer == "/type" or not isinstance(site.value, str):
            return
        rule = "discriminator-changed" if site.is_only else "union-member-added"
        above = site.pointer.rpartition("/")[0]
        is_list = above.endswith("]")
        pointer = above if is_list or not site.is_only else site.pointer
        yield put(f"{NEW}_type"), rule, pointer


class OtherId(FieldOperator):
    """An id has another prefix, once. Words of an id after its prefix are noise."""

    name = "change the form of an id"

    def edits(self, site: Site) -> Iterator[Row]:
        if site.said.kind == "id" and isinstance(site.value, str) and site.value:
            found = re.match(r"[a-z]{1,12}[_-]", site.value)
            rest = site.value[found.end() :] if found else site.value
            yield put(f"new_{rest}"), "id-form-changed", None


class OtherUnit(FieldOperator):
    """A point in time is in milliseconds, once."""

    name = "change the unit of a time"

    def edits(self, site: Site) -> Iterator[Row]:
        value = site.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if site.said.kind == "time" and is_number and value > 1e9:
            yield put(value * 1000), "time-unit-changed", None


class Decimal(FieldOperator):
    """A whole number that is counted is a decimal one, once."""

    name = "make a count decimal"

    def edits(self, site: Site) -> Iterator[Row]:
        is_count = site.said.kind == "count" and site.said.whole and type(site.value) is int
        if is_count and not any(isinstance(one, float) for one in site.others):
            yield put(site.value + 0.5), "number-format-changed", None


class OtherLimit(FieldOperator):
    """A limit that the answer names is smaller, or larger, once."""

    name = "change a limit"

    def edits(self, site: Site) -> Iterator[Row]:
        is_number = isinstance(site.value, int) and not isinstance(site.value, bool)
        if site.said.kind != "limit" or not is_number or not site.is_only:
            return
        # By half, for a limit that is a minute short is the same limit (x-kind limit).
        yield put(site.value // 2), "limit-decreased", None
        yield put(site.value * 2 + 1), "limit-increased", None


VALUE_OPERATORS: tuple[type[FieldOperator], ...] = (
    OtherWord, OtherType, OtherId, OtherUnit, Decimal, OtherLimit,
)  # fmt: skip
