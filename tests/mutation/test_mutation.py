"""The detector is tested itself: one edit is planted, and one finding of the right rule is due."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.drift.findings import Finding, finding
from harness.drift.rules import RULES
from harness.judge import differences

from . import score
from .__main__ import WANTED, main
from .expect import Mutant
from .faces import as_json, as_markdown, as_table
from .operators import EDITS, noise_of, plant
from .score import NOISE, Score, look_at
from .streams import join
from .subject import Subject
from .whole import known, score_all

SUBJECTS = list(known().values())
PAGE = Path(__file__).parents[2] / "docs/mutation.md"
#: A text, a call, an answer in JSON, a catalogue, a refusal of each kind.
FEW = {
    "codex/streamed-text": 23,
    "codex/function-call": 41,
    "codex/failed-rate-limit": 19,
    "codex/usage": 7,
    "codex/models": 23,
    "codex/token-revoked": 3,
    "codex/store-must-be-false": 3,
    "anthropic/usage-limit": 3,
    "auth/refresh-token-reused": 3,
}


def subject(name: str) -> Subject:
    return known()[name]


def some(name: str) -> Iterator[Mutant]:
    """Every so many-th mutant of an exchange: all operators, not all places."""
    return itertools.islice(plant(subject(name)), 0, None, FEW[name])


def counted(mutants: Iterator[Mutant]) -> Score:
    result = Score()
    for verdict in look_at(mutants):
        result.add(verdict)
    return result


@pytest.mark.parametrize("name", FEW)
def test_an_edit_is_found_as_one_finding_of_its_rule_at_its_place_and_level(name: str) -> None:
    result = counted(some(name))
    assert result.total.planted > 10
    assert [f"{one.name}: {one.told}" for one in result.wrong] == []


@pytest.mark.parametrize("name", FEW)
def test_differences_that_mean_nothing_are_not_found(name: str) -> None:
    result = counted(itertools.islice(noise_of(subject(name)), 14))
    assert result.noise.planted > 2
    assert [f"{one.name}: {one.told}" for one in result.wrong] == []


#: All cassettes, in so many parts that none of them takes minutes.
PARTS = 12


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_of_all_edits_in_all_cassettes_every_one_is_found_and_nearly_all_as_one(part: int) -> None:
    names = sorted(known(), key=lambda name: -len(known()[name].text))[part::PARTS]
    result = score_all(names, os.cpu_count() or 1)
    total = result.total
    assert total.planted > 1_000
    assert total.found == total.planted
    assert total.one >= WANTED * total.planted
    assert total.level >= WANTED * total.planted
    assert result.noise.planted > 20
    assert result.noise.found == result.noise.planted


def test_an_engine_that_sees_nothing_scores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "differences", lambda *_args, **_more: [])
    result = counted(some("codex/usage"))
    assert result.total.found == 0
    assert len(result.wrong) == result.total.planted


def test_an_engine_that_says_too_much_or_the_wrong_thing_scores_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = finding("shape-changed", "it differs", surface="usage")
    right = differences

    def twice(*args: object, **more: object) -> list[Finding]:
        return [*right(*args, **more), other]  # type: ignore[arg-type]  # passed on as they are

    for broken in (twice, lambda *_args, **_more: [other]):
        monkeypatch.setattr(score, "differences", broken)
        result = counted(some("codex/usage"))
        assert (result.total.found, result.total.one) == (result.total.planted, 0)
        noise = counted(itertools.islice(noise_of(subject("codex/usage")), 3))
        assert (noise.noise.found, len(noise.wrong)) == (0, 3)


def test_every_exchange_can_be_edited_event_by_event_without_touching_another_byte() -> None:
    for one in SUBJECTS:
        if one.is_stream:
            assert join(one.blocks) == one.text, one.name


def test_every_operator_says_what_it_plants_and_has_a_name_of_its_own() -> None:
    assert all(operator.__doc__ for operator in EDITS)
    assert len({operator.name for operator in EDITS}) == len(EDITS)


def test_every_operator_plants_something_somewhere() -> None:
    idle = {operator.name for operator in EDITS}
    for one in SUBJECTS:
        for operator in EDITS:
            if operator.name in idle and next(iter(operator().plant(one)), None) is not None:
                idle.discard(operator.name)
    assert idle == set()


def test_only_rules_of_the_table_are_expected() -> None:
    for name in FEW:
        for mutant in some(name):
            assert mutant.expected is not None
            assert mutant.expected.rule in RULES


def test_the_faces_of_a_score_say_the_same() -> None:
    result = counted(itertools.islice(plant(subject("codex/store-must-be-false")), 20))
    result.exchanges = 1
    document = json.loads(as_json(result))
    assert document["total"]["planted"] == 20
    assert sum(row["planted"] for row in document["rules"].values()) == 20
    for face in (as_table(result), as_markdown(result)):
        assert "100 %" in face
        for rule in result.rules:
            assert rule in face


def test_the_page_was_made_by_these_operators_and_for_what_is_demanded() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for operator in EDITS:
        assert f"**{operator.name}**" in page
    assert "| found | 100 % |" in page


def test_a_cassette_that_is_not_there_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codex/nowhere"]) == 4
    assert "codex/nowhere" in capsys.readouterr().err


def test_the_command_prints_a_score_and_says_whether_it_is_good_enough(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["codex/unauthorized", "--workers", "1", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["noise"]["planted"] > 0
    monkeypatch.setattr(score, "differences", lambda *_args, **_more: [])
    assert main(["codex/unauthorized", "--workers", "1"]) == 1


def test_noise_is_told_apart_from_edits() -> None:
    verdict = next(iter(look_at(noise_of(subject("codex/usage")))))
    assert verdict.rule == NOISE
