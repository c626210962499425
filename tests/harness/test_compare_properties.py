"""What holds for any two exchanges: the same is the same, and back is the mirror of forth."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.drift.compare import compare
from harness.drift.evidence import Evidences
from harness.drift.findings import Evidence, Finding, finding, merge_findings
from harness.drift.rules import LEVELS, RULES
from harness.drift.rules.mirrors import mirrors
from harness.drift.shape import shape_of, snapshot_of
from harness.exchange import Exchange
from tests.mutation.expect import Mutant
from tests.mutation.noise import NOISES, all_at_once
from tests.mutation.operators import plant
from tests.mutation.score import snapshot
from tests.mutation.subject import Subject
from tests.mutation.whole import known

SUBJECTS = list(known().values())
#: An exchange, and every so many-th of its mutants.
SOME = {
    "codex/streamed-text": 29,
    "codex/parallel-function-calls": 61,
    "codex/error-then-failed-overloaded": 43,
    "codex/usage": 7,
    "codex/context-length": 3,
}

#: Edits whose way back has another name than their mirror has, with the reason.
OTHERWISE = {
    # What comes behind the end was never to be read; that it goes is that an event goes.
    "event-after-terminal": {"event-type-removed", "union-member-removed", "event-count-changed",
                             "event-order-changed"},
    # Another event that cuts a run of pieces in two is new; that it does not any more, is not.
    "event-order-changed": {"event-count-changed"},
    # One of several forms that is not seen any more is one that may be seen again.
    "type-narrowed": {"null-became-value", "array-now-may-be-empty", "array-now-may-be-filled"},
    "null-became-value": {"type-narrowed"},
    "array-now-may-be-empty": {"type-narrowed"},
    # A word that is told apart by is another one: back and forth.
    "union-member-added": {"union-member-removed"},
    # What was refused in one way is refused in another, whichever came first.
    "error-field-removed": {"error-field-removed", "field-moved"},
    # What held its facts has another name; the way back is that it is called what it is called.
    "error-envelope-changed": {"field-renamed", "field-moved"},
    "error-code-removed": {"error-code-removed", "error-code-added", "field-moved"},
    "header-became-repeated": {"header-became-single"},
}  # fmt: skip


def mutants(name: str) -> Iterator[Mutant]:
    chosen = known()[name]
    return itertools.islice(plant(chosen), 0, None, SOME[name])


def both_ways(one: Subject, before: dict[str, Any], after: dict[str, Any]) -> list[list[Finding]]:
    evidence = Evidences(schemas=one.schemas)
    pairs = ((before, after), (after, before))
    return [
        compare(old, new, surface=one.surface, evidence=evidence, proved=True) for old, new in pairs
    ]


def test_an_exchange_compared_with_itself_shows_nothing() -> None:
    for one in SUBJECTS:
        here, there = snapshot(one, one.exchange), snapshot(one, one.exchange)
        assert both_ways(one, here, there) == [[], []], one.name


def is_mirror(rule: str, other: str) -> bool:
    names = {rule, *mirrors(RULES[rule], RULES), *OTHERWISE.get(rule, ())}
    return other in names or rule in OTHERWISE.get(other, ())


@pytest.mark.parametrize("name", SOME)
def test_back_is_the_mirror_of_forth(name: str) -> None:
    """The same places, and the rules for the opposite; never graver in both directions at once
    than the table has it."""
    assert sum(map(is_mirrored, mutants(name))) > 5


@pytest.mark.parametrize("name", ["codex/streamed-text", "codex/parallel-function-calls"])
def test_an_edit_of_a_type_is_one_edit_at_one_place_there_and_back(name: str) -> None:
    """The word by which an item is told apart is in its own place: it is named by that word.

    In what is sent and what is answered; in one event, and in all that carry the same member.
    """
    about_types = (
        mutant
        for mutant in plant(known()[name])
        if "/type" in mutant.what or mutant.operator == "edit a member everywhere"
    )
    assert sum(map(is_mirrored, about_types)) > 50


def is_mirrored(mutant: Mutant) -> bool:
    """Whether a mutant shows one finding there and one back; asserts that they are mirrors."""
    one = mutant.subject
    edited = Exchange.from_interaction(mutant.interaction)
    forth, back = both_ways(one, snapshot(one, one.exchange), snapshot(one, edited))
    assert len(forth) == len(back), f"{mutant.name}: {forth} and {back}"
    if len(forth) != 1:
        return False
    (there,), (here,) = forth, back
    assert is_mirror(there.rule, here.rule), f"{mutant.name}: {there.rule}, {here.rule}"
    assert there.direction == here.direction
    is_same_place = (
        "renamed" in there.rule
        or "moved" in there.rule
        or there.rule == "discriminator-changed"  # the place is named by the word
        or (there.event != here.event or there.pointer == here.pointer)
    )
    assert is_same_place, f"{mutant.name}: {there.pointer}, {here.pointer}"
    return True


def test_what_is_additive_one_way_is_no_addition_the_other_way() -> None:
    for mutant in mutants("codex/streamed-text"):
        one = mutant.subject
        edited = Exchange.from_interaction(mutant.interaction)
        forth, back = both_ways(one, snapshot(one, one.exchange), snapshot(one, edited))
        if {each.level for each in forth} == {"additive"}:
            assert "additive" not in {each.level for each in back}, mutant.name


@settings(max_examples=60)
@given(st.sampled_from(SUBJECTS), st.integers(0, 10**6))
def test_noise_is_never_a_difference(one: Subject, number: int) -> None:
    noisy = Exchange.from_interaction(all_at_once(one, number))
    assert both_ways(one, snapshot(one, one.exchange), snapshot(one, noisy)) == [[], []]


@settings(max_examples=30)
@given(st.sampled_from(sorted(NOISES)), st.integers(0, 10**6))
def test_no_single_kind_of_noise_is_a_difference(kind: str, number: int) -> None:
    for name in ("codex/function-call", "codex/usage-five-hour-window", "plan/models"):
        one = known()[name]
        made = NOISES[kind](one, one.interaction, random.Random(number))  # noqa: S311 - no secret
        if made is not None:
            noisy = snapshot(one, Exchange.from_interaction(made))
            assert both_ways(one, snapshot(one, one.exchange), noisy) == [[], []]


@pytest.mark.parametrize("name", ["codex/streamed-text", "codex/usage"])
def test_in_which_order_exchanges_are_counted_does_not_matter(name: str) -> None:
    one = known()[name]
    edited = [Exchange.from_interaction(each.interaction) for each in mutants(name)][:8]
    exchanges = [one.exchange, *edited]
    shapes = []
    for order in (exchanges, exchanges[::-1]):
        whole = shape_of(one.schemas, one.surface)
        for each in order:
            whole.merge(shape_of(one.schemas, one.surface, each))
        shapes.append(snapshot_of(whole))
    assert shapes[0] == shapes[1]
    assert compare(*shapes) == []
    adopted = snapshot(one, one.exchange)
    evidence = Evidences(schemas=one.schemas)
    assert compare(adopted, shapes[0], evidence=evidence) == compare(
        adopted, shapes[1], evidence=evidence
    )


findings = st.builds(
    lambda rule, pointer, probe, seen, more: _with_probe(
        finding(rule, "m", surface="s", pointer=pointer, evidence=Evidence(seen, seen + more)),
        probe,
    ),
    st.sampled_from(["field-removed", "type-changed"]),
    st.sampled_from(["/a", "/b"]),
    st.sampled_from(["p", "q", "r"]),
    st.integers(0, 3),
    st.just(2),
)


def _with_probe(one: Finding, probe: str) -> Finding:
    return Finding(**{name: getattr(one, name) for name in one.__slots__} | {"probe": probe})


@given(st.lists(findings, max_size=8), st.randoms())
def test_in_which_order_findings_are_merged_does_not_matter(
    found: list[Finding], rng: random.Random
) -> None:
    shuffled = found[:]
    rng.shuffle(shuffled)
    sides = [
        {one.fingerprint: one.evidence.seen for one in merge_findings(each)}
        for each in (found, shuffled)
    ]
    assert sides[0] == sides[1]
    assert len(merge_findings(found)) == len({one.fingerprint for one in found})


@given(st.sampled_from(sorted(RULES)))
def test_every_rule_has_a_level_for_every_finding(rule: str) -> None:
    assert finding(rule, "m", surface="s").level in LEVELS
