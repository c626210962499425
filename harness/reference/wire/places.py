"""One captured request as fields by place: headers, query, body, frames, whatever carries them.

Places are pointers as in a finding: ``/header/NAME``, ``/query/NAME``, ``/body/…``,
``/frame/TYPE/…``, with ``[]`` for any item and ``[type]`` for any item of a type. What is JSON
inside of a header or of ``client_metadata`` is looked into. Of the JSON Schema of a tool's
parameters the keywords are kept, wherever they stand in it (``/parameters/{}/encrypted``): which
parameters a tool has is the business of whoever wrote the prompt, and no part of the protocol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from harness.drift.kinds import type_atom
from harness.drift.snapshot import ANY_KEY, Field, Fields, escape
from harness.exchange import NOT_JSON, SentRequest, parse_json

from .atoms import atom_of

__all__ = ["Echo", "body_places", "header_places", "pooled", "query_places"]

#: Headers whose values say how long something is, or belong to one connection.
_OF_ONE_REQUEST: Final = frozenset({"content-length", "sec-websocket-key"})
#: Members that hold the JSON Schema of what a tool takes.
_SCHEMAS: Final = frozenset({"parameters", "schema"})
#: Members of a JSON Schema that hold further ones by a name of the tool's own.
_NAMED: Final = frozenset({"properties", "$defs", "definitions", "patternProperties"})
#: Members that hold what a tool is given and says.
_CONTENT: Final = frozenset({"arguments", "output"})
#: An object whose members may hold JSON as text.
_METADATA: Final = "client_metadata"


class Echo:
    """What a request says once and repeats elsewhere: another one of it is one edit, not several.

    Attributes:
        model: which model is asked.
        effort: how much it is to think.
    """

    __slots__ = ("effort", "model")

    def __init__(self, payload: Any = None) -> None:
        """Of the body of a turn."""
        found = payload if isinstance(payload, Mapping) else {}
        reasoning = found.get("reasoning")
        self.model = _text(found.get("model"))
        self.effort = _text(reasoning.get("effort")) if isinstance(reasoning, Mapping) else ""

    def without(self, name: str, value: str) -> str:
        """A value that is not the body's own, less what it repeats."""
        if name == "reasoning_effort" and value == self.effort:
            return "{effort}"
        return value.replace(self.model, "{model}") if self.model in value and self.model else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def header_places(headers: Iterable[tuple[str, str]], echo: Echo) -> dict[str, Field]:
    """The fields of headers, below ``/header``. Their names are lower case here."""
    found: dict[str, Field] = {}
    counts: Counter[str] = Counter()
    for name, value in headers:
        key = name.lower()
        counts[key] += 1
        pointer = f"/header/{escape(key)}"
        if key in _OF_ONE_REQUEST:
            found[pointer] = Field(frozenset({"text"}))
            continue
        payload = parse_json(value) if value[:1] == "{" else NOT_JSON
        if isinstance(payload, dict):
            found |= _Walk(echo).fields(pointer, payload)
        else:
            atoms = {atom_of(echo.without(key, value))}
            if pointer in found:
                atoms |= found[pointer].atoms
            found[pointer] = Field(frozenset(atoms))
    for key, count in counts.items():
        if count > 1:
            pointer = f"/header/{escape(key)}"
            found[pointer] = Field(found[pointer].atoms | {"repeated"})
    return found


def query_places(url: str) -> dict[str, Field]:
    """The fields of a query, below ``/query``."""
    found: dict[str, Field] = {}
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        pointer = f"/query/{escape(name)}"
        atoms = found[pointer].atoms if pointer in found else frozenset()
        found[pointer] = Field(atoms | {atom_of(value)})
    return found


