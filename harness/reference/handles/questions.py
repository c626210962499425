"""What a release is asked, to see what it acts on: one table of all that the contract knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.contract import Contract
from harness.reference.handles.samples import UNKNOWN, events_known, values_known
from harness.reference.trials.instead import Instead, Where
from harness.reference.trials.settings import BY_NAME, Setting
from leg.refusal_table import TABLE

__all__ = ["NO_CODE", "Question", "questions"]

#: A code that nobody has: what a client makes of it is what it makes of all that it does not know.
NO_CODE: Final = "codex_leg_unknown"
_MESSAGE: Final = "codex-leg"
_STATUSES: Final = (400, 401, 402, 403, 404, 408, 413, 426, 429, 500, 502, 503, 529)
#: With these, every code is tried.
_CODED: Final = (400, 401, 403, 404, 429, 503)
#: Of a frame. ``None``: it names no status.
_FRAMES: Final = (None, 400, 401, 403, 404, 429, 500, 503)
_CODED_FRAMES: Final = (None, 400, 429, 503)
_REFRESHES: Final = (400, 401, 403, 429, 500, 503)
_JSON: Final = (("content-type", "application/json"),)
_HTML: Final = (("content-type", "text/html"),)
_PAGE: Final = "<html><body>codex-leg</body></html>"

_HTTPS: Final = "responses"
_WS: Final = "responses-ws"
_PLAIN: Final[Mapping[str, Setting]] = {
    _HTTPS: BY_NAME["plain over HTTPS"],
    _WS: BY_NAME["plain over WebSocket"],
}
_REFRESH: Final = BY_NAME["401 over HTTPS"]
_EXPIRED: Final = BY_NAME["expired"]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a release is sent.

    Attributes:
        surface: as what.
        kind: ``event``; ``error event``, ``failed``, ``incomplete``: by their code or reason;
            ``status``, ``upgrade``, ``refresh``: HTTP answers; ``frame``: error frames.
        name: how it is called in the table.
        setting: in which turn.
        instead: what is sent.
        like: the name of what a release makes no difference to that does not know this one;
            ``""`` for those that are such themselves.
        code: the code in it, which a release may repeat; ``""`` for none.
    """

    surface: str
    kind: str
    name: str
    setting: Setting
    instead: Instead
    like: str = ""
    code: str = ""


def questions(contract: Contract) -> list[Question]:
    """All of them, each surface's unknown ones first."""
    codes = _codes(contract)
    found = [
        *_of_events(contract),
        *_of_codes(codes),
        *_of_reasons(contract),
        *_of_statuses(codes),
        *_of_frames(codes),
        *_of_upgrades(),
        *_of_refreshes(contract),
    ]
    return sorted(found, key=lambda one: one.like != "")


def _codes(contract: Contract) -> list[str]:
    listed = {
        *values_known(contract, "errors/codex-error.json", "code"),
        *values_known(contract, "responses/response-error.json", "code"),
        *_leg_codes(),
    }
    return [NO_CODE, *sorted(listed)]


def _leg_codes() -> Iterator[str]:
    """Those by which the leg tells refusals apart."""
    for row in TABLE:
        yield from row.codes or ()


def _of_events(contract: Contract) -> Iterator[Question]:
    for surface in (_HTTPS, _WS):
        for kind, payload in events_known(contract).items():
            like = "" if kind == UNKNOWN else UNKNOWN
            yield _question((surface, "event", kind), "event", payload, like)


def _of_codes(codes: Iterable[str]) -> Iterator[Question]:
    for code in codes:
        like = "" if code == NO_CODE else NO_CODE
        error = {"code": code, "message": _MESSAGE}
        failed = {
            "type": "response.failed",
            "response": {"id": "resp_0", "status": "failed", "error": error},
        }
        for surface in (_HTTPS, _WS):
            yield _question((surface, "failed", code), "end", failed, like)
        event = {"type": "error", "error": {"type": code, **error}}
        yield _question((_HTTPS, "error event", code), "event", event, like)


def _of_reasons(contract: Contract) -> Iterator[Question]:
    path = "responses/response.json"
    reasons = values_known(contract, path, "incomplete_details", "reason")
    for reason in [NO_CODE, *reasons]:
        ended = {
            "type": "response.incomplete",
            "response": {
                "id": "resp_0",
                "status": "incomplete",
                "incomplete_details": {"reason": reason},
            },
        }
        for surface in (_HTTPS, _WS):
            like = "" if reason == NO_CODE else NO_CODE
            yield _question((surface, "incomplete", reason), "end", ended, like)


