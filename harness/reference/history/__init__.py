"""Which release sent what, first and last: the history of the wire, from the captures."""

from .facts import KINDS, Fact
from .history import FORMAT, History, HistoryRow, read_history
from .spans import Span

__all__ = ["FORMAT", "KINDS", "Fact", "History", "HistoryRow", "Span", "read_history"]
