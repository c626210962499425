"""The table of rules is symmetric: what can come can go, and what holds for one side for the other.

Where it is not, a reason stands here; a reason for what is symmetric after all fails.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from harness.drift.rules import LEVELS, RULES, Rule
from harness.drift.rules.mirrors import OPPOSITES, counterparts, mirrors

OPPOSITE_ACTIONS = {
    "add": "remove",
    "remove": "add",
    "widen": "narrow",
    "narrow": "widen",
    "increase": "decrease",
    "decrease": "increase",
}
#: Rules about two sides; those of the contract have no before.
TWO_SIDED = [one for one in RULES.values() if one.direction != "contract"]
WITH_OPPOSITE = [one for one in TWO_SIDED if one.action in OPPOSITE_ACTIONS]

NO_MIRROR = {
    "event-after-terminal": "what does not come behind the end any more was never to be read: "
    "that the event is gone is event-type-removed or -unobserved",
}

_ONLY_ANSWERS = "only answers have it"
_ONLY_CLIENT = "only what a client does shows it"
_NO_KIND = "what a client sends is not worth a rule for each kind of form: format-changed, "
_NO_KIND += "type-changed and value-changed say it"
_ACCEPT_PAIRS = "what is accepted only grows or shrinks: another name, form or place is one thing "
_ACCEPT_PAIRS += "refused and another one accepted"
_NOT_SEEN = (
    "how often a header or an item comes is the sender's doing; no server says what it takes"
)
_ONLY_ACCEPTED = "answers have no such thing: it is a demand of the server on a client"

#: Direction that has no counterpart → rule → why.
WAIVED: dict[str, dict[str, str]] = {
    "client": {
        **dict.fromkeys(
            (
                "endpoint-redirected",
                "endpoint-not-redirected",
                "endpoint-challenged",
                "endpoint-unchallenged",
                "server-failing",
                "server-recovered",
            ),
            _ONLY_ANSWERS,
        ),
        **dict.fromkeys(
            (
                "null-became-value",
                "value-became-null",
                "id-form-changed",
                "array-became-scalar",
                "scalar-became-array",
            ),
            _NO_KIND,
        ),
    },
    "request": {
        **dict.fromkeys(
            (
                "answer-kind-changed",
                "content-type-changed",
                "discriminator-changed",
                "encoding-changed",
                "enum-value-changed",
                "field-moved",
                "field-renamed",
                "fields-swapped",
                "header-renamed",
                "header-value-changed",
                "header-value-format-changed",
                "id-form-changed",
                "null-became-value",
                "number-format-changed",
                "open-value-changed",
                "shape-changed",
                "string-format-changed",
                "time-unit-changed",
                "type-changed",
                "value-became-null",
            ),
            _ACCEPT_PAIRS,
        ),
        **dict.fromkeys(
            (
                "array-became-scalar",
                "array-now-may-be-empty",
                "array-now-may-be-filled",
                "header-added",
                "header-became-repeated",
                "header-became-single",
                "header-removed",
                "header-unobserved",
                "object-now-empty",
                "object-now-filled",
                "scalar-became-array",
            ),
            _NOT_SEEN,
        ),
    },
    "answer of client": {
        **dict.fromkeys(
            (
                "client-precondition-added",
                "client-precondition-removed",
                "client-query-added",
                "client-query-removed",
                "client-query-renamed",
                "client-transport-added",
                "client-transport-removed",
                "client-url-changed",
            ),
            _ONLY_CLIENT,
        ),
    },
    "answer of request": {
        **dict.fromkeys(
            (
                "request-capability-accepted",
                "request-capability-rejected",
                "request-client-version-accepted",
                "request-client-version-rejected",
                "request-encoding-accepted",
                "request-encoding-rejected",
                "request-header-value-accepted",
                "request-header-value-rejected",
                "request-state-found",
                "request-state-not-found",
            ),
            _ONLY_ACCEPTED,
        ),
    },
}

CONTRAVARIANT_KINDS = ("requiredness", "type", "values")


def _answers(areas: Iterable[str]) -> list[Rule]:
    return [one for one in TWO_SIDED if one.direction == "response" and one.area in areas]


def _of(direction: str) -> list[Rule]:
    return [one for one in TWO_SIDED if one.direction == direction]


def _counterparts(one: Rule, *directions: str) -> list[str]:
    return [name for direction in directions for name in counterparts(one, direction, RULES)]


#: What is looked for (as in WAIVED), in which rules, in which directions.
AXES = {
    "client": (_answers(("body", "endpoint", "field", "header")), ("client",)),
    "request": (_answers(("body", "field", "header")), ("request",)),
    "answer of client": (_of("client"), ("response", "transport")),
    "answer of request": (_of("request"), ("response", "transport")),
}


def test_every_rule_has_a_mirror_on_the_axis_of_action() -> None:
    alone = {one.name for one in WITH_OPPOSITE if not mirrors(one, RULES)}
    assert alone == NO_MIRROR.keys()


@pytest.mark.parametrize("rule", WITH_OPPOSITE, ids=lambda one: one.name)
def test_a_mirror_is_the_opposite_action_on_the_same_axes(rule: Rule) -> None:
    for name in mirrors(rule, RULES):
        other = RULES[name]
        assert (other.direction, other.area, other.kind) == (rule.direction, rule.area, rule.kind)
        assert other.action == OPPOSITE_ACTIONS[rule.action]
        assert rule.name in mirrors(other, RULES)


@pytest.mark.parametrize("axis", AXES)
def test_every_rule_has_a_counterpart_on_the_axis_of_direction(axis: str) -> None:
    rules, directions = AXES[axis]
    alone = {one.name for one in rules if not _counterparts(one, *directions)}
    assert alone - WAIVED[axis].keys() == set(), "write the rule, or a reason why there is none"
    assert WAIVED[axis].keys() - alone == set(), "these waivers are stale"


def test_every_waiver_has_a_reason() -> None:
    reasons = [*NO_MIRROR.values(), *(why for rows in WAIVED.values() for why in rows.values())]
    assert all(len(why) > 10 for why in reasons)


def test_every_pair_of_words_is_used() -> None:
    used = {
        pair
        for pair in OPPOSITES
        for name in RULES
        for word, other in (pair, pair[::-1])
        if name.endswith(word) and name.removesuffix(word) + other in RULES
    }
    assert set(OPPOSITES) - used == set()


def _gravity(rule: Rule) -> int:
    return -LEVELS.index(rule.level)


def _slope(rule: Rule) -> int:
    """1: it is graver than its mirrors; -1: milder; 0: as grave."""
    others = [_gravity(RULES[name]) for name in mirrors(rule, RULES)]
    return (_gravity(rule) > max(others)) - (_gravity(rule) < min(others))


@pytest.mark.parametrize(
    "rule",
    [
        one
        for one in _answers(("field", "header"))
        if one.action in OPPOSITE_ACTIONS
        and one.kind in CONTRAVARIANT_KINDS
        and counterparts(one, "request", RULES)
    ],
    ids=lambda one: one.name,
)
def test_what_hurts_in_an_answer_helps_in_a_request(rule: Rule) -> None:
    """More types, more values, less that is always there: bad to read, good to be allowed."""
    for name in counterparts(rule, "request", RULES):
        assert _slope(RULES[name]) == -_slope(rule) != 0, name


def test_whoever_validates_feels_nothing_less_than_the_tolerant() -> None:
    milder = [
        one.name for one in RULES.values() if LEVELS.index(one.strict) > LEVELS.index(one.level)
    ]
    assert milder == []


def test_that_another_client_changes_never_breaks() -> None:
    assert {one.level for one in _of("client")} == {"risky", "benign"}


@pytest.mark.parametrize("rule", _of("request"), ids=lambda one: one.name)
def test_what_the_server_takes_in_addition_is_additive_and_what_it_refuses_is_not(
    rule: Rule,
) -> None:
    (mirror,) = mirrors(rule, RULES)
    assert sorted(("additive", max(rule.level, RULES[mirror].level))) == sorted(
        (rule.level, RULES[mirror].level)
    )
    assert {rule.level, RULES[mirror].level} & {"breaking", "risky"}
