"""An example for every rule: two exchanges that differ in one thing, and the rule that says so.

The examples are data, the YAML files beside this module: ``explain`` shows them, and a test runs
each of them through the engine. They come with a small contract of their own (``contract/``),
made up for them, so that the real one can change without them.

An example is ``{rule, base, before, after}``: two sides, each made of the exchange that ``base``
names (in ``bases.yaml``) by edits, ``{place: value}``. A side that is a list is several exchanges,
no two alike. Where the rule is not one about two exchanges, the sides are texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from harness.contract import ContractError, load_yaml
from harness.drift.rules import RULES

from ._exchanges import ABSENT, Edits, made, value_at

__all__ = ["ABSENT", "FOLDER", "Example", "bases", "example_of", "examples"]

#: Where the data are.
FOLDER: Final = Path(__file__).parent

_MEMBERS: Final = frozenset({"rule", "base", "before", "after"})


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        rule: the rule that it shows.
        base: what both sides are made of: an exchange, the schema of a request, a rule of the
            rulebook; ``None`` if the sides are texts, which no engine reads.
        before, after: the edits of each exchange of a side, or one text.
    """

    rule: str
    base: str | None
    before: tuple[Edits, ...] | str
    after: tuple[Edits, ...] | str

    def told(self) -> Iterator[tuple[str, str, str]]:
        """The example for a person: (place, before, after), each of them text."""
        if isinstance(self.before, str) or isinstance(self.after, str):
            yield "", str(self.before), str(self.after)
            return
        places = dict.fromkeys(p for side in (self.before, self.after) for one in side for p in one)
        base = {} if self.base is None else bases()[self.base]
        for place in places:
            before, after = (_values(base, side, place) for side in (self.before, self.after))
            if before != after:
                yield place, before, after


def _values(base: Mapping[str, Any], side: tuple[Edits, ...], place: str) -> str:
    """What a side has at a place; several exchanges of a side may have several values there."""
    return " or ".join(dict.fromkeys(value_at(made(base, edits), place) for edits in side))


@cache
def bases() -> Mapping[str, Mapping[str, Any]]:
    """The exchanges that examples are made of, by name."""
    return _read("bases.yaml")  # type: ignore[no-any-return]  # checked by the tests that run it


@cache
def examples() -> Mapping[str, Example]:
    """Every example, by its rule.

    Raises:
        ContractError: a file is not what it should be.
    """
    found: dict[str, Example] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        if file.name == "bases.yaml":
            continue
        for row in _read(file.name):
            one = _example(file.name, row)
            if one.rule in found:
                raise ContractError(file.name, one.rule, "has two examples", "leave one")
            found[one.rule] = one
    return found


def example_of(rule: str) -> Example | None:
    """The example of a rule, if it has one."""
    return examples().get(rule)


def _example(name: str, row: Any) -> Example:
    rule = row.get("rule") if isinstance(row, Mapping) else None
    if rule not in RULES:
        raise ContractError(name, str(rule), "is no rule", "name one of harness.drift.rules")
    strange = sorted(row.keys() - _MEMBERS)
    if strange:
        raise ContractError(name, f"{rule}/{strange[0]}", "is no member of an example", "remove it")
    base = row.get("base")
    before, after = (_side(row.get(side)) for side in ("before", "after"))
    is_text = isinstance(before, str) or isinstance(after, str)
    if is_text != (base is None) or (base is not None and base not in bases()):
        raise ContractError(name, f"{rule}/base", f"{base!r} is none", "see bases.yaml")
    return Example(rule, base, before, after)


def _side(value: Any) -> tuple[Edits, ...] | str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return tuple(value)
    return (value or {},)


def _read(name: str) -> Any:
    return load_yaml((FOLDER / name).read_text("utf-8"), name)
