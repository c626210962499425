"""Invariants that a machine can check: the member ``check`` of an entry of ``x-invariants``.

The vocabulary is described for people in ``docs/contract.md``. What is here is its grammar;
:mod:`harness.invariants` is what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["CHECKS", "Invariant", "invariant_faults", "read_invariant"]

Predicate = Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pointer(value: Any) -> bool:
    return isinstance(value, str) and (not value or value.startswith("/"))


def _is_reference(value: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() == {"at", "times"} and _is_reference(value["at"]) and (
            _is_number(value["times"])
        )  # fmt: skip
    if value == "@now" or _is_pointer(value):
        return True
    source, found, pointer = value.partition(":") if isinstance(value, str) else ("", "", "")
    return bool(found) and source in ("request", "answer") and _is_pointer(pointer)


def _is_bound(value: Any) -> bool:
    return _is_number(value) or _is_reference(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_places(value: Any) -> bool:
    return _is_list(value) and all(_is_pointer(one) for one in value)


def _is_true(value: Any) -> bool:
    return value is True


#: What each kind of check can say beside ``at``.
CHECKS: Final[Mapping[str, Mapping[str, Predicate]]] = {
    "value": {
        "in": _is_list,
        "not": _is_list,
        "from": _is_bound,
        "to": _is_bound,
        "json": _is_true,
        "once": _is_true,
    },
    "time": {
        "after": _is_reference,
        "distance": _is_reference,
        "less": _is_reference,
        "agree": _is_true,
        "slack": _is_number,
    },
    "echo": {"of": _is_reference, "among": _is_reference, "dated": _is_true},
    "sum": {"of": _is_places, "slack": _is_number},
}


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise that every value under a schema keeps.

    Attributes:
        name: what it is called (``rule`` in the schema).
        says: what it promises, in words.
        kind: ``value``, ``time``, ``echo`` or ``sum``.
        at: the places that it is about.
        says_more: what else its check says, by the words of :data:`CHECKS`.
        each: from where the places are counted, below the value that the schema describes.
        when: it holds only where these places have one of these values.
    """

    name: str
    says: str
    kind: str
    at: tuple[str, ...]
    says_more: Mapping[str, Any] = field(default_factory=dict)
    each: tuple[str, ...] = ("",)
    when: tuple[tuple[str, tuple[Any, ...]], ...] = ()


def read_invariant(entry: Mapping[str, Any]) -> Invariant | None:
    """The invariant behind an entry of ``x-invariants``; ``None`` if it has words only.

    Raises:
        ValueError: its ``check`` does not keep the grammar; the text says what is wrong.
    """
    check = entry.get("check")
    if check is None:
        return None
    if not isinstance(check, dict):
        raise ValueError("check is no object")
    kinds = check.keys() & CHECKS.keys()
    unknown = check.keys() - CHECKS.keys() - {"each", "if"}
    if len(kinds) != 1 or unknown:
        raise ValueError(f"a check has one of {', '.join(CHECKS)}, and may have each and if")
    (kind,) = kinds
    return Invariant(
        name=entry["rule"],
        says=entry["says"],
        kind=kind,
        at=_at(kind, check[kind]),
        says_more={word: value for word, value in check[kind].items() if word != "at"},
        each=_each(check.get("each", [""])),
        when=_when(check.get("if", {})),
    )


def invariant_faults(entries: Any) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the entries of ``x-invariants``: place below it, fault, mend."""
    if not _is_list(entries):
        yield "", "is no list with something in it", "list objects with rule, says and source"
        return
    for index, entry in enumerate(entries):
        wanted = ("rule", "says", "source")
        if not isinstance(entry, dict) or not all(entry.get(key) for key in wanted):
            yield f"/{index}", "is no invariant", "give it rule, says and source"
            continue
        try:
            read_invariant(entry)
        except ValueError as error:
            yield f"/{index}/check", str(error), "see docs/contract.md, a schema"


def _at(kind: str, said: Any) -> tuple[str, ...]:
    at = said.get("at") if isinstance(said, dict) else None
    places: list[Any] = at if isinstance(at, list) else [at]
    if not _is_places(places):
        raise ValueError(f"{kind}: at is no JSON pointer, and no list of them")
    for word, value in said.items():
        if word == "at":
            continue
        predicate = CHECKS[kind].get(word)
        if predicate is None:
            raise ValueError(f"{kind}: {word} is none of {', '.join(CHECKS[kind])}")
        if not predicate(value):
            raise ValueError(f"{kind}: {word} cannot be {value!r}")
    if len(said) < 2:
        raise ValueError(f"{kind}: says nothing about the value at {at!r}")
    if kind == "time" and not said.keys() & {"after", "agree"}:
        raise ValueError("time: says neither after nor agree")
    return tuple(places)


def _each(value: Any) -> tuple[str, ...]:
    if not _is_places(value):
        raise ValueError("each is no list of JSON pointers")
    return tuple(value)


def _when(value: Any) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    if not isinstance(value, dict) or not all(_is_pointer(one) for one in value):
        raise ValueError("if is no object of JSON pointers and values")
    return tuple(
        (pointer, tuple(wanted) if isinstance(wanted, list) else (wanted,))
        for pointer, wanted in value.items()
    )
