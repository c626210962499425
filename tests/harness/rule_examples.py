"""Runs the examples of the rules through the engine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import yaml

from harness.checks import check_exchange
from harness.contract import Contract, Schemas
from harness.contract_diff import compare_contracts
from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.examples import FOLDER, Edits, Example, bases
from harness.drift.examples._exchanges import exchange_of, made
from harness.drift.findings import Finding
from harness.drift.shape import Shape, shape_of, snapshot_of

from .contracts import copy_contract

#: Exchanges a side: enough for what is gone to be counted as gone.
TIMES = 6


@cache
def schemas() -> Schemas:
    """The contract that was made up for the examples."""
    return Schemas(FOLDER / "contract" / "schemas")


def found_in(example: Example, folder: Path) -> list[Finding]:
    """What the engine finds in an example that is no text."""
    assert not isinstance(example.before, str)
    assert not isinstance(example.after, str)
    base = bases()[example.base or ""]
    if "surface" not in base:
        (before,), (after,) = example.before, example.after
        sides = [_contract(folder / name, example, side) for name, side in
                 (("before", before), ("after", after))]  # fmt: skip
        return compare_contracts(*sides)
    before, after = (_shape(example, side) for side in (example.before, example.after))
    return compare(
        snapshot_of(before),
        snapshot_of(after),
        evidence=Evidences(schemas=schemas(), before=before, after=after),
        proved=True,
    )


def breaches_in(example: Example) -> tuple[list[Finding], list[Finding]]:
    """What the contract of the examples has against the two sides, each by itself."""
    base = bases()[example.base or ""]
    sides = (example.before[0], example.after[0])
    before, after = (
        check_exchange(
            schemas(),
            base["surface"],
            exchange_of(made(base, edits)),
            report_unknown=True,
        )
        for edits in sides
        if not isinstance(edits, str)
    )
    return before, after


def _shape(example: Example, side: Iterable[Edits]) -> Shape:
    base = bases()[example.base or ""]
    exchanges = [exchange_of(made(base, edits)) for edits in side]
    return shape_of(schemas(), base["surface"], *islice(cycle(exchanges), TIMES))


def _contract(root: Path, example: Example, edits: Edits) -> Contract:
    document = made(bases()[example.base or ""], edits)
    small = copy_contract(root)
    if "schema" in document:
        text = json.dumps(document["schema"])
        small.file("schemas/responses/request.json").write_text(text, "utf-8")
    else:
        file = small.file(f"rulebook/{document['rule']['id']}.yaml")
        file.parent.mkdir()
        file.write_text(yaml.safe_dump(document["rule"]), "utf-8")
    return Contract(root)
