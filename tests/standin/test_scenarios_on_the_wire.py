"""Every scenario, seen as bytes on a raw socket: what its data says is what comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness.contract import Contract, Scenario, Step
from harness.exchange import Exchange
from harness.standin.faults import FAULTS
from harness.standin.play import make_standin
from harness.standin.server import StandIn

from .raw_wire import (
    PATIENCE,
    QUESTION,
    Answer,
    Asked,
    ask,
    ask_websocket,
    sound_request,
    terminal_came,
)
from .visible import OVER_HTTP, OVER_WEBSOCKET, blocks, data_of, frame_types, types

CONTRACT = Contract()
SCENARIOS = dict(CONTRACT.scenarios)
#: Of what takes long, or never ends, enough is seen in this many seconds.
ENOUGH = {"endless": 1.0, "drip": 2.0, "delay": 4.0}


def steps_over(transport: str) -> Iterator[Any]:
    """Each step that this transport can show, with the steps before it."""
    for name, scenario in SCENARIOS.items():
        for index, step in enumerate(scenario.steps):
            is_websocket = step.endpoint == "upgrade" or step.transport == "websocket"
            if transport == "websocket" if is_websocket else transport == "http":
                yield pytest.param(scenario, index, id=f"{name}-{index}")


@pytest.fixture
def standin(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    scenario: Scenario = request.getfixturevalue("scenario")
    with make_standin(scenario.name, contract=CONTRACT) as running:
        yield running


def plain_body(step: Step) -> bytes:
    """What the answer is without any fault, as its cassette has it; ids and times aside."""
    answer = step.answer
    probe = "codex/streamed-text"
    if answer is not None and answer.probes:
        probe = answer.probes[0]
    elif answer is not None and answer.command is not None:
        probe = "codex/function-call"
    body = Exchange.from_interaction(CONTRACT.cassettes[probe].interactions[0]).body
    if answer is not None and answer.text is not None:
        events = body.split(b"\n\n")
        (delta,) = [one for one in events if b'"type":"response.output_text.delta"' in one]
        at = events.index(delta)
        body = b"\n\n".join([*events[:at], *[delta] * answer.deltas, *events[at + 1 :]])
    return body


def patience(step: Step) -> float:
    pauses = (fault.get("seconds", 0) for fault in step.faults)
    return PATIENCE + sum(float(one) for one in pauses)


def use_up(standin: StandIn, scenario: Scenario, index: int) -> None:
    """Ask what the steps before this one answer, as often as they do."""
    wanted = scenario.steps[index].endpoint
    for step in scenario.steps[:index]:
        if step.endpoint == wanted:
            for _ in range(step.times or 0):
                ask(standin.url, sound_request(step.endpoint))


@pytest.mark.parametrize(("scenario", "index"), [*steps_over("http")])
def test_what_a_step_says_comes_over_http(scenario: Scenario, index: int, standin: StandIn) -> None:
    step = scenario.steps[index]
    use_up(standin, scenario, index)
    seconds = min(ENOUGH.get(str(fault["fault"]), 30.0) for fault in [*step.faults, {"fault": ""}])
    asked = sound_request(step.endpoint)
    for _ in range(step.times or 1):
        answer = ask(standin.url, asked, patience(step), seconds)
        check(step, answer)
    if step.times is not None and step is scenario.steps[-1]:
        assert ask(standin.url, asked).status == 200, "then all is well"
    if step.until == "refresh" and all(one.endpoint != "token" for one in scenario.steps):
        assert ask(standin.url, refreshed(standin, asked)).status == 200


def check(step: Step, answer: Answer) -> None:
    plain = plain_body(step)
    for fault in step.faults:
        # What only a WebSocket can show is seen there.
        if not str(fault["fault"]).startswith("ws-"):
            OVER_HTTP[str(fault["fault"])](answer, fault, plain)
    if not step.faults:
        check_plain(step, answer, plain)


def check_plain(step: Step, answer: Answer, plain: bytes) -> None:
    """Without a fault the answer is the cassette's."""
    assert answer.is_complete
    assert step.answer is not None
    probe = step.answer.probes[0] if step.answer.probes else "codex/streamed-text"
    recorded = Exchange.from_interaction(CONTRACT.cassettes[probe].interactions[0])
    assert answer.status == recorded.status
    if step.answer.command is not None:
        assert step.answer.command in json.dumps([data_of(one) for one in blocks(answer.body)])
    elif recorded.is_stream:
        assert types(answer.body) == types(plain)
    else:
        dropped = {pointer.rpartition("/")[2] for pointer in step.drop}
        assert names_in(answer.body) == names_in(plain) - dropped


