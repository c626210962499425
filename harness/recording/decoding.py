"""Undo the content-encoding of a body, piece by piece: what each piece on the wire amounts to."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["CannotDecode", "decoded"]


class CannotDecode(ValueError):
    """The body is not in the encoding that its header names, or that is one nobody knows here."""


def decoded(pieces: Sequence[bytes], encoding: str) -> list[bytes]:
    """The pieces without their content-encoding, as many as they were.

    Raises:
        CannotDecode: see there.
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
            found = _each(make(), found)
        except (zlib.error, zstd.ZstdError, EOFError) as error:
            raise CannotDecode(f"not {name}: {type(error).__name__}") from None
    return found


def _each(decode: Callable[[bytes], bytes], pieces: Iterable[bytes]) -> list[bytes]:
    return [decode(piece) for piece in pieces]


def _gzip() -> Callable[[bytes], bytes]:
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress


def _deflate() -> Callable[[bytes], bytes]:
    return zlib.decompressobj().decompress


def _zstd() -> Callable[[bytes], bytes]:
    return zstd.ZstdDecompressor().decompress


_DECODERS: Final = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "zstd": _zstd}
