"""``codex-leg compare``: what has changed from one set of exchanges to another."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from harness.cli.conclusion import Judge
from harness.cli.options import ReportOptions, report_options
from harness.cli.progress import Progress
from harness.contract import Contract
from harness.contract_diff import compare_contracts
from harness.drift.findings import Finding, Unchecked
from harness.drift.rules import LEVELS
from harness.exits import Exit, WrongUse
from harness.lines import visible
from harness.reference.diff import compare_captured
from harness.report import Report
from harness.sides import (
    Comparison,
    Lens,
    Releases,
    Side,
    Trees,
    compare_sides,
    open_sides,
    releases_of,
    trees_of,
)

__all__ = ["command"]


@click.command(
    "compare",
    epilog="""
    \b
    Examples:
      codex-leg compare old.yaml new.yaml                       two cassettes
      codex-leg compare monday/ tuesday/                        two folders of cassettes
      codex-leg compare cassettes/reference/0.168.0 cassettes/reference/0.169.0
      codex-leg compare old.sse new.sse --surface responses     two answers as they came
      codex-leg compare HEAD~5 .                                the contract then and now
      codex-leg compare v1:cassettes/codex/usage.yaml cassettes/codex/usage.yaml
    """,
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--surface",
    metavar="SURFACE",
    help="What answered: responses, usage, auth … Raw answers need it.",
)
@click.option(
    "--proved",
    is_flag=True,
    help="Credential and quota were proved: a 401, 429 or 5xx after a success is drift.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The contract to go by, and the git repository to look for REV in first. By default, NEW "
    "if that is a contract, else the project's own.",
)
@report_options
def command(
    *,
    old: str,
    new: str,
    surface: str | None,
    proved: bool,
    root: Path | None,
    options: ReportOptions,
) -> Exit:
    """Say what has changed from OLD to NEW, each edit once.

    A side is a cassette (.yaml), a folder of cassettes, a raw answer (.sse, .jsonl, .json; with
    --surface), the root of a contract, or a git revision: REV is the contract as it was then,
    REV:PATH a file or folder of it. What is a path and a revision is taken for the path.

    Files of the same path below both folders answer the same question. What only one side has is
    compared by endpoint, as a set. Of two contracts, the requests that they allow are compared too;
    two captured releases of the Codex CLI are compared by what they send, as `reference diff` does,
    and of two folders of releases each with that of the same version.
    """
    started = time.perf_counter()
    contract = Contract(root)
    try:
        judge = Judge(contract, options)
        with open_sides((old, new), contract=contract, raw=surface is not None) as (before, after):
            if root is None and after.contract is not None and not after.is_revision:
                contract = Contract(after.contract.root)
            trees = None if surface else trees_of(before, after)
            releases = None if surface else releases_of(before, after, contract)
            if trees is not None:
                found = _compare_trees(trees, contract, before, after)
            elif releases is not None:
                found = _compare_releases(releases, contract, before, after)
            else:
                lens = Lens(contract.schemas, surface)
                found = _compare(lens, before, after, proved=proved)
            accepted = _accepted(before, after)
    except WrongUse as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    subject = f"{old} → {new}"
    report = Report(
        findings=[*found.findings, *accepted],
        unchecked=found.unchecked,
        quarantined=found.quarantined,
        one_sided=[*found.one_sided, *before.left_out, *after.left_out],
        compared=[key or subject for key in found.compared] or [subject],
        command="compare",
        subject=subject,
        seconds=time.perf_counter() - started,
    )
    return judge.conclude(report)


def _compare(lens: Lens, old: Side, new: Side, *, proved: bool) -> Comparison:
    for side in (old, new):
        if side.note:
            _say(side.note)
    with Progress(old.size + new.size) as progress:
        found = compare_sides(old, new, lens, proved=proved, progress=progress)
    for note in found.notes:
        _say(note)
    return found


def _compare_releases(releases: Releases, contract: Contract, old: Side, new: Side) -> Comparison:
    """What one release of a client sends otherwise than another, as ``reference diff`` tells it."""
    after = releases.after
    diff = compare_captured(releases.before, after, contract.observed.ablation(after.version))
    alone = ((old, diff.only_before), (new, diff.only_after))
    return Comparison(
        findings=diff.findings,
        unchecked=(),
        quarantined=releases.quarantined,
        compared=diff.compared,
        one_sided=[
            Unchecked(run, f"only {side.name} has it") for side, runs in alone for run in runs
        ],
        pairs=len(diff.compared),
        equal=0,
    )


def _compare_trees(trees: Trees, contract: Contract, old: Side, new: Side) -> Comparison:
    """The same of each release that both folders have; captures that are the same are not read."""
    parts: list[Comparison] = []
    for before, after in trees.pairs:
        if before.files.keys() == after.files.keys() and all(
            before.raw(key) == after.raw(key) for key in before.files
        ):
            runs = [after.called(key) for key in after.files]
            parts.append(Comparison((), (), (), runs, (), len(runs), len(runs)))
            continue
        releases = releases_of(before, after, contract)
        parts.append(
            compare_sides(before, after, Lens(contract.schemas, None))
            if releases is None
            else _compare_releases(releases, contract, before, after)
        )
    alone = ((old, trees.only_before), (new, trees.only_after))
    only = [Unchecked(one, f"only {side.name} has it") for side, some in alone for one in some]
    return Comparison(
        findings=sorted(
            (found for one in parts for found in one.findings),
            key=lambda found: LEVELS.index(found.level),
        ),
        unchecked=[missed for one in parts for missed in one.unchecked],
        quarantined=[broken for one in parts for broken in one.quarantined],
        compared=[key for one in parts for key in one.compared],
        one_sided=[*(lone for one in parts for lone in one.one_sided), *only],
        pairs=sum(one.pairs for one in parts),
        equal=sum(one.equal for one in parts),
    )


def _accepted(old: Side, new: Side) -> list[Finding]:
    """What two contracts say that the server takes."""
    if old.contract is None or new.contract is None:
        return []
    return compare_contracts(old.contract, new.contract)


def _say(line: str) -> None:
    print(f"codex-leg: {visible(line)}", file=sys.stderr)
