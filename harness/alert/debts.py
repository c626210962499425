"""News that a webhook did not take: noted below the text of its issue, and sent with the next run.

Otherwise a webhook that is down for a minute would never hear of what was told in that minute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from harness.alert.hooks import Told, hooks_of, send
from harness.alert.planning import Action, Issue
from harness.alert.sending import NotSent, Place

__all__ = ["deliver", "marked", "unmarked"]

_MARK: Final = re.compile(r"\n<!-- codex-leg/owed ((?:[a-z]+=[a-z]+ )+)-->\s*\Z")


def unmarked(text: str) -> tuple[str, dict[str, str]]:
    """The text of an issue without the mark; and the kind of action that each hook is owed."""
    found = _MARK.search(text)
    if found is None:
        return text, {}
    pairs = (one.partition("=") for one in found[1].split())
    return text[: found.start()] + "\n", {hook: kind for hook, _, kind in pairs}


def marked(text: str, owed: Mapping[str, str]) -> str:
    """The text of an issue with the mark; :func:`unmarked` takes it off again."""
    if not owed:
        return text
    pairs = "".join(f"{hook}={kind} " for hook, kind in sorted(owed.items()))
    return f"{text.rstrip()}\n<!-- codex-leg/owed {pairs}-->\n"


def deliver(
    place: Place | None,
    environment: Mapping[str, str],
    issues: Sequence[Issue],
    told: Sequence[Told],
) -> list[str]:
    """Send every hook what is news and what it is owed, and note what it does not take.

    Args:
        place: where it was told.
        environment: holds the addresses of the hooks.
        issues: as they were before.
        told: what was done, and where it can be read.

    Returns:
        What went wrong, a line each.
    """
    faults: list[str] = []
    unpaid: dict[str, dict[str, str]] = {}
    for hook in hooks_of(environment):
        news = _news_for(hook, issues, told)
        if not news:
            continue
        try:
            send(environment, hook, news)
        except NotSent as error:
            faults.append(str(error))
            for action, _ in news:
                unpaid.setdefault(action.topic, {})[hook] = action.kind
    try:
        _note(place, issues, told, unpaid)
    except NotSent as error:
        faults.append(f"what the webhooks did not get is lost to them: {error}")
    return faults


def _news_for(hook: str, issues: Sequence[Issue], told: Sequence[Told]) -> list[Told]:
    news = {action.topic: (action, url) for action, url in told if action.is_news}
    now = {action.topic: (action, url) for action, url in told}
    for issue in issues:
        kind = issue.owed.get(hook)
        if kind is None or issue.topic in news:
            continue
        rewritten, url = now.get(issue.topic, (None, issue.url))
        rows = rewritten.rows if rewritten else issue.ledger.rows if issue.ledger else ()
        title = rewritten.title if rewritten else issue.title
        late = Action(kind, issue.topic, issue.number, title, "", rows=rows)
        news[issue.topic] = (late, url)
    return list(news.values())


def _note(
    place: Place | None,
    issues: Sequence[Issue],
    told: Sequence[Told],
    unpaid: Mapping[str, Mapping[str, str]],
) -> None:
    """Make the marks what they are to be; nothing is asked if they are."""
    written = {action.topic for action, _ in told}
    noted = {one.topic: dict(one.owed) for one in issues if one.owed and one.topic not in written}
    if place is None or noted == unpaid:
        return
    for issue in place.issues():
        owed = unpaid.get(issue.topic, {})
        if owed != issue.owed:
            body = marked(issue.body, owed)
            place.carry_out(Action("rewrite", issue.topic, issue.number, issue.title, body))
