"""One WebSocket: requests as frames, and what is true of one connection only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from harness.standin.answers import Answer, age_of, moved_times
from harness.standin.built import prewarmed
from harness.standin.faults import Fault
from harness.standin.questions import Question, parse_frame
from harness.standin.values import Headers, WsReply

if TYPE_CHECKING:
    from harness.standin.backend import Backend

__all__ = ["Session", "error_frame"]

#: The events behind which the reference client stops to read (codex-cli 0.169.0, 2026-11-22).
TERMINAL: Final = frozenset(
    {"response.completed", "response.failed", "response.incomplete", "error"}
)
#: Whose first event is the frame of the limits.
_LIMITS: Final = "codex/rate-limits-event"
_INCOMPLETE: Final = "codex/incomplete-max-output-tokens"


class Session:
    """One connection. Used by one thread at a time."""

    def __init__(self, backend: Backend, question: Question) -> None:
        self._backend = backend
        self._question = question
        self._responses: dict[str, bool] = {}
        # What was offered before: a frame that goes on from a response sends only what is new.
        self._tools: dict[str, tuple[Any, ...]] = {}

    @property
    def headers(self) -> Headers:
        """Of those of the 101 the ones that a client reads (wjsoj/cc-core, 2026-09-05)."""
        answers = self._backend.answers
        etag = answers.etag(answers.recorded("codex/models"))
        return (("x-models-etag", etag), ("x-openai-proxy-wasm", "v0.1"))

    def frame(self, text: str) -> WsReply:
        """The answer to one text frame."""
        sent = parse_frame(text)
        if sent is None:
            return WsReply(close_code=1007, source="a frame that is not JSON")
        kind = sent.get("type")
        if kind == "response.interrupt":
            return self._interrupted(sent.get("response_id"))
        if kind != "response.create":
            # As with unknown events in the other direction; what the backend does is not known.
            return WsReply(source=f"no answer to {kind!r}")
        body = {name: value for name, value in sent.items() if name != "type"}
        return self._create(self._question.with_frame(body, now=self._backend.clock()))

    def _create(self, question: Question) -> WsReply:
        refusal = self._backend.rulebook.check(question)
        if refusal is not None:
            answer = self._backend.refused(refusal, question)
            return WsReply((error_frame(answer),), source=answer.source)
        previous = question.body.get("previous_response_id")
        if previous is not None and str(previous) not in self._responses:
            return WsReply((_not_found(previous),), source="previous_response_not_found")
        question = self._whole(question, self._tools.get(str(previous), ()))
        if question.body.get("generate") is False:
            # It prepares the connection: whatever the scenario is about comes with the first turn.
            answers = self._backend.answers
            return self._framed(answers.adapted(prewarmed(answers), question), (), question)
        answer, faults = self._backend.answer_to(question)
        return self._framed(answer, faults, question)

    def _framed(self, answer: Answer, faults: tuple[Fault, ...], question: Question) -> WsReply:
        if not answer.is_stream:
            frame = error_frame(answer) if answer.status >= 300 else answer.body
            return WsReply((frame,), faults, source=answer.source)
        response = _response_id(answer)
        if response is not None:
            self._responses[response] = bool(faults)
            self._tools[response] = tuple(_offers(question.body))
        last = parse_frame(answer.data[-1]) if answer.data else None
        whole = last is not None and last.get("type") in TERMINAL
        # Of a stream that was cut the body ends; over a WebSocket the connection does.
        close_code = None if whole else 1000
        frames = (self._limits(question), *answer.data)
        return WsReply(frames, faults, close_code, source=answer.source)

    def _whole(self, question: Question, tools: tuple[Any, ...]) -> Question:
        """The request with the tools that the response before it was offered.

        codex-cli 0.154.0 sends them with ``generate: false``, 0.169.0 with the first turn
        (on loopback, 2026-11-22).
        """
        items = question.body.get("input")
        if not tools or not isinstance(items, list):
            return question
        return question.with_frame({**question.body, "input": [*tools, *items]}, now=question.now)

    def _limits(self, question: Question) -> str:
        frame = self._backend.answers.recorded(_LIMITS).data[0]
        return moved_times(frame, age_of(json.loads(frame), question.now))

    def _interrupted(self, response: Any) -> WsReply:
        """An answer that is over cannot be interrupted; one that was broken off can."""
        if not isinstance(response, str) or not self._responses.get(response):
            return WsReply(source="an interrupt of nothing")
        self._responses[response] = False
        event = json.loads(self._backend.answers.recorded(_INCOMPLETE).data[-1])
        event["response"] |= {
            "id": response,
            "incomplete_details": {"reason": "interrupted"},
            "end_turn": False,
        }
        return WsReply((_compact(event),), source="interrupted")


def _offers(body: Mapping[str, Any]) -> list[Any]:
    items = body.get("input")
    return [
        one
        for one in (items if isinstance(items, list) else ())
        if isinstance(one, dict) and one.get("type") == "additional_tools"
    ]


def error_frame(answer: Answer) -> str:
    """A refusal as a frame.

    ``{"detail": text}`` becomes an error object with this message (openai/codex#17642, 2026-06-03);
    the usage limit brings its headers along, capitalised (earendil-works/pi#4172, 2026-05-04).
    """
    found = answer.json()
    body: Mapping[str, Any] = found if isinstance(found, dict) else {"detail": answer.body}
    error = body.get("error")
    if isinstance(error, dict) and answer.status != 429:
        return _compact({"type": "error", "error": error, "status": answer.status})
    if not isinstance(error, dict):
        error = _error_of(body.get("detail"))
    if answer.status != 429:
        return _compact({"type": "error", "status": answer.status, "error": error})
    headers = {name.title(): value for name, value in _told(answer).items()}
    return _compact({"type": "error", "error": error, "status_code": 429, "headers": headers})


def _told(answer: Answer) -> dict[str, str]:
    """The headers that a frame repeats."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith("x-codex-") or name == "retry-after"
    }


def _error_of(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return {"type": "invalid_request_error", **detail}
    return {"type": "invalid_request_error", "message": detail if isinstance(detail, str) else ""}


def _not_found(response: Any) -> str:
    """As in Soju06/codex-lb#782 (2026-05-22), evidence err_2026-05-22_ws400."""
    return _compact(
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "code": "previous_response_not_found",
                "message": f"Previous response with id '{response}' not found.",
                "param": "previous_response_id",
            },
            "status": 400,
        }
    )


def _response_id(answer: Answer) -> str | None:
    first = parse_frame(answer.data[0]) if answer.data else None
    response = first.get("response") if first else None
    found = response.get("id") if isinstance(response, dict) else None
    return found if isinstance(found, str) else None


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