@lru_cache(maxsize=8192)
def body_places(body: bytes) -> tuple[Fields, Echo]:
    """The fields of a body, below ``/body``; none without one. And what else may repeat of it."""
    if not body:
        return {}, Echo()
    payload = SentRequest("", "", (), body).payload()
    if payload is NOT_JSON:
        return {"/body": Field(frozenset({"plain"}))}, Echo()
    return _Walk(Echo(payload)).fields("/body", payload), Echo(payload)


class _Walk:
    """Counts what is at each place of one value."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._atoms: dict[str, set[str]] = {}
        self._seen: Counter[str] = Counter()
        self._objects: Counter[str] = Counter()

    def fields(self, pointer: str, value: Any) -> dict[str, Field]:
        """The fields of a value and of all that is in it."""
        self._add(pointer, value, is_echo=pointer.startswith("/header/"))
        return {
            place: Field(frozenset(atoms), self._is_always(place))
            for place, atoms in self._atoms.items()
        }

    def _is_always(self, place: str) -> bool:
        """Whether it is in every object that could have it. Items are there as they come."""
        above, _, name = place.rpartition("/")
        count = self._objects[above]
        return name[:1] in "[{" or not count or self._seen[place] >= count

    def _note(self, place: str, atom: str) -> None:
        self._atoms.setdefault(place, set()).add(atom)
        self._seen[place] += 1

    def _add(self, place: str, value: Any, name: str = "", *, is_echo: bool) -> None:
        if isinstance(value, dict):
            self._note(place, "object")
            self._objects[place] += 1
            for key, below in value.items():
                self._member(f"{place}/{escape(key)}", key, below, is_echo=is_echo)
        elif isinstance(value, list):
            self._note(place, type_atom(value))
            for token, below in _items(value):
                self._add(f"{place}/{token}", below, name, is_echo=is_echo)
        else:
            text = self._echo.without(name, value) if is_echo and isinstance(value, str) else value
            is_content = name in _CONTENT and isinstance(text, str)
            self._note(place, "text" if is_content else atom_of(text))

    def _member(self, place: str, key: str, value: Any, *, is_echo: bool) -> None:
        if key in _SCHEMAS and isinstance(value, dict):
            self._note(place, "object")
            self._schema(f"{place}/{ANY_KEY}", value)
            return
        is_metadata = key == _METADATA
        if is_metadata and isinstance(value, dict):
            value = {name: _opened(below) for name, below in value.items()}
        self._add(place, value, key, is_echo=is_echo or is_metadata)

    def _schema(self, place: str, schema: Mapping[str, Any]) -> None:
        """The keywords of a schema and of all that are in it, at one place."""
        self._atoms.setdefault(place, set()).add("object")
        self._objects[place] += 1
        for key, value in schema.items():
            pointer = f"{place}/{escape(key)}"
            self._atoms.setdefault(pointer, set()).add(type_atom(value).removesuffix("(empty)"))
            below = value.values() if key in _NAMED and isinstance(value, dict) else [value]
            for one in below:
                for part in one if isinstance(one, list) else [one]:
                    if isinstance(part, dict):
                        self._schema(place, part)


def _opened(value: Any) -> Any:
    """What a text holds, if it is JSON."""
    found = parse_json(value) if isinstance(value, str) and value[:1] == "{" else NOT_JSON
    return found if isinstance(found, dict) else value


def _items(items: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for one in items:
        kind = one.get("type") if isinstance(one, dict) else None
        yield f"[{escape(kind)}]" if isinstance(kind, str) else "[]", one


def pooled(requests: Sequence[Fields]) -> Fields:
    """The fields of several requests as those of one: what only some have is not always there."""
    if len(requests) == 1:
        return requests[0]
    counts = Counter(place for fields in requests for place in fields)
    atoms: dict[str, set[str]] = {}
    always: dict[str, bool] = {}
    for fields in requests:
        for place, field in fields.items():
            atoms.setdefault(place, set()).update(field.atoms)
            always[place] = always.get(place, True) and field.always
    return {
        place: Field(frozenset(found), always[place] and counts[place] == len(requests))
        for place, found in atoms.items()
    }
