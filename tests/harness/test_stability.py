"""``docs/stability.md``: its numbers are those of the history and of the incidents."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import Contract
from harness.incidents import FOLDER, read_incidents
from harness.reference.history import history_of
from harness.reference.stability.ages import cohorts, survivals
from harness.reference.stability.caught import witnesses_told
from harness.reference.stability.changes import by_month, steps_of
from harness.reference.stability.survival import Life, survival_of
from harness.reference.stability.witnesses import first_report, sightings
from harness.reference.stability.words import middle, sign_of, table

from . import captures
from .captures import captured, turn

CONTRACT = Contract()
LIVES = st.lists(st.builds(Life, st.integers(0, 400), st.booleans()), min_size=1, max_size=40)


@given(LIVES)
def test_a_share_never_grows_and_lies_between_none_and_all(lives: list[Life]) -> None:
    found = survival_of(lives)
    shares = [share for _, share, _ in found.steps]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)
    assert found.at(found.longest + 1) is None
    assert (found.count, found.ended) == (len(lives), sum(one.ended for one in lives))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_where_all_are_gone_it_is_the_share_that_lived_longer(days: list[int]) -> None:
    found = survival_of([Life(one, True) for one in days])
    for day in range(0, found.longest + 1, 7):
        share = found.at(day)
        assert share is not None
        assert share == pytest.approx(sum(one > day for one in days) / len(days))


def test_those_who_live_count_as_long_as_they_were_watched() -> None:
    lives = [Life(10, True), Life(20, False), Life(30, True), Life(40, False)]
    found = survival_of(lives)
    assert [(day, risk) for day, _, risk in found.steps] == [(10, 4), (30, 2)]
    assert found.at(10) == pytest.approx(3 / 4)
    assert found.at(35) == pytest.approx(3 / 8)
    assert found.half_life == 30
    assert survival_of([Life(5, False)]).half_life is None
    assert survival_of([]).at(0) == 1


def release(version: str, day: str | None, **body: Any) -> Any:
    return captured(version, {"plain.https": [turn(**body)]}, date=day)


def test_a_life_begins_after_the_first_release_and_ends_when_it_is_seen_no_more() -> None:
    history = history_of(
        [
            release("0.1.0", "2026-01-01", old=1),
            release("0.2.0", "2026-02-01", young=1),
            release("0.3.0", "2026-03-01", young=1, last=1),
        ]
    )
    top = survivals(history)["top-level fields"]
    # /old was there at the first one, so nobody knows how old it was.
    assert (top.count, top.ended, top.longest) == (2, 0, 28)
    (first,) = cohorts(history, [0])
    kept, of = first.kept["top-level fields"]
    assert of - kept == 1


def test_months_count_releases_steps_and_findings() -> None:
    found = [
        release("0.1.0", "2026-01-01"),
        release("0.2.0", "2026-01-20", tier="a"),
        release("0.3.0", "2026-02-01", tier="a"),
        release("0.4.0", None, tier="b", more=1),
    ]
    steps = steps_of(found)
    assert [len(one.findings) for one in steps] == [1, 0, 2]
    months = by_month(steps, [one.release for one in found])
    assert [(one.name, one.published, one.changed) for one in months] == [
        ("2026-01", 2, 1),
        ("2026-02", 1, 0),
    ]


def test_what_only_a_fuller_capture_shows_is_told_once_where_it_is_seen() -> None:
    def runs(value: int, *, full: bool) -> dict[str, Any]:
        plain = {"plain.https": [turn(tier=value)]}
        return plain | ({"tool-call.https": [turn(tier=value, state=value)]} if full else {})

    found = [
        captured("0.1.0", runs(True, full=True)),
        captured("0.2.0", {"plain.https": [turn()]}),
        captured("0.3.0", {"plain.https": [turn()], "tool-call.https": [turn()]}),
    ]
    told = [[(one.rule, one.pointer) for one in step.findings] for step in steps_of(found)]
    assert told == [
        [("client-field-removed", "/body/tier")],
        [("client-field-removed", "/body/state")],
    ]


INCIDENT = {
    "id": "CX-999",
    "witness": ["capture"],
    "releases": {"before": "0.1.0", "after": "0.3.0"},
    "sources": [
        {"ref": "openai/codex#1", "date": "2026-02-02"},
        {"ref": "a/b#1", "date": "2026-01-15"},
        {"ref": "a/b#2", "date": "2026-02-09"},
        {"ref": "a/b#3"},
    ],
    "cases": [
        {
            "surface": "responses",
            "expect": [{"rule": "client-field-added", "pointer": "/body/tier"}],
        }
    ],
}


def sighting(**changes: Any) -> Any:
    history = history_of(
        [
            release("0.1.0", "2026-01-01"),
            release("0.2.0", "2026-02-01", tier="a"),
            release("0.4.0", "2026-03-01", tier="a"),
        ]
    )
    published = ["0.1.0", "0.2.0", "0.3.0", "0.4.0"]
    return sightings([{**INCIDENT, **changes}], history, published)[0]


@pytest.mark.parametrize(
    ("releases", "verdict"),
    [
        ({"before": "0.1.0", "after": "0.3.0"}, "found"),
        ({"before": None, "after": "0.2.0"}, "found"),
        ({"before": "0.1.0", "after": None}, "found"),
        ({"before": None, "after": "0.4.0"}, "elsewhere"),
        ({"before": "0.2.0", "after": "0.4.0"}, "elsewhere"),
    ],
)
def test_an_incident_is_found_only_at_the_release_that_it_names(
    releases: dict[str, Any], verdict: str
) -> None:
    one = sighting(releases=releases)
    assert (one.verdict, one.is_named) == (verdict, True)


def test_an_incident_at_a_place_that_no_run_shows_is_not_seen() -> None:
    case = {
        "surface": "responses",
        "expect": [{"rule": "client-field-added", "pointer": "/body/x"}],
    }
    assert sighting(cases=[case]).verdict == "not seen"
    both = {"surface": "responses", "expect": [*case["expect"], *INCIDENT["cases"][0]["expect"]]}
    assert sighting(cases=[both]).verdict == "partly"
    assert not sighting(releases={"before": None, "after": "9.9.9"}).is_named


def test_the_lead_is_from_the_release_to_the_first_report_of_somebody_else() -> None:
    one = sighting()
    assert (one.released, one.report, one.lead) == (date(2026, 2, 1), date(2026, 2, 9), 8)
    assert first_report(INCIDENT, date(2026, 3, 1)) is None


def test_a_witness_is_told_by_how_much_earlier_than_others_it_was() -> None:
    incident = {**INCIDENT, "kind": "drift", "date": "2026-01-31", "cases": []}
    probed = {**incident, "witness": ["probe", "canary"]}
    late = {**probed, "witness": ["probe"], "date": "2026-02-09"}
    of_itself = {**probed, "sources": INCIDENT["sources"][:1]}
    said = "\n".join(witnesses_told([incident, probed, late, of_itself], [sighting()]))
    rows = [line for line in said.splitlines() if line.startswith(("| probe", "| ca"))]
    # From the night after its day to the first report by somebody else, or from the release.
    assert rows[-3:] == [
        "| probe | 2 | 1 | 8 | 8 | 1 |",
        "| capture | 1 | 1 | 8 | 8 | 0 |",
        "| canary | 1 | 1 | 8 | 8 | 0 |",
    ]


def test_a_place_that_two_rules_name_is_told_once() -> None:
    place = {"pointer": "/header/session_id"}
    rules = [{"rule": f"client-header-{what}", **place} for what in ("renamed", "removed")]
    one = sighting(cases=[{"surface": "responses", "expect": rules}])
    assert [(each.change, each.pointer) for each in one.expected] == [("went", place["pointer"])]


def test_the_incidents_of_the_issue_are_found_in_the_history() -> None:
    incidents = read_incidents(CONTRACT.path(FOLDER))
    found = sightings(incidents, captures.history(), CONTRACT.reference.releases)
    verdicts = {one.incident["id"]: one.verdict for one in found if one.is_named}
    for name in ("CX-009", "CX-020", "CX-024", "CX-034", "CX-056", "CX-060", "CX-076", "CX-104"):
        assert verdicts[name] == "found", name
    missed = {name for name, verdict in verdicts.items() if verdict == "not seen"}
    # These need a run of a kind that there is none of.
    assert missed <= {"CX-061", "CX-066"}


def test_a_table_keeps_its_cells_apart() -> None:
    assert table(["a", " b"], [["x|y", "1"]]) == "| a | b |\n| --- | ---: |\n| x\\|y | 1 |"
    assert (middle([1, 2]), middle([3])) == ("1.5", "3")


def test_a_finding_is_told_in_a_few_signs() -> None:
    found = steps_of(
        [release("0.1.0", None), release("0.2.0", None, store=None, a=1, stream=False)]
    )
    assert {sign_of(one) for one in found[0].findings} == {"+ `/a`", "− `/store`", "≠ `/stream`"}
