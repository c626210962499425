"""Find out what a client cannot live without: take one thing after the other away, and look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.reference.ablation.plan import Thing, changes_of
from harness.reference.ablation.table import Case, Table
from harness.reference.ablation.verdict import NO_CHANGE, Verdict, judge
from harness.reference.trials.baselines import Choice, baselines
from harness.reference.trials.bench import Bench
from harness.reference.trials.journal import Journal
from harness.reference.trials.rounds import Asked, Believed, Rounds
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting
from harness.reference.trials.together import changes_in, halves, in_groups
from harness.reference.trials.without import Without

__all__ = ["Ablated", "Progress", "ablate"]

#: Called with: how many changes are tried, how many there are, how many of them a turn fails by.
Progress = Callable[[int, int, int], None]


@dataclass(slots=True)
class Ablated:
    """What came of it, while it goes on.

    Attributes:
        cases: what was found.
        unchecked: what could not be looked at, and why.
    """

    cases: list[tuple[Thing, Case]] = field(default_factory=list)
    unchecked: list[tuple[str, str]] = field(default_factory=list)

    def table(self, version: str, sha256: str) -> Table:
        """The table of it."""
        return Table.of(version, sha256, self.cases, sorted(set(self.unchecked)))


def ablate(
    bench: Bench,
    choice: Choice | None = None,
    *,
    each: bool = False,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> Ablated:
    """Take everything away that the choice names, one at a time.

    Args:
        bench: where the turns are taken.
        choice: what is to be looked at.
        each: try each thing alone, also those that may be tried together first.
        journal: what was seen before, and where to keep what is seen now.
        progress: is told how far it is.

    Raises:
        BaselineFails: the plain turn does not go well with nothing taken away.
        BenchError: a turn cannot be taken.
    """
    choice = choice or Choice()
    found = Ablated()
    bases = baselines(bench, choice.takes_turn, found.unchecked)
    asked = _turns(bases, choice)
    _note_unlooked(bases, choice, found)

    def verdict(one: Asked, seen: Seen) -> Verdict:
        change, *_ = changes_in(one)
        return judge(one.setting, change.surface, change.kind, bases[one.setting], seen)

    def is_expected(one: Verdict) -> bool:
        return one.observed == NO_CHANGE

    rounds = Rounds(bench, verdict, is_expected, journal, halves)
    for believed in rounds.take(asked if each else in_groups(asked)):
        found.cases += _cases(believed)
        if progress is not None:
            progress(len(found.cases), len(asked), sum(one.fails for _, one in found.cases))
    return found


def _cases(believed: Believed[Verdict]) -> Iterator[tuple[Thing, Case]]:
    for change in changes_in(believed.asked):
        case = Case(
            turn=believed.asked.setting.name,
            how=change.how,
            fails=believed.finding.fails,
            observed=believed.finding.observed,
            flaky=believed.flaky,
        )
        yield (change.surface, change.kind, change.name), case


def _turns(bases: Mapping[Setting, Seen], choice: Choice) -> list[Asked]:
    known: set[Thing] = set()
    asked: list[Asked] = []
    for setting, seen in bases.items():
        changes = changes_of(setting, seen, known)
        known |= {(one.surface, one.kind, one.name) for one in changes}
        asked += [
            Asked(setting, one)
            for one in changes
            if _can_be_judged(one, seen)
            and choice.takes(one.surface, one.name)
            and one.how not in choice.skipped
        ]
    # What takes longest begins first, so that nothing else waits for it at the end.
    return sorted(asked, key=lambda one: changes_in(one)[0].how != "no answer")


def _can_be_judged(change: Without, baseline: Seen) -> bool:
    return change.surface != "models" or change.kind == "endpoint" or baseline.catalogue


def _note_unlooked(bases: Mapping[Setting, Seen], choice: Choice, found: Ablated) -> None:
    for seen in bases.values():
        surfaces = {part.surface for part in seen.parts}
        wanted = not choice.surfaces or "models" in choice.surfaces
        if wanted and "models" in surfaces and not seen.catalogue:
            found.unchecked.append(
                ("the fields of models", "this release does not take the stand-in's catalogue")
            )