def names_in(body: bytes) -> set[str]:
    """Every name of a member in a JSON body; the words of one that is none."""
    found: set[str] = set()
    try:
        json.loads(body, object_pairs_hook=lambda pairs: found.update(name for name, _ in pairs))
    except ValueError:
        return set(body.decode().split())
    return found


def refreshed(standin: StandIn, asked: Asked) -> Asked:
    """The same request with a token that the token endpoint has just given out."""
    given = json.loads(ask(standin.url, sound_request("token")).body)
    return replace(
        asked, headers={**asked.headers, "authorization": f"Bearer {given['access_token']}"}
    )


@pytest.mark.parametrize(("scenario", "index"), [*steps_over("websocket")])
def test_what_a_step_says_comes_over_a_websocket(
    scenario: Scenario, index: int, standin: StandIn
) -> None:
    step = scenario.steps[index]
    limits = [float(f["seconds"]) for f in step.faults if f["fault"] == "ws-limit"]
    answer, frames = ask_websocket(standin.url, QUESTION, after=sum(limits))
    if step.endpoint == "upgrade":
        assert frames == []
        for fault in step.faults:
            OVER_HTTP[str(fault["fault"])](answer, fault, b"")
        return
    seen = [str(fault["fault"]) for fault in step.faults if fault["fault"] in OVER_WEBSOCKET]
    assert seen, "a step for the WebSocket has a fault that it shows"
    for fault in step.faults:
        if fault["fault"] in seen:
            OVER_WEBSOCKET[str(fault["fault"])](answer, frames, fault)


def plain_steps() -> Iterator[Any]:
    for name, scenario in SCENARIOS.items():
        for index, step in enumerate(scenario.steps[:1]):
            if step.endpoint == "responses" and step.transport == "both" and not step.faults:
                yield pytest.param(scenario, index, id=name)


@pytest.mark.parametrize(("scenario", "index"), [*plain_steps()])
def test_an_answer_without_faults_is_the_same_in_frames(
    scenario: Scenario, index: int, standin: StandIn
) -> None:
    """A refusal comes as an error frame with its status, or refuses the handshake with it."""
    step = scenario.steps[index]
    assert step.answer is not None
    answer, frames = ask_websocket(standin.url, QUESTION, is_over=terminal_came)
    if not frames:
        probe = CONTRACT.cassettes[step.answer.probes[0]].interactions[0]
        assert answer.status == probe.status >= 400
        return
    kinds = frame_types(frames)
    if kinds == ["error"]:
        said = json.loads(frames[0].payload)
        status = CONTRACT.cassettes[step.answer.probes[0]].interactions[0].status
        assert said.get("status", said.get("status_code")) == status
    elif step.answer.command is None:
        # The limits come first, as a frame of their own.
        assert kinds == ["codex.rate_limits", *types(plain_body(step))]
    else:
        assert step.answer.command in b"".join(one.payload for one in frames).decode()


def test_a_backend_that_is_well_answers_every_endpoint() -> None:
    with make_standin(contract=CONTRACT) as standin:
        for endpoint in ("responses", "compact", "models", "usage", "accounts", "settings"):
            answer = ask(standin.url, sound_request(endpoint))
            assert (answer.status, answer.is_complete) == (200, True), endpoint
        for endpoint in ("token", "messages", "plan-responses", "plan-models", "bundle"):
            answer = ask(standin.url, sound_request(endpoint))
            assert (answer.status, answer.is_complete) == (200, True), endpoint
        assert ask(standin.url, sound_request("other")).status == 404


def test_every_scenario_has_a_step_that_is_seen_here() -> None:
    seen = {
        param.values[0].name
        for transport in ("http", "websocket")
        for param in steps_over(transport)
    }
    assert set(SCENARIOS) - seen == {"default"}


def test_every_fault_has_an_expectation_here() -> None:
    assert set(FAULTS) <= set(OVER_HTTP) | set(OVER_WEBSOCKET)


def test_every_fault_is_part_of_a_scenario() -> None:
    used = {fault["fault"] for one in SCENARIOS.values() for s in one.steps for fault in s.faults}
    assert set(FAULTS) - used == set()
