"""What every fault is: a name, parameters that are checked, and a transformation of a plan."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

from harness.standin.steps import Medium, Position, Steps

__all__ = ["EVENTS", "EVERYWHERE", "HTTP", "STREAM", "Fault", "FaultError", "Placed", "at_least"]

EVERYWHERE: Final = frozenset[Medium]({"stream", "body", "frames"})
EVENTS: Final = frozenset[Medium]({"stream", "frames"})
HTTP: Final = frozenset[Medium]({"stream", "body"})
STREAM: Final = frozenset[Medium]({"stream"})

#: Longer than any test waits; a plan that waits for ever cannot be stopped by its client.
MAX_SECONDS: Final = 24 * 3600.0
#: More than a client may be asked to take in at once.
MAX_COUNT: Final = 2**40


class FaultError(ValueError):
    """A fault that is not one; ``str()`` is one line for a person.

    Attributes:
        key: the parameter at fault, or ``fault`` for its name.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key


def at_least(minimum: float, default: Any = dataclasses.MISSING) -> Any:
    """A field for a number that has a lower bound."""
    if default is dataclasses.MISSING:
        return field(metadata={"minimum": minimum})
    return field(default=default, metadata={"minimum": minimum})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong with an answer.

    The docstring of a fault is its documentation; its fields are its parameters, each with its unit
    in its name. ``name`` is what data calls it, and stays. ``media`` says which answers it knows;
    others it leaves as they are.
    """

    name: ClassVar[str]
    media: ClassVar[frozenset[Medium]] = EVERYWHERE

    def __post_init__(self) -> None:
        for one in dataclasses.fields(self):
            _check(self.name, one, getattr(self, one.name))

    def apply(self, steps: Steps, medium: Medium) -> Steps:
        """The plan with the fault in it."""
        raise NotImplementedError

    @classmethod
    def parameters(cls) -> dict[str, type | Any]:
        """Its parameters with their types, in order."""
        hints = get_type_hints(cls)
        return {one.name: hints[one.name] for one in dataclasses.fields(cls)}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Fault:
        """A fault of this kind with these parameters.

        Raises:
            FaultError: one of them is unknown, missing, or not what it has to be.
        """
        known = cls.parameters()
        for key, value in given.items():
            if key not in known:
                one_of = f"it has {', '.join(known)}" if known else "it has none"
                raise FaultError(key, f"{cls.name} has no parameter {key!r}: {one_of}")
            if not _fits(value, known[key]):
                wanted = _words(known[key])
                raise FaultError(key, f"{key} of {cls.name} is {value!r}, which is not {wanted}")
        for one in dataclasses.fields(cls):
            optional = (one.default, one.default_factory) != (dataclasses.MISSING,) * 2
            if not optional and one.name not in given:
                raise FaultError(one.name, f"{cls.name} needs {one.name}")
        return cls(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(Fault):
    """A fault that happens at one place: after so many bytes of the body, or so many events."""

    at_byte: int | None = at_least(0, None)
    after_event: int | None = at_least(0, None)

    def __post_init__(self) -> None:
        # super() does not find its class in dataclasses with slots on Python 3.11.
        Fault.__post_init__(self)
        if self.at_byte is not None and self.after_event is not None:
            raise FaultError(
                "at_byte", f"{self.name} has both at_byte and after_event: give one of them"
            )

    @property
    def position(self) -> Position:
        """Where it happens."""
        return Position(self.at_byte, self.after_event)

    @property
    def is_placed(self) -> bool:
        """Whether a place was given."""
        return self.at_byte is not None or self.after_event is not None


def _check(name: str, one: dataclasses.Field[Any], value: Any) -> None:
    minimum = one.metadata.get("minimum")
    if minimum is None or value is None:
        return
    maximum = MAX_COUNT if isinstance(value, int) and "seconds" not in one.name else MAX_SECONDS
    # Written so that NaN is refused as well.
    if not minimum <= value <= maximum:
        raise FaultError(
            one.name, f"{one.name} of {name} is {value!r}, which is not {minimum:g} to {maximum:g}"
        )


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if get_origin(kind) is Mapping:
        return isinstance(value, Mapping) and all(
            isinstance(part, str) for pair in value.items() for part in pair
        )
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind)


_WORDS: Final = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    types.NoneType: "null",
}


def _words(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_words(one) for one in get_args(kind))
    return _WORDS.get(kind, "a mapping of texts")
