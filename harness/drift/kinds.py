"""What stays of one value when its content is taken out: an atom, such as ``id(resp_)``.

An atom is a word (``text``, ``count``, ``time(s)``), a word with a number that matters
(``limit(300)``), or a literal where the schema closes the set of values: ``"completed"`` for a
closed one (``enum``, ``const``), ``~"plus"`` for an open one (``x-values``). The schema names the
kind of a value (``x-kind``); the form (the prefix of an id, the unit of a time) is read from the
value itself, so that a change of form is still seen.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from .grants import scope_atom, token_atom

__all__ = [
    "KINDS",
    "base_of",
    "header_atom",
    "is_secret",
    "is_word",
    "kind_atom",
    "literal",
    "type_atom",
]

#: Longer values are no words of a vocabulary.
MAX_LITERAL: Final = 80
#: Longer numbers are no limits.
MAX_DIGITS: Final = 18
#: The same as MAX_LITERAL where no schema says that there is a vocabulary.
MAX_WORD: Final = 32

_UUID = re.compile(r"[0-9A-Za-z]{8}-(?:[0-9A-Za-z]{4}-){3}[0-9A-Za-z]{12}")
_UUID_LENGTH: Final = 36
# One lower-case word before the first separator: what comes after may be random, and random text
# may hold further separators.
_PREFIX = re.compile(r"([a-z]{1,12}[_-])[^\s]")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|h|m|s))+")
_NUMERIC = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")


def type_atom(value: Any, *, number: bool = False) -> str:
    """The JSON type of a value. With ``number`` a whole number is one like any other."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "number" if number else "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array" if value else "array(empty)"
    return type(value).__name__


def literal(value: Any, *, is_open: bool) -> str | None:
    """A value as a word of a closed or an open set, or ``None`` if it cannot be one."""
    if value is None or isinstance(value, dict | list | float):
        return None
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_LITERAL:
        return None
    return f"~{text}" if is_open else text


_WORD: Final = re.compile(r"[a-z]{2,16}(?:[_-][a-z0-9]{1,16}){0,3}")
_SECRET: Final = re.compile(
    r"auth|token|secret|cookie|session|passw|credential|signature|account|email|state"
    r"|key$|(?:^|[_-])ids?$|[a-z]I[dD]s?$",
    re.IGNORECASE,
)


