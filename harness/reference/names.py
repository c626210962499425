"""Stable names for what differs from run to run: the same value has the same name, and its form.

A name looks like what it stands for: a UUID stays a UUID of its version, ``resp_…`` keeps prefix
and length, a time its unit. So a change of form is still a change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["EPOCH", "Names", "time_like"]

#: What every point in time becomes, in seconds.
EPOCH: Final = 1_700_000_000
#: A number this close to the day of the run, in seconds, is a point in time.
_NEAR: Final = 40 * 24 * 3600
_UNITS: Final = (1, 1_000, 1_000_000, 1_000_000_000)

_UUID: Final = (
    r"(?P<uuid>(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-(?P<kind>[0-9a-f])[0-9a-f]{3}"
    r"-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z]))"
)
#: A prefix, and behind it what nobody writes by hand: long, and with a digit in it.
_PREFIXED: Final = (
    r"(?P<prefixed>(?<![A-Za-z0-9])(?P<prefix>[a-z]{1,12}_)(?=[A-Za-z]*[0-9])[0-9A-Za-z]{20,})"
)
_HEX: Final = r"(?P<hex>\b(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{16,128}\b)"
_DIGITS: Final = r"(?P<digits>\b[0-9]{10,19}(?:\.[0-9]+)?\b)"
_MOMENT: Final = (
    r"(?P<moment>\b20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
    r"(?P<fraction>\.[0-9]+)?(?P<zone>Z|[+-][0-2][0-9]:?[0-5][0-9])?)"
)
_UUIDS: Final = re.compile(_UUID)
_VOLATILE: Final = re.compile(f"{_UUID}|{_MOMENT}|{_PREFIXED}|{_HEX}|{_DIGITS}")


def time_like(value: float, now: float) -> int | None:
    """The number of units in a second, if a number is a point in time near ``now``."""
    return next((unit for unit in _UNITS if abs(value / unit - now) < _NEAR), None)


class Names:
    """The names of one run. Not for two threads at once."""

    def __init__(self, now: float, fixed: Mapping[str, str], version: tuple[str, str]) -> None:
        """Begin without any.

        Args:
            now: when the run was, in Unix time.
            fixed: texts that are always called so, such as folders.
            version: the client's own, and what it is called.
        """
        self._now = now
        self._fixed = dict(fixed)
        # Not as a part of a longer one: 1.0.42.0 is another version than 0.42.0.
        self._version = re.compile(rf"(?<![0-9.]){re.escape(version[0])}(?![0-9]|\.[0-9])")
        self._called = version[1]
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def opaque(self, kind: str, value: str) -> str:
        """The name of a secret, or of a value without a form that anybody could know."""
        return self._known_as(f"opaque {kind}", value, lambda n: f"REDACTED-{kind}-{n}")

    def number(self, value: float) -> float:
        """A number; one that is a point in time is another one, of the same unit."""
        unit = time_like(value, self._now)
        if unit is None:
            return value
        return float(EPOCH * unit) if isinstance(value, float) else EPOCH * unit

    def nobody(self, text: str) -> str:
        """The same without saying whose id it is, which is chance."""
        return _UUIDS.sub(lambda found: f"00000000-0000-{found['kind']}000-8000-{0:012d}", text)

    def word(self, text: str) -> str:
        """A text without blanks, with names for what is volatile in it."""
        # The longest first: one may be a part of another.
        for known in sorted(self._fixed, key=len, reverse=True):
            text = text.replace(known, self._fixed[known])
        text = self._version.sub(self._called, text)
        return _VOLATILE.sub(self._named, text)

    def _named(self, found: re.Match[str]) -> str:
        whole = found[0]
        if found["uuid"]:
            version = found["kind"]
            form = f"00000000-0000-{version}000-8000-"
            return self._known_as(f"uuid {version}", whole, lambda n: f"{form}{n:012d}")
        if found["moment"]:
            zone = found["zone"] or ""
            zone = zone if zone in ("", "Z") else "+00:00"
            return f"2000-01-01{whole[10]}00:00:00{'.000' if found['fraction'] else ''}{zone}"
        if found["prefixed"]:
            prefix = found["prefix"]
            length = len(whole) - len(prefix)
            return self._known_as(prefix, whole, lambda n: f"{prefix}{n:0{length}d}")
        if found["hex"]:
            return self._known_as(f"hex {len(whole)}", whole, lambda n: f"{n:0{len(whole)}d}")
        return self._digits(whole)

    def _digits(self, whole: str) -> str:
        unit = time_like(float(whole), self._now)
        if unit is None:
            return whole
        return f"{EPOCH * unit}{'.0' if '.' in whole else ''}"

    def _known_as(self, kind: str, value: str, name: Callable[[int], str]) -> str:
        known = self._known.get(value)
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            known = self._known[value] = name(self._counts[kind])
        return known
