"""Values of one form, recognised at once, so that each form is walked through its schemas once.

Ten thousand exchanges have some dozens of different events. What a value would add to the counts
is written down as a flat tuple (its *key*), several times as fast as counting it; what is known
already is only counted. Two values with one key add the same to every count: the key holds the
keys of each object in their order, the atom of each scalar, and the words that are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .node import MAX_DEPTH, Node, typed_item
from .plan import Plan

__all__ = ["Imprint", "Imprints"]

Key = tuple[Any, ...]

#: So many parts of keys are remembered (about 100 MB with their counts), then all are forgotten.
MAX_PARTS: Final = 200_000
#: Of one plan, so many different sets of keys.
MAX_LAYOUTS: Final = 1024


class Imprint:
    """What one value adds to the counts. Two are the same object, or (mostly) differ."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node


class _Layout:
    """An object with these keys, and values of these types.

    Attributes:
        atoms: where the atom depends on the value: its index, and what makes the atom.
        inner: where something lies below: its index, what writes it, and its plan.
        varying: the names of the values that an atom depends on.
    """

    __slots__ = ("atoms", "inner", "varying")

    def __init__(self, plan: Plan, names: tuple[str, ...], types: tuple[type, ...]) -> None:
        self.atoms: list[tuple[int, Callable[[Any], str]]] = []
        self.inner: list[tuple[int, _Writer, Plan]] = []
        for index, (name, kind) in enumerate(zip(names, types, strict=True)):
            below = plan.member(name)
            maker = below.makers.get(kind)
            if maker is None:
                self.inner.append((index, _WRITERS.get(kind, _write), below))
            elif not isinstance(maker, str):
                self.atoms.append((index, maker))
        self.varying = frozenset(names[index] for index, _ in self.atoms)


class Imprints:
    """The imprints that were met, each made once."""

    def __init__(self) -> None:
        self._known: dict[Key, Imprint] = {}
        self._parts = 0

    def of(self, plan: Plan, value: Any) -> Imprint:
        """The imprint of a JSON value, as its schemas say."""
        parts: list[Any] = [plan]
        _write(parts, plan, value, 0)
        key = tuple(parts)
        found = self._known.get(key)
        if found is not None:
            return found
        node = Node()
        node.observe(plan, value)
        return self._remember(key, node)

    def is_of_all(self, plan: Plan, value: Any, own: frozenset[str]) -> bool:
        """Whether all values that differ from this one in these members alone have its imprint.

        They are of the same types, and nothing lies below them.
        """
        if value.__class__ is not dict or plan.is_map or plan.kinds:
            return False
        return own.isdisjoint(_layout(plan, value, tuple(map(type, value.values()))).varying)

    def made(self, key: Key, make: Callable[[], Node]) -> Imprint:
        """The imprint of anything else: ``key`` says all that ``make`` goes by."""
        found = self._known.get(key)
        return self._remember(key, make()) if found is None else found

    def _remember(self, key: Key, node: Node) -> Imprint:
        self._parts += len(key)
        if self._parts > MAX_PARTS:
            self._known.clear()
            self._parts = len(key)
        found = self._known[key] = Imprint(node)
        return found


def _write(key: list[Any], plan: Plan, value: Any, depth: int) -> None:
    """Add to a key what tells this value from others of another form."""
    maker = plan.makers.get(value.__class__)
    if depth > MAX_DEPTH:
        key.append("deep")
    elif maker is not None:
        key.append(maker if isinstance(maker, str) else maker(value))
    elif value.__class__ in _WRITERS:
        _WRITERS[value.__class__](key, plan, value, depth)
    else:
        key.append(plan.scalar(value))


def _write_object(key: list[Any], plan: Plan, value: dict[str, Any], depth: int) -> None:
    if plan.is_map or depth >= MAX_DEPTH:
        key.append("{")
        for name, one in value.items():
            key.append("" if plan.is_map else name)
            _write(key, plan.values, one, depth + 1)
        key.append("}")
        return
    values = tuple(value.values())
    layout = _layout(plan, value, tuple(map(type, values)))
    key.append(layout)
    for index, maker in layout.atoms:
        key.append(maker(values[index]))
    for index, writer, below in layout.inner:
        writer(key, below, values[index], depth + 1)


def _layout(plan: Plan, value: dict[str, Any], types: tuple[type, ...]) -> _Layout:
    kind = value.get("type") if plan.by_type else None
    if kind.__class__ is not str:
        kind = None
    place = (kind, types, *value)
    found: _Layout | None = plan.layouts.get(place)
    if found is None:
        if len(plan.layouts) >= MAX_LAYOUTS:
            plan.layouts.clear()
        found = plan.layouts[place] = _Layout(plan.variant(kind), tuple(value), types)
    return found


def _write_array(key: list[Any], plan: Plan, value: list[Any], depth: int) -> None:
    if not value:
        key.append("[]")
        return
    items = plan.items
    key.append("[")
    for one in value:
        if items.by_type and one.__class__ is dict:
            key.append(typed_item(one.get("type")))
        _write(key, items, one, depth + 1)
    key.append("]")


_Writer = Callable[[list[Any], Plan, Any, int], None]
_WRITERS: Final[dict[type, _Writer]] = {dict: _write_object, list: _write_array}
