"""What changed between what two schemas let through: one change for each edit, with its rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.accepts import FREE, LOWER, Accepts

__all__ = ["Change", "changes", "described"]

#: An item of the input, or what names its type or who says it.
_ITEM: Final = re.compile(r"/input/\[[^/]*\](/role|/type)?$")
_MODEL: Final = ("/body/model", "/facts/model")
_VERSION: Final = ("/query/client_version", "/facts/client_version", "/header/version")
_ENCODING: Final = "/header/content-encoding"
#: Kinds of change → what is taken no more, and what is taken in addition. The first that fits the
#: place counts.
_SUBJECTS: Final[Mapping[str, str]] = {
    "existence": "field rejected accepted",
    "requiredness": "field-became required optional",
    "type": "type narrowed widened",
    "values": "value rejected accepted",
    "constraint": "limit decreased increased",
}
#: Members of the envelope of a rule's request, as findings call them.
_HEADERS: Final = "/headers/"


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of what is let through.

    Attributes:
        kind: ``existence``, ``requiredness``, ``type``, ``values`` or ``constraint``.
        rule: its rule; ``request-…``.
        pointer: the place.
        before, after: what is said of it: a value, a set of values, a limit; ``None`` for nothing.
        origin: where in the schemas it is said.
        worse: whether less is let through.
        sure: whether it is said, and not only no longer listed in a set that stays open.
    """

    kind: str
    rule: str
    pointer: str
    before: Any
    after: Any
    origin: str
    worse: bool
    sure: bool = True


def described(before: Mapping[str, Accepts], after: Mapping[str, Accepts]) -> Iterator[Change]:
    """The changes between two descriptions of what may be sent: new fields count, too.

    A whole subtree that comes or goes is one change.
    """
    claimed: list[str] = []
    for pointer in sorted({*before, *after}):
        if any(pointer.startswith(f"{one}/") for one in claimed):
            continue
        old, new = before.get(pointer), after.get(pointer)
        if old is None or new is None:
            claimed.append(pointer)
        if old is None and new is not None:
            # A field that is described for the first time, and has to be there at once.
            kind = "requiredness" if new.required else "existence"
            yield _change(kind, pointer, None, _what(new), new, worse=new.required)
        elif new is None and old is not None:
            kind = "requiredness" if old.required else "existence"
            # Nothing forbids it: it is not promised any more.
            worse = not old.required
            yield _change(kind, pointer, _what(old), None, old, worse=worse, sure=not worse)
        elif old is not None and new is not None:
            yield from _at(pointer, old, new)


def changes(before: Mapping[str, Accepts], after: Mapping[str, Accepts]) -> Iterator[Change]:
    """The changes between two demands: a place that is not spoken of may be as it likes."""
    for pointer in sorted({*before, *after}):
        yield from _at(pointer, before.get(pointer, FREE), after.get(pointer, FREE))


def _at(pointer: str, old: Accepts, new: Accepts) -> Iterator[Change]:
    """What changed at one place."""
    said = new if new.origin else old
    if old.forbidden != new.forbidden:
        yield _change("existence", pointer, None, None, said, worse=new.forbidden)
        return
    if old.required != new.required:
        yield _change("requiredness", pointer, None, None, said, worse=new.required)
    yield from _names(pointer, old, new, said)
    if old.types != new.types and _can_differ(old, new):
        lost = old.types is None or (new.types is not None and bool(old.types - new.types))
        # Of another type, its values are others, too: that is the same edit.
        yield _change("type", pointer, _list(old.types), _list(new.types), said, worse=lost)
        return
    yield from _values(pointer, old, new, said)
    yield from _limits(pointer, old, new, said)


def _can_differ(old: Accepts, new: Accepts) -> bool:
    """A type beside a closed set of values that stays says nothing more."""
    return old.values is None or old.values != new.values


def _names(pointer: str, old: Accepts, new: Accepts, said: Accepts) -> Iterator[Change]:
    """Members that may have no name but these: each name that comes or goes."""
    if old.names == new.names:
        return
    if old.names is None or new.names is None:
        before, after = _list(old.names), _list(new.names)
        yield _change("existence", pointer, before, after, said, worse=old.names is None)
        return
    for name in sorted(old.names ^ new.names):
        gone = name in old.names
        place = f"{pointer}/{name}"
        yield _change("existence", place, name if gone else None, None if gone else name, said,
                      worse=gone)  # fmt: skip


def _values(pointer: str, old: Accepts, new: Accepts, said: Accepts) -> Iterator[Change]:
    before, after = _list(old.values), _list(new.values)
    if old.values != new.values:
        lost = old.values is None or (new.values is not None and bool(old.values - new.values))
        yield _change("values", pointer, before, after, said, worse=lost)
        return
    if old.refused != new.refused:
        worse = bool(new.refused - old.refused)
        changed = _list(new.refused - old.refused if worse else old.refused - new.refused)
        yield _change("values", pointer, *_gone(changed, worse), said, worse=worse)
    if old.listed != new.listed and old.listed and new.listed:
        worse = bool(old.listed - new.listed)
        changed = _list(old.listed - new.listed if worse else new.listed - old.listed)
        yield _change("values", pointer, *_gone(changed, worse), said, worse=worse, sure=not worse)
    if old.pattern != new.pattern:
        yield _change("values", pointer, old.pattern, new.pattern, said,
                      worse=new.pattern is not None, sure=old.pattern is None)  # fmt: skip


def _gone(changed: str | None, worse: bool) -> tuple[str | None, str | None]:  # noqa: FBT001
    """What is there before and after, of what only goes or only comes."""
    return (changed, None) if worse else (None, changed)


def _limits(pointer: str, old: Accepts, new: Accepts, said: Accepts) -> Iterator[Change]:
    for keyword in sorted({*old.limits, *new.limits}):
        before, after = old.limits.get(keyword), new.limits.get(keyword)
        if before == after:
            continue
        if before is None or after is None:
            worse = before is None
        else:
            worse = after > before if keyword in LOWER else after < before
        old_size, new_size = (
            None if one is None else f"{keyword} {one:g}" for one in (before, after)
        )
        yield _change("constraint", pointer, old_size, new_size, said, worse=worse)


def _change(
    kind: str, pointer: str, before: Any, after: Any, said: Accepts, *, worse: bool,
    sure: bool = True,
) -> Change:  # fmt: skip
    place = pointer.replace(_HEADERS, "/header/", 1)
    subject, bad, good = _subject(kind, place).split()
    rule = f"request-{subject}-{bad if worse else good}"
    return Change(kind, rule, place, before, after, said.origin, worse, sure)


def _subject(kind: str, pointer: str) -> str:
    if pointer == _ENCODING:
        return "encoding rejected accepted"
    if pointer.startswith("/header/") and kind in ("requiredness", "existence"):
        return "header-became required optional"
    if kind == "requiredness":
        return _SUBJECTS[kind]
    if pointer in _VERSION:
        return "client-version rejected accepted"
    if pointer.startswith("/header/"):
        return "header-value rejected accepted"
    if pointer in _MODEL and kind == "values":
        return "model rejected accepted"
    if _ITEM.search(pointer) and kind in ("existence", "values"):
        return "item rejected accepted"
    return _SUBJECTS[kind]


def _list(values: frozenset[str] | None) -> str | None:
    return None if values is None else " | ".join(sorted(values))


def _what(one: Accepts) -> str:
    """What a field is, in a word or two."""
    return _list(one.values) or _list(one.types) or "anything"
