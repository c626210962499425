"""Which of the surfaces that share an address an exchange is with, as far as it can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.bodies import closeness
from harness.contract import Endpoint, Schemas
from harness.exchange import Exchange

__all__ = ["likeliest"]


def likeliest(
    schemas: Schemas, endpoints: Sequence[Endpoint], exchange: Exchange
) -> tuple[list[str], bool]:
    """The surfaces of these endpoints, the likeliest first; and whether the first one is a guess.

    What decides is the body of the answer, then that of the request, then the headers of the
    answer. Of surfaces that describe nothing but refusals none is meant where another describes
    more.

    Args:
        schemas: the contract.
        endpoints: of one address, in the order that holds where nothing else decides.
        exchange: an exchange there.
    """
    told = [one for one in endpoints if one.request or one.ok or one.events]
    if len(told) < 2:
        return [one.surface for one in endpoints], False
    rated = {one.surface: _fit(schemas, one, exchange) for one in told}
    best, second = sorted(rated.values(), reverse=True)[:2]
    others = [one.surface for one in endpoints if one.surface not in rated]
    return [*sorted(rated, key=rated.__getitem__, reverse=True), *others], best == second


def _fit(schemas: Schemas, one: Endpoint, exchange: Exchange) -> tuple[int, ...]:
    """How well an endpoint describes an exchange; a larger one is better."""

    def close(path: str | None, value: Any) -> tuple[int, int]:
        known = path is not None and isinstance(value, dict | list) and bool(value)
        return closeness(schemas, path, value) if path is not None and known else (0, 0)

    answer = None if exchange.is_stream else exchange.payload()
    named, against = close(one.error if exchange.failed else one.ok, answer)
    sent = exchange.request
    asked, refused = close(one.request, sent.payload() if sent is not None else None)
    header, _ = close(one.headers, exchange.header_map())
    return named, against, refused, header, asked
