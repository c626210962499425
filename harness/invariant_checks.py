"""What one invariant wants of one value: the meaning of the vocabulary of ``x-invariants``.

Pure: values in, breaches out. :mod:`harness.invariants` finds the values that it speaks about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from statistics import median_low
from typing import Any, Final

from harness.contract import Invariant, excerpt
from harness.exchange import ASKS, Exchange
from harness.wide_pointers import places, values_at

__all__ = ["Breach", "Surroundings", "breaches_of"]

_NUMERIC: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATED: Final = re.compile(r"-[0-9]{4}-?[0-9]{2}-?[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that does not hold. ``pointer`` leads into the value that was checked.

    ``reads`` are the other places that the check looks at, if they are asked for.
    """

    kind: str
    name: str
    pointer: str
    found: Any
    message: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a check may refer to outside of its own value.

    Attributes:
        request: ``{"header": …, "body": …}`` of the request, header names in lower case.
        answer: the same of the answer.
        now: the answer's own date in Unix seconds, or ``None`` if it does not say.
    """

    request: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    now: float | None = None

    @classmethod
    def of(cls, exchange: Exchange) -> Surroundings:
        """Those of an exchange."""
        sent: dict[str, Any] = {}
        if exchange.request is not None:
            headers = {name.lower(): value for name, value in exchange.request.headers}
            sent = {"header": headers, "body": _asked(exchange)}
        headers = exchange.header_map()
        body = None if exchange.is_stream else exchange.payload()
        return cls(sent, {"header": headers, "body": body}, _date(headers.get("date")))


def _asked(exchange: Exchange) -> Any:
    """What was asked for: the body; over a WebSocket, what all frames that ask have in common."""
    if exchange.transport != "ws":
        return exchange.request.payload() if exchange.request is not None else None
    asked = [one.payload for one in exchange.sent_frames if one.type == ASKS]
    first = asked[0] if asked else {}
    return {
        key: value for key, value in first.items() if all(one.get(key) == value for one in asked)
    }


def breaches_of(invariant: Invariant, value: Any, around: Surroundings) -> Iterator[Breach]:
    """Every place at which a value does not keep an invariant. Pointers lead into the value."""
    if value is None:  # nothing is there to be checked
        return iter(())
    return _Check(invariant, value, around).breaches()


class _Check:
    """One invariant against the one value that it speaks about."""

    def __init__(self, invariant: Invariant, value: Any, around: Surroundings) -> None:
        self._invariant = invariant
        self._says = invariant.says_more
        self._value = value
        self._around = around
        self._here: Any = None

    def breaches(self) -> Iterator[Breach]:
        if "agree" in self._says:
            yield from self._agree()
            return
        test = _TESTS[self._invariant.kind]
        for start in self._invariant.each:
            for prefix, here in places(self._value, start):
                self._here = here
                if not self._invariant.when or self._applies(here):
                    for pointer, found, message in test(self):
                        yield self._breach(prefix + pointer, found, message)

    def _breach(self, pointer: str, found: Any, message: str) -> Breach:
        one = self._invariant
        return Breach(one.kind, one.name, pointer, found, f"{message} ({one.name}: {one.says})")

    def _applies(self, here: Any) -> bool:
        return all(
            any(value in wanted for value in values_at(here, pointer))
            for pointer, wanted in self._invariant.when
        )

    def _at(self) -> list[tuple[str, Any]]:
        """The places that it is about. What is null or an empty text is not there."""
        return [
            (pointer, value)
            for at in self._invariant.at
            for pointer, value in places(self._here, at)
            if value is not None and value != ""
        ]

    def _referred(self, reference: Any) -> list[Any]:
        """Every value that a reference leads to."""
        if isinstance(reference, dict):
            numbers = map(_number, self._referred(reference["at"]))
            return [one * reference["times"] for one in numbers if one is not None]
        if not isinstance(reference, str):
            return [reference]
        if reference == "@now":
            return [] if self._around.now is None else [self._around.now]
        source, found, pointer = reference.partition(":")
        if not found:
            value, pointer = self._here, reference
        else:
            value = self._around.request if source == "request" else self._around.answer
        return [one for one in values_at(value, pointer) if one is not None and one != ""]

    def _bound(self, word: str) -> float | None:
        """The number behind a word of the check; ``None`` if it says none, or none is there."""
        if word not in self._says:
            return None
        found = self._referred(self._says[word])
        return _number(found[0]) if found else None

    def values(self) -> Iterator[tuple[str, Any, str]]:
        seen: list[Any] = []
        for pointer, value in self._at():
            wrong = self._wrong(value)
            if wrong is None and "once" in self._says and value in seen:
                wrong = "comes twice"
            seen.append(value)
            if wrong is not None:
                yield pointer, value, f"{excerpt(value)} {wrong}"

    def _wrong(self, value: Any) -> str | None:
        number = _number(value)
        low = None if number is None else self._bound("from")
        high = None if number is None else self._bound("to")
        plain = number if number is not None else value
        if "in" in self._says and plain not in self._says["in"]:
            return f"is not {' or '.join(map(excerpt, self._says['in']))}"
        if plain in self._says.get("not", ()):
            return "does not belong here"
        if number is not None and low is not None and number < low:
            return f"is less than {low:g}"
        if number is not None and high is not None and number > high:
            return f"is more than {high:g}"
        if "json" in self._says and not _is_json(value):
            return "is no JSON text"
        return None

    def times(self) -> Iterator[tuple[str, Any, str]]:
        start, distance = self._bound("after"), self._bound("distance")
        slack = self._says.get("slack", 0)
        for pointer, value in self._at():
            number = _number(value)
            if number is None or start is None:
                continue
            if number < start - slack:
                yield pointer, None, f"{number:.0f} lies {start - number:.0f} s too early"
            elif distance is not None and abs(number - start - distance) > slack:
                said = f"{number - start:.0f} s away, and the answer says {distance:.0f}"
                yield pointer, None, f"{number:.0f} is {said}"

    def _agree(self) -> Iterator[Breach]:
        """All places, less their distances, give one moment: that of the most of them."""
        moments: list[tuple[str, float]] = []
        for start in self._invariant.each:
            for prefix, here in places(self._value, start):
                self._here = here
                less = self._bound("less")
                for pointer, value in self._at():
                    number = _number(value)
                    if number is not None and less is not None:
                        moments.append((prefix + pointer, number - less))
        middle = median_low([moment for _, moment in moments]) if moments else 0
        for pointer, moment in moments:
            apart = abs(moment - middle)
            if apart > self._says.get("slack", 0):
                message = f"counts from a moment {apart:.0f} s away from that of the others"
                yield self._breach(pointer, None, message)

    def echo(self) -> Iterator[tuple[str, Any, str]]:
        known = self._referred(self._says.get("of", self._says.get("among")))
        for pointer, value in self._at() if known else ():
            if value not in known and not ("dated" in self._says and _is_dated(value, known)):
                yield pointer, value, f"{excerpt(value)} is not {' or '.join(map(excerpt, known))}"

    def sum(self) -> Iterator[tuple[str, Any, str]]:
        wholes = [(pointer, _number(value)) for pointer, value in self._at()]
        parts: list[float] = []
        for place in self._says["of"] if wholes else ():
            found = [_number(value) for value in values_at(self._here, place)]
            if None in found or (not found and "[]" not in place and "{}" not in place):
                return
            parts += [one for one in found if one is not None]
        if not parts:
            return
        for pointer, number in wholes:
            if number is not None and abs(number - sum(parts)) > self._says.get("slack", 0):
                yield pointer, None, f"{number:g} is not the sum of its parts, {sum(parts):g}"


_TESTS: Final = {
    "value": _Check.values,
    "time": _Check.times,
    "echo": _Check.echo,
    "sum": _Check.sum,
}


def _number(value: Any) -> float | None:
    """A number, also one in a text as headers and amounts have it."""
    if value.__class__ is int or value.__class__ is float:
        number: float = value
        return number
    if isinstance(value, str):
        return float(value) if _NUMERIC.fullmatch(value) else None
    return None


def _date(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except (ValueError, OverflowError):
        return None


def _is_dated(value: Any, known: list[Any]) -> bool:
    """Whether a name is a known one with a date at its end: a version of the same thing."""
    return isinstance(value, str) and any(
        isinstance(one, str) and value.startswith(one) and _DATED.fullmatch(value[len(one) :])
        for one in known
    )


def _is_json(value: Any) -> bool:
    try:
        json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
