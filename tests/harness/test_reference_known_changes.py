"""The changes that everybody knows of, in the captures that are committed: each is told once.

``docs/watching.md`` says what is one edit; here are the releases at which products broke.
"""

from __future__ import annotations

from functools import cache

import pytest

from harness.contract import Contract
from harness.drift.findings import Finding
from harness.reference.diff import compare_captured
from harness.reference.wire.captured import read_captured

CONTRACT = Contract()


@cache
def between(old: str, new: str) -> list[Finding]:
    """What ``reference diff OLD NEW`` finds."""
    before, after = (read_captured(CONTRACT, one) for one in (old, new))
    return list(compare_captured(before, after, CONTRACT.observed.ablation(new)).findings)


@pytest.mark.parametrize(
    ("old", "new", "rule", "place"),
    [
        ("0.50.0", "0.53.0", "client-header-removed", "/header/openai-beta"),
        ("0.80.0", "0.87.0", "client-header-removed", "/header/conversation_id"),
        ("0.92.0", "0.95.0", "client-encoding-changed", "/header/content-encoding"),
        ("0.115.0", "0.118.0", "client-transport-added", "/transport/websocket"),
        ("0.130.0", "0.132.0", "client-header-renamed", "/header/session_id"),
        ("0.130.0", "0.132.0", "client-header-renamed", "/header/thread_id"),
        ("0.142.0", "0.144.0", "client-header-added",
         "/header/x-openai-internal-codex-responses-lite"),
        ("0.142.0", "0.144.0", "client-field-item-added", "/body/input/[additional_tools]"),
        ("0.142.0", "0.144.0", "client-field-removed", "/body/instructions"),
        ("0.142.0", "0.144.0", "client-field-removed", "/body/tools"),
        ("0.155.0", "0.156.0", "client-endpoint-added", "/backend-api/wham/accounts/check"),
        ("0.155.1", "0.156.0", "client-endpoint-added", "/backend-api/wham/accounts/check"),
    ],
)  # fmt: skip
def test_a_known_change_is_one_finding(old: str, new: str, rule: str, place: str) -> None:
    found = [one for one in between(old, new) if one.pointer.endswith(place)]
    assert [one.rule for one in found] == [rule], [one.message for one in between(old, new)]
    if rule == "client-header-renamed":
        dashed = place.replace("_", "-")
        assert (found[0].before, found[0].after) == (place, dashed)
        # What it is called now is not told as another header.
        assert dashed not in [one.pointer for one in between(old, new)]


@pytest.mark.parametrize("old", ["0.155.0", "0.155.1"])
def test_the_routing_call_is_breaking_because_a_release_was_run_without_it(old: str) -> None:
    found = between(old, "0.156.0")
    (one,) = [one for one in found if one.level == "breaking"]
    assert one.after == "GET chatgpt.com/backend-api/wham/accounts/check"
    assert "it cannot do without" in one.message
    assert one.surface == "accounts"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.60.1", "0.61.0"),
        ("0.144.0", "0.144.1"),
        ("0.144.4", "0.144.5"),
        ("0.155.0", "0.155.1"),
        ("0.156.0", "0.156.1"),
        ("0.158.0", "0.159.0"),
    ],
)
def test_two_releases_that_send_the_same_give_no_finding(old: str, new: str) -> None:
    assert between(old, new) == []
    assert between(new, old) == []
