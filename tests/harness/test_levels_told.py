"""What `explain` says of levels that differ from the table is what the engine does."""

from __future__ import annotations

import pytest

from harness.drift.levels_told import depends_on
from harness.drift.outcomes import SHAKY_RULES, meaning_of
from harness.drift.profiles import apply_profile
from harness.drift.rules import LEG, RULES
from harness.reads import Reads
from tests.harness.contracts import codex_leg
from tests.harness.reports import added


def told(rule: str) -> str:
    return "\n".join(depends_on(RULES[rule]))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("field-removed", "the evidence makes it no milder"),
        ("type-changed", "schemas/reads.json"),
        ("limit-hit", "exit 6"),
        ("model-removed", "the leg's own table"),
        ("field-unknown", "the order of the stream"),
        ("field-added", "as grave as what follows from it"),
        ("request-field-rejected", "strict_only"),
    ],
)
def test_a_reason_is_given_where_the_level_can_be_another(rule: str, said: str) -> None:
    assert said in told(rule)
    done = codex_leg("explain", rule)
    assert said in " ".join(done.out.split())


@pytest.mark.parametrize("rule", ["schema/required", "client-field-added", "order/first-event"])
def test_none_is_given_where_it_cannot(rule: str) -> None:
    assert told(rule) == ""


def test_a_refusal_that_may_be_the_askers_own_fault_is_named_as_such() -> None:
    sent = {"/method": '"POST"'}
    for outcome, status in (("usage_limit_reached", 429), ("unauthorized", 401)):
        refusal = {"outcome": outcome, "status": status, "param": None, "code": None}
        meaning = meaning_of(refusal, sent)
        assert meaning.is_shaky == (meaning.refused in SHAKY_RULES)
    assert "request-field-rejected" not in SHAKY_RULES


def test_what_the_leg_does_not_read_is_as_mild_as_explained() -> None:
    nothing = Reads({"reads": {"responses": {"header": [], "body": [], "error": [], "events": {}}}})
    (one,) = apply_profile([added(rule="type-changed", level="breaking")], LEG, nothing)
    assert one.level == RULES["type-changed"].level_for(LEG, read=False)
