"""A client of the codex backend that needs little, and says so: run as a program by the tests.

What it needs: an entry with ``id`` in the accounts; ``access_token`` of a refresh; of a stream
``response.output_item.done`` with a text (or a call of its tool), and ``response.completed`` with
``response.id``, and with ``usage.total_tokens`` if there is a usage at all. It takes a catalogue
whose models have a ``slug``. It knows one code of a failure, and one of a limit.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOME = Path(os.environ["CODEX_HOME"])
PROXY = urlsplit(os.environ["HTTPS_PROXY"])
TRUSTED = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
TRIES = 3


class Failed(Exception):
    """The turn is over."""


class Dropped(Exception):
    """The stream is worth another try."""


def ask(method: str, host: str, path: str, body: Any = None, token: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(
        PROXY.hostname, PROXY.port, context=TRUSTED, timeout=60
    )
    connection.set_tunnel(host, 443)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Dropped(f"no connection: {type(error).__name__}") from None
    finally:
        connection.close()


def auth() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HOME / "auth.json").read_text())
    return found


def refresh() -> None:
    body = {
        "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
        "grant_type": "refresh_token",
        "refresh_token": auth()["tokens"]["refresh_token"],
    }
    status, answer = ask("POST", "auth.openai.com", "/oauth/token", body)
    token = json.loads(answer or b"{}").get("access_token") if status == 200 else None
    if not isinstance(token, str):
        raise Failed("no new token. Sign in again.")
    changed = auth()
    changed["tokens"]["access_token"] = token
    (HOME / "auth.json").write_text(json.dumps(changed))


def check_accounts() -> None:
    token = auth()["tokens"]["access_token"]
    status, body = ask("GET", "chatgpt.com", "/backend-api/wham/accounts/check", token=token)
    try:
        found = [one["id"] for one in json.loads(body)["accounts"]]
    except (ValueError, KeyError, TypeError):
        found = []
    if status != 200 or auth()["tokens"]["account_id"] not in found:
        raise Failed("no such workspace")


def take_catalogue() -> None:
    try:
        status, body = ask("GET", "chatgpt.com", "/backend-api/codex/models?client_version=9.9.9")
        models = [{"slug": one["slug"]} for one in json.loads(body)["models"]]
    except (ValueError, KeyError, TypeError, Dropped):
        return
    if status == 200 and models:
        (HOME / "models_cache.json").write_text(json.dumps({"models": models}))


def events_of(body: bytes) -> list[dict[str, Any]]:
    data = [line[6:] for line in body.decode().splitlines() if line.startswith("data: ")]
    return [one for one in map(json.loads, data) if isinstance(one, dict)]


def respond(items: list[Any]) -> list[dict[str, Any]]:
    """The items of one answer."""
    body = {
        "model": "gpt-5.5",
        "instructions": "You are a helpful assistant.",
        "input": items,
        "tools": [{"type": "function", "name": "shell", "parameters": {}}],
        "store": False,
        "stream": True,
    }
    for _ in range(2):
        token = auth()["tokens"]["access_token"]
        status, answer = ask(
            "POST", "chatgpt.com", "/backend-api/codex/responses", body, token=token
        )
        if status != 401:
            break
        refresh()
    if status == 429:
        error = json.loads(answer).get("error") or {}
        limited = error.get("type") == "usage_limit_reached"
        raise Failed("you have hit your limit. Try again later." if limited else "exceeded retries")
    if status != 200:
        raise Dropped(f"status {status}")
    return items_of(events_of(answer))


def items_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for event in events:
        kind = event.get("type")
        if kind == "response.output_item.done" and isinstance(event.get("item"), dict):
            items.append(event["item"])
        elif kind == "response.failed":
            error = event["response"]["error"]
            if error["code"] == "context_length_exceeded":
                raise Failed("too long")
            raise Dropped(error["code"])
        elif kind == "response.completed":
            response = event.get("response") or {}
            usage = response.get("usage")
            if "id" not in response or (usage is not None and "total_tokens" not in usage):
                raise Dropped("no ResponseCompleted")
            return items
        elif kind not in ("response.created", "response.output_text.delta"):
            print(f"TRACE client: unhandled responses event: {kind}", file=sys.stderr)
    raise Dropped("closed before response.completed")


def texts_of(item: dict[str, Any]) -> list[str]:
    parts = item.get("content") if item.get("type") == "message" else None
    return [part["text"] for part in parts or () if "text" in part]


def output_of(item: dict[str, Any]) -> dict[str, Any] | None:
    if item.get("type") != "function_call" or not {"call_id", "arguments"} <= item.keys():
        return None
    command = json.loads(item["arguments"])["command"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"type": "function_call_output", "call_id": item["call_id"], "output": done.stdout}


def turn(prompt: str) -> str:
    items: list[Any] = [{"role": "user", "content": prompt}]
    while True:
        for number in range(TRIES):
            try:
                found = respond(items)
                break
            except Dropped as dropped:
                print(f"ERROR: Reconnecting... {number + 1}/{TRIES}", file=sys.stderr)
                why = str(dropped)
                time.sleep(0.01)
        else:
            raise Failed(f"stream disconnected: {why}")
        outputs = [one for one in map(output_of, found) if one is not None]
        if not outputs:
            return "".join(text for item in found for text in texts_of(item))
        items += [*found, *outputs]


def main() -> int:
    try:
        check_accounts()
        take_catalogue()
        print(turn(sys.argv[-1]))
    except (Failed, Dropped) as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
