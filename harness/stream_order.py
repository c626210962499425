"""The breaches of the order of a stream, as findings: each answer of it is judged by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from harness.contract import Schemas
from harness.drift.claims import without_consequences
from harness.drift.findings import Finding, finding
from harness.exchange import Event, Exchange
from harness.grammar import Grammar
from harness.order import check_order

__all__ = ["broken_order", "grammar_at"]


@lru_cache(maxsize=32)
def grammar_at(schemas: Schemas, path: str) -> Grammar:
    """The grammar in an ``order.json``, read once.

    Raises:
        ContractError: there is no such document.
    """
    return Grammar.from_data(schemas.document(path))


def broken_order(
    schemas: Schemas,
    surface: str,
    path: str,
    exchange: Exchange,
    *,
    locate: Callable[[Event | None, str], str | None] | None = None,
    **stream: Any,
) -> list[Finding]:
    """Every breach of the order in a stream, each with those that follow from it.

    Args:
        schemas: the contract.
        surface: the surface to name in the findings.
        path: the ``order.json``.
        exchange: the exchange; over one WebSocket, a client can ask several times.
        locate: tells the place (``file:line``) of an event.
        stream: ``ended_early`` and ``excerpt``, see :func:`harness.order.check_order`.
    """
    grammar = grammar_at(schemas, path)
    found: list[Finding] = []
    before = 0
    for turn, runs in zip(exchange.turns, exchange.runs, strict=True):
        broken: list[Finding] = []
        for one in check_order(grammar, runs, **stream):
            event = turn[one.index] if 0 <= one.index < len(turn) else None
            told = finding(
                one.rule,
                f"event {before + one.index + 1}: {one.message}",
                surface=surface,
                event=one.event,
                pointer=one.pointer,
                where=locate(event, "") if locate is not None else None,
            )
            broken.append(told)
        found += without_consequences(broken)
        before += len(turn)
    return found
