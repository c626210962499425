"""GitHub's issues on loopback: as much of the REST API as an alert needs, and its refusals."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "ada/codex-leg"
TOKEN = "ghs_loopbackloopbackloopback0000"

#: GitHub's own limit, in characters.
MAX_BODY = 65_536


@dataclass
class FakeGitHub:
    """The state of one repository, and what was asked.

    Attributes:
        refusals: answers for the next requests: (method or "", status, headers).
        labels_dropped: do as if the token may not set labels.
    """

    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    hooks: list[tuple[str, Any]] = field(default_factory=list)
    refusals: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    labels_dropped: bool = False
    url: str = ""

    def env(self) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
        }

    def writes(self) -> list[tuple[str, str]]:
        return [one for one in self.asked if one[0] != "GET"]

    def topic(self, name: str) -> dict[str, Any]:
        """The one issue about a topic."""
        (found,) = [one for one in self.issues if f"<!-- codex-leg/topic {name} -->" in one["body"]]
        return found

    def add(self, title: str, body: str, *, labels: tuple[str, ...] = (), **more: Any) -> int:
        number = len(self.issues) + 1
        row = {
            "number": number, "title": title, "body": body, "state": "open",
            "labels": [{"name": name} for name in labels],
            "html_url": f"{self.url}/{REPOSITORY}/issues/{number}", **more,
        }  # fmt: skip
        self.issues.append(row)
        return number

    def answer(self, method: str, target: str, body: Any) -> tuple[int, dict[str, str], Any]:
        self.asked.append((method, target))
        if self.refusals and self.refusals[0][0] in ("", method):
            _, status, headers = self.refusals.pop(0)
            return status, headers, {"message": "no"}
        parts = urlsplit(target)
        if parts.path.startswith("/hook"):
            self.hooks.append((parts.path, body))
            return 200, {}, {}
        base = f"/repos/{REPOSITORY}/issues"
        found = re.fullmatch(rf"{re.escape(base)}(?:/(\d+))?(/comments)?", parts.path)
        if found is None:
            return 404, {}, {"message": "Not Found"}
        if method == "GET":
            return 200, {}, self._list(parse_qs(parts.query))
        if len(body.get("body", "")) > MAX_BODY:
            return 422, {}, {"message": "body is too long (maximum is 65536 characters)"}
        if found[2]:
            self.comments.setdefault(int(found[1]), []).append(body["body"])
            return 201, {}, {}
        if found[1]:
            issue = self.issues[int(found[1]) - 1]
            issue.update(body)
            return 200, {}, issue
        labels = () if self.labels_dropped else tuple(body.get("labels", ()))
        number = self.add(body["title"], body["body"], labels=labels)
        return 201, {}, self.issues[number - 1]

    def _list(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        wanted = query["labels"][0]
        rows = [one for one in self.issues if wanted in [label["name"] for label in one["labels"]]]
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return rows[(page - 1) * size : page * size]


@contextmanager
def github() -> Iterator[FakeGitHub]:
    fake, lock = FakeGitHub(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            raw = self.rfile.read(length)
            with lock:
                fake.tokens.add(self.headers.get("authorization", ""))
                status, headers, document = fake.answer(
                    self.command, self.path, json.loads(raw) if raw else {}
                )
            data = json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _do  # noqa: N815 — as http.server calls them

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
