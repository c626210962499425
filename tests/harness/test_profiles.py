"""One finding, three kinds of consumer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.drift.findings import Finding, finding
from harness.drift.profiles import apply_profile
from harness.drift.rules import LEVELS, PROFILES, RULES
from harness.reads import Reads

READS = Reads(
    {
        "reads": {
            "responses": {
                "header": ["retry-after"],
                "body": [],
                "error": ["/error/code"],
                "events": {"response.completed": ["/response/id"]},
            }
        }
    }
)


def _finding(rule: str, pointer: str, event: str | None = "response.completed") -> Finding:
    return finding(rule, "it changed", surface="responses", event=event, pointer=pointer)


def _level(one: Finding, profile: str) -> str:
    (found,) = apply_profile([one], profile, READS)
    assert replace(found, level=one.level) == one
    return found.level


@pytest.mark.parametrize(
    ("rule", "pointer", "tolerant", "strict", "leg"),
    [
        ("field-removed", "/response/id", "breaking", "breaking", "breaking"),
        ("field-removed", "/response/colour", "breaking", "breaking", "benign"),
        ("field-became-optional", "/response/id", "risky", "breaking", "breaking"),
        ("field-became-optional", "/response/colour", "risky", "breaking", "benign"),
        ("field-added", "/response/colour", "additive", "risky", "additive"),
        ("type-changed", "/response/id", "breaking", "breaking", "breaking"),
        ("event-type-added", "", "additive", "breaking", "additive"),
        ("event-type-removed", "", "breaking", "breaking", "breaking"),
    ],
)
def test_each_consumer_feels_a_change_in_its_own_way(
    rule: str, pointer: str, tolerant: str, strict: str, leg: str
) -> None:
    one = _finding(rule, pointer)
    assert [_level(one, profile) for profile in PROFILES] == [tolerant, strict, leg]


def test_headers_and_refusals_are_read_by_name_and_place() -> None:
    assert _level(_finding("header-removed", "/header/retry-after", None), "leg") == "breaking"
    assert _level(_finding("header-removed", "/header/server", None), "leg") == "benign"
    assert _level(_finding("error-field-removed", "/body/error/code", None), "leg") == "risky"
    assert _level(_finding("error-field-removed", "/body/error/hint", None), "leg") == "benign"


def test_where_evidence_was_thin_a_removal_stays_risky_unless_the_leg_reads_it() -> None:
    thin = replace(_finding("field-removed", "/response/id"), level="risky")
    assert [_level(thin, profile) for profile in PROFILES] == ["risky", "risky", "breaking"]
    thin = replace(_finding("event-type-removed", ""), level="risky")
    assert [_level(thin, profile) for profile in PROFILES] == ["risky"] * 3


def test_an_edit_is_read_if_any_of_its_places_is() -> None:
    one = _finding("field-removed", "/response/colour", "response.created")
    assert _level(one, "leg") == "benign"
    elsewhere = replace(one, also=("response.completed /response/id",))
    assert _level(elsewhere, "leg") == "breaking"
    outside = replace(one, also=("/body/error/code",))
    assert _level(outside, "leg") == "breaking"


def test_the_gravest_come_first_and_nothing_is_lost() -> None:
    found = [_finding(name, "/response/id") for name in RULES]
    for profile in PROFILES:
        judged = apply_profile(found, profile, READS)
        assert [one.level for one in judged] == sorted(
            (one.level for one in judged), key=LEVELS.index
        )
        assert {one.rule for one in judged} == set(RULES)


@given(st.lists(st.sampled_from(sorted(RULES)), max_size=8), st.sampled_from(PROFILES))
def test_a_profile_applied_to_each_is_a_profile_applied_to_all(
    names: list[str], profile: str
) -> None:
    found = [_finding(name, "/response/id") for name in names]
    each = [_level(one, profile) for one in found]
    together = [one.level for one in apply_profile(found, profile, READS)]
    assert sorted(each) == sorted(together)


def test_the_tolerant_levels_are_the_ones_that_a_finding_is_made_with() -> None:
    found = [_finding(name, "/response/id") for name in RULES]
    assert sorted(one.level for one in apply_profile(found, "tolerant")) == sorted(
        one.level for one in found
    )


def test_a_profile_that_is_none_or_lacks_its_list_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such profile: 'lenient'"):
        apply_profile([], "lenient")
    with pytest.raises(ValueError, match="list of what the leg reads"):
        apply_profile([], "leg")
