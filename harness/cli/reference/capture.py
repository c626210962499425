"""``codex-leg reference capture``: run releases, and keep what they sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from harness import netns
from harness.cli.options import unknown_name
from harness.cli.reference.steps import Steps
from harness.contract import Contract
from harness.exits import Exit
from harness.reference import npm
from harness.reference.capturing import Captured, Capturer, Wish
from harness.reference.runs import RUNS, TRANSPORTS

__all__ = ["command"]

FORMAT: Final = "codex-leg/captures/1"


@click.command(
    "capture",
    epilog="Examples: codex-leg reference capture; codex-leg reference capture 0.155.0 0.156.0 "
    "--scenarios plain; codex-leg reference capture --list",
)
@click.argument("versions", nargs=-1, metavar="[VERSION]...")
@click.option(
    "--scenarios",
    metavar="NAME,...",
    help=f"Which runs: {', '.join(RUNS)}; all by default.",
)
@click.option(
    "--transport",
    "transports",
    type=click.Choice(TRANSPORTS),
    multiple=True,
    help="Only this one; all that the release has by default.",
)
@click.option("--again", is_flag=True, help="Also what is there and intact.")
@click.option(
    "--keep/--purge",
    default=None,
    help="Whether the installed binary stays (100 to 400 MB); as it was before by default.",
)
@click.option("--list", "only_list", is_flag=True, help="Show what is captured, and run nothing.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another contract: where captures go, and what the stand-in answers from.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines: schemas/report/captures.json.")
def command(
    *,
    versions: tuple[str, ...],
    scenarios: str | None,
    transports: tuple[str, ...],
    again: bool,
    keep: bool | None,
    only_list: bool,
    root: Path | None,
    as_json: bool,
) -> Exit:
    """Install a release of the Codex CLI from npm, run it against the stand-in, keep what it sent.

    Without a VERSION it is the newest one on npm. What is captured and intact is not captured
    again. Captures are below cassettes/reference/VERSION/, without the machine, the day and the
    login of the run: the same release is the same bytes everywhere.

    Exit codes: 0 everything is there; 4 wrong use; 6 something could not be captured.
    """
    contract = Contract(root)
    if only_list:
        _print_list(contract, as_json=as_json)
        return Exit.CLEAN
    wish = Wish(_runs(scenarios), transports or TRANSPORTS, again, keep)
    done: list[Captured] = []
    if not versions:
        try:
            versions = (npm.newest(),)
        except npm.InstallError as error:
            done = [Captured("newest", "skipped", str(error))]
    with Steps(len(versions), quiet=as_json) as steps:
        capturer = Capturer(contract, tell=steps.step)
        for version in dict.fromkeys(versions):
            steps.begin(version)
            done.append(capturer.capture(version, wish))
            steps.end(*_words(done[-1]))
    if as_json:
        print(json.dumps(_document(done), indent=2))
    else:
        _print_isolation(done)
    failed = any(one.status in ("skipped", "failed") or one.why for one in done)
    return Exit.UNCHECKED if failed else Exit.CLEAN


def _runs(scenarios: str | None) -> Sequence[str]:
    if scenarios is None:
        return tuple(RUNS)
    names = [name.strip() for name in scenarios.split(",") if name.strip()]
    for name in names:
        if name not in RUNS:
            raise unknown_name("scenario", name, RUNS)
    if not names:
        raise click.UsageError("--scenarios names none.")
    return names


def _words(one: Captured) -> tuple[str, str]:
    """What to say of a release: in a word, and in a line."""
    if one.status in ("skipped", "failed"):
        return one.status, one.why
    changed = sum(is_new for _, is_new in one.files)
    parts = [_counted(len(one.files), "file")]
    if one.status == "captured":
        parts[0] += f" ({changed} new or changed)"
        parts += [" and ".join(one.transports), f"{one.seconds:.0f} s"]
        if one.waits_for:
            parts.append(f"waits for {', '.join(one.waits_for)}")
    parts += [f"once more {said}" for said in one.again]
    if one.why:
        parts.append(one.why)
    return one.status, ", ".join(part for part in parts if part)


def _print_isolation(done: Iterable[Captured]) -> None:
    ran = [one for one in done if one.isolated is not None]
    if ran and not all(one.isolated for one in ran):
        print(
            "codex-leg: isolation: off. This system gives no network namespace; the proxy refused "
            "everything by itself.",
            file=sys.stderr,
        )


def _document(done: Iterable[Captured]) -> dict[str, Any]:
    rows = []
    for one in done:
        row: dict[str, Any] = asdict(one)
        row["files"] = [{"file": file, "changed": changed} for file, changed in one.files]
        row["seconds"] = round(one.seconds, 1)
        rows.append(row)
    return {"format": FORMAT, "isolation": netns.available(), "releases": rows}


def _print_list(contract: Contract, *, as_json: bool) -> None:
    rows = [_listed(contract, version) for version in contract.reference.versions]
    if as_json:
        print(json.dumps({"format": FORMAT, "captured": rows}, indent=2))
        return
    for row in rows:
        date = row["date"] or f"({row['day']})"
        transports = "+".join(row["transports"])
        print(
            f"{row['version']:12} {date:12} {transports:17} {len(row['files']):3} files "
            f"{row['bytes'] / 1000:6.0f} kB"
        )
    count = sum(len(row["files"]) for row in rows)
    total = sum(row["bytes"] for row in rows)
    print(f"{_counted(len(rows), 'release')}, {_counted(count, 'file')}, {total / 1e6:.1f} MB")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _listed(contract: Contract, version: str) -> Mapping[str, Any]:
    known = contract.reference.releases.get(version)
    files = sorted(contract.path("cassettes", "reference", version).glob("[!.]*.yaml"))
    return {
        "version": version,
        "date": None if known is None else known.date,
        "day": "" if known is None else known.day,
        "transports": [] if known is None else list(known.transports),
        "files": [file.name for file in files],
        "bytes": sum(file.stat().st_size for file in files),
    }
