"""The backend of the stand-in: every answer from the contract, no sockets.

A request is held against the rulebook first, as the real backend would; then the scenario is asked,
and where that says nothing, the stand-in answers as a backend that is well.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from harness.contract import Contract, Scenario
from harness.standin import built
from harness.standin.answers import Answer, Answers, answer_of
from harness.standin.faults import CloseBeforeHeader, Fault, HtmlChallenge, Status
from harness.standin.questions import Question
from harness.standin.rulebook import Refusal, Rulebook
from harness.standin.scenarios import Play, Played, find_scenario
from harness.standin.session import Session
from harness.standin.tokens import TokenEndpoint
from harness.standin.values import Incoming, Reply

__all__ = ["Backend"]

#: What is answered where no scenario says anything.
_ANSWERS: Final[Mapping[str, str]] = {
    "responses": "codex/streamed-text",
    "compact": "codex/compact",
    "models": "codex/models",
    "usage": "codex/usage",
    "accounts": "codex/accounts-check",
    "plan-responses": "plan/streamed-text",
    "plan-models": "plan/models",
    "discovery": "canary/plan-discovery",
    "platform-responses": "platform/responses-with-platform-key",
    # Nobody published an answer of chat completions: a key of the stand-in has no credit there.
    "chat-completions": "platform/insufficient-quota",
    "messages": "anthropic/message-ok",
}
#: Two addresses of which no answer was published. An empty bundle is enough for codex-cli 0.169.0
#: (2026-11-22); the setting is named in openai/codex's tests (public file id 57784872852).
_SMALL: Final[Mapping[str, str]] = {
    "bundle": "{}",
    "settings": '{"commit_attribution_enabled":false}',
}
_NOT_FOUND: Final = "codex/not-found"
_TURN_STATE: Final = "x-codex-turn-state"


class Backend:
    """Answers requests from a contract. Used by many threads; it never blocks.

    One backend plays one scenario from its beginning; :meth:`playing` gives another one that shares
    its logins.
    """

    def __init__(
        self,
        contract: Contract,
        scenario: str | Scenario = "default",
        *,
        rulebook: Rulebook | None = None,
        tokens: TokenEndpoint | None = None,
        clock: Callable[[], float] = time.time,
        answers: Answers | None = None,
    ) -> None:
        """Begin to play a scenario.

        Args:
            contract: where the answers come from.
            scenario: its name, or the scenario itself.
            rulebook: what is refused; the lenient one by default.
            tokens: the state of the token endpoints; none by default.
            clock: gives Unix time.
            answers: of the same contract, to be shared.

        Raises:
            UnknownScenario: there is no such scenario.
            ContractErrors: the contract is not sound.
        """
        self._contract = contract
        if isinstance(scenario, str):
            scenario = find_scenario(contract, scenario)
        self._play = Play(scenario)
        self.rulebook = Rulebook(contract) if rulebook is None else rulebook
        self.tokens = TokenEndpoint(clock=clock) if tokens is None else tokens
        self.clock = clock
        self.answers = Answers(contract) if answers is None else answers
        self._refreshes = self.tokens.refreshes

    @property
    def scenario(self) -> str:
        """The name of the scenario that is played."""
        return self._play.scenario.name

    def playing(self, scenario: str) -> Backend:
        """Another backend, which plays this scenario from its beginning, with the same logins.

        Raises:
            UnknownScenario: there is no such scenario.
        """
        return Backend(
            self._contract,
            scenario,
            rulebook=self.rulebook,
            tokens=self.tokens,
            clock=self.clock,
            answers=self.answers,
        )

    def answer(self, incoming: Incoming) -> Reply:
        """The answer to one HTTP request."""
        question = Question.of_request(incoming, now=self.clock())
        self.tokens.notice(question)
        refusal = self.rulebook.check(question)
        if refusal is not None:
            return self._reply(self.refused(refusal, question), (), question)
        answer, faults = self.answer_to(question)
        return self._reply(answer, faults, question)

    def open(self, incoming: Incoming) -> Session | Reply:
        """Accept an upgrade to a WebSocket, or refuse it with an answer."""
        question = Question.of_request(incoming, now=self.clock())
        self.tokens.notice(question)
        if question.endpoint != "upgrade":
            return self._reply(self.answers.recorded(_NOT_FOUND), (), question)
        refusal = self.rulebook.check(question)
        if refusal is not None:
            return self._reply(self.refused(refusal, question), (), question)
        played = self._take(question)
        if played is None or played.probe is None:
            played = self._gate(question)
        if played is None:
            return Session(self, question)
        answer = self._of_step(played, question) or self.answers.recorded(_NOT_FOUND)
        return self._reply(answer, played.faults, question)

    def answer_to(self, question: Question) -> tuple[Answer, tuple[Fault, ...]]:
        """The answer to a request that breaks no rule, and what goes wrong with it.

        Of one that came as a frame, what changes the status of an answer has been applied.
        """
        played = self._take(question)
        answer = None if played is None else self._of_step(played, question)
        faults = () if played is None else played.faults
        if answer is None:
            answer = self._well(question)
        elif played is None or not played.step.verbatim:
            answer = self.answers.adapted(answer, question)
        if question.transport == "websocket":
            answer = _with_status(answer, faults)
        return answer, faults

    def refused(self, refusal: Refusal, question: Question) -> Answer:
        """The answer to a request that breaks a rule."""
        answer = answer_of(refusal.interaction, refusal.source)
        return self.answers.adapted(replace(answer, body=refusal.body), question)

    def _take(self, question: Question) -> Played | None:
        refreshed = self._refreshed(question)
        return self._play.take(question.endpoint, question.transport, refreshed=refreshed)

    def _refreshed(self, question: Question) -> Callable[[], bool]:
        return lambda: self.tokens.refreshed(question.token, self._refreshes)

    def _gate(self, question: Question) -> Played | None:
        """The step for the first request, if its refusal comes before there is a WebSocket.

        The model layer refuses in frames; what stands before it refuses the handshake, and only
        there does a client refresh its token (codex-cli 0.169.0 on loopback, 2026-11-22).
        """
        refreshed = self._refreshed(question)
        played = self._play.peek("responses", "websocket", refreshed=refreshed)
        if played is None:
            return None
        early = any(isinstance(one, CloseBeforeHeader | HtmlChallenge) for one in played.faults)
        answer = self._of_step(played, question)
        if answer is not None:
            early = early or _refuses_handshake(_with_status(answer, played.faults))
        if not early:
            return None
        return self._play.take("responses", "websocket", refreshed=refreshed)

    def _of_step(self, played: Played, question: Question) -> Answer | None:
        """What a step answers; ``None`` if it leaves that to the stand-in."""
        answer, asked = None, played.step.answer
        if played.probe is not None:
            answer = self.answers.recorded(played.probe)
            if answer.status < 300 and question.endpoint in ("token", "plan-token"):
                # A success of theirs has tokens in it that only this stand-in can make.
                return None
        elif asked is not None and asked.text is not None:
            answer = built.text_stream(self.answers, asked.text, asked.deltas)
        elif asked is not None and asked.command is not None:
            if not built.tool_outputs(question.body):
                answer = built.shell_call(self.answers, question.body, asked.command)
            if answer is None and asked.then is not None:
                answer = self.answers.recorded(asked.then)
        if answer is None or not played.step.drop:
            return answer
        return answer.without(played.step.drop)

    def _well(self, question: Question) -> Answer:
        """What a backend answers that is well."""
        endpoint = question.endpoint
        if endpoint in ("token", "plan-token"):
            probe, issued = self.tokens.answer(question)
            return self.answers.adapted(self.answers.recorded(probe), question, issued)
        if endpoint in _SMALL:
            return Answer(200, {}, _SMALL[endpoint], is_stream=False, source=endpoint)
        compaction = endpoint == "responses" and _asks_for_compaction(question)
        probe = "codex/compaction" if compaction else _ANSWERS.get(endpoint, _NOT_FOUND)
        answer = self.answers.adapted(self.answers.recorded(probe), question)
        if endpoint == "platform-responses" and question.body.get("stream") is not True:
            return _in_one_piece(answer)
        return answer

    def _reply(self, answer: Answer, faults: tuple[Fault, ...], question: Question) -> Reply:
        headers = answer.head(question)
        if question.endpoint == "responses" and answer.is_stream:
            # Opaque, and the same within a turn (openai/codex#9332, 2026-01-16).
            state = question.incoming.header(_TURN_STATE) or secrets.token_urlsafe(24)
            headers = (*headers, (_TURN_STATE, state))
        return Reply(
            status=answer.status,
            headers=headers,
            body=answer.body.encode(),
            stream=answer.is_stream,
            faults=faults,
            source=answer.source,
        )


def _refuses_handshake(answer: Answer) -> bool:
    if answer.status in (401, 402, 403, 426) or answer.status >= 500:
        return True
    # Of the 404s, those that are about the address and not about the model or an item.
    return answer.status == 404 and answer.body.startswith('{"detail"')


def _with_status(answer: Answer, faults: tuple[Fault, ...]) -> Answer:
    """The answer as it is when faults have changed its status."""
    for one in faults:
        if isinstance(one, Status):
            named = {name.lower(): value for name, value in one.headers.items()}
            body = answer.body if one.body is None else one.body
            headers = {**answer.headers, **named}
            stream = answer.is_stream and one.status < 300
            answer = replace(
                answer, status=one.status, headers=headers, body=body, is_stream=stream
            )
    return answer


def _asks_for_compaction(question: Question) -> bool:
    items = question.body.get("input")
    last = items[-1] if isinstance(items, list) and items else None
    return isinstance(last, dict) and last.get("type") == "compaction_trigger"


def _in_one_piece(answer: Answer) -> Answer:
    """The response of a stream by itself; on the public API it is complete."""
    response = json.loads(answer.data[-1])["response"]
    body = json.dumps(response, ensure_ascii=False, separators=(",", ":"))
    return replace(answer, body=body, is_stream=False)
