"""What an issue says, for a person at seven in the morning.

What others wrote stands in code spans: it is no link, no mention and no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from harness.alert.ledger import LOOKLESS, Ledger, in_order
from harness.alert.left import Left
from harness.alert.looks import Look
from harness.alert.row import UNCHECKED, Row
from harness.drift.rules import LEVELS
from harness.report.as_markdown import code_span
from harness.report.words import counted, cut, harmless, mend_of

__all__ = ["MAX_BODY", "body_of", "change_of", "headline", "recovery_of", "summary_of", "title_of"]

#: GitHub refuses a body of more than 65,536 characters; these are bytes, of which there are more.
MAX_BODY: Final = 65_000
#: Lines that say what has changed before any detail does.
_FIRST: Final = 3
#: What is told of rows in detail, in bytes; the block below has its own room.
_MAX_DETAILS: Final = 30_000
_MAX_LINE: Final = 400
_MAX_PLACE: Final = 200
_MAX_COMMENT_ROWS: Final = 20
_MARK: Final = (
    "<sub>Kept by <code>codex-leg alert</code>; it rewrites this text, so write below.</sub>"
)


def title_of(topic: str, rows: Sequence[Row], left: Sequence[Left] = ()) -> str:
    """The title of an issue about this topic; ``left`` is what is known by number only."""
    if topic == LOOKLESS:
        return f"codex-leg could not look: {counted(len(rows) + _sum(left), 'thing')}"
    return f"codex-leg: {cut(topic, 80)} has changed ({_levels(rows, _sum(left))})"


def _levels(rows: Iterable[Row], unnamed: int) -> str:
    count = Counter(row.level for row in rows)
    parts = [f"{count[level]} {level}" for level in LEVELS if count[level]]
    return ", ".join([*parts, f"{unnamed} told before"] if unnamed else parts)


def _sum(left: Iterable[Left]) -> int:
    return sum(one.count for one in left)


def headline(rows: Sequence[Row]) -> list[str]:
    """What has changed, in at most three lines and one that says how much more there is."""
    ordered = in_order(rows)
    lines = [cut(f"{row.level}: {_told(row)}", _MAX_LINE) for row in ordered[:_FIRST]]
    more = len(ordered) - _FIRST
    return [*lines, f"… and {more} more"] if more > 0 else lines


def _told(row: Row) -> str:
    """What a row says, with its place unless that stands in it already."""
    tail = row.place.rpartition(" ")[2]
    if row.level == UNCHECKED:
        return f"{row.place}: {row.message}"
    return row.message if tail == "-" or tail in row.message else f"{row.message} ({row.place})"


def body_of(topic: str, rows: Sequence[Row], left: Sequence[Left] = ()) -> str:
    """The text of an issue, with the ledger for the next run below it.

    Args:
        topic: of the issue.
        rows: what holds, in any order.
        left: what was told, is known by number only, and was not looked at since.
    """
    block = Ledger.fitting(topic, rows, left).block()
    if not rows and not left:
        return f"Nothing is open.\n\n{_MARK}\n\n{block}\n"
    parts: list[str] = []
    if rows:
        ordered = in_order(rows)
        parts += _lookless(ordered) if topic == LOOKLESS else _drift(topic, ordered)
        parts += _details(ordered)
    if left:
        names = sorted({sight.partition(" ")[0] for one in left for sight in one.sights})
        parts.append(
            f"\n**{_sum(left)} more** were told before, did not fit here by name, and are open "
            f"until they are looked at again: {', '.join(map(code_span, names))}\n"
        )
    return f"{''.join(parts)}\n{_MARK}\n\n{block}\n"


def _drift(topic: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"**What has changed** at {code_span(topic)}\n\n"
    for line in headline(rows):
        yield f"1. {code_span(line)}\n" if not line.startswith("…") else f"\n{line}\n"
    yield f"\n**Who is hit** {_hit(rows)}\n"
    yield f"\n**Since** {min(row.since for row in rows)}, seen by {_witnesses(rows)}\n"
    first = next((row for row in rows if mend_of(row.rule)), None)
    if first is not None:
        yield f"\n**What to do first** {mend_of(first.rule)} ({code_span(first.rule)})\n"
    yield from _reproduce(rows)


def _lookless(rows: Sequence[Row]) -> Iterator[str]:
    yield "**It could not be looked** at these. Nothing is known of them; that is not green:\n\n"
    for row in rows[:_FIRST]:
        yield f"1. {code_span(cut(_told(row), _MAX_LINE))}\n"
    if len(rows) > _FIRST:
        yield f"\n… and {len(rows) - _FIRST} more\n"
    yield f"\n**Who is hit** whoever relies on the nightly: {_witnesses(rows)}\n"
    yield f"\n**Since** {min(row.since for row in rows)}\n"
    yield "\n**What to do first** read the reason: a credential that died is renewed, a quota "
    yield "comes back, a network or a runner is mended. Until then drift is not seen.\n"
    yield from _reproduce(rows)


def _hit(rows: Sequence[Row]) -> str:
    read = [row for row in rows if row.hit == "yes"]
    if read:
        worst = in_order(read)[0].level
        return f"the leg: **yes**, it reads {len(read)} of {len(rows)} (the gravest: {worst})"
    if any(row.hit == "unknown" for row in rows):
        return "the leg: not by itself; another client sends something else now"
    return "the leg: **no**, it does not read any of this"


def _witnesses(rows: Iterable[Row]) -> str:
    return ", ".join(code_span(one) for one in sorted({name for row in rows for name in row.by}))


def _reproduce(rows: Sequence[Row]) -> Iterator[str]:
    command = next((row.run for row in rows if row.run), "")
    if command:
        yield f"\n**See it again** {code_span(command)}\n"


def _details(rows: Sequence[Row]) -> Iterator[str]:
    yield f"\n<details><summary>All {len(rows)}, with the evidence</summary>\n\n"
    size = 0
    for index, row in enumerate(rows):
        line = _detail(row)
        size += len(line.encode())
        if size > _MAX_DETAILS:
            yield f"\n**{len(rows) - index} more** do not fit here.\n"
            break
        yield line
    yield "\n</details>\n"


def _detail(row: Row) -> str:
    known = [f"since {row.since}", f"by {', '.join(map(code_span, row.by))}"]
    if row.level != UNCHECKED:
        known += [f"seen {row.seen}", f"leg reads it: {row.hit}", code_span(row.id)]
    if row.probes:
        known.append(code_span(", ".join(row.probes)))
    name = f"**{row.level}** {code_span(row.rule)} " if row.level != UNCHECKED else ""
    line = code_span(cut(row.message, _MAX_LINE))
    return f"- {name}{_place(row)}<br>{line}<br>{'; '.join(known)}\n"


def _place(row: Row) -> str:
    return code_span(cut(row.place, _MAX_PLACE))


def change_of(before: Ledger, rows: Sequence[Row], left: Sequence[Left] = ()) -> str:
    """A comment that says what came, went or became graver; ``""`` if nothing did."""
    now = Ledger.fitting(before.topic, rows, left)
    if before.digest == now.digest and (before.rows or before.left):
        return ""
    old = {row.id: row for row in before.rows}
    new = {row.id: row for row in rows}
    came = [row for row in rows if row.id not in old]
    gone = [row for row in before.rows if row.id not in new]
    moved = [row for row in rows if row.id in old and old[row.id].level != row.level]
    parts = [_list("Gone", gone), _list("As grave as that now", moved)]
    if before.left:
        # What was left out is not known by name, so nobody can say what of all this is new.
        was, are = len(before.rows) + before.left_out, len(rows) + _sum(left)
        parts.insert(0, f"It has changed: {was} before, {are} now.\n")
    else:
        parts.insert(0, _list("New", came))
    return "\n".join(part for part in parts if part)


def summary_of(looks: Sequence[Look], topics: Mapping[str, Sequence[Row]]) -> str:
    """One report of all witnesses as Markdown, for ``$GITHUB_STEP_SUMMARY``."""
    lines = ["## codex-leg: what the witnesses say\n\n", "| witness | says |\n| --- | --- |\n"]
    for look in looks:
        count = f"{counted(len(look.findings), 'finding')}, {len(look.left)} not looked at"
        lines.append(f"| {code_span(look.witness).replace('|', '')} | {count} |\n")
    for topic, rows in topics.items():
        body = body_of(topic, rows).partition(_MARK)[0]
        lines.append(f"\n### {code_span(title_of(topic, rows))}\n\n{body}")
    return harmless("".join(lines)) + "\n"


def _list(name: str, rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    ordered = in_order(rows)
    lines = [
        f"- {row.level}: {_place(row)}: {code_span(cut(row.message, _MAX_LINE))}\n"
        for row in ordered[:_MAX_COMMENT_ROWS]
    ]
    more = len(ordered) - len(lines)
    rest = f"- … and {more} more\n" if more > 0 else ""
    return f"**{name}** ({len(ordered)})\n\n{''.join(lines)}{rest}"


def recovery_of(before: Ledger, looks: Sequence[Look], today: date) -> str:
    """What is said when it is over."""
    if not before.rows:
        return f"Nothing of it is there any more on {today}.\n"
    names = ", ".join(code_span(look.witness) for look in looks)
    since = min(row.since for row in before.rows)
    count = len(before.rows) + before.left_out
    what = "could be looked at again" if before.topic == LOOKLESS else "is as it was, or accepted"
    return (
        f"**Over.** All of it ({count}) {what}; it was open from {since} to {today}. "
        f"Looked today: {names}.\n\n{_list('Gone', before.rows)}"
    )
