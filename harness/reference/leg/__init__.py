"""The leg's own requests, set against those of the newest captured release."""

from .against import SAME, Row, Verdicts, against
from .allowances import Allowance, read_allowances
from .requests import Asked, leg_requests

__all__ = [
    "SAME",
    "Allowance",
    "Asked",
    "Row",
    "Verdicts",
    "against",
    "leg_requests",
    "read_allowances",
]
