"""The request half of an exchange, as a value; and bodies as they were before they were packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from harness.contract import Interaction, plain_url
from harness.decoding import CannotDecode, unpacked
from harness.events import NOT_JSON, parse_json

__all__ = ["Body", "Headers", "SentRequest", "body_of", "pairs_of", "request_of"]

Headers = tuple[tuple[str, str], ...]

_ENCODING: Final = "content-encoding"


@dataclass(frozen=True, slots=True)
class SentRequest:
    """The request half. Headers keep their order and case.

    ``packed`` says why its body cannot be looked at; ``""`` if it can.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    packed: str = ""
    _json: list[tuple[bytes, Any]] = field(default_factory=list, repr=False, compare=False)

    def payload(self) -> Any:
        """The body as JSON, a form as an object of texts, ``None`` without a body; parsed once."""
        if not self._json or self._json[0][0] is not self.body:
            self._json[:] = [(self.body, self._parsed())]
        return self._json[0][1]

    @property
    def is_form(self) -> bool:
        """Whether the body is a form: fields and their texts, as a browser sends them."""
        return isinstance(self.payload(), dict) and self.body.lstrip()[:1] != b"{"

    def _parsed(self) -> Any:
        if not self.body:
            return None
        found = parse_json(self.body)
        if found is NOT_JSON and b"=" in self.body:
            fields = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
            return dict(fields) if fields else NOT_JSON
        return found


def request_of(interaction: Interaction) -> SentRequest:
    """The request half of an exchange of a cassette."""
    sent = interaction.request
    body = body_of(sent.body, sent.headers)
    url = plain_url(sent.uri)
    return SentRequest(sent.method, url, _headers(interaction), body.content, body.packed)


class Body(NamedTuple):
    """A body without its content-encoding.

    Attributes:
        content: its bytes; those that were sent, if that encoding cannot be undone.
        packed: why it cannot; ``""`` if it can.
    """

    content: bytes
    packed: str = ""


def body_of(body: str | bytes | None, headers: Mapping[str, Sequence[str]]) -> Body:
    """A body of a cassette, with the headers that it came with; what is a text there is plain."""
    if not isinstance(body, bytes):
        return Body(body.encode() if body else b"")
    encoding = ", ".join(headers.get(_ENCODING, ()))
    if not encoding:
        return Body(body)
    try:
        return Body(unpacked(body, encoding))
    except CannotDecode as error:
        return Body(body, f"content-encoding {encoding}: {error}")


def _headers(interaction: Interaction) -> Headers:
    """The headers of a request; of a capture, in the order and the case of the wire."""
    headers = interaction.request.headers
    if interaction.header_names is None:
        return pairs_of(headers)
    left = {name: list(values) for name, values in headers.items()}
    named = [
        (name, left[name.lower()].pop(0))
        for name in interaction.header_names
        if left.get(name.lower())
    ]
    # What is not named was sent all the same; that its place is not known, the contract tells.
    return (*named, *pairs_of(left))


def pairs_of(headers: Mapping[str, Sequence[str]]) -> Headers:
    """Headers as a list, each value with its name."""
    return tuple((name, value) for name, values in headers.items() for value in values)
