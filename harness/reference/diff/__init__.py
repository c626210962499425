"""What changed on the wire from one captured release to another, each edit once. Pure."""

from .diff import Diff, compare_captured

__all__ = ["Diff", "compare_captured"]
