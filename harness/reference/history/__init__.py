"""Which release sent what, first and last: the history of the wire, from the captures."""

from .facts import KINDS, Fact
from .history import FORMAT, ORDINARY, History, HistoryRow, history_of, read_history
from .spans import Span

__all__ = [
    "FORMAT",
    "KINDS",
    "ORDINARY",
    "Fact",
    "History",
    "HistoryRow",
    "Span",
    "history_of",
    "read_history",
]
