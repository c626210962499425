"""What stands between us and the service, or its bad day: nothing is learnt of the contract then.

One table for everybody who asks live. A challenge of the network in front, a page of a hotel's
network, a service that is ill: each of them answers, and none of them with what was asked for.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final
from urllib.parse import urlsplit

from harness.contract import Interaction
from harness.recording.asking import Asked
from harness.recording.tee import Taken

__all__ = ["BAD_DAY", "IN_FRONT", "obstacle"]

#: Outcomes of what stands before the backend; it answers by who asks, and from where.
IN_FRONT: Final = frozenset({"blocked", "region_not_supported"})
#: Outcomes of a service that is ill, or asked too much.
BAD_DAY: Final = frozenset({"rate_limited", "overloaded", "server_error"})


def obstacle(asked: Asked, adopted: Interaction, hosts: Container[str]) -> str:
    """Why an answer says nothing of the contract, or ``""`` if it does.

    It holds no text that was answered, so that it may be shown and written down.

    Args:
        asked: what came of asking.
        adopted: the answer in the contract: whoever expects a challenge may look at one.
        hosts: of the service. Being sent on to one of them is an answer of its own.
    """
    outcome = asked.heard.outcome
    if asked.taken is None:
        return ""
    expected = outcome == asked.probe.expect.outcome
    if outcome in IN_FRONT and not expected:
        return f"something in front of the service answered ({outcome})"
    if outcome in BAD_DAY and not expected:
        return f"the service is ill ({outcome})"
    status = asked.taken.status or 0
    if 300 <= status < 400 and adopted.status != status and _leads_away(asked.taken, hosts):
        return f"something in between answered: HTTP {status} leads to another host"
    if 200 <= status < 300 and _is_page(asked.taken) and not _was_page(adopted):
        return f"something in between answered: HTTP {status} with a page for people"
    return ""


def _leads_away(taken: Taken, hosts: Container[str]) -> bool:
    try:
        host = urlsplit(taken.header("location") or "").hostname
    except ValueError:
        return True
    return host is not None and host != urlsplit(taken.url).hostname and host not in hosts


def _is_page(taken: Taken) -> bool:
    return (taken.header("content-type") or "").strip().lower().startswith("text/html")


def _was_page(adopted: Interaction) -> bool:
    return any(
        one.strip().lower().startswith("text/html")
        for name, values in adopted.headers.items()
        if name.lower() == "content-type"
        for one in values
    )
