"""Where syrupy finds the shapes: ``snapshots/``, one JSON file a probe, in the probes' own tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from syrupy.data import SnapshotCollections
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from harness.pytest_plugin import READ_ONLY

__all__ = ["ShapeExtension"]


class ShapeExtension(JSONSnapshotExtension):
    """One file a probe, readable, outside of the tests; syrupy never writes it."""

    @classmethod
    def _file(cls, item: Any) -> Path:
        path: Path = item.contract.path("snapshots", f"{item.name}.json")
        return path

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(cls._file(test_location.item).parent)

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        del index  # one shape a probe
        return cls._file(test_location.item).stem

    @classmethod
    def write_snapshot_collection(cls, **kwargs: Any) -> NoReturn:
        """Refuse: the baseline moves by a command that shows what moves.

        Raises:
            RuntimeError: always.
        """
        del kwargs
        raise RuntimeError(READ_ONLY)

    def discover_snapshots(self, **kwargs: Any) -> SnapshotCollections:
        """None: a snapshot without a probe is found by the contract, in any selection of probes."""
        del kwargs
        return SnapshotCollections()