def _of_statuses(codes: Iterable[str]) -> Iterator[Question]:
    def ask(status: int, words: str, body: str, headers: Any = _JSON, like: str = "") -> Question:
        instead = Instead(_HTTPS, "answer", body, status, headers)
        code = words.partition(" ")[2]
        name = f"{status} {words}"
        return Question(_HTTPS, "status", name, _PLAIN[_HTTPS], instead, like, code)

    for status in _STATUSES:
        yield ask(status, "detail", json.dumps({"detail": _MESSAGE}))
        yield ask(status, "html", _PAGE, _HTML)
        yield ask(status, "empty", "", ())
        yield ask(status, f"error.code {NO_CODE}", _error("code", NO_CODE))
    for status in (429, 500, 503):
        headers = (*_JSON, ("retry-after", "1"))
        like = f"{status} error.code {NO_CODE}"
        yield ask(status, "retry-after", _error("code", NO_CODE), headers, like)
    for code in codes:
        for status in _CODED if code != NO_CODE else ():
            like = f"{status} error.code {NO_CODE}"
            yield ask(status, f"error.code {code}", _error("code", code), like=like)
        for where, status in (("error.type", 429), ("detail.code", 401), ("detail.code", 403)):
            like = "" if code == NO_CODE else f"{status} {where} {NO_CODE}"
            body = _error("type", code) if where == "error.type" else _detail(code)
            yield ask(status, f"{where} {code}", body, like=like)


def _of_frames(codes: Iterable[str]) -> Iterator[Question]:
    def ask(status: int | None, where: str, code: str, like: str) -> Question:
        frame = {"type": "error", **json.loads(_error(where, code))}
        if status is not None:
            frame["status"] = status
        name = f"{status or 'no status'} error.{where} {code}"
        instead = Instead(_WS, "frame", json.dumps(frame))
        return Question(_WS, "frame", name, _PLAIN[_WS], instead, like, code)

    for status in _FRAMES:
        yield ask(status, "code", NO_CODE, "")
    for code in codes:
        for status in _CODED_FRAMES if code != NO_CODE else ():
            generic = f"{status or 'no status'} error.code {NO_CODE}"
            yield ask(status, "code", code, generic)
        yield ask(429, "type", code, "" if code == NO_CODE else f"429 error.type {NO_CODE}")


def _of_upgrades() -> Iterator[Question]:
    for status in _STATUSES:
        instead = Instead(_WS, "upgrade", json.dumps({"detail": _MESSAGE}), status, _JSON)
        yield Question(_WS, "upgrade", str(status), _PLAIN[_WS], instead)


def _of_refreshes(contract: Contract) -> Iterator[Question]:
    codes = {
        *values_known(contract, "errors/auth.json", "error"),
        *values_known(contract, "errors/auth.json", "error", "code"),
        *values_known(contract, "errors/auth.json", "code"),
    }

    def ask(setting: Setting, status: int, words: str, body: str, like: str) -> Question:
        instead = Instead("auth", "answer", body, status, _JSON)
        kind = "refresh" if setting is _REFRESH else "refresh before the turn"
        code = words.partition(" ")[2]
        return Question("auth", kind, f"{status} {words}", setting, instead, like, code)

    for setting in (_REFRESH, _EXPIRED):
        for status in _REFRESHES:
            body = _error("code", NO_CODE)
            yield ask(setting, status, f"error.code {NO_CODE}", body, "")
        for code in (NO_CODE, *sorted(codes)):
            for status in (400, 401):
                if code != NO_CODE:
                    like = f"{status} error.code {NO_CODE}"
                    yield ask(setting, status, f"error.code {code}", _error("code", code), like)
                # Some releases repeat the whole body: each shape has what nobody has of its own.
                for words in ("error", "code"):
                    like = f"{status} {words} {NO_CODE}" if code != NO_CODE else ""
                    yield ask(setting, status, f"{words} {code}", json.dumps({words: code}), like)


def _question(
    thing: tuple[str, str, str], where: Where, event: Mapping[str, Any], like: str
) -> Question:
    surface, kind, name = thing
    instead = Instead(surface, where, json.dumps(event, ensure_ascii=False))
    code = name if kind != "event" else ""
    return Question(surface, kind, name, _PLAIN[surface], instead, like, code)


def _detail(code: str) -> str:
    return json.dumps({"detail": {"code": code}})


def _error(where: str, code: str) -> str:
    error = {"message": _MESSAGE, "type": "codex_leg_error", "param": None, "code": None}
    return json.dumps({"error": {**error, where: code}})
