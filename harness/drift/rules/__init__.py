"""The table of rules: what kinds of difference there are, and how grave each one is.

Levels: ``breaking`` (a client that was right yesterday fails or answers wrongly today), ``risky``
(the evidence cannot decide, or it depends on the consumer), ``additive`` (new and harmless),
``benign`` (recorded, never alerted). Answers and requests are contravariant: what the server sends
in addition can break, what it accepts in addition cannot.
"""

from __future__ import annotations

from typing import Final

from . import answers, catalogue, clients, contract, requests, transport, values
from ._model import (
    ACTIONS,
    ADDITIVE,
    AREAS,
    BENIGN,
    BREAKING,
    DIRECTIONS,
    KINDS,
    LEG,
    LEVELS,
    PROFILES,
    RISKY,
    STRICT,
    TOLERANT,
    Rule,
)

__all__ = [
    "ACTIONS",
    "ADDITIVE",
    "AREAS",
    "BENIGN",
    "BREAKING",
    "DIRECTIONS",
    "KINDS",
    "LEG",
    "LEVELS",
    "PROFILES",
    "RISKY",
    "RULES",
    "STRICT",
    "TOLERANT",
    "Rule",
]

#: Every rule, by name.
RULES: Final[dict[str, Rule]] = {
    rule.name: rule
    for module in (answers, catalogue, values, requests, clients, transport, contract)
    for rule in module.RULES
}
