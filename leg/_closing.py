"""``with`` and ``async with`` for whatever can be closed, once."""

from __future__ import annotations

from typing import Self

__all__ = ["AsyncClosing", "Closing"]


class Closing:
    """Leaving its ``with`` block closes it."""

    def close(self) -> None:
        """Give back what it holds; more than once does no harm."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClosing:
    """Leaving its ``async with`` block closes it."""

    async def aclose(self) -> None:
        """Give back what it holds; more than once does no harm."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
