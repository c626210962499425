"""Exchanges that look like the backend's, made to measure for tests."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.exchange import Exchange, SentRequest, read_events

URL = "https://chatgpt.com/backend-api/codex/responses"


def response(status: str, ident: str, at: int, **more: Any) -> dict[str, Any]:
    """The envelope that created, in_progress and completed carry."""
    return {
        "id": f"resp_{ident}",
        "object": "response",
        "created_at": at,
        "status": status,
        "error": None,
        "model": "gpt-6-astra",
        "output": [],
        "parallel_tool_calls": True,
        "service_tier": "auto",
        "temperature": 1.0,
        "usage": None,
        "metadata": {},
        **more,
    }


def message(ident: str, pieces: Sequence[str], index: int = 0) -> list[dict[str, Any]]:
    """The events of one message."""
    text = "".join(pieces)
    place = {"item_id": f"msg_{ident}", "output_index": index, "content_index": 0}
    part = {"type": "output_text", "annotations": [], "logprobs": []}
    item = {"id": f"msg_{ident}", "type": "message", "role": "assistant", "phase": "final_answer"}
    whole = {**part, "text": text}
    return [
        {
            "type": "response.output_item.added",
            "item": {**item, "status": "in_progress", "content": []},
            "output_index": index,
        },
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        *(
            {
                "type": "response.output_text.delta",
                **place,
                "delta": piece,
                "logprobs": [],
                "obfuscation": "x" * (len(piece) % 16),
            }
            for piece in pieces
        ),
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": whole},
        {
            "type": "response.output_item.done",
            "item": {**item, "status": "completed", "content": [dict(whole)]},
            "output_index": index,
        },
    ]


def call(ident: str, pieces: Sequence[str], index: int = 0) -> list[dict[str, Any]]:
    """The events of one function call."""
    place = {"item_id": f"fc_{ident}", "output_index": index}
    item = {"id": f"fc_{ident}", "type": "function_call", "name": "add", "call_id": f"call_{ident}"}
    arguments = "".join(pieces)
    return [
        {
            "type": "response.output_item.added",
            "item": {**item, "status": "in_progress", "arguments": ""},
            "output_index": index,
        },
        *(
            {"type": "response.function_call_arguments.delta", **place, "delta": piece}
            for piece in pieces
        ),
        {"type": "response.function_call_arguments.done", **place, "arguments": arguments},
        {
            "type": "response.output_item.done",
            "item": {**item, "status": "completed", "arguments": arguments},
            "output_index": index,
        },
    ]


def turn(
    *items: list[dict[str, Any]], ident: str = "0a", at: int = 1790537330, tokens: int = 12
) -> list[dict[str, Any]]:
    """The payloads of one whole turn, numbered."""
    usage = {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": 2 * tokens}
    events = [
        {"type": "response.created", "response": response("in_progress", ident, at)},
        {"type": "response.in_progress", "response": response("in_progress", ident, at)},
        *(event for item in items for event in item),
        {
            "type": "response.completed",
            "response": response("completed", ident, at, completed_at=at + 2, usage=usage),
        },
    ]
    return numbered(events)


def numbered(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The payloads with their sequence numbers anew."""
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def text_turn() -> list[dict[str, Any]]:
    """A plain answer in three pieces."""
    return turn(message("0b", ["pon", "g", "!"]))


def sse(payloads: Sequence[Any], newline: str = "\n") -> bytes:
    """Payloads as they travel."""
    lines = [
        f"event: {one['type']}{newline}data: {json.dumps(one)}{newline}{newline}"
        for one in payloads
    ]
    return "".join(lines).encode()


def exchange(
    payloads: Sequence[Any],
    headers: Sequence[tuple[str, str]] = (("content-type", "text/event-stream"),),
    *,
    status: int = 200,
    newline: str = "\n",
) -> Exchange:
    """One exchange with the codex backend."""
    body = sse(payloads, newline)
    events, unfinished = read_events(body)
    sent = {
        "model": "gpt-6-astra",
        "instructions": "Be short.",
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Say pong."}],
            }
        ],
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "00000000-0000-4000-8000-000000000000",
    }
    return Exchange(
        request=SentRequest(
            "POST", URL, (("accept", "text/event-stream"),), json.dumps(sent).encode()
        ),
        status=status,
        headers=tuple(headers),
        body=body,
        is_stream=True,
        events=events,
        ended="eof",
        unfinished=unfinished,
    )


def refusal(body: Any, status: int = 400) -> Exchange:
    """A refusal of the codex backend."""
    return Exchange(
        request=SentRequest("POST", URL, (), b'{"model":"gpt-6-astra"}'),
        status=status,
        headers=(("content-type", "application/json"),),
        body=json.dumps(body).encode(),
    )
