"""Webhooks: what has changed, as JSON, as Slack takes it, and through apprise.

Their addresses are secrets: they come from the environment, and no message names more than a host.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from harness.alert.planning import Action
from harness.alert.sending import LOOPBACK, NotSent
from harness.alert.text import headline
from harness.report.words import cut
from leg._version import __version__

__all__ = ["VARIABLES", "Told", "as_json", "as_slack", "hooks_of", "send"]

#: Kind of hook → the variable that holds its address (of apprise: its addresses).
VARIABLES: Final = {
    "webhook": "CODEX_LEG_WEBHOOK_URL",
    "slack": "CODEX_LEG_SLACK_URL",
    "apprise": "CODEX_LEG_APPRISE_URLS",
}
#: Slack cuts a text off at 40,000 characters; nobody reads so many.
_MAX_SLACK: Final = 3_500
_MAX_ROWS: Final = 200

#: What was done, and where it can be read, or ``""``.
Told = tuple[Action, str]


def hooks_of(environment: Mapping[str, str]) -> list[str]:
    """The kinds of hook that the environment names an address of."""
    return [kind for kind, name in VARIABLES.items() if environment.get(name, "").strip()]


def send(environment: Mapping[str, str], kind: str, news: Sequence[Told]) -> None:
    """Send news to one of them.

    Raises:
        NotSent: it did not take it; the message names its variable, and never its address.
    """
    variable = VARIABLES[kind]
    try:
        _SENDERS[kind](environment[variable].strip(), news)
    except NotSent as error:
        raise NotSent(f"{variable}: {error}; what it missed is sent with the next run") from None


def as_json(told: Sequence[Told]) -> dict[str, Any]:
    """The body of a generic webhook."""
    return {
        "format": "codex-leg/alert/1",
        "actions": [
            {
                "kind": action.kind,
                "topic": action.topic,
                "title": action.title,
                "url": url,
                "lines": headline(action.rows),
                "findings": [
                    {
                        "fingerprint": row.id,
                        "rule": row.rule,
                        "level": row.level,
                        "place": row.place,
                        "message": row.message,
                        "since": row.since,
                        "by": list(row.by),
                        "leg_reads_it": row.hit,
                    }
                    for row in action.rows[:_MAX_ROWS]
                ],
                "more": max(0, len(action.rows) - _MAX_ROWS),
            }
            for action, url in told
        ],
    }


def as_slack(told: Sequence[Told]) -> dict[str, Any]:
    """The body of an incoming webhook of Slack, and of all that take the same."""
    return {"text": _plain(told, escape=_escaped, limit=_MAX_SLACK)}


def _plain(told: Sequence[Told], *, escape: Any = str, limit: int = 20_000) -> str:
    parts = []
    for action, url in told:
        over = "over: " if action.kind == "close" else ""
        lines = [escape(f"{over}{action.title}"), *map(escape, headline(action.rows))]
        parts.append("\n".join([*lines, url] if url else lines))
    return cut("\n\n".join(parts), limit)


def _escaped(text: str) -> str:
    # docs.slack.dev, "Formatting message text": these three are all that is to be escaped.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _post(address: str, document: Mapping[str, Any]) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise NotSent("the address has to begin with https://")
    try:
        answer = httpx.post(
            address,
            json=document,
            headers={"user-agent": f"codex-leg/{__version__}"},
            timeout=30,
            follow_redirects=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"{parts.hostname}: {type(error).__name__}") from None
    if not answer.is_success:
        raise NotSent(f"{parts.hostname}: {answer.status_code}")


def _webhook(address: str, told: Sequence[Told]) -> None:
    _post(address, as_json(told))


def _slack(address: str, told: Sequence[Told]) -> None:
    _post(address, as_slack(told))


def _apprise(addresses: str, told: Sequence[Told]) -> None:
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        raise NotSent('apprise is not installed: pip install "codex-leg[apprise]"') from None
    sender = apprise.Apprise()
    for address in addresses.split():
        if not sender.add(address):
            raise NotSent("apprise does not know one of the addresses")
    if not sender.notify(title="codex-leg", body=_plain(told)):
        raise NotSent("apprise could not send it to all of the addresses")


_SENDERS: Final = {"webhook": _webhook, "slack": _slack, "apprise": _apprise}
