"""The scenarios: their files, what they promise together, and how one is played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract import Answer, Contract, ContractErrors, Scenario, Step
from harness.standin.backend import Backend
from harness.standin.faults import FAULTS, Delay
from harness.standin.rulebook import Rulebook
from harness.standin.scenarios import Play, UnknownScenario, find_scenario
from tests.harness.contracts import copy_contract
from tests.standin.asking import ENDPOINTS, NOW, ask, frame

CONTRACT = Contract()
RULEBOOK = Rulebook(CONTRACT)
SCENARIOS = CONTRACT.scenarios
#: What the project has promised to bring; a name is never taken away.
PROMISED = """
accounts-check-500 accounts-check-missing anthropic bom closed-before-header crlf default drip
duplicate-terminal early-end endless expired-token garbage html-challenge huge-line incomplete
keepalive models-404 multi-line no-content-type no-terminal overloaded platform-2026-06-04
rate-limited-retry-after refresh refresh-reused reordered repeated reset response-failed
server-error-then-ok slow-header split-utf8 stall stream-cut stream-cut-then-ok tool-call
unauthorized unknown-events usage-limit usage-limit-no-reset websocket-binary websocket-close-1000
websocket-close-1001 websocket-close-1006 websocket-close-1008 websocket-close-1009
websocket-close-1011 websocket-limit websocket-oversized websocket-refused-426
""".split()


def play(*steps: Step) -> Play:
    return Play(Scenario("test", "A test", "Of a test.", steps, (), "scenarios/test.yaml"))


def taken(player: Play, endpoint: str = "responses", transport: str = "http") -> str | None:
    found = player.take(endpoint, transport, refreshed=lambda: False)
    return None if found is None else found.probe


# ---------------------------------------------------------------- all of them


def test_every_scenario_that_was_promised_is_there() -> None:
    assert set(PROMISED) <= set(SCENARIOS)


def test_every_fault_goes_wrong_in_a_scenario() -> None:
    used = {one["fault"] for name in SCENARIOS for s in SCENARIOS[name].steps for one in s.faults}
    assert used == set(FAULTS)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_scenario_says_to_a_person_what_happens(name: str) -> None:
    one = SCENARIOS[name]
    assert one.title.strip() == one.title
    assert one.title[-1] != "."
    assert len(one.description) >= 40
    assert one.description.rstrip().endswith(".")
    titles = [other.title for other in SCENARIOS.values()]
    assert titles.count(one.title) == 1


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_step_of_a_scenario_can_be_reached_and_does_something(name: str) -> None:
    closed: set[tuple[str, str]] = set()
    for step in SCENARIOS[name].steps:
        assert step.answer is not None or step.faults
        over = ("http", "websocket") if step.transport == "both" else (step.transport,)
        for transport in over:
            assert (step.endpoint, transport) not in closed
            if step.times is None and step.until is None:
                closed.add((step.endpoint, transport))
        for pointer in step.drop:
            assert step.answer is not None
            for probe in step.answer.probes:
                body: Any = json.loads(CONTRACT.cassettes[probe].interactions[0].body)
                for part in pointer.split("/")[1:]:
                    body = body[part]


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_endpoint_is_answered_in_every_scenario(name: str) -> None:
    player = Backend(CONTRACT, name, rulebook=RULEBOOK, clock=lambda: NOW)
    for endpoint in ENDPOINTS:
        for _ in range(3):
            if endpoint == "upgrade":
                session = player.open(ask(endpoint))
                if hasattr(session, "frame"):
                    session.frame(frame())
            else:
                assert player.answer(ask(endpoint)).source


def test_what_ends_a_turn_without_the_clients_fault_can_be_played() -> None:
    """The rest is what the rulebook refuses: a client can bring that about itself."""
    played = {
        CONTRACT.probes[probe].expect.outcome
        for one in SCENARIOS.values()
        for step in one.steps
        if step.answer is not None
        for probe in step.answer.probes
    }
    # A page in place of an answer is a fault, so that every endpoint can have it.
    refused = {CONTRACT.probes[rule.refuse].expect.outcome for rule in CONTRACT.rules.values()}
    known = {probe.expect.outcome for probe in CONTRACT.probes.values()}
    assert known - refused - played == {"blocked"}


# ---------------------------------------------------------------- how one is played


def test_the_first_step_that_fits_answers_until_it_is_used_up() -> None:
    player = play(
        Step("responses", Answer(("a",)), times=2),
        Step("usage", Answer(("b",))),
        Step("responses", Answer(("c",)), times=1),
    )
    assert [taken(player) for _ in range(4)] == ["a", "a", "c", None]
    assert [taken(player, "usage") for _ in range(3)] == ["b", "b", "b"]
    assert taken(player, "models") is None


def test_of_several_answers_the_last_one_is_repeated() -> None:
    player = play(Step("responses", Answer(("a", "b"))))
    assert [taken(player) for _ in range(3)] == ["a", "b", "b"]


def test_a_step_for_any_endpoint_counts_them_together() -> None:
    player = play(Step("any", Answer(("a",)), times=2))
    assert [taken(player, one) for one in ("usage", "models", "usage")] == ["a", "a", None]


def test_a_step_may_be_for_one_transport() -> None:
    player = play(Step("responses", Answer(("a",)), transport="websocket"))
    assert taken(player) is None
    assert taken(player, transport="websocket") == "a"


def test_a_step_until_a_refresh_is_not_for_those_who_have_refreshed() -> None:
    player = play(Step("responses", Answer(("a",)), until="refresh"))
    assert taken(player) == "a"
    assert player.take("responses", "http", refreshed=lambda: True) is None


def test_a_look_ahead_does_not_count() -> None:
    player = play(Step("responses", Answer(("a", "b")), times=2))
    seen = [player.peek("responses", "http", refreshed=lambda: False) for _ in range(5)]
    assert {one.probe for one in seen if one is not None} == {"a"}
    assert [taken(player) for _ in range(3)] == ["a", "b", None]


def test_the_faults_of_a_step_are_read_once() -> None:
    player = play(Step("responses", faults=({"fault": "delay", "seconds": 1},)))
    found = player.take("responses", "http", refreshed=lambda: False)
    assert found is not None
    assert (found.probe, found.faults) == (None, (Delay(seconds=1),))


def test_a_scenario_is_found_by_its_name() -> None:
    assert find_scenario(CONTRACT, "drip").name == "drip"
    with pytest.raises(UnknownScenario, match="did you mean drip"):
        find_scenario(CONTRACT, "drop")
    with pytest.raises(UnknownScenario, match="did you mean websocket-close"):
        find_scenario(CONTRACT, "websocket-close-1002")


# ---------------------------------------------------------------- the folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy_contract(tmp_path)
    (tmp_path / "scenarios").mkdir()
    return tmp_path


def scenario(**changes: Any) -> dict[str, Any]:
    document = {
        "name": "test",
        "title": "A test",
        "description": "Of a test.",
        "steps": [{"endpoint": "responses", "answer": "codex/store-must-be-false"}],
        **changes,
    }
    return {key: value for key, value in document.items() if value is not ...}


def faults_of(root: Path, document: Any) -> list[str]:
    text = yaml.safe_dump(document, sort_keys=False)
    (root / "scenarios" / "test.yaml").write_text(text, encoding="utf-8")
    return [str(one) for one in Contract(root).problems()]


def steps(**step: Any) -> dict[str, Any]:
    return scenario(steps=[{"endpoint": "responses", **step}])


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("codex/usage", Answer(("codex/usage",))),
        (["codex/usage", "codex/streamed-text"], Answer(("codex/usage", "codex/streamed-text"))),
        ({"text": "a", "deltas": 3}, Answer(text="a", deltas=3)),
        ({"text": "a"}, Answer(text="a")),
        (
            {"tool_call": {"command": "echo"}, "then": "codex/usage"},
            Answer(command="echo", then="codex/usage"),
        ),
    ],
)
def test_each_form_of_an_answer_is_read(root: Path, answer: Any, read: Answer) -> None:
    assert faults_of(root, steps(answer=answer)) == []
    (found,) = Contract(root).scenarios["test"].steps
    assert found.answer == read


def test_everything_a_step_can_say_is_read(root: Path) -> None:
    said = {
        "times": 2,
        "until": "refresh",
        "transport": "http",
        "drop": ["/a"],
        "verbatim": True,
        "faults": [{"fault": "delay", "seconds": 1}],
    }
    assert faults_of(root, steps(**said)) == []
    (found,) = Contract(root).scenarios["test"].steps
    assert found == Step(
        "responses",
        times=2,
        until="refresh",
        transport="http",
        drop=("/a",),
        verbatim=True,
        faults=({"fault": "delay", "seconds": 1},),
    )


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (scenario(name="other"), "scenarios/test.yaml: /name: is 'other' — make it 'test'"),
        (scenario(description=...), "/description: is missing"),
        (scenario(steps=...), "/steps: is missing"),
        (steps(answer="codex/nowhere"), "/steps/0/answer: there is no probe 'codex/nowhere'"),
        (
            steps(answer={"tool_call": {"command": "a"}, "then": "codex/nowhere"}),
            "there is no probe 'codex/nowhere'",
        ),
        (
            steps(faults=[{"fault": "dely"}]),
            "/faults/0: there is no fault 'dely': did you mean delay",
        ),
        (steps(faults=[{"fault": "delay", "secs": 1}]), "/steps/0/faults/0: "),
        (steps(faults=[{"fault": "delay", "seconds": "x"}]), "/steps/0/faults/0: "),
        (steps(times=0), "/steps/0/times"),
        (steps(until="tomorrow"), "/steps/0/until"),
        (steps(transport="smoke"), "/steps/0/transport"),
        (steps(endpoint="nowhere"), "/steps/0/endpoint"),
        (steps(answer=[]), "/steps/0/answer"),
        (steps(answer={"text": "a", "deltas": 0}), "/steps/0/answer"),
        (steps(sauce="x"), "/steps/0/sauce"),
        (scenario(sources=[]), "/sources"),
        ([], "scenarios/test.yaml: "),
        (5, "scenarios/test.yaml: "),
    ],
)
def test_a_scenario_that_is_not_sound_is_one_line_with_its_place(
    root: Path, document: Any, line: str
) -> None:
    found = faults_of(root, document)
    assert any(line in one for one in found), found
    assert all(one.startswith("scenarios/test.yaml") for one in found)
    assert all("\n" not in one for one in found)


def test_a_contract_whose_scenario_is_not_sound_is_not_played(root: Path) -> None:
    faults_of(root, steps(answer="codex/nowhere"))
    with pytest.raises(ContractErrors, match="codex/nowhere"):
        Backend(Contract(root), "test")


def test_a_file_that_is_no_yaml_is_named(root: Path) -> None:
    (root / "scenarios" / "test.yml").write_text("", encoding="utf-8")
    (root / "scenarios" / "on.yaml").write_text("on: x\n", encoding="utf-8")
    found = [str(one) for one in Contract(root).problems()]
    assert len(found) == 2
    assert found[0].startswith("scenarios/on.yaml")
    assert found[1].startswith("scenarios/test.yml: is no .yaml file")
