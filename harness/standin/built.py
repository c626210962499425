"""Streams that are built, because they depend on the request: a text in many pieces, a tool call.

Each is a recorded stream with other content: the events, their order and their members are those
of a cassette.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from harness.standin.answers import Answer, Answers

__all__ = ["OUTPUTS", "prewarmed", "shell_call", "text_stream", "tool_outputs"]

#: What gives a tool's output back.
OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output"})
_TEXT: Final = "codex/streamed-text"
_CALL: Final = "codex/function-call"

Event = dict[str, Any]


def text_stream(answers: Answers, text: str, deltas: int) -> Answer:
    """A plain answer: this text so many times, one delta each."""

    def make() -> Answer:
        return _stream(answers.recorded(_TEXT), _text_events(answers, text, deltas))

    return answers.made(("text", text, deltas), make)


def _text_events(answers: Answers, text: str, deltas: int) -> Iterator[Event]:
    whole = text * deltas
    for one in _events(answers, _TEXT):
        kind = one["type"]
        if kind == "response.output_text.delta":
            yield from ({**one, "delta": text} for _ in range(deltas))
            continue
        if kind == "response.output_text.done":
            one["text"] = whole
        elif kind == "response.content_part.done":
            one["part"]["text"] = whole
        elif kind == "response.output_item.done":
            one["item"]["content"][0]["text"] = whole
        yield one


def prewarmed(answers: Answers) -> Answer:
    """The answer to ``generate: false``: a response that holds nothing.

    What the reference client waits for is response.completed with an id (codex-cli 0.169.0,
    2026-11-22); router-for-me/CLIProxyAPI#1901 (2026-03-06) says what it is for.
    """

    def make() -> Answer:
        first, *_, last = _events(answers, _TEXT)
        last["response"]["usage"] = None
        return _stream(answers.recorded(_TEXT), iter([first, last]))

    return answers.made("prewarmed", make)


def tool_outputs(body: Mapping[str, Any]) -> bool:
    """Whether the request gives the output of a tool back."""
    items = body.get("input")
    last = items[-1] if isinstance(items, list) and items else None
    return isinstance(last, dict) and last.get("type") in OUTPUTS


def shell_call(answers: Answers, body: Mapping[str, Any], command: str) -> Answer | None:
    """A call of the shell tool that the request offers; ``None`` if it offers none."""
    offered = {str(tool.get("name") or tool.get("type")) for tool in _tools(body)}
    name = next((one for one in _SHELLS if one in offered), None)
    if name is None:
        return None
    item = _SHELLS[name](name, command)
    key = ("call", json.dumps(item, sort_keys=True))
    return answers.made(key, lambda: _call(answers, item))


def _tools(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tools of a request, wherever they stand (lite requests have them in an item)."""
    items = body.get("input")
    holders = [
        body,
        *(
            item
            for item in (items if isinstance(items, list) else ())
            if isinstance(item, dict) and item.get("type") == "additional_tools"
        ),
    ]
    for holder in holders:
        yield from _flat(holder.get("tools"))


def _flat(tools: Any) -> Iterator[Mapping[str, Any]]:
    """Tools, those in a namespace as well (codex-cli 0.154.0 and 0.169.0, 2026-11-22)."""
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict):
            yield tool
            yield from _flat(tool.get("tools"))


def _function(name: str, arguments: Mapping[str, Any]) -> Event:
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    return {"type": "function_call", "name": name, "arguments": text}


def _code(name: str, command: str) -> Event:
    quoted = json.dumps(command, ensure_ascii=False)
    source = f"const r = await tools.exec_command({{cmd: {quoted}}});\ntext(r.output);\n"
    return {"type": "custom_tool_call", "name": name, "input": source}


#: The shell tools of the releases 0.42 to 0.169, the newest first.
_SHELLS: Final[Mapping[str, Callable[[str, str], Event]]] = {
    "exec": _code,
    "exec_command": lambda name, command: _function(name, {"cmd": command}),
    "shell_command": lambda name, command: _function(name, {"command": command}),
    "shell": lambda name, command: _function(name, {"command": ["bash", "-lc", command]}),
}


def _call(answers: Answers, item: Event) -> Answer:
    return _stream(answers.recorded(_CALL), _call_events(answers, item))


def _call_events(answers: Answers, item: Event) -> Iterator[Event]:
    custom = item["type"] == "custom_tool_call"
    field, stem = (
        ("input", "custom_tool_call_input")
        if custom
        else (
            "arguments",
            "function_call_arguments",
        )
    )
    done = False
    for one in _events(answers, _CALL):
        kind = one["type"]
        if kind.startswith("response.output_item."):
            whole = item if kind.endswith(".done") else {**item, field: ""}
            one["item"] = {
                **{key: value for key, value in one["item"].items() if key != "arguments"},
                **whole,
            }
            if custom:
                one["item"]["id"] = _custom_id(one["item"]["id"])
        elif kind.startswith("response.function_call_arguments."):
            if kind.endswith(".delta"):
                if done:
                    continue
                done = True
            one["type"] = f"response.{stem}.{kind.rpartition('.')[2]}"
            one["delta" if kind.endswith(".delta") else field] = item[field]
            if custom:
                one.pop("arguments", None)
                one["item_id"] = _custom_id(one["item_id"])
        yield one


def _custom_id(identifier: str) -> str:
    return "ctc_" + identifier.partition("_")[2]


def _events(answers: Answers, probe: str) -> list[Event]:
    return [json.loads(one) for one in answers.recorded(probe).data]


def _stream(like: Answer, events: Iterator[Event]) -> Answer:
    text = []
    for number, one in enumerate(events):
        if "sequence_number" in one:
            one["sequence_number"] = number
        data = json.dumps(one, ensure_ascii=False, separators=(",", ":"))
        text.append(f"event: {one['type']}\ndata: {data}\n\n")
    return replace(like, body="".join(text))
