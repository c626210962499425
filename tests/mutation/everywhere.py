"""Edits of one member of a schema in every event that carries it: one edit, and so one finding."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from harness.drift.rules import BREAKING, RISKY, RULES

from .expect import Expected, Mutant, is_named
from .oracle import json_type, said_about
from .places import NEW, delete, rename
from .sites import Document, value_at, walk
from .subject import Subject

__all__ = ["EverywhereOperator"]

Way = tuple[str | int, ...]

#: What is one thing in many events: its name, and the pattern of the pointers of its objects.
FAMILIES = (
    ("response", r"/response"),
    ("item", r"/item|/response/output/\[[^\]]*\]"),
    ("part", r"/part|/item/content/\[[^\]]*\]|/response/output/\[[^\]]*\]/content/\[[^\]]*\]"),
    ("usage", r"/response/usage"),
    ("event", r""),
)
#: A retyped value.
_OTHER: dict[str, Any] = {"string": 7, "number": NEW, "boolean": NEW, "object": NEW, "array": 7}


class EverywhereOperator:
    """A member of a response, an item, a part is gone, new, renamed or retyped, wherever it is.

    What is told apart by its type (items, parts) is edited in all of one type. The type itself is
    not edited here, nor is what carries others (an item, a part): they have operators of their own.
    """

    name: ClassVar[str] = "edit a member everywhere"

    def plant(self, subject: Subject) -> Iterator[Mutant]:
        """Every mutant of one stream."""
        if not subject.is_stream:
            return
        for family, pattern in FAMILIES:
            for kind, objects in _objects(subject, pattern).items():
                if len({document.label for document, _ in objects}) > 1:
                    yield from self._edits(subject, f"{family} {kind}".strip(), objects)

    def _edits(
        self, subject: Subject, what: str, objects: list[tuple[Document, Way]]
    ) -> Iterator[Mutant]:
        yield self._edit(
            subject, f"add to {what}", objects, key=None, rule="field-added", change=_add
        )
        values: dict[str, list[Any]] = {}
        for document, way in objects:
            for key, value in value_at(document.value, way).items():
                values.setdefault(key, []).append(value)
        for key, several in values.items():
            held = [one for one in objects if key in value_at(one[0].value, one[1])]
            if key in ("type", "item", "part", "response") or self._is_part_of_refusal(
                subject, key, held
            ):
                continue
            always = _always(objects, key)
            if always:
                told = f"{what} {key}"
                rule = "field-removed" if always == "always" else "field-unobserved"
                yield self._edit(subject, f"remove {told}", held, key=key, rule=rule, change=delete)
                yield self._edit(
                    subject, f"rename {told}", held, key=key, rule="field-renamed", change=rename
                )
            types = {json_type(one) for one in several}
            if len(types) == 1 and "null" not in types and not self._is_blob(subject, held, key):
                kind = types.pop()
                rule = "array-became-scalar" if kind == "array" else "type-changed"

                def put(holder: Any, name: Any, kind: str = kind) -> None:
                    holder[name] = _OTHER[kind]

                yield self._edit(
                    subject, f"retype {what} {key}", held, key=key, rule=rule, change=put
                )

    def _is_blob(self, subject: Subject, held: list[tuple[Document, Way]], key: str) -> bool:
        document, way = held[0]
        return said_about(subject.schemas, document.schema, document.value, (*way, key)).is_blob

    def _is_part_of_refusal(
        self, subject: Subject, key: str, held: list[tuple[Document, Way]]
    ) -> bool:
        """Whether the member holds what a refusal says: that has rules of its own."""
        outcome = subject.outcome(subject.interaction)
        is_refused = outcome != "ok" and not outcome.startswith("(")
        return is_refused and key == "error" and bool(held)

    def _edit(
        self,
        subject: Subject,
        what: str,
        objects: list[tuple[Document, Way]],
        *,
        key: str | None,
        rule: str,
        change: Any,
    ) -> Mutant:
        edited: dict[int | None, tuple[Document, Any]] = {}
        for document, way in objects:
            _, value = edited.get(document.index, (document, copy.deepcopy(document.value)))
            change(value_at(value, way), key)
            edited[document.index] = (document, value)
        pairs = list(edited.values())
        level = RISKY if rule == "field-removed" else RULES[rule].level
        if any(subject.breaks(document, value) for document, value in pairs):
            levels = {BREAKING}
        else:
            levels = {level}
            pointers = {f"{_pointer(way)}/{key or NEW}" for _, way in objects}
            if any(is_named(subject, one) for one in pointers):
                levels.add(BREAKING)
        expected = Expected(rule, frozenset(levels))
        return Mutant(subject, self.name, what, subject.with_documents(pairs), expected)


def _add(holder: Any, _key: Any) -> None:
    holder[NEW] = {"a": NEW}


def _pointer(way: Way) -> str:
    return "".join("/[]" if isinstance(one, int) else f"/{one}" for one in way)


def _objects(subject: Subject, pattern: str) -> dict[str, list[tuple[Document, Way]]]:
    """The objects of a family, by their type where they are told apart by it."""
    found: dict[str, list[tuple[Document, Way]]] = {}
    for document in subject.documents:
        for way, pointer, value, _ in walk(subject.schemas, document):
            if not isinstance(value, dict) or not re.fullmatch(pattern, pointer):
                continue
            kind = value.get("type") if pattern not in ("", "/response") else ""
            found.setdefault(str(kind), []).append((document, way))
    return found


def _always(objects: list[tuple[Document, Way]], key: str) -> str:
    """Whether every object of each label has a member; of no label some have it and some have not.

    ``""`` if that is so, for then its going is not one and the same thing everywhere.
    """
    labels: dict[tuple[str | None, str], list[bool]] = {}
    for document, way in objects:
        place = (document.label, _pointer(way))
        labels.setdefault(place, []).append(key in value_at(document.value, way))
    mixed = [one for one in labels.values() if any(one) and not all(one)]
    return "" if mixed else "always"
