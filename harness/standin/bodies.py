"""The content of a request's body: unpacked while it comes in, and never more than is allowed."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING or sys.version_info < (3, 14):
    from backports.zstd import ZstdDecompressor, ZstdError
else:
    from compression.zstd import ZstdDecompressor, ZstdError

__all__ = ["BadRequest", "Body"]

_GZIP: Final = 31
_ZLIB: Final = 15


class BadRequest(Exception):
    """A request that is answered with an error of the protocol, before any backend sees it.

    Attributes:
        status: what it is answered with.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Unpacker(Protocol):
    def feed(self, data: bytes, room: int) -> bytes: ...
    def is_complete(self) -> bool: ...


class _Zlib:
    """One gzip or zlib member after the other."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._one = zlib.decompressobj(window)
        self._fed = False

    def feed(self, data: bytes, room: int) -> bytes:
        parts: list[bytes] = []
        while data:
            if self._one.eof:
                self._one = zlib.decompressobj(self._window)
            self._fed = True
            # One more than there is room for, so that too much is noticed.
            parts.append(self._one.decompress(data, room + 1))
            room -= len(parts[-1])
            if room < 0:
                break
            data = self._one.unused_data or self._one.unconsumed_tail
        return b"".join(parts)

    def is_complete(self) -> bool:
        return self._one.eof or not self._fed


class _Zstd:
    """One zstd frame after the other."""

    def __init__(self) -> None:
        self._one = ZstdDecompressor()
        self._fed = False

    def feed(self, data: bytes, room: int) -> bytes:
        parts: list[bytes] = []
        while data or not self._one.needs_input:
            if self._one.eof:
                if not data:
                    break
                self._one = ZstdDecompressor()
            self._fed = True
            parts.append(self._one.decompress(data, room + 1))
            room -= len(parts[-1])
            if room < 0:
                break
            data = self._one.unused_data if self._one.eof else b""
        return b"".join(parts)

    def is_complete(self) -> bool:
        return self._one.eof or not self._fed


def _unpacker(encoding: str) -> _Unpacker | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "zstd":
            return _Zstd()
        case "gzip" | "x-gzip":
            return _Zlib(_GZIP)
        case "deflate":
            return _Zlib(_ZLIB)
        case _:
            raise BadRequest(415, f"content-encoding {encoding!r} is not known here")


class Body:
    """A body on its way in.

    Attributes:
        raw_length: how many bytes have come over the wire.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        """Expect a body with this ``content-encoding``.

        Raises:
            BadRequest: nobody here can unpack it.
        """
        self._unpacker = _unpacker(encoding)
        self._encoding = encoding
        self._limit = limit
        self._content = bytearray()
        self.raw_length = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            BadRequest: they cannot be unpacked, or it is too much.
        """
        self.raw_length += len(data)
        room = self._limit - len(self._content)
        if self._unpacker is not None:
            try:
                data = self._unpacker.feed(data, room)
            except (zlib.error, ZstdError, EOFError) as error:
                raise BadRequest(400, f"the body is not {self._encoding}: {error}") from None
        if len(data) > room or self.raw_length > self._limit:
            raise BadRequest(413, f"the body is larger than {self._limit} bytes")
        self._content += data

    def content(self) -> bytes:
        """All of it.

        Raises:
            BadRequest: the packed data ends too early.
        """
        if self._unpacker is not None and not self._unpacker.is_complete():
            raise BadRequest(400, f"the body ends in the middle of its {self._encoding} data")
        return bytes(self._content)
