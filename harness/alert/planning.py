"""What is to be done, given what the witnesses say and what was told so far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from .ledger import LOOKLESS, Ledger, Row
from .looks import Look
from .rows import united
from .text import body_of, change_of, recovery_of, title_of

__all__ = ["Action", "Issue", "plan"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One place where a topic was told.

    Attributes:
        number: of the issue.
        topic: what it is about.
        is_open: whether it is open.
        title, body: as they are now.
        ledger: what its body says for machines; ``None`` if somebody has spoilt that.
    """

    number: int
    topic: str
    is_open: bool
    title: str
    body: str
    ledger: Ledger | None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do about one topic.

    Attributes:
        kind: ``open``, ``reopen``, ``change``, ``rewrite`` (nobody need be told) or ``close``.
        topic: what it is about.
        number: of the issue; ``None`` for a new one.
        title, body: as they are to be.
        comment: what is said for everybody to notice; ``""`` for nothing.
        rows: what holds now, the gravest first.
    """

    kind: str
    topic: str
    number: int | None
    title: str
    body: str
    comment: str = ""
    rows: Sequence[Row] = ()

    @property
    def is_news(self) -> bool:
        """Whether somebody ought to be told."""
        return self.kind != "rewrite"


def plan(
    looks: Sequence[Look],
    topics: Mapping[str, Mapping[str, Row]],
    issues: Sequence[Issue],
    *,
    today: date,
) -> list[Action]:
    """The actions that make what is told the same as what holds; none if it is the same.

    Args:
        looks: what the witnesses said.
        topics: their findings, as :func:`~harness.alert.rows.rows_of` gives them.
        issues: where it was told, one a topic.
        today: the day.
    """
    told = {one.topic: one for one in issues}
    # That somebody could not look stands first: what follows is not all that there is to say.
    names = sorted({*topics, *told}, key=lambda name: (name != LOOKLESS, name))
    actions = [_act(name, told.get(name), topics.get(name, {}), looks, today) for name in names]
    return [one for one in actions if one is not None]


def _act(
    topic: str, issue: Issue | None, now: Mapping[str, Row], looks: Sequence[Look], today: date
) -> Action | None:
    is_open = issue is not None and issue.is_open
    ledger = issue.ledger if issue is not None and is_open else None
    before = ledger or Ledger(topic)
    rows = _merged(before.rows, now, looks, topic)
    if not rows and not (is_open and before.left_out and not _all_looked(looks)):
        if issue is None or not is_open:
            return None
        return Action(
            "close", topic, issue.number, issue.title, body_of(topic, ()),
            recovery_of(before, looks, today),
        )  # fmt: skip
    title, body = title_of(topic, rows), body_of(topic, rows)
    if issue is None:
        return Action("open", topic, None, title, body, rows=rows)
    comment = change_of(before, rows)
    if not is_open:
        return Action("reopen", topic, issue.number, title, body, comment, rows)
    if comment:
        return Action("change", topic, issue.number, title, body, comment, rows)
    if (title, body.strip()) != (issue.title, issue.body.replace("\r\n", "\n").strip()):
        return Action("rewrite", topic, issue.number, title, body, rows=rows)
    return None


def _all_looked(looks: Iterable[Look]) -> bool:
    return not any(look.left for look in looks)


def _merged(
    before: Iterable[Row], now: Mapping[str, Row], looks: Sequence[Look], topic: str
) -> list[Row]:
    """What holds: all of now, and of before what nobody has seen to be gone."""
    rows = dict(now)
    by_name = {one.witness: one for one in looks}
    for old in before:
        left = _left_of(old, by_name, topic)
        new = now.get(old.id)
        if new is not None:
            whole = new if left is None else united(new, left)
            rows[old.id] = replace(whole, since=min(old.since, new.since))
        elif left is not None:
            rows[old.id] = left
    return list(rows.values())


def _left_of(old: Row, looks: Mapping[str, Look], topic: str) -> Row | None:
    """A row with the sights that are not seen to be gone; ``None`` if there are none."""

    def is_gone(sight: str) -> bool:
        witness, _, probe = sight.partition(" ")
        look = looks.get(witness)
        if look is None or old.id in look.present:
            return False
        # That somebody cannot look is over when he does not complain any more.
        return topic == LOOKLESS or look.looked_at(probe or None)

    sights = tuple(one for one in old.sights if not is_gone(one))
    return replace(old, sights=sights) if sights else None
