"""GitHub's issues as the place where topics are told: one issue a topic, for as long as it lives.

The token goes to the one host that was named, and nowhere else: redirects are not followed, and
pages are counted instead of following the links of an answer. What may have happened is not done
again: a request that makes something new is repeated only when GitHub says that it was refused.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from harness.alert.debts import unmarked
from harness.alert.ledger import Ledger
from harness.alert.planning import Action, Issue
from harness.alert.sending import LOOPBACK, NotSent
from leg._version import __version__

__all__ = ["API", "LABEL", "GitHub"]

API: Final = "https://api.github.com"

#: Only who may triage can set it, so nobody else can make an issue that is taken for ours.
LABEL: Final = "codex-leg"
_MARK: Final = re.compile(r"<!-- codex-leg/topic ([^\n>]{1,200}) -->")
_PER_PAGE: Final = 100
_MAX_PAGES: Final = 50
_TRIES: Final = 4
#: Between two requests that change something, as GitHub asks for (docs.github.com, "Best
#: practices for using the REST API"), in seconds.
_PAUSE: Final = 1.0
#: Longer than this in all nobody waits for a limit to be lifted.
_MAX_WAIT: Final = 300.0


class GitHub:
    """The issues of one repository. A context manager."""

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        api: str = API,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Prepare it; nothing is asked yet.

        Raises:
            NotSent: the repository or the address is none.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]+/(?!\.{1,2}$)[A-Za-z0-9._-]+", repository):
            raise NotSent(f"GITHUB_REPOSITORY is {repository!r}; it has to be OWNER/NAME")
        address = urlsplit(api)
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise NotSent("GITHUB_API_URL has to begin with https://: a token is sent to it")
        self._path = f"{address.path.rstrip('/')}/repos/{repository}"
        self._sleep, self._now = sleep, now
        self._waited = 0.0
        self._wrote = False
        self._client = httpx.Client(
            base_url=f"{address.scheme}://{address.netloc}",
            headers={
                "accept": "application/vnd.github+json",
                "authorization": f"Bearer {token}",
                "user-agent": f"codex-leg/{__version__}",
                "x-github-api-version": "2022-11-28",
            },
            timeout=30,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def issues(self) -> Sequence[Issue]:
        """As :meth:`~harness.alert.sending.Place.issues`: those with our label and our mark."""
        found: dict[str, Issue] = {}
        # The oldest first: if somebody made a second one of a topic, the first stays the one.
        for row in self._pages():
            issue = _issue(row)
            if issue is None:
                continue
            known = found.get(issue.topic)
            if known is None or (issue.is_open and not known.is_open):
                found[issue.topic] = issue
        return list(found.values())

    def carry_out(self, action: Action) -> str:
        """As :meth:`~harness.alert.sending.Place.carry_out`."""
        body = f"<!-- codex-leg/topic {_topic_mark(action.topic)} -->\n{action.body}"
        if action.number is None:
            made = self._ask("POST", "/issues", {"title": action.title, "body": body,
                                                 "labels": [LABEL]})  # fmt: skip
            if LABEL not in _labels(made):
                number = made.get("number")
                raise NotSent(
                    f"issue #{number} was made, and GitHub did not set the label {LABEL!r}, by "
                    "which it is to be found again: set it there by hand, and give the token the "
                    "right to write issues"
                )
            return str(made.get("html_url", ""))
        where = f"/issues/{action.number}"
        if action.comment:
            # Before the body: if that fails, it is said twice instead of never.
            self._ask("POST", f"{where}/comments", {"body": action.comment})
        changes = {"title": action.title, "body": body}
        if action.kind == "close":
            changes |= {"state": "closed", "state_reason": "completed"}
        elif action.kind == "reopen":
            changes |= {"state": "open"}
        return str(self._ask("PATCH", where, changes).get("html_url", ""))

    def _pages(self) -> Iterator[Mapping[str, Any]]:
        query = {"labels": LABEL, "state": "all", "sort": "created", "direction": "asc",
                 "per_page": str(_PER_PAGE)}  # fmt: skip
        for page in range(1, _MAX_PAGES + 1):
            rows = self._send("GET", "/issues", params={**query, "page": str(page)}).json()
            if not isinstance(rows, list):
                raise NotSent("GitHub's list of issues is none; is GITHUB_API_URL right?")
            yield from rows
            if len(rows) < _PER_PAGE:
                return

    def _ask(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        if self._wrote:
            self._sleep(_PAUSE)
        self._wrote = True
        answer = self._send(method, path, json=document).json()
        return answer if isinstance(answer, dict) else {}

    def _send(self, method: str, path: str, **what: Any) -> httpx.Response:
        where = f"{method} {self._path}{path}"
        for tries in range(1, _TRIES + 1):
            last = tries == _TRIES
            try:
                answer = self._client.request(method, f"{self._path}{path}", **what)
            except httpx.HTTPError as error:
                if method == "POST" or last:
                    raise NotSent(f"GitHub: {where}: {type(error).__name__}") from None
                self._wait(float(tries), where)
                continue
            if answer.is_success:
                return _json_of(answer, where)
            pause = _pause_of(answer, tries, self._now())
            if pause is None or last or (method == "POST" and answer.status_code >= 500):
                raise NotSent(f"GitHub: {where}: {_refusal(answer)}")
            self._wait(pause, where)
        raise AssertionError("the last try returns or raises")

    def _wait(self, seconds: float, where: str) -> None:
        self._waited += seconds
        if self._waited > _MAX_WAIT:
            raise NotSent(f"GitHub: {where}: its limit is not lifted within {_MAX_WAIT:g} s")
        self._sleep(seconds)


def _json_of(answer: httpx.Response, where: str) -> httpx.Response:
    try:
        answer.json()
    except ValueError:
        raise NotSent(f"GitHub: {where}: the answer is no JSON") from None
    return answer


def _pause_of(answer: httpx.Response, tries: int, now: float) -> float | None:
    """How long to wait before it is asked again; ``None`` if that is of no use."""
    status, headers = answer.status_code, answer.headers
    if status >= 500:
        return float(tries)
    if status not in (403, 429):
        return None
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdecimal():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdecimal():
        return max(1.0, float(reset) - now)
    # A limit without a time: at least a minute, says GitHub. A 403 without one is a refusal.
    return 60.0 if status == 429 else None


def _refusal(answer: httpx.Response) -> str:
    """What GitHub said, without anything that may be a secret: the status and a hint."""
    hints = {
        301: "it has moved; name the repository as it is called now",
        401: "the token is not accepted",
        403: "the token may not; it needs issues: write",
        404: "there is no such repository for this token, or issues are switched off",
        410: "issues are switched off there",
        422: "it does not take the issue as it is",
    }
    hint = hints.get(answer.status_code)
    return f"{answer.status_code}{f': {hint}' if hint else ''}"


def _topic_mark(topic: str) -> str:
    return re.sub(r"[^A-Za-z0-9._/-]", "_", topic)[:200]


def _labels(row: Mapping[str, Any]) -> list[str]:
    labels = row.get("labels") or []
    return [one.get("name", "") if isinstance(one, dict) else str(one) for one in labels]


def _issue(row: Any) -> Issue | None:
    if not isinstance(row, dict) or "pull_request" in row or not isinstance(row.get("number"), int):
        return None
    body = str(row.get("body") or "").replace("\r\n", "\n")
    mark = _MARK.match(body)
    if mark is None:
        return None
    text, owed = unmarked(body[mark.end() :].lstrip("\n"))
    ledger = Ledger.read(text)
    if ledger is not None and _topic_mark(ledger.topic) != mark[1]:
        ledger = None
    return Issue(
        number=row["number"],
        topic=ledger.topic if ledger else mark[1],
        is_open=row.get("state") == "open",
        title=str(row.get("title", "")),
        body=text,
        ledger=ledger,
        owed=owed,
        url=str(row.get("html_url", "")),
    )
