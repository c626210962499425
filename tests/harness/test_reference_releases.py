"""When releases were published: what a registry says is believed only where it can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract, ContractErrors, Release, version_key
from harness.reference.releases import (
    believed,
    stable,
    with_bounds,
    write_releases,
    write_text,
)

from .reference_fakes import copy_contract


def release(version: str, date: str | None = None, **bounds: str | None) -> Release:
    known = {"not_before": None, "not_after": None, **bounds}
    return Release(version, date, source=None, sha256=None, transports=(), **known)


def stamps(**days: str) -> dict[str, str]:
    return {f"0.{name[1:]}.0": f"2026-{day}T10:00:00.000Z" for name, day in days.items()}


def test_times_in_order_are_believed() -> None:
    found = believed(stamps(v60="01-01", v61="01-03", v62="01-03", v63="02-01"))
    assert found["0.61.0"] == "2026-01-03"
    assert len(found) == 4


def test_a_release_that_seems_younger_than_a_later_one_is_not_believed() -> None:
    times = stamps(v60="01-01", v61="01-02", v62="09-16", v63="01-04", v64="01-05", v65="01-06")
    assert sorted(believed(times)) == ["0.60.0", "0.61.0", "0.63.0", "0.64.0", "0.65.0"]


def test_one_time_in_order_among_those_of_a_mirror_is_not_believed() -> None:
    times = stamps(
        v60="08-01", v61="09-01", v62="07-01", v63="01-15", v64="09-16", v65="08-16", v66="07-16"
    )
    assert "0.63.0" not in believed(times)


def test_alphas_platforms_and_what_is_too_old_are_no_releases() -> None:
    versions = ["0.100.0", "0.99.0", "0.41.9", "0.99.0-alpha.1", "0.99.0-linux-x64", "0.42.0"]
    assert stable(versions) == ("0.42.0", "0.99.0", "0.100.0")


@given(st.permutations(["0.9.0", "0.99.0-alpha.2", "0.99.0", "0.100.0", "1.0.0"]))
def test_versions_are_sorted_as_their_publisher_counts(versions: list[str]) -> None:
    expected = ["0.9.0", "0.99.0-alpha.2", "0.99.0", "0.100.0", "1.0.0"]
    assert sorted(versions, key=version_key) == expected


def test_a_release_without_a_date_lies_between_its_neighbours() -> None:
    rows = with_bounds(
        [release("0.62.0", "2025-12-21"), release("0.60.0", "2025-12-02"), release("0.61.0")],
        {"0.61.0": "2026-09-01T10:00:00Z"},
    )
    assert [one.version for one in rows] == ["0.60.0", "0.61.0", "0.62.0"]
    assert (rows[1].not_before, rows[1].not_after) == ("2025-12-02", "2025-12-21")


def test_without_a_later_date_the_stamp_is_a_day_by_which_it_was_there() -> None:
    (row,) = with_bounds([release("0.61.0")], {"0.61.0": "2026-09-01T10:00:00Z"})
    assert (row.date, row.not_before, row.not_after) == (None, None, "2026-09-01")


@pytest.mark.parametrize(
    ("date", "first", "last", "day"),
    [
        ("2026-03-31", "2026-03-31", "2026-03-31", "2026-03-31"),
        (None, "2025-12-02", "2025-12-21", "2025-12"),
        (None, "2025-09-15", "2025-11-13", "2025"),
        (None, "2025-12-21", "2026-01-09", "2026-01-09"),
        (None, None, "2025-11-13", "2025-11-13"),
    ],
)
def test_a_day_is_told_as_exactly_as_it_is_known(
    date: str | None, first: str | None, last: str | None, day: str
) -> None:
    assert release("0.61.0", date, not_before=first, not_after=last).day == day


def test_what_was_written_is_read_and_is_not_written_again(tmp_path: Path) -> None:
    contract = copy_contract(tmp_path)
    rows = [release("0.61.0", "2026-01-01"), release("0.100.0")]
    assert write_releases(contract, rows)
    assert not write_releases(contract, reversed(rows))
    found = Contract(tmp_path).reference.releases
    assert list(found) == ["0.61.0", "0.100.0"]
    assert found["0.61.0"] == rows[0]


def test_a_file_of_releases_that_is_broken_is_refused_by_its_place(tmp_path: Path) -> None:
    contract = copy_contract(tmp_path, "0.61.0")
    file = tmp_path / "cassettes/reference/releases.json"
    document = json.loads(file.read_text())
    document["releases"][0]["date"] = "yesterday"
    file.write_text(json.dumps(document))
    with pytest.raises(ContractErrors, match=r"releases\.json: .*/releases/0/date"):
        _ = Contract(tmp_path).reference.releases
    assert len(Contract(contract.root).reference.faults()) == 1


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "below" / "file.yaml"
    assert write_text(file, "one")
    assert not write_text(file, "one")
    assert write_text(file, "two")
    assert [one.name for one in file.parent.iterdir()] == ["file.yaml"]