def is_word(value: str) -> bool:
    """Whether a text is short and in lower case, as the words of a vocabulary are."""
    return len(value) <= MAX_WORD and _WORD.fullmatch(value) is not None


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a member or header of this name may hold what nobody should write down."""
    return _SECRET.search(name) is not None


def _id(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if _UUID.fullmatch(value):
        return "id(uuid)"
    found = _PREFIX.match(value)
    return f"id({found[1]})" if found else "id" if value else "id(empty)"


def _time(value: Any) -> str | None:
    if isinstance(value, str):
        return _text_time(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return f"time({_unit(value)}{' decimal' if isinstance(value, float) else ''})"


def _unit(value: float) -> str:
    """The unit of a point in time: seconds have ten digits from 2001 to 2286."""
    size = abs(value)
    if not math.isfinite(size):
        return "none"
    return "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"


def _text_time(value: str) -> str:
    found = _RFC3339.fullmatch(value)
    if found:
        zone = found[1]
        return "time(rfc3339)" if zone and zone in "Zz" else f"time(rfc3339 {'+' if zone else '-'})"
    if _DATE.fullmatch(value):
        return "time(date)"
    if _HTTP_DATE.fullmatch(value):
        return "time(http)"
    if _DURATION.fullmatch(value):
        return "time(duration)"
    if _NUMERIC.fullmatch(value):
        return f"time({_unit(float(value))} text)"
    return "time(text)"


def _count(value: Any) -> str | None:
    if isinstance(value, str):
        return "count(text)" if _NUMERIC.fullmatch(value) else "string"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return "count" if isinstance(value, int) else "count(decimal)"


def _limit(value: Any) -> str | None:
    if isinstance(value, str):
        if not _NUMERIC.fullmatch(value):
            return "string"
        is_plain = value.isdecimal() and len(value) <= MAX_DIGITS
        return f"limit({_whole(int(value)) if is_plain else value[:MAX_DIGITS]} text)"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return f"limit({value})"
    return f"limit({_whole(int(value))})"


def _whole(limit: int) -> int:
    """A period that is one second or one minute short of whole hours is whole.

    Five hours were 299 minutes (17940 seconds) in captures of 2025 and are 300 in those of 2026;
    what is counted from the moment of the answer loses a second on its way.
    """
    if limit % 60 == 60 - 1:
        limit += 1
    return limit + 60 if limit % 3600 == 3600 - 60 else limit


def _blob(value: Any) -> str | None:
    if isinstance(value, str):
        return "blob"
    if isinstance(value, dict):
        return "blob(object)"
    return "blob(array)" if isinstance(value, list) else None


def _url(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    found = _SCHEME.match(value)
    return f"url({found[1]})" if found else "url(relative)"


def _word(word: str) -> Callable[[Any], str | None]:
    return lambda value: word if isinstance(value, str) else None


#: The kinds a schema can name in ``x-kind``. Each gives ``None`` for a value of another type.
KINDS: Final[dict[str, Callable[[Any], str | None]]] = {
    "id": _id,
    "time": _time,
    "text": _word("text"),
    "count": _count,
    "limit": _limit,
    "blob": _blob,
    "slug": _word("slug"),
    "url": _url,
    "scope": scope_atom,
    "token": token_atom,
}


def kind_atom(kind: str, value: Any, *, number: bool = False) -> str:
    """The atom of a value whose schema names its kind. ``number`` as for :func:`type_atom`."""
    found = KINDS[kind](value) if kind in KINDS else None
    if found is None:
        return type_atom(value, number=number)
    return found.replace(" decimal", "").replace("(decimal)", "") if number else found


_BASES: Final = {
    "id": "string",
    "text": "string",
    "slug": "string",
    "url": "string",
    "blob": "string",
    "scope": "string",
    "token": "string",
    "form": "object",
    "count": "number",
    "integer": "number",
    "true": "boolean",
    "false": "boolean",
}


def base_of(atom: str) -> str:
    """The JSON type behind an atom."""
    word, _, form = atom.lstrip("~").partition("(")
    if word[:1] == '"':
        return "string"
    if word[:1].isdigit() or word[:1] == "-":
        return "number"
    form = form.rstrip(")")
    if word == "time":
        return "number" if form in ("s", "ms", "us", "ns") or "decimal" in form else "string"
    if word == "limit":
        return "string" if form.endswith("text") else "number"
    if form == "text" and word == "count":
        return "string"
    if word == "blob" and form:
        return form
    return _BASES.get(word, word)


#: Headers whose values are words of the protocol and not measurements of one answer.
LITERAL_HEADERS: Final = frozenset(
    "accept content-type content-encoding openai-beta anthropic-beta anthropic-version "
    "cf-mitigated transfer-encoding www-authenticate originator".split()
)
#: What JSON and event streams are in whether it is said or not (RFC 8259, 8.1; WHATWG HTML, 9.2.5).
_UTF8 = re.compile(r"; charset=\"?utf-?8\"?(?=;|$)")
_HEADER_ID = re.compile(r"([a-z]{1,12}_)[0-9A-Za-z_-]{8,}$")
_EPOCHS: Final = {10: "time(s)", 13: "time(ms)"}


def header_atom(name: str, value: str) -> str:
    """The form of a header's value: there everything is text."""
    value = value.strip()
    if name in LITERAL_HEADERS:
        text = re.sub(r"\s*([;,])\s*", r"\1 ", value.lower())
        if name == "content-type":
            text = _UTF8.sub("", text)
        return literal(text, is_open=False) or "text"
    if not value:
        return "empty"
    if value.isascii() and value.isdigit():
        return _EPOCHS.get(len(value), "number")
    if value[0] in "+-.0123456789" and _NUMERIC.fullmatch(value):
        return "number"
    return _text_header(value)


def _text_header(value: str) -> str:
    if value.lower() in ("true", "false"):
        return "boolean"
    if value.endswith("GMT") and _HTTP_DATE.fullmatch(value):
        return "time(http)"
    if value[0].isdigit():
        for form, pattern in (("rfc3339", _RFC3339), ("duration", _DURATION)):
            if pattern.fullmatch(value):
                return f"time({form})"
    if len(value) == _UUID_LENGTH and _UUID.fullmatch(value):
        return "id(uuid)"
    found = _HEADER_ID.match(value)
    return f"id({found[1]})" if found else "text"
