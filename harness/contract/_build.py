"""Parsed YAML to typed values.

The schemas have already spoken when this runs, with better messages; what is checked here again is
only what the types of :mod:`._model` promise, so that no schema, however lax, can break them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._errors import ContractError
from ._model import (
    Cassette,
    Expectation,
    ExpectedCall,
    Frame,
    Interaction,
    Part,
    Probe,
    ProbeRequest,
    Provenance,
    RecordedRequest,
    Source,
    StreamFacts,
)

__all__ = ["Place", "build_cassette", "build_interaction", "build_probe"]

_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
    bytes: "binary",
    type(None): "empty",
}


class Place:
    """A value of a file together with its place, so that a fault can name both."""

    __slots__ = ("file", "pointer", "value")

    def __init__(self, value: Any, file: str, pointer: str = "") -> None:
        self.value = value
        self.file = file
        self.pointer = pointer

    def fault(self, problem: str, mend: str) -> ContractError:
        return ContractError(self.file, self.pointer or "/", problem, mend)

    def typed(self, kind: type) -> Any:
        if not isinstance(self.value, kind) or isinstance(self.value, bool):
            if self.value is None and self.pointer:
                raise self.fault("is missing", f"write {_NAMES[kind]}")
            found = _NAMES.get(type(self.value), type(self.value).__name__)
            raise self.fault(f"is {found}, not {_NAMES[kind]}", f"make it {_NAMES[kind]}")
        return self.value

    def at(self, key: str) -> Place:
        """The value below ``key``; ``None`` where the key is absent."""
        return Place(self.typed(dict).get(key), self.file, f"{self.pointer}/{key}")

    def text(self, key: str) -> str:
        value: str = self.at(key).typed(str)
        return value

    def maybe_text(self, key: str) -> str | None:
        return None if self.typed(dict).get(key) is None else self.text(key)

    def number(self, key: str) -> int:
        value: int = self.at(key).typed(int)
        return value

    def items(self, key: str) -> list[Place]:
        found = self.at(key)
        return [
            Place(value, self.file, f"{found.pointer}/{index}")
            for index, value in enumerate(found.typed(list))
        ]

    def texts(self, key: str) -> dict[str, str]:
        """The mapping of texts below ``key``; empty where it is absent."""
        found = self.at(key)
        return {} if found.value is None else {name: found.text(name) for name in found.typed(dict)}

    def headers(self, key: str) -> dict[str, tuple[str, ...]]:
        found = self.at(key)
        if found.value is None:
            return {}
        return {
            name: tuple(one.typed(str) for one in found.items(name)) for name in found.typed(dict)
        }


def build_probe(document: Any, path: str) -> Probe:
    """The probe in a parsed file.

    Raises:
        ContractError: a value has not the type that a probe promises.
    """
    root = Place(document, path)
    request, expect = root.at("request"), root.at("expect")
    return Probe(
        id=root.text("id"),
        title=root.text("title"),
        asked=root.text("asked"),
        backend=root.text("backend"),
        surface=root.text("surface"),
        credential=root.text("credential"),
        level=root.text("level"),
        request=ProbeRequest(
            via=request.text("via"),
            method=request.text("method"),
            url=request.text("url"),
            headers=request.texts("headers"),
            body=request.at("body").value,
            form=request.texts("form") if request.at("form").value is not None else None,
        ),
        expect=Expectation(
            status=expect.number("status"),
            outcome=expect.text("outcome"),
            why=expect.text("why"),
            text=expect.maybe_text("text"),
            fields=expect.texts("fields") if expect.at("fields").value is not None else None,
            calls=_calls(expect),
            resets_at=None if expect.at("resets_at").value is None else expect.number("resets_at"),
            retry_after=_seconds(expect.at("retry_after")),
        ),
        sources=tuple(
            Source(source.text("ref"), source.maybe_text("date"), source.maybe_text("says"))
            for source in root.items("sources")
        ),
        path=path,
        not_live=_not_live(root.at("live")),
    )


def _not_live(place: Place) -> str:
    return "" if place.value is None or place.at("ask").value is not False else place.text("why")


def _calls(expect: Place) -> tuple[ExpectedCall, ...] | None:
    if expect.at("calls").value is None:
        return None
    return tuple(
        ExpectedCall(one.text("name"), one.maybe_text("arguments")) for one in expect.items("calls")
    )


def _seconds(place: Place) -> float | None:
    if place.value is None:
        return None
    if type(place.value) not in (int, float):
        raise place.fault("is not a number", "make it a number of seconds")
    return float(place.value)


def build_cassette(document: Any, path: str) -> Cassette:
    """The cassette in a parsed file.

    Raises:
        ContractError: a value has not the type that a cassette promises.
    """
    root = Place(document, path)
    return Cassette(path, tuple(build_interaction(one) for one in root.items("interactions")))


def build_interaction(place: Place) -> Interaction:
    """The exchange in one row of a cassette.

    Raises:
        ContractError: a value has not the type that a cassette promises.
    """
    row = place.typed(dict)
    sent, status, headers, body, provenance, stream, frames = _all_of(
        lambda: _request(place.at("request")),
        lambda: place.at("response").at("status").number("code"),
        lambda: place.at("response").headers("headers"),
        lambda: _body(place.at("response").at("body").at("string")),
        lambda: _provenance(place.at("provenance")),
        lambda: _stream(place.at("stream")),
        lambda: _frames(place),
    )
    return Interaction(
        request=sent,
        status=status,
        headers=headers,
        body=body,
        provenance=provenance,
        stream=stream,
        frames=frames,
        close_code=None if row.get("close_code") is None else place.number("close_code"),
        header_names=_names(place),
        waited_for=row.get("waited_for"),
    )


def _all_of(*makers: Callable[[], Any]) -> list[Any]:
    """What each of them makes. Of several faults one is told with the others in brackets."""
    made: list[Any] = []
    faults: dict[str, ContractError] = {}
    for make in makers:
        try:
            made.append(make())
        except ContractError as error:
            faults.setdefault(error.where, error)
    if faults:
        first, *others = faults.values()
        if others:
            also = "; ".join(f"{one.where}: {one.problem}" for one in others)
            both = f"{first.problem} (and {also})"
            raise ContractError(first.file, first.where, both, first.mend)
        raise first
    return made


def _request(place: Place) -> RecordedRequest:
    method, uri, headers, body = _all_of(
        lambda: place.text("method"),
        lambda: place.text("uri"),
        lambda: place.headers("headers"),
        lambda: _text_or_binary(place.at("body")),
    )
    return RecordedRequest(method, uri, headers, body)


def _text_or_binary(place: Place) -> Any:
    if not isinstance(place.value, str | bytes | None):
        raise place.fault("is neither text nor !!binary", "quote it")
    return place.value


def _body(place: Place) -> Any:
    if place.value is None:
        raise place.fault("is missing", "give the body as it was answered, '' if it was empty")
    return _text_or_binary(place)


def _names(place: Place) -> tuple[str, ...] | None:
    if place.at("header_names").value is None:
        return None
    return tuple(one.typed(str) for one in place.items("header_names"))


def _frames(place: Place) -> tuple[Frame, ...] | None:
    if place.at("frames").value is None:
        return None
    return tuple(_frame(one) for one in place.items("frames"))


def _frame(place: Place) -> Frame:
    sender, binary = place.text("from"), place.at("binary").value is True
    if sender not in ("client", "server"):
        raise place.fault(f"is from {sender!r}", "frames are from client or from server")
    text = place.maybe_text("text")
    if text is None and not binary:
        raise place.fault("has no text", "give the text; of a frame that is none, binary: true")
    size = None if place.at("bytes").value is None else place.number("bytes")
    return Frame(sender, _milliseconds(place.at("at")), text or "", binary, size)


def _milliseconds(place: Place) -> float:
    if type(place.value) not in (int, float):
        raise place.fault("is not a number", "make it a number of milliseconds")
    return float(place.value)


def _provenance(place: Place) -> Provenance:
    parts = place.at("parts")
    return Provenance(
        kind=place.text("kind"),
        date=place.text("date"),
        source=place.text("source"),
        client=place.texts("client") if place.at("client").value is not None else None,
        note=place.maybe_text("note"),
        parts={name: _part(parts.at(name)) for name in parts.typed(dict)},
    )


def _part(place: Place) -> Part:
    return Part(place.text("from"), place.maybe_text("date"), place.maybe_text("note"))


def _stream(place: Place) -> StreamFacts | None:
    if place.value is None:
        return None
    if place.at("chunks").value is None:
        return StreamFacts(place.text("ended"))
    return StreamFacts(place.text("ended"), tuple(_chunk(one) for one in place.items("chunks")))


def _chunk(place: Place) -> tuple[float, int]:
    value = place.typed(list)
    if len(value) != 2 or type(value[0]) not in (int, float) or type(value[1]) is not int:
        raise place.fault("is not a pair of numbers", "write [offset in ms, bytes]")
    return (float(value[0]), value[1])
