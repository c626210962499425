"""``codex-leg alert``: tell people once what reports say, and tell them when it is over."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from harness.alert.debts import deliver
from harness.alert.github import API, GitHub
from harness.alert.known import known_document
from harness.alert.looks import Look, read_look
from harness.alert.planning import Action, Issue, plan
from harness.alert.rows import rows_of
from harness.alert.sending import NotSent, Place
from harness.alert.state_file import StateFile
from harness.alert.text import headline, summary_of
from harness.contract import Contract
from harness.drift.rules import LEVELS
from harness.exits import Exit
from harness.lines import visible
from harness.reads import Reads
from harness.report.as_json import json_text
from harness.report.words import harmless
from harness.whole_files import write_whole

__all__ = ["command"]

_DONE: Final = {
    "open": "opened",
    "reopen": "reopened",
    "change": "told the change of",
    "rewrite": "rewrote",
    "close": "closed",
}


@click.command(
    "alert",
    epilog="""
    \b
    Examples:
      codex-leg alert canary.json reference.json record.json
      codex-leg alert --dry-run nightly=report.json
      codex-leg alert --state alerts.json canary.json      where there is no GitHub
      codex-leg alert --write-known known.json             what is told and still open
    """,
)
@click.argument("reports", nargs=-1, metavar="[WITNESS=]REPORT.json…")
@click.option("--dry-run", is_flag=True, help="Print what would be done; do nothing.")
@click.option(
    "--from",
    "from_level",
    type=click.Choice(LEVELS[:-1]),
    default="additive",
    show_default=True,
    help="Tell findings from this level on; benign ones are never told.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what was told in FILE instead of in GitHub issues.",
)
@click.option(
    "--write-known",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what is told and still open, for --baseline-report; with no report, only that.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: its schemas say what a report is, and what the leg reads.",
)
def command(
    *,
    reports: Sequence[str],
    dry_run: bool,
    from_level: str,
    state: Path | None,
    write_known: Path | None,
    root: Path | None,
) -> Exit:
    """Keep one GitHub issue for each surface that drifts, and one for what could not be looked at.

    REPORT.json is what a command wrote with --format json --output REPORT.json; its witness is the
    name of the file, unless it is named. A report that is missing, empty or broken is itself
    something that could not be looked at, and red. An issue is commented on when something comes,
    goes or becomes graver, and closed once a run that did look finds nothing any more.

    GITHUB_REPOSITORY, GITHUB_TOKEN (issues: write) and GITHUB_API_URL say where; also told are
    CODEX_LEG_WEBHOOK_URL, CODEX_LEG_SLACK_URL and CODEX_LEG_APPRISE_URLS, if they are set.

    Exit codes: 0 told, or nothing to tell; 4 wrong use; 6 something could not be looked at, or it
    could not be told.
    """
    if not reports and write_known is None:
        raise click.UsageError("name the reports to tell of, such as canary.json.")
    schemas = Contract(root).schemas
    today = datetime.now(UTC).date()
    looks = [read_look(Path(file), name, schemas) for name, file in _named(reports)]
    topics = rows_of(looks, Reads.of(schemas), today=today, from_level=from_level)
    try:
        with _place(state, needed=not dry_run or write_known is not None) as place:
            issues = place.issues() if place is not None else []
            if write_known is not None:
                _write(write_known, json_text(known_document(issues)))
                if not reports:
                    return Exit.CLEAN
            actions = plan(looks, topics, issues, today=today)
            if dry_run:
                _show(actions)
                faults = []
            else:
                faults = _carry_out(place, issues, actions)
    except NotSent as error:
        _say(str(error))
        return Exit.UNCHECKED
    for fault in faults:
        _say(fault)
    _write_summary(summary_of(looks, {name: [*rows.values()] for name, rows in topics.items()}))
    _summarise(looks, actions)
    return Exit.UNCHECKED if faults or any(look.left for look in looks) else Exit.CLEAN


def _named(reports: Sequence[str]) -> list[tuple[str, str]]:
    named = []
    for one in reports:
        name, equals, file = one.partition("=")
        named.append((name, file) if equals and "/" not in name else (Path(one).stem, one))
    names = [name for name, _ in named]
    if any(not name or name.split() != [name] for name in names):
        raise click.UsageError("a witness is one word: canary=report.json.")
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"two reports are of {name!r}; name one: other={name}.json.")
    return named


@contextmanager
def _place(state: Path | None, *, needed: bool) -> Iterator[Place | None]:
    repository, token = (
        os.environ.get(name, "").strip() for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN")
    )
    if state is not None:
        yield StateFile(state)
    elif repository and token:
        api = os.environ.get("GITHUB_API_URL", "").strip() or API
        with GitHub(repository, token, api=api) as place:
            yield place
    elif needed:
        raise click.UsageError(
            "set GITHUB_REPOSITORY and GITHUB_TOKEN, or name a file with --state."
        )
    else:
        yield None


def _carry_out(
    place: Place | None, issues: Sequence[Issue], actions: Sequence[Action]
) -> list[str]:
    """Do all that can be done; give what could not."""
    told, faults = [], []
    for action in actions:
        try:
            url = place.carry_out(action) if place is not None else ""
        except NotSent as error:
            faults.append(str(error))
            continue
        told.append((action, url))
        print(_shown(f"{_DONE[action.kind]} {action.topic}: {action.title} {url}".rstrip()))
    return faults + deliver(place, os.environ, issues, told)


def _show(actions: Sequence[Action]) -> None:
    for action in actions:
        number = f"#{action.number}" if action.number is not None else "a new issue"
        print(_shown(f"would {action.kind} {number} ({action.topic}): {action.title}"))
        for line in headline(action.rows):
            print(f"  {_shown(line)}")


def _summarise(looks: Sequence[Look], actions: Sequence[Action]) -> None:
    for look in looks:
        for left in look.left:
            _say(f"{look.witness} could not look: {left.what}: {left.why}")
    if not actions:
        print("nothing to tell: all of it is told, or there is nothing")


def _write_summary(text: str) -> None:
    """Where GitHub shows what a job has to say, if it is GitHub that runs it."""
    file = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if file:
        with suppress(OSError), Path(file).open("a", encoding="utf-8") as summary:
            summary.write(text)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}.") from None


def _shown(text: str) -> str:
    """A text that acts on nothing: no terminal, and no runner of GitHub's."""
    return harmless(visible(text))


def _say(line: str) -> None:
    print(f"codex-leg: {_shown(line)}", file=sys.stderr)
