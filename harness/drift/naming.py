"""Which rule an edit comes under at its place: a field's, a header's, or what a client sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["rule_at"]

#: What an edit of a field is called where it is one of a header.
_HEADERS: Final = {
    "field-added": "header-added",
    "field-removed": "header-removed",
    "field-unobserved": "header-unobserved",
    "field-renamed": "header-renamed",
    "field-moved": "header-renamed",
    "fields-swapped": "fields-swapped",
    "field-became-optional": "header-became-optional",
    "field-became-always-present": "header-became-always-present",
    "header-became-repeated": "header-became-repeated",
    "header-became-single": "header-became-single",
    "limit-decreased": "limit-decreased",
    "limit-increased": "limit-increased",
}
#: Edits of a set of words: the value itself is another one, not only its form.
_WORDS: Final = ("enum-value-", "open-value-")

_CLIENT_FIELDS: Final = {
    "field-became-always-present": "client-field-became-always-sent",
    "fields-swapped": "client-field-moved",
    "scope-narrowed": "client-field-value-changed",
    "scope-widened": "client-field-value-changed",
    "field-unobserved": "client-field-unobserved",
    "type-widened": "client-field-type-widened",
    "type-narrowed": "client-field-type-narrowed",
    "became-nullable": "client-field-became-nullable",
    "became-not-nullable": "client-field-became-not-nullable",
    "enum-value-added": "client-field-value-added",
    "open-value-added": "client-field-value-added",
    "enum-value-unobserved": "client-field-value-unobserved",
    "open-value-unobserved": "client-field-value-unobserved",
    "enum-value-changed": "client-field-value-changed",
    "open-value-changed": "client-field-value-changed",
    "limit-decreased": "client-field-value-changed",
    "limit-increased": "client-field-value-changed",
    "number-format-changed": "client-field-format-changed",
    "string-format-changed": "client-field-format-changed",
    "id-form-changed": "client-field-format-changed",
    "time-unit-changed": "client-field-format-changed",
    "union-member-added": "client-field-item-added",
    "union-member-removed": "client-field-item-removed",
    "discriminator-changed": "client-field-item-renamed",
    "array-now-may-be-empty": "client-list-now-empty",
    "array-now-may-be-filled": "client-list-now-filled",
    "object-now-empty": "client-field-removed",
    "object-now-filled": "client-field-added",
    "answer-kind-changed": "client-body-kind-changed",
}
_CLIENT_HEADERS: Final = {
    "fields-swapped": "client-header-value-format-changed",
    "header-became-always-present": "client-header-became-always-sent",
    "limit-decreased": "client-header-value-format-changed",
    "limit-increased": "client-header-value-format-changed",
}
_CLIENT_QUERY: Final = {
    "field-added": "client-query-added",
    "field-became-always-present": "client-query-added",
    "field-removed": "client-query-removed",
    "field-unobserved": "client-query-removed",
    "field-became-optional": "client-query-removed",
    "field-renamed": "client-query-renamed",
    "field-moved": "client-query-renamed",
}
#: Edits of a whole type of frames, ``/frame/TYPE``.
_CLIENT_FRAMES: Final = {
    "field-added": "client-frame-added",
    "field-removed": "client-frame-removed",
    "field-unobserved": "client-frame-removed",
    "field-renamed": "client-frame-renamed",
    "field-moved": "client-frame-renamed",
}
_CLIENT_BY_POINTER: Final = {
    "/method": "client-method-changed",
    "/url": "client-url-changed",
    "/header/content-encoding": "client-encoding-changed",
}


def rule_at(direction: str, pointer: str, edit: str) -> str:
    """The rule for an edit at a place.

    Args:
        direction: ``response`` or ``request`` (what a client sends).
        pointer: the place, as in a snapshot.
        edit: the rule that the same edit comes under in a field of an answer.
    """
    if edit.startswith("error-"):
        return edit  # said of a refusal, wherever that is
    if direction == "request":
        return _client(pointer, edit)
    return _header(pointer, edit) if pointer.startswith("/header") else edit


def _header(pointer: str, edit: str) -> str:
    if pointer == "/header/content-encoding":
        return "encoding-changed"
    if edit in _HEADERS:
        return _HEADERS[edit]
    if pointer == "/header/content-type":
        return "content-type-changed"
    return "header-value-changed" if edit.startswith(_WORDS) else "header-value-format-changed"


def _client(pointer: str, edit: str) -> str:
    if pointer in _CLIENT_BY_POINTER:
        return _CLIENT_BY_POINTER[pointer]
    if pointer.startswith("/frame/") and pointer.count("/") == 2 and edit in _CLIENT_FRAMES:
        return _CLIENT_FRAMES[edit]
    if pointer.startswith("/query"):
        return _CLIENT_QUERY.get(edit, "client-query-value-changed")
    if pointer.startswith("/header"):
        edit = _header("/header", edit)
        return _named(_CLIENT_HEADERS, edit, f"client-{edit}")
    if pointer == "/body" and edit in ("field-added", "field-removed", "field-unobserved"):
        return "client-body-kind-changed"
    usual = f"client-{edit}" if edit.startswith("field-") else "client-field-type-changed"
    return _named(_CLIENT_FIELDS, edit, usual)


def _named(table: Mapping[str, str], edit: str, usual: str) -> str:
    return table.get(edit, usual)
