"""The breaches of the order of a stream, as findings: each answer of it is judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from harness.contract import Schemas
from harness.drift.claims import with_consequence
from harness.drift.findings import Finding, finding
from harness.exchange import Event, Exchange
from harness.grammar import Grammar
from harness.order import Violation, check_order

__all__ = ["broken_order", "grammar_at", "roots_of"]

#: Breaches from which others follow, the most telling ones first.
_NUMBERS: Final = ("order/sequence-repeat", "order/sequence-gap")
_CAUSES: Final = ("order/first-event", "order/place-changed", "order/aggregate-mismatch")
#: What has not begun leaves open what it should have ended; the rest of the order it leaves alone.
_NOT_OPENED: Final = "order/bracket-not-opened"
_BRACKETS: Final = "order/bracket-"
#: What begins in the middle is a part of a stream, and need not have its end.
_PART: Final = ("order/first-event", "order/terminal-missing")
#: How many breaches there can be of one event, and how far back a cause is looked for.
_AT_ONE_EVENT: Final = 8
_FAR: Final = 500


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
        violations = check_order(grammar, runs, **stream)
        broken: list[Finding] = []
        for one in violations:
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
        found += _each_once(broken, roots_of(violations))
        before += len(turn)
    return found


def roots_of(violations: Sequence[Violation]) -> list[int]:
    """For each breach, the number of the one that it follows from; its own, if from none.

    A lost event leaves a gap in the numbers, and pieces that do not add up: but only of what was
    open at that place.
    """
    return [_root(at, violations) for at in range(len(violations))]


def _root(at: int, violations: Sequence[Violation]) -> int:
    seen = {at}
    while (cause := _nearest_cause(at, violations)) is not None and cause not in seen:
        seen.add(cause)
        at = cause
    return at


def _nearest_cause(at: int, violations: Sequence[Violation]) -> int | None:
    """Of the breaches that one can follow from, the last; of those at one event, the first rank."""
    one = violations[at]
    found: int | None = None
    # At the same event a cause may be noticed later; what is very far before is no cause.
    for k in range(min(at + _AT_ONE_EVENT, len(violations) - 1), max(at - _FAR, -1), -1):
        each = violations[k]
        if (each.index < one.since and one.rule != _PART[1]) or (
            found is not None and each.index < violations[found].index
        ):
            break
        if k != at and _leads(each, one):
            is_first = found is None or _rank(each.rule) <= _rank(violations[found].rule)
            found = k if is_first else found
    return found


def _leads(cause: Violation, one: Violation) -> bool:
    if (cause.rule, one.rule) == _PART:
        return True
    if not one.since <= cause.index <= one.index:
        return False
    if cause.rule == _NOT_OPENED and not one.rule.startswith(_BRACKETS):
        return False
    ranks = _rank(cause.rule), _rank(one.rule)
    return ranks[0] < ranks[1] or (ranks[0] == ranks[1] < _LAST and cause.index < one.index)


def _rank(rule: str) -> int:
    if rule in _NUMBERS:
        return 0
    ranked = (*_CAUSES, _NOT_OPENED)
    return ranked.index(rule) + 1 if rule in ranked else _LAST


#: The rank of what nothing follows from.
_LAST: Final = len(_CAUSES) + 2


def _each_once(broken: Sequence[Finding], roots: Iterable[int]) -> list[Finding]:
    """The findings, those that follow from another one told with it."""
    told = dict(enumerate(broken))
    for at, root in enumerate(roots):
        if root != at:
            told[root] = with_consequence(told[root], told.pop(at))
    return list(told.values())
