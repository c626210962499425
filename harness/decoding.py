"""Undo the content-encoding of a body: of one that is whole, or piece by piece as it came."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["CannotDecode", "decoded", "unpacked"]


class CannotDecode(ValueError):
    """The body is not in the encoding that its header names, or that is one nobody knows here."""


#: More is no answer of a service, but something that was packed to become large.
MOST: Final = 256 * 1024 * 1024


def decoded(pieces: Sequence[bytes], encoding: str, *, most: int = MOST) -> list[bytes]:
    """The pieces without their content-encoding, as many as they were.

    Args:
        pieces: as they were sent.
        encoding: the value of the header.
        most: bytes that may come of them.

    Raises:
        CannotDecode: see there; or more comes of them.
    """
    found = list(pieces)
    # Named in the order in which they were applied.
    for name in reversed([one.strip().lower() for one in encoding.split(",")]):
        if name in ("", "identity"):
            continue
        make = _DECODERS.get(name)
        if make is None:
            raise CannotDecode("a content-encoding that is not known")
        try:
            found = _each(make(), found, most)
        except (zlib.error, zstd.ZstdError, EOFError) as error:
            raise CannotDecode(f"not {name}: {type(error).__name__}") from None
    return found


def unpacked(body: bytes, encoding: str) -> bytes:
    """A whole body without its content-encoding.

    Many recorders undo it and leave the header as it was: a body that is text already stays so.

    Args:
        body: as it is kept.
        encoding: the value of the header.

    Raises:
        CannotDecode: it is neither in that encoding nor text.
    """
    return body if _is_text(body) else b"".join(decoded([body], encoding))


def _is_text(body: bytes) -> bool:
    """Whether it is UTF-8 without control characters: nothing that is packed is that."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(text) is None


_CONTROL: Final = re.compile(r"[^\t\n\r -\uffff\U00010000-\U0010ffff]")


#: Takes a piece, and how many bytes it may become.
_Decode = Callable[[bytes, int], bytes]


def _each(decode: _Decode, pieces: Iterable[bytes], most: int) -> list[bytes]:
    found: list[bytes] = []
    for piece in pieces:
        found.append(decode(piece, most + 1))
        most -= len(found[-1])
        if most < 0:
            raise CannotDecode("too much comes of it")
    return found


def _gzip() -> _Decode:
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress


def _deflate() -> _Decode:
    decode = zlib.decompressobj().decompress
    is_first = True

    def either(piece: bytes, most: int) -> bytes:
        nonlocal decode, is_first
        try:
            found = decode(piece, most)
        except zlib.error:
            if not is_first:
                raise
            # Some servers leave out the frame that the standard asks for, and clients let them.
            decode = zlib.decompressobj(-zlib.MAX_WBITS).decompress
            found = decode(piece, most)
        is_first = False
        return found

    return either


def _zstd() -> _Decode:
    return zstd.ZstdDecompressor().decompress


_DECODERS: Final[dict[str, Callable[[], _Decode]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
