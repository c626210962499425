"""What the stand-in answers, and what goes wrong with it: the files below ``scenarios/``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ._build import Place
from ._errors import ContractError
from ._model import Probe, Source

__all__ = [
    "Answer",
    "Scenario",
    "Step",
    "build_scenario",
    "check_scenario",
    "check_scenario_probes",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step answers: exactly one of the three forms.

    Attributes:
        probes: ids of probes; the first request gets the first one, the last one is repeated.
        command: what the shell tool that the request offers is called with.
        then: the id of the probe that answers when the output of that call comes back.
        text: the text of a plain answer.
        deltas: in how many pieces that text comes.
    """

    probes: tuple[str, ...] = ()
    command: str | None = None
    then: str | None = None
    text: str | None = None
    deltas: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario.

    Attributes:
        endpoint: which requests it is for; ``any`` for all of them.
        answer: what is answered; ``None`` for what would be answered without a scenario.
        times: how many requests it answers; ``None`` for all that come.
        until: ``refresh``: not for bearers that the token endpoint issued during the scenario.
        transport: ``both``, ``http`` or ``websocket``.
        drop: JSON pointers of members that are taken out of the body.
        verbatim: whether the answer stays as it was recorded, whoever asks.
        faults: what goes wrong, as :func:`harness.standin.faults.parse_fault` takes it.
    """

    endpoint: str
    answer: Answer | None = None
    times: int | None = None
    until: str | None = None
    transport: str = "both"
    drop: tuple[str, ...] = ()
    verbatim: bool = False
    faults: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named set of answers and faults."""

    name: str
    title: str
    description: str
    steps: tuple[Step, ...]
    sources: tuple[Source, ...]
    path: str


def build_scenario(document: Any, path: str) -> Scenario:
    """The scenario in a parsed file that its schema has found sound.

    Raises:
        ContractError: a value has not the type that a scenario promises.
    """
    root = Place(document, path)
    return Scenario(
        name=root.text("name"),
        title=root.text("title"),
        description=root.text("description"),
        steps=tuple(_step(one) for one in root.items("steps")),
        sources=tuple(
            Source(source.text("ref"), source.maybe_text("date"), source.maybe_text("says"))
            for source in (root.items("sources") if root.at("sources").value is not None else ())
        ),
        path=path,
    )


def _step(place: Place) -> Step:
    return Step(
        endpoint=place.text("endpoint"),
        answer=None if place.at("answer").value is None else _answer(place.at("answer")),
        times=None if place.at("times").value is None else place.number("times"),
        until=place.maybe_text("until"),
        transport=place.maybe_text("transport") or "both",
        drop=tuple(one.typed(str) for one in _maybe_items(place, "drop")),
        verbatim=place.at("verbatim").value is True,
        faults=tuple(one.typed(dict) for one in _maybe_items(place, "faults")),
    )


def _maybe_items(place: Place, key: str) -> list[Place]:
    return [] if place.at(key).value is None else place.items(key)


def _answer(place: Place) -> Answer:
    value = place.value
    if isinstance(value, str):
        return Answer(probes=(value,))
    if isinstance(value, list):
        return Answer(probes=tuple(str(one) for one in value))
    if place.at("text").value is not None:
        deltas = place.at("deltas").value
        return Answer(text=place.text("text"), deltas=1 if deltas is None else int(deltas))
    return Answer(command=place.at("tool_call").text("command"), then=place.maybe_text("then"))


def check_scenario(scenario: Scenario) -> Iterator[ContractError]:
    """The faults of one scenario by itself."""
    wanted = scenario.path.removeprefix("scenarios/").removesuffix(".yaml")
    if scenario.name != wanted:
        yield ContractError(
            scenario.path,
            "/name",
            f"is {scenario.name!r}",
            f"make it {wanted!r}, the name of the file",
        )
    for index, step in enumerate(scenario.steps):
        for number, fault in enumerate(step.faults):
            problem = _fault_problem(fault)
            if problem:
                yield ContractError(
                    scenario.path,
                    f"/steps/{index}/faults/{number}",
                    problem,
                    "see codex-leg scenarios --faults",
                )


def _fault_problem(fault: Mapping[str, Any]) -> str:
    # Only the stand-in knows the faults, and a contract is read without it as well.
    try:
        from harness.standin.faults import FaultError, parse_fault  # noqa: PLC0415
    except ImportError:
        return ""
    try:
        parse_fault(fault)
    except FaultError as error:
        return str(error)
    return ""


def check_scenario_probes(
    scenario: Scenario, probes: Mapping[str, Probe]
) -> Iterator[ContractError]:
    """Whether the contract has the answers of a scenario."""
    for index, step in enumerate(scenario.steps):
        answer = step.answer or Answer()
        for name in (*answer.probes, *([answer.then] if answer.then else ())):
            if name not in probes:
                yield ContractError(
                    scenario.path,
                    f"/steps/{index}/answer",
                    f"there is no probe {name!r}",
                    "write it, or mend the name",
                )
