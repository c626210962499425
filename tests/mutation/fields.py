"""Edits of one field of an answer: removed, renamed, retyped, null, added, moved, wrapped."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

from .expect import Mutant
from .oracle import UNSAID, json_type, said_about
from .places import NEW, Edit, FieldOperator, delete, expected_of, is_in_map, place_of, put, rename
from .sites import Document, Site, types_of, value_at, walk
from .subject import Subject

__all__ = ["FIELD_OPERATORS"]


class Removed(FieldOperator):
    """A member (with all below it) is left out, once.

    Of what is always there: gone, or optional where other objects of the same kind have kept it.
    Of what only this object had: not seen any more. Of what some have and some have not, nothing
    can be said: it was optional, and is.
    """

    name = "remove a field"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        if site.is_only and site.parents > 1:
            yield delete, "field-unobserved", None
        elif site.is_always:
            yield delete, "field-removed" if site.is_only else "field-became-optional", None


class Renamed(FieldOperator):
    """A member has another name, once. Where some have it and some have not, it is not planted."""

    name = "rename a field"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        if site.is_only or site.is_always:
            yield rename, "field-renamed", None


class Retyped(FieldOperator):
    """A value is of another JSON type, once.

    Among other values of its old type it makes a union wider; a type that is among them already is
    not planted, for it shows nothing.
    """

    name = "retype a field"
    _OTHER: ClassVar[dict[str, Any]] = {
        "string": 7,
        "number": NEW,
        "boolean": NEW,
        "object": NEW,
        "array": 7,
    }

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        kind = json_type(site.value)
        if kind == "null" or site.said.is_blob:
            return
        other = self._OTHER[kind]
        around = types_of(site.others) - {"null"}
        if json_type(other) in around:
            return
        if kind in around:
            rule = "type-widened"
        elif around:
            return  # a union of several types of which one became another: nobody's plain edit
        else:
            rule = "array-became-scalar" if kind == "array" else "type-changed"
        yield put(other), rule, None


class MadeNull(FieldOperator):
    """A value is null, once. Where null is one of its values already, nothing shows."""

    name = "make a field null"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        around = types_of(site.others)
        if site.value is None or ("null" in around and around != {"null"}):
            return
        if around == {"null"}:
            rule = "type-narrowed"
        else:
            rule = "became-nullable" if around else "value-became-null"
        yield put(None), rule, None


class Filled(FieldOperator):
    """What was null, and null everywhere, has a value, once."""

    name = "fill a null"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        if site.value is None and types_of(site.others) <= {"null"}:
            yield put(NEW), "null-became-value", None


class Wrapped(FieldOperator):
    """A value stands in a list, once: ``x`` became ``[x]``."""

    name = "wrap in a list"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        kind = json_type(site.value)
        if kind not in ("array", "null") and not site.said.is_blob and site.is_only:
            yield _wrap, "scalar-became-array", None


def _wrap(holder: Any, key: Any) -> None:
    holder[key] = [holder[key]]


class Unwrapped(FieldOperator):
    """Of a list, its first item stands by itself, once."""

    name = "unwrap a list"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        is_single = isinstance(site.value, list) and len(site.value) == 1 and site.is_only
        if is_single and site.value[0] is not None and not site.said.is_blob:
            yield _unwrap, "array-became-scalar", None


def _unwrap(holder: Any, key: Any) -> None:
    holder[key] = holder[key][0]


class Emptied(FieldOperator):
    """A list has no items, once."""

    name = "empty a list"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        if not isinstance(site.value, list) or not site.value or site.said.is_blob:
            return
        if all(isinstance(one, list) and one for one in site.others):
            yield (
                put([]),
                "array-now-may-be-empty",
                None,
            )


class ListFilled(FieldOperator):
    """A list that has no items anywhere has one, once."""

    name = "fill an empty list"

    def edits(self, site: Site) -> Iterator[tuple[Edit, str, str | None]]:
        if site.value == [] and all(one == [] for one in site.others):
            yield (
                put([{"type": NEW}]),
                "array-now-may-be-filled",
                None,
            )


class Added(FieldOperator):
    """A member that no object had, once: a word, or a tree."""

    name = "add a field"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        done: set[tuple[str | None, str]] = set()
        for document in subject.documents:
            for way, pointer in _objects(subject, document):
                if (document.label, pointer) in done:
                    continue
                done.add((document.label, pointer))
                for tree in (NEW, {"a": {"b": [1, {"c": NEW}]}}):
                    yield self._add(subject, document, way, pointer, tree)

    def _add(
        self, subject: Subject, document: Document, way: Any, pointer: str, tree: Any
    ) -> Mutant:
        value = copy.deepcopy(document.value)
        value_at(value, way)[NEW] = tree
        site = Site(document, (*way, NEW), f"{pointer}/{NEW}", tree, UNSAID, None)
        interaction = subject.with_documents([(document, value)])
        expected = expected_of(subject, site, "field-added", interaction, value)
        return Mutant(subject, self.name, place_of(site), interaction, expected)


def _objects(subject: Subject, document: Document) -> Iterator[tuple[Any, str]]:
    """Every object of a document that is neither a map nor a blob."""
    for way, pointer, value, _ in walk(subject.schemas, document):
        said = said_about(subject.schemas, document.schema, document.value, way)
        if isinstance(value, dict) and not (said.is_map or said.is_blob):
            yield way, pointer


class Moved(FieldOperator):
    """A member stands one object higher, under its name, once."""

    name = "move a field up"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        for site in subject.sites:
            if not site.is_only or site.parents > 1 or len(site.way) < 2 or is_in_map(site):
                continue
            above = value_at(site.document.value, site.way[:-2])
            if not isinstance(above, dict) or site.name in above or "{}" in site.pointer:
                continue
            value = copy.deepcopy(site.document.value)
            held = value_at(value, site.way[:-1]).pop(site.name)
            value_at(value, site.way[:-2])[site.name] = held
            interaction = subject.with_documents([(site.document, value)])
            expected = expected_of(subject, site, "field-moved", interaction, value)
            yield Mutant(subject, self.name, place_of(site), interaction, expected)


FIELD_OPERATORS: tuple[type[FieldOperator], ...] = (
    Removed, Renamed, Retyped, MadeNull, Filled, Wrapped, Unwrapped, Emptied, ListFilled, Added,
    Moved,
)  # fmt: skip
