"""What a probe promises of the leg itself: the rules ``probe/…`` and ``leg/request``."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract import Contract
from harness.drift.findings import Finding
from harness.judge import judge, shape

from .contracts import SmallContract, copy_contract

PROBE = "codex/streamed-text"


@pytest.fixture
def small(tmp_path: Path) -> SmallContract:
    return copy_contract(tmp_path, [PROBE])


def _findings(small: SmallContract) -> list[Finding]:
    contract = Contract(small.root)
    (pair,) = contract.load()
    now = shape(contract, pair)
    return list(judge(contract, pair, now, now).findings)


def test_a_probe_that_holds_has_no_findings(small: SmallContract) -> None:
    assert _findings(small) == []


def test_another_status_than_the_expected_one_is_found(small: SmallContract) -> None:
    small.edit_yaml(f"probes/{PROBE}.yaml", lambda probe: probe["expect"].update(status=202))
    (found,) = _findings(small)
    assert (found.rule, found.level, found.before, found.after) == (
        "probe/status",
        "breaking",
        202,
        200,
    )


def test_another_text_than_the_expected_one_is_found(small: SmallContract) -> None:
    small.edit_yaml(f"probes/{PROBE}.yaml", lambda probe: probe["expect"].update(text="okok"))
    (found,) = _findings(small)
    assert (found.rule, found.before, found.after) == ("probe/text", "okok", "ok")


def test_a_header_that_the_leg_sends_otherwise_is_found(small: SmallContract) -> None:
    small.edit_yaml(
        f"probes/{PROBE}.yaml",
        lambda probe: probe["request"]["headers"].update(accept="application/json"),
    )
    (found,) = _findings(small)
    assert (found.rule, found.direction, found.pointer) == (
        "leg/request",
        "request",
        "/header/accept",
    )
    assert (found.before, found.after) == ("application/json", "text/event-stream")


def test_a_question_that_the_leg_refuses_to_ask_is_found(small: SmallContract) -> None:
    said = "You are a helpful assistant."
    small.replace(f"probes/{PROBE}.yaml", f"instructions: {said}", 'instructions: ""')
    small.replace(f"cassettes/{PROBE}.yaml", f'"instructions":"{said}"', '"instructions":""')
    rules = {one.rule for one in _findings(small)}
    assert "probe/unplayed" in rules
    assert "probe/outcome" in rules
