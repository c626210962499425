"""The benchmark of comparing: its sets are what they should be, and each way does the job."""

import gc
from pathlib import Path

import pytest

from benchmarks import compare
from benchmarks.exchanges import MIX
from harness.contract import Contract, Interaction, read_interactions
from harness.drift.shape import Shape, normaliser_of
from harness.exchange import Event, Exchange

CONTRACT = Contract()
COUNT = 100


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    old, new, size = compare.sets(tmp_path_factory.mktemp("sets"), COUNT)
    files = [*old.rglob("*.yaml"), *new.rglob("*.yaml")]
    assert len(files) == 2 * COUNT
    assert size == sum(file.stat().st_size for file in files)
    return old, new


def test_each_exchange_is_one_of_the_mix_and_no_two_are_the_same(
    two_sets: tuple[Path, Path],
) -> None:
    raws = {file.read_bytes() for file in two_sets[0].rglob("*.yaml")}
    assert len(raws) == COUNT
    shares = [share for share, _ in MIX.values()]
    assert sum(shares) == COUNT
    found = [read_interactions(file)[0] for file in sorted(two_sets[0].rglob("*.yaml"))]
    assert sum(one.stream is None for one in found) == sum(shares[-2:])
    assert len({one.headers["x-request-id"] for one in found}) == COUNT


def test_the_one_edit_between_the_sets_is_the_one_finding(two_sets: tuple[Path, Path]) -> None:
    assert compare.ours(*two_sets) == f"{COUNT} pairs, 1 findings (field-renamed)"


def test_the_other_way_reads_the_same_answers(two_sets: tuple[Path, Path]) -> None:
    assert compare.json_and_jsonschema(*two_sets) == "0 errors"


def alive() -> int:
    """How many exchanges, events and interactions there are in memory."""
    gc.collect()
    kinds = (Exchange, Event, Interaction)
    return sum(1 for one in gc.get_objects() if isinstance(one, kinds))


def test_of_exchanges_that_were_counted_nothing_is_kept(two_sets: tuple[Path, Path]) -> None:
    shape, normaliser = Shape("responses"), normaliser_of(CONTRACT.schemas)
    before = alive()
    for file in two_sets[0].rglob("*.yaml"):
        for interaction in read_interactions(file):
            shape.observe(Exchange.from_interaction(interaction), normaliser)
    del interaction
    assert shape.exchanges == COUNT
    assert alive() == before
    # Forms are kept, and there are a handful of each event.
    assert all(len(one.imprints or ()) < COUNT / 4 for one in shape.tallies.values())
