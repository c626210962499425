"""Streams for tests of the leg, composed event by event. Nothing here was observed."""

import json
from typing import Any

RESPONSE = {"id": "resp_0", "object": "response", "model": "gpt-test", "status": "in_progress"}


def sse(*events: dict[str, Any]) -> bytes:
    lines = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events]
    return "".join(lines).encode()


def created() -> dict[str, Any]:
    return {"type": "response.created", "response": RESPONSE, "sequence_number": 0}


def delta(text: str, item: str = "msg_0", part: int = 0) -> dict[str, Any]:
    kind = "response.output_text.delta"
    return {"type": kind, "item_id": item, "content_index": part, "delta": text}


def text_done(text: str, item: str = "msg_0", part: int = 0) -> dict[str, Any]:
    kind = "response.output_text.done"
    return {"type": kind, "item_id": item, "content_index": part, "text": text}


def message(text: str, item: str = "msg_0") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": item, "role": "assistant", "content": content}


def item_done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "item": item, "output_index": 0}


def completed(**response: Any) -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    whole = {**RESPONSE, "status": "completed", "output": [], "usage": usage, **response}
    return {"type": "response.completed", "response": whole}


def failed(code: str | None, text: str = "no") -> dict[str, Any]:
    error = {"code": code, "message": text}
    return {"type": "response.failed", "response": {**RESPONSE, "error": error}}


def plain_answer(text: str = "PONG") -> bytes:
    """The events of a plain answer, in the order in which the backend sends them."""
    half = len(text) // 2
    return sse(
        created(),
        {"type": "response.output_item.added", "item": message("")},
        delta(text[:half]),
        delta(text[half:]),
        text_done(text),
        item_done(message(text)),
        completed(),
    )
