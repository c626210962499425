"""What an alert does, whatever was said before: told once, lost never, over only when looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from harness.alert import ledger as ledger_module
from harness.alert.ledger import LOOKLESS, Ledger
from harness.alert.looks import Look
from harness.alert.planning import Action, Issue, plan
from harness.alert.rows import rows_of
from harness.contract import Contract
from harness.drift.findings import Finding, Unchecked
from harness.reads import Reads

from .reports import removed

DAY = date(2026, 11, 22)
WITNESSES = ("canary", "record")
PROBES = ("codex/a", "codex/b")
POOL = [
    removed(surface=surface, probe=probe, pointer=f"/{index}", level=level)
    for index, level in enumerate(("breaking", "risky"))
    for surface in ("responses", "usage")
    for probe in PROBES
]


def _looked(witness: str, findings: Sequence[Finding], blind: str | None) -> Look:
    return _look(witness, findings, blind)


ONE_LOOK = st.builds(
    _looked,
    st.sampled_from(WITNESSES),
    st.lists(st.sampled_from(POOL), unique_by=lambda one: one.fingerprint, max_size=4),
    st.sampled_from([None, *PROBES]),
)
NIGHT = st.lists(ONE_LOOK, unique_by=lambda look: look.witness, min_size=1, max_size=2)


def _look(witness: str, findings: Sequence[Finding], blind: str | None) -> Look:
    seen = [one for one in findings if one.probe != blind]
    drifted = {one.probe for one in seen}
    verdicts = {name: "drift" if name in drifted else "clean" for name in PROBES}
    if blind is not None:
        verdicts[blind] = "unchecked"
    left = [Unchecked(blind, "the network was lost")] if blind else []
    return Look(witness, "canary", seen, left, verdicts)


@cache
def reads() -> Reads:
    return Reads.of(Contract().schemas)


class Place:
    """Issues in memory."""

    def __init__(self) -> None:
        self.issues: dict[int, Issue] = {}

    def night(self, looks: Sequence[Look], day: date) -> list[Action]:
        topics = rows_of(looks, reads(), today=day, from_level="additive")
        actions = plan(looks, topics, list(self.issues.values()), today=day)
        for one in actions:
            number = one.number or len(self.issues) + 1
            is_open = one.kind != "close"
            ledger = Ledger.read(one.body)
            self.issues[number] = Issue(number, one.topic, is_open, one.title, one.body, ledger)
        return actions

    def told(self) -> set[tuple[str, str]]:
        """Topic and fingerprint of all that is told and open."""
        return {
            (one.topic, row.id)
            for one in self.issues.values()
            if one.is_open and one.ledger is not None
            for row in one.ledger.rows
        }


@given(st.lists(NIGHT, min_size=1, max_size=5))
def test_told_again_nothing_happens_and_each_topic_has_one_issue(
    nights: list[list[Look]],
) -> None:
    place = Place()
    for number, looks in enumerate(nights):
        day = DAY + timedelta(days=number)
        place.night(looks, day)
        assert place.night(looks, day) == []
        topics = [one.topic for one in place.issues.values()]
        assert len(topics) == len(set(topics))


@given(st.lists(NIGHT, min_size=1, max_size=5))
def test_what_is_told_is_what_was_seen_and_not_seen_to_be_gone(nights: list[list[Look]]) -> None:
    place = Place()
    #: (surface, fingerprint, witness, probe): each that was seen, and not seen to be gone.
    known: set[tuple[str, str, str, str]] = set()
    for number, looks in enumerate(nights):
        place.night(looks, DAY + timedelta(days=number))
        for look in looks:
            seen = {name for name, said in (look.verdicts or {}).items() if said != "unchecked"}
            known = {one for one in known if one[2] != look.witness or one[3] not in seen}
            known |= {
                (one.surface, one.fingerprint, look.witness, str(one.probe))
                for one in look.findings
            }
        told = {one for one in place.told() if one[0] != LOOKLESS}
        assert told == {one[:2] for one in known}


@given(st.lists(NIGHT, min_size=1, max_size=5))
def test_when_all_have_looked_and_found_nothing_all_is_closed(nights: list[list[Look]]) -> None:
    place = Place()
    for looks in nights:
        place.night(looks, DAY)
    clean = [_look(name, [], None) for name in WITNESSES]
    ended = place.night(clean, DAY)
    assert all(one.kind == "close" for one in ended)
    assert not [one for one in place.issues.values() if one.is_open]


@given(NIGHT, st.integers(1, 30))
def test_since_stays_the_first_day(looks: list[Look], days: int) -> None:
    place = Place()
    place.night(looks, DAY)
    actions = place.night(looks, DAY + timedelta(days=days))
    # The text names the first day still, so there is not even anything to write.
    assert actions == []


def test_the_reason_may_change_without_being_news() -> None:
    place = Place()
    look = _look("canary", [], PROBES[0])
    place.night([look], DAY)
    other = replace(look, left=[Unchecked(PROBES[0], "another reason")])
    (action,) = place.night([other], DAY)
    assert action.kind == "rewrite"
    assert not action.is_news


@given(st.lists(NIGHT, min_size=1, max_size=5), st.sampled_from([0, 400, 900]))
def test_what_does_not_fit_is_over_only_when_looked_at(nights: list[list[Look]], room: int) -> None:
    place = Place()
    known: set[tuple[str, str, str, str]] = set()
    with patch.object(ledger_module, "_MAX_ROWS", room):
        for looks in nights:
            place.night(looks, DAY)
            assert place.night(looks, DAY) == []
            for look in looks:
                seen = {name for name, said in (look.verdicts or {}).items() if said != "unchecked"}
                known = {one for one in known if one[2] != look.witness or one[3] not in seen}
                known |= {
                    (one.surface, one.fingerprint, look.witness, str(one.probe))
                    for one in look.findings
                }
            open_ = {one.topic: one.ledger for one in place.issues.values() if one.is_open}
            for surface in {one[0] for one in known} | (open_.keys() - {LOOKLESS}):
                ledger, there = open_.get(surface), {one[1] for one in known if one[0] == surface}
                assert ledger is not None
                assert len(ledger.rows) + ledger.left_out >= len(there) > 0
        clean = [_look(name, [], None) for name in WITNESSES]
        place.night(clean, DAY)
        assert not [one for one in place.issues.values() if one.is_open]
