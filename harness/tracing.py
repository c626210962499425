"""JSON values that note what is looked at.

They are of the types that :func:`json.loads` gives, and keep a note of each name that is asked for,
there or not. A member that is passed on unasked leaves no note. Where an object is walked through
member by member, all of them count as read. Names stay traced when an object is copied or merged
into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from harness.drift.snapshot import escape
from harness.reads import WHOLE

__all__ = ["TracedList", "TracedMap", "TracedObject", "traced"]


class _Name(str):
    """A key of an object: notes that it was found when asked for, in copies of the object too."""

    __slots__ = ("_note", "_same")

    def __new__(cls, name: str, _note: Callable[[], None]) -> Self:
        return super().__new__(cls, name)

    def __init__(self, _name: str, note: Callable[[], None]) -> None:
        self._note = note
        self._same: list[_Name] = []

    def __eq__(self, other: object) -> bool:
        if not str.__eq__(self, other) or other is self:
            return other is self
        if isinstance(other, _Name):
            # Two objects are merged: the name stands for both from now on.
            self._same.append(other)
        else:
            self.looked_at()
        return True

    __hash__ = str.__hash__

    def looked_at(self) -> None:
        """Note it for every object that it now stands for."""
        self._note()
        for one in self._same:
            one.looked_at()


class TracedObject(dict[str, Any]):
    """A JSON object that notes which of its members are asked for."""

    def __init__(self, value: Mapping[str, Any], pointer: str, notes: set[str]) -> None:
        self._pointer = pointer
        self._notes = notes
        super().__init__(
            (_Name(name, self._noting(name)), traced(one, self._place(name), notes))
            for name, one in value.items()
        )

    def _place(self, name: str) -> str:
        return f"{self._pointer}/{escape(name)}"

    def _noting(self, name: str) -> Callable[[], None]:
        return lambda: self._notes.add(self._place(name))

    def _look(self, name: object) -> None:
        if isinstance(name, str) and not isinstance(name, _Name):
            self._notes.add(self._place(name))

    def get(self, name: str, default: Any = None) -> Any:
        self._look(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._look(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._look(name)
        return super().__contains__(name)

    def items(self) -> Any:
        self._notes.update(self._place(name) for name in self)
        return super().items()

    def values(self) -> Any:
        self._notes.update(self._place(name) for name in self)
        return super().values()

    def whole(self) -> None:
        """Note that all of it is read, whatever its members are."""
        self._notes.add(self._pointer + WHOLE)

    def __repr__(self) -> str:
        self.whole()
        return super().__repr__()


class TracedList(list[Any]):
    """A JSON array that notes when all of it is written out."""

    def __init__(self, value: Iterable[Any], pointer: str, notes: set[str]) -> None:
        self._pointer = pointer
        self._notes = notes
        super().__init__(traced(one, f"{pointer}/[]", notes) for one in value)

    def whole(self) -> None:
        """Note that all of it is read, whatever its members are."""
        self._notes.add(self._pointer + WHOLE)

    def __repr__(self) -> str:
        self.whole()
        return super().__repr__()


def traced(value: Any, pointer: str, notes: set[str]) -> Any:
    """A parsed value in a form that notes what is looked at, as pointers below ``pointer``."""
    if isinstance(value, dict):
        return TracedObject(value, pointer, notes)
    if isinstance(value, list):
        return TracedList(value, pointer, notes)
    return value


class TracedMap(dict[str, str]):
    """Texts by name (the headers of an answer), noting which are asked for."""

    def __init__(self, value: Mapping[str, str], notes: set[str]) -> None:
        self._notes = notes
        super().__init__(value)

    def __bool__(self) -> bool:
        # A cassette without headers is one of which nobody wrote them down.
        return True

    def get(self, name: str, default: Any = None) -> Any:
        self._notes.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self._notes.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._notes.add(str(name))
        return super().__contains__(name)

    def items(self) -> Any:
        self._notes.update(self)
        return super().items()
