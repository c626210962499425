"""The same refusal, of more answers or of fewer: told by its shares, where these are no chance."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.drift.findings import Evidence
from harness.sides._shares import is_by_chance

from .contracts import ROOT
from .planted import Interaction, compared, told

USAGE = ROOT / "cassettes/codex/usage.yaml"
PLACE = "/endpoint/GET /backend-api/wham/usage"
REFUSED = {
    404: {"detail": "Not Found"},
    429: {"error": {"type": "usage_limit_reached", "message": "The usage limit was reached"}},
}
Layout = Callable[[Path, Sequence[Interaction]], Path]


def answers(refused: int, of: int, status: int = 404) -> list[Interaction]:
    """So many answers to one question, the first of them refused."""
    one: Interaction = yaml.load(USAGE.read_bytes(), yaml.CSafeLoader)["interactions"][0]
    made = [copy.deepcopy(one) for _ in range(of)]
    for each in made[:refused]:
        each["response"]["status"]["code"] = status
        each["response"]["headers"] = {"content-type": ["application/json"]}
        each["response"]["body"] = {"string": json.dumps(REFUSED[status])}
    return made


def _write(path: Path, interactions: Sequence[Interaction]) -> None:
    document = {"version": 1, "interactions": list(interactions)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), "utf-8")


def together(path: Path, interactions: Sequence[Interaction]) -> Path:
    """One cassette."""
    _write(path.with_suffix(".yaml"), interactions)
    return path.with_suffix(".yaml")


def apart(path: Path, interactions: Sequence[Interaction]) -> Path:
    """A folder of as many cassettes, whose names nothing on the other side has."""
    for number, one in enumerate(interactions):
        _write(path / f"{path.name}-{number}.yaml", [one])
    return path


def sides(
    tmp_path: Path,
    old: Sequence[Interaction],
    new: Sequence[Interaction],
    layout: Layout = together,
) -> tuple[Path, Path]:
    return layout(tmp_path / "old", old), layout(tmp_path / "new", new)


@pytest.mark.parametrize("layout", [together, apart])
@pytest.mark.parametrize("refused", [9, 10])
def test_a_refusal_that_most_answers_are_now_is_found_with_both_shares(
    tmp_path: Path, layout: Layout, refused: int
) -> None:
    """Also where no answer is left: that is no question which was not asked."""
    both = sides(tmp_path, answers(1, 10), answers(refused, 10), layout)
    (one,) = compared(*both)[1]["findings"]
    assert (one["rule"], one["level"], one["pointer"]) == ("refused-more-often", "risky", PLACE)
    assert (one["before"], one["after"]) == ("not_found 1 of 10", f"not_found {refused} of 10")
    assert one["evidence"] == {"seen": refused, "of": 10}


@pytest.mark.parametrize("layout", [together, apart])
def test_a_refusal_that_few_answers_are_now_is_good_news(tmp_path: Path, layout: Layout) -> None:
    old, new = sides(tmp_path, answers(9, 10), answers(1, 10), layout)
    assert told((old, new)) == [("refused-less-often", "benign", PLACE)]


@pytest.mark.parametrize("shares", [((1, 2), (2, 3)), ((1, 10), (4, 10)), ((3, 6), (5, 6))])
def test_shares_that_chance_explains_are_no_difference(
    tmp_path: Path, shares: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    old, new = (answers(*one) for one in shares)
    assert told(sides(tmp_path, old, new)) == []


def test_a_limit_that_is_hit_more_often_can_be_the_fault_of_who_asks(tmp_path: Path) -> None:
    both = sides(tmp_path, answers(1, 10, 429), answers(9, 10, 429))
    code, report = compared(*both)
    assert (code, report["findings"]) == (6, [])
    (missed,) = report["unchecked"]
    assert "9 of 10 answers with usage_limit_reached (before: 1 of 10)" in missed["why"]
    assert [one[0] for one in told(both, "--proved")] == ["refused-more-often"]


def test_of_files_that_answer_one_question_each_it_is_told_by_the_pairs(tmp_path: Path) -> None:
    """What is refused in a file, and was answered in the same one, is told once, and not twice."""
    for name, refused in (("old", 1), ("new", 9)):
        for number, one in enumerate(answers(refused, 10)):
            _write(tmp_path / name / f"{number}.yaml", [one])
    assert [one[0] for one in told((tmp_path / "old", tmp_path / "new"))] == ["endpoint-removed"]


def test_other_questions_that_are_refused_are_not_the_same_one_more_often(tmp_path: Path) -> None:
    new = answers(9, 10)
    for one in new[:9]:
        one["request"]["uri"] += "?period=week"
    rules = {one[0] for one in told(sides(tmp_path, answers(1, 10), new, apart))}
    assert "refused-more-often" not in rules


@pytest.mark.parametrize(
    ("was", "now", "chance"),
    [
        ((1, 10), (9, 10), False),
        ((9, 10), (1, 10), False),
        ((1, 10), (7, 10), False),
        ((1, 10), (6, 10), True),
        ((1, 2), (2, 3), True),
        ((5, 5), (5, 5), True),
        ((50, 100), (90, 100), False),
        # In large sets chance explains next to nothing, and a few more are not worth a word.
        ((100, 10_000), (300, 10_000), True),
        ((100, 10_000), (1_200, 10_000), False),
        # A set of few answers says little, however many the other one has.
        ((100, 1_000), (1, 2), True),
    ],
)
def test_what_chance_explains(was: Any, now: Any, chance: bool) -> None:
    assert is_by_chance(Evidence(*was), Evidence(*now)) is chance
