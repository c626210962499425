"""What a captured client sent, as places with forms: diffs and histories are made of these."""

from .calls import Call
from .captured import Captured, Request, read_captured

__all__ = ["Call", "Captured", "Request", "read_captured"]
