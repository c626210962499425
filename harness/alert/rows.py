"""What the witnesses say today, as rows by topic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from harness.alert.ledger import LOOKLESS
from harness.alert.looks import Look
from harness.alert.row import UNCHECKED, Row
from harness.drift.findings import Evidence, Finding, at_or_over
from harness.drift.profiles import is_read
from harness.drift.waivers import WAIVER_RULES, place_of
from harness.lines import visible
from harness.reads import Reads

__all__ = ["rows_of", "united"]


def rows_of(
    looks: Sequence[Look], reads: Reads, *, today: date, from_level: str
) -> Mapping[str, Mapping[str, Row]]:
    """Topic → fingerprint → row. What several witnesses show is one row.

    Args:
        looks: what they said.
        reads: what the leg reads.
        today: the day that a row is dated.
        from_level: findings that are milder are not told.
    """
    topics: dict[str, dict[str, Row]] = {}
    for topic, row in _rows(looks, reads, today, from_level):
        known = topics.setdefault(topic, {})
        other = known.get(row.id)
        known[row.id] = row if other is None else united(other, row)
    return topics


def _rows(
    looks: Iterable[Look], reads: Reads, today: date, from_level: str
) -> Iterator[tuple[str, Row]]:
    for look in looks:
        for one in look.findings:
            if at_or_over(one.level, from_level) and one.rule not in WAIVER_RULES:
                yield visible(one.surface), _row(one, look, reads, today)
        for left in look.left:
            yield (
                LOOKLESS,
                Row(
                    id=_id_of(look.witness, left.what),
                    rule=LOOKLESS,
                    level=UNCHECKED,
                    place=visible(left.what),
                    message=visible(left.why),
                    since=today.isoformat(),
                    sights=(look.witness,),
                    run=_again(look, None),
                ),
            )


def united(one: Row, other: Row) -> Row:
    """A row with the sights of two."""
    return replace(one, sights=tuple(sorted({*one.sights, *other.sights})))


def _row(one: Finding, look: Look, reads: Reads, today: date) -> Row:
    return Row(
        id=one.fingerprint,
        rule=visible(one.rule),
        level=one.level,
        place=place_of(one),
        message=visible(one.message),
        since=today.isoformat(),
        sights=(f"{look.witness} {one.probe}" if one.probe else look.witness,),
        run=_again(look, one.probe),
        seen=_seen(one.evidence),
        hit=_hit(one, reads),
    )


def _id_of(*parts: str) -> str:
    # What it is, not why: the reason is told in other words each time.
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()[:12]


def _again(look: Look, probe: str | None) -> str:
    """The command that shows it again."""
    if not look.command:
        return ""
    return visible(f"codex-leg {look.command}{f' {probe}' if probe else ''}")


def _seen(evidence: Evidence) -> str:
    return f"{evidence.seen} of {evidence.of}"


def _hit(one: Finding, reads: Reads) -> str:
    if one.direction == "request":
        # What another client sends does no harm to ours by itself.
        return "unknown"
    return "yes" if is_read(one, reads) else "no"
