"""The headers of a capture, in the order and the case of the wire: all of them, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract import Contract, ContractErrors, read_interactions
from harness.exchange import Exchange

from .contracts import ROOT, copy_contract

CAPTURE = ROOT / "cassettes/reference/0.156.0/plain.https.yaml"


def edited(folder: Path, edit: Callable[[Any], None]) -> Path:
    """The capture with an edit of its first exchange, in a contract of its own."""
    document = yaml.load(CAPTURE.read_bytes(), yaml.CSafeLoader)
    edit(document["interactions"][0])
    file = copy_contract(folder / "contract").root / "cassettes/reference/0.156.0/plain.https.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), "utf-8")
    return file


def unnamed(one: Any) -> None:
    one["request"]["headers"]["x-unnamed"] = ["first", "second"]
    one["header_names"].append("X-Unnamed")


def named_alone(one: Any) -> None:
    one["header_names"].append("X-Nowhere")


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (unnamed, "lacks x-unnamed, which the request has"),
        (named_alone, "has x-nowhere, which the request lacks"),
    ],
)
def test_a_capture_whose_names_are_not_those_of_its_headers_is_refused(
    tmp_path: Path, edit: Callable[[Any], None], problem: str
) -> None:
    file = edited(tmp_path, edit)
    with pytest.raises(ContractErrors) as refused:
        Contract(file.parents[3]).read_cassette(file)
    (fault,) = refused.value.errors
    assert (fault.where, fault.problem) == ("/interactions/0/header_names", problem)
    assert "as often as it has values" in fault.mend


def test_a_header_that_is_not_named_is_not_lost_when_it_is_read(tmp_path: Path) -> None:
    (one, *_) = read_interactions(edited(tmp_path, unnamed))
    sent = Exchange.from_interaction(one).request
    assert sent is not None
    assert [(name, value) for name, value in sent.headers if name.lower() == "x-unnamed"] == [
        ("X-Unnamed", "first"),
        ("x-unnamed", "second"),
    ]


def test_every_header_of_every_capture_is_read_once_and_as_it_was_written() -> None:
    for one in read_interactions(CAPTURE):
        sent = Exchange.from_interaction(one).request
        assert sent is not None
        assert one.header_names == tuple(name for name, _ in sent.headers)
