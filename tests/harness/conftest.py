"""Fixtures that several modules of these tests share."""

from .nights import hub, nightly

__all__ = ["hub", "nightly"]
