"""What two contracts say that a server answers: each edit of the schemas of answers, with its rule.

The rules are those of an answer that changed: a field that has to be there no more is one that is
not always there any more. What a request may hold is the business of :mod:`.accept_changes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.accepts import Accepts, accepts
from harness.contract import Contract, Endpoint, Schemas
from harness.drift.naming import rule_at

__all__ = ["Answered", "answer_changes"]

_NULL: Final = frozenset({"null"})
_WHOLE: Final = frozenset({"integer"})


@dataclass(frozen=True, slots=True)
class Answered:
    """One edit of what is answered.

    Attributes:
        rule: its rule.
        surface: the surface whose answers these are.
        event: the type of the event, if it is one of a stream.
        pointer: the place; ``""`` for a whole event.
        before, after: what is said of it, ``None`` for nothing.
        origin: where in the schemas it is said.
    """

    rule: str
    surface: str
    event: str | None
    pointer: str
    before: str | None
    after: str | None
    origin: str


class _Edit(NamedTuple):
    rule: str
    pointer: str
    before: str | None
    after: str | None
    origin: str


def answer_changes(old: Contract, new: Contract) -> Iterator[Answered]:
    """The edits of the schemas of all answers that both contracts describe.

    Raises:
        ContractError: a reference leads nowhere.
    """
    for surface in new.schemas.surfaces:
        if surface not in old.schemas.surfaces:
            continue
        for after in new.schemas.endpoints(surface):
            before = old.schemas.endpoint(surface, after.method, after.url)
            if before is not None:
                yield from _of_endpoint(old.schemas, new.schemas, before, after)


def _of_endpoint(
    old: Schemas, new: Schemas, before: Endpoint, after: Endpoint
) -> Iterator[Answered]:
    surface = after.surface
    for here, there, prefix in (
        (before.headers, after.headers, "/header"),
        (before.ok, after.ok, "/body"),
        (before.error, after.error, "/body"),
    ):
        if here and there:
            for one in _edits(_promised(old, here, prefix), _promised(new, there, prefix)):
                yield Answered(rule_at("response", one.pointer, one.rule), surface, None, *one[1:])
    if before.events and after.events:
        yield from _of_events(old, new, (before.events, after.events), surface)


def _of_events(
    old: Schemas, new: Schemas, folders: tuple[str, str], surface: str
) -> Iterator[Answered]:
    here, there = (
        {path.removeprefix(f"{folder}/").removesuffix(".json"): path for path in side.paths
         if path.startswith(f"{folder}/")}
        for side, folder in zip((old, new), folders, strict=True)
    )  # fmt: skip
    for kind in sorted({*here, *there}):
        if kind not in there:
            yield Answered("event-type-removed", surface, kind, "", kind, None, here[kind])
        elif kind not in here:
            yield Answered("event-type-added", surface, kind, "", None, kind, there[kind])
        else:
            for one in _edits(_promised(old, here[kind], ""), _promised(new, there[kind], "")):
                yield Answered(one.rule, surface, kind, *one[1:])


def _promised(schemas: Schemas, path: str, prefix: str) -> dict[str, Accepts]:
    base, schema = schemas.resolve("", path)
    return accepts(schemas, schema, base=base, prefix=prefix)


def _edits(before: Mapping[str, Accepts], after: Mapping[str, Accepts]) -> Iterator[_Edit]:
    """What changed between two promises. A whole subtree that comes or goes is one edit."""
    claimed: list[str] = []
    for pointer in sorted({*before, *after}):
        if any(pointer.startswith(f"{one}/") for one in claimed):
            continue
        old, new = before.get(pointer), after.get(pointer)
        part = pointer.rpartition("/")[2]
        is_member = part.startswith("[") and part != "[]"
        if old is None and new is not None:
            claimed.append(pointer)
            rule = "union-member-added" if is_member else "field-added"
            yield _Edit(rule, pointer, None, _what(new), new.origin)
        elif old is not None and new is None:
            claimed.append(pointer)
            gone = "field-removed" if old.required else "field-unobserved"
            rule = "union-member-removed" if is_member else gone
            yield _Edit(rule, pointer, _what(old), None, old.origin)
        elif old is not None and new is not None and old != new:
            for rule, was, now in _at(old, new):
                yield _Edit(rule, pointer, was, now, new.origin)


def _at(old: Accepts, new: Accepts) -> Iterator[tuple[str, str | None, str | None]]:
    """What changed at one place: the rule, and what was and is said."""
    if old.forbidden != new.forbidden:
        yield "field-removed" if new.forbidden else "field-added", None, None
        return
    if old.required != new.required:
        always = "field-became-always-present" if new.required else "field-became-optional"
        yield always, None, None
    if old.types != new.types and (old.values is None or old.values != new.values):
        # Of another type, its values are others, too: that is the same edit.
        yield _type_rule(old.types, new.types), _list(old.types), _list(new.types)
        return
    if old.values != new.values:
        yield _set_rule("enum", old.values, new.values), _list(old.values), _list(new.values)
    elif old.listed != new.listed:
        sets = old.listed, new.listed
        yield _set_rule("open", *sets), _list(old.listed), _list(new.listed)
    if old.pattern != new.pattern:
        yield "string-format-changed", old.pattern, new.pattern
    elif old.limits != new.limits or old.names != new.names:
        yield "shape-changed", _limits(old), _limits(new)


def _type_rule(old: frozenset[str] | None, new: frozenset[str] | None) -> str:
    """What nothing is said about may be anything."""
    if old is None or new is None:
        return "type-narrowed" if old is None else "type-widened"
    # A whole number is a number, too.
    old, new = (one | _WHOLE if "number" in one else one for one in (old, new))
    lost, gained = old - new, new - old
    if lost | gained == _NULL:
        return "became-nullable" if gained else "became-not-nullable"
    if lost and gained:
        return "type-changed"
    return "type-widened" if gained else "type-narrowed"


def _set_rule(name: str, old: frozenset[str] | None, new: frozenset[str] | None) -> str:
    """Of a closed set, what no set limits has all values; of an open one, none is known."""
    if old is None or new is None:
        return f"{name}-value-unobserved" if old is None else f"{name}-value-added"
    lost, gained = old - new, new - old
    if lost and gained:
        return f"{name}-value-changed"
    return f"{name}-value-added" if gained else f"{name}-value-unobserved"


def _list(values: frozenset[str] | None) -> str | None:
    return " | ".join(sorted(values)) if values else None


def _limits(one: Accepts) -> str | None:
    said = [f"{name} {size:g}" for name, size in sorted(one.limits.items())]
    said += ["names " + ", ".join(sorted(one.names))] if one.names is not None else []
    return "; ".join(said) or None


def _what(one: Accepts) -> str:
    """What a place holds, in a word or two."""
    return _list(one.values) or _list(one.types) or "anything"
