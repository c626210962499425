"""What is to be done, given what the witnesses say and what was told so far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from harness.alert.ledger import LOOKLESS, Ledger
from harness.alert.left import Left, still_left
from harness.alert.looks import Look
from harness.alert.row import Row
from harness.alert.rows import united
from harness.alert.text import body_of, change_of, recovery_of, title_of

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
        owed: the kind of action that a hook was to be told of, and could not, by kind of hook.
        url: where it can be read, or ``""``.
    """

    number: int
    topic: str
    is_open: bool
    title: str
    body: str
    ledger: Ledger | None
    owed: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


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
    by_name = {one.witness: one for one in looks}
    rows = _merged(before.rows, now, by_name, topic)
    left = still_left(before.left, lambda sight: _all_named(sight, by_name, topic))
    rows, left = _forgotten(topic, rows, left, now)
    if not rows and not left:
        if issue is None or not is_open or (ledger is None and not _all_looked(looks)):
            return None
        return Action(
            "close", topic, issue.number, issue.title, body_of(topic, ()),
            recovery_of(before, looks, today),
        )  # fmt: skip
    title, body = title_of(topic, rows, left), body_of(topic, rows, left)
    if issue is None:
        return Action("open", topic, None, title, body, rows=rows)
    comment = change_of(before, rows, left)
    if not is_open:
        return Action("reopen", topic, issue.number, title, body, comment, rows)
    if comment:
        return Action("change", topic, issue.number, title, body, comment, rows)
    if (title, body.strip()) != (issue.title, issue.body.replace("\r\n", "\n").strip()):
        return Action("rewrite", topic, issue.number, title, body, rows=rows)
    return None


def _forgotten(
    topic: str, rows: list[Row], left: list[Left], now: Mapping[str, Row]
) -> tuple[list[Row], list[Left]]:
    """Of what will not fit, the sights of before lose the names of their rows at once.

    The next run could not name them, and a text that it would write otherwise is no news.
    """
    fits = {row.id for row in Ledger.fitting(topic, rows, left).rows}
    kept, lost = [row for row in rows if row.id in fits], list(left)
    for row in rows:
        if row.id in fits:
            continue
        new = now.get(row.id)
        old = set(row.sights) - set(new.sights if new else ())
        if old:
            lost.append(Left.of(replace(row, sights=tuple(sorted(old)))))
        if new:
            kept.append(replace(row, sights=new.sights))
    return kept, lost


def _all_looked(looks: Sequence[Look]) -> bool:
    """Whether what an issue held that cannot be read any more is over."""
    return bool(looks) and not any(look.left or look.present for look in looks)


def _looked(sight: str, looks: Mapping[str, Look], topic: str) -> bool:
    """Whether what this sight showed is there by name now, or over."""
    witness, _, probe = sight.partition(" ")
    look = looks.get(witness)
    if look is None:
        return False
    # That somebody cannot look is over when he does not complain any more.
    return topic == LOOKLESS or look.looked_at(probe or None)


def _all_named(sight: str, looks: Mapping[str, Look], topic: str) -> bool:
    look = looks.get(sight.partition(" ")[0])
    # What is there and does not count is not told by name: it may be any of them.
    return look is not None and not look.present and _looked(sight, looks, topic)


def _merged(
    before: Iterable[Row], now: Mapping[str, Row], looks: Mapping[str, Look], topic: str
) -> list[Row]:
    """What holds: all of now, and of before what nobody has seen to be gone."""
    rows = dict(now)
    for old in before:
        left = _left_of(old, looks, topic)
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
        look = looks.get(sight.partition(" ")[0])
        is_present = look is not None and old.id in look.present
        return not is_present and _looked(sight, looks, topic)

    sights = tuple(one for one in old.sights if not is_gone(one))
    return replace(old, sights=sights) if sights else None
