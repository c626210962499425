"""What stands for a value that is not kept: of the same form, and the same for the same value.

An id keeps its prefix and its length, a UUID stays one. A time stays a time of the same unit and
form: all times near one recording are moved by the same span, so that it was made at
:data:`EPOCH`; what lay between two of them still does. One that is farther away is a fact about
somebody, and becomes the first moment of 2000.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

__all__ = ["EPOCH", "Placeholders", "looks_like_id"]

#: When every recording was made, as it says itself.
EPOCH: Final = 1_700_000_000
_UNITS: Final = (1, 1_000, 1_000_000, 1_000_000_000)
#: Farther from the moment of asking, a time is not one of this exchange (a plan lasts a year) but
#: a fact about somebody, which moving it would not hide: the span can be told from the others.
_FAR: Final = 400 * 86_400
#: What stands for such a time.
_THEN: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: Less is no point in time but a length of one: three years in seconds.
_SPAN: Final = 10**8

_UUID: Final = re.compile(r"[0-9A-Za-z]{8}-(?:[0-9A-Za-z]{4}-){3}[0-9A-Za-z]{12}")
_OURS: Final = re.compile(r"00000000-0000-[0-9a-f]000-8000-[0-9]{12}")
#: ``resp_…``; a word with a hyphen only where it is known to be a prefix: others may be names.
_PREFIX: Final = re.compile(r"[a-z]{1,8}_(?=.)|(?:user|org|acct|proj|req|ws|sess|session)-(?=.)")
#: Where such a word goes on as no word does.
_PREFIXED: Final = re.compile(r"(?:user|org|acct|proj|req|ws|sess|session)-(?=.*[A-Z0-9])")
_CASES: Final = re.compile(r"[A-Z]+|[a-z]+|[0-9]+")
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:([Tt ])(\d\d:\d\d)(:\d\d)?(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?)?"
)
_HTTP_DATE: Final = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_NUMBER: Final = re.compile(r"\d{10,19}(?:\.\d+)?")
_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|h|m|s))+")


def looks_like_id(text: str) -> bool:
    """Whether a word stands for one thing in the world rather than for a kind of things."""
    if _UUID.fullmatch(text) or "@" in text:
        return True
    digits = sum(c.isdigit() for c in text)
    if digits >= 6 or (len(text) >= 20 and digits >= 2) or _PREFIXED.match(text):
        return True
    return any(_is_jumbled(part) for part in re.split(r"[._/ -]", text))


def _is_jumbled(part: str) -> bool:
    """``aB3xKmQz``: letters of both cases and digits, in more runs than any name has."""
    runs = _CASES.findall(part)
    kinds = {(one[0].isdigit(), one[0].isupper()) for one in runs}
    return len(kinds) == 3 and len(runs) >= 6


class Placeholders:
    """Those of one recording. Not for two threads at once."""

    def __init__(self, asked_at: float, hosts: frozenset[str] = frozenset()) -> None:
        """``asked_at`` in Unix seconds; ``hosts`` are those that an address may name."""
        self._asked_at = asked_at
        self._delta = EPOCH - int(asked_at)
        self._hosts = hosts
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def id(self, value: str) -> str:
        """Of an id: the same prefix, the same length."""
        if _OURS.fullmatch(value) or not value:
            return value
        if _UUID.fullmatch(value):
            version = value[14] if value[14] in "12345678" else "4"
            form = f"00000000-0000-{version}000-8000-"
            return self._named(value, "uuid", lambda n: f"{form}{n:012d}")
        found = _PREFIX.match(value)
        if found is None:
            return self.opaque("id", value)
        prefix = found[0]
        width = max(len(value) - len(prefix), 1)
        return self._named(value, prefix, lambda n: f"{prefix}{n:0{width}d}")

    def opaque(self, kind: str, value: str) -> str:
        """Of a value without a form that matters: ``REDACTED-kind-1``."""
        return self._named(value, kind, lambda n: f"REDACTED-{kind}-{n}")

    def text(self, value: str) -> str:
        """Of a text: its length in characters."""
        return f"REDACTED-text-{len(value)}" if value else value

    def time(self, value: float) -> float:
        """Of a point in time in whatever unit; a length of time is given back as it is."""
        if abs(value) < _SPAN:
            return value
        for unit in _UNITS:
            if abs(value / unit - self._asked_at) < _FAR:
                return value + self._delta * unit
        # In the same unit: seconds have ten digits, and each further one three more.
        unit = next((one for one in _UNITS if abs(value) < 1e11 * one), _UNITS[-1])
        return type(value)(int(_THEN.timestamp()) * unit)

    def number(self, value: float) -> float:
        """Of a number that nobody has described: zero, of the same type."""
        return type(value)(0)

    def time_text(self, value: str) -> str:
        """Of a point in time as a text, in the form that it has."""
        if _DURATION.fullmatch(value):
            return value
        try:
            if _NUMBER.fullmatch(value):
                moved = self.time(float(value) if "." in value else int(value))
                return str(moved)
            if _HTTP_DATE.fullmatch(value):
                when = self._moved(parsedate_to_datetime(value).astimezone(UTC))
                return format_datetime(when, usegmt=True)
            found = _RFC3339.fullmatch(value)
            if found is not None:
                return self._rfc3339(found)
        except (ValueError, OverflowError):
            pass
        return self.opaque("time", value)

    def _rfc3339(self, found: re.Match[str]) -> str:
        day, between, minute, second, fraction, zone = found.groups()
        when = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}+00:00")
        when = self._moved(when)
        if between is None:
            return when.strftime("%Y-%m-%d")
        shown = when.strftime("%H:%M:%S" if second else "%H:%M")
        zeros = f".{'0' * (len(fraction) - 1)}" if fraction else ""
        return f"{when:%Y-%m-%d}{between}{shown}{zeros}{zone or ''}"

    def _moved(self, when: datetime) -> datetime:
        if abs(when.timestamp() - self._asked_at) >= _FAR:
            return _THEN
        return when + timedelta(seconds=self._delta)

    def url(self, value: str) -> str:
        """Of an address: its scheme, and its host where the contract knows it."""
        try:
            parts = urlsplit(value)
            host = parts.hostname or ""
        except ValueError:
            return self.opaque("url", value)
        if not parts.scheme:
            return "/REDACTED"
        if host in self._hosts and parts.netloc == host:
            bare = parts.path in ("", "/") and not parts.query and not parts.fragment
            return value if bare else f"{parts.scheme}://{host}/REDACTED"
        scheme = parts.scheme if parts.scheme in ("http", "https", "ws", "wss", "data") else "x"
        return f"{scheme}:REDACTED" if scheme in ("data", "x") else f"{scheme}://redacted.invalid/"

    def _named(self, value: str, kind: str, name: Callable[[int], str]) -> str:
        known = self._known.get(value)
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            known = self._known[value] = name(self._counts[kind])
        return known
