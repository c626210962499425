"""Find out what a client cannot live without: take one thing after the other away, and look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from harness.reference.ablation.plan import Thing, changes_of
from harness.reference.ablation.table import Case, Table
from harness.reference.ablation.together import changes_in, halves, in_groups
from harness.reference.ablation.verdict import NO_CHANGE, Verdict, judge
from harness.reference.ablation.without import Without
from harness.reference.runs import WEBSOCKET
from harness.reference.trials.bench import Bench
from harness.reference.trials.journal import Journal
from harness.reference.trials.meddling import Nothing
from harness.reference.trials.rounds import Asked, Believed, Rounds
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import SETTINGS, Setting

__all__ = ["Ablated", "BaselineFails", "Choice", "Progress", "ablate", "baselines"]

#: Called with: how many turns are done, how many there are, how many things are required so far.
Progress = Callable[[int, int, int], None]


class BaselineFails(Exception):
    """With nothing taken away the turn does not go well, so nothing can be said; one line."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be looked at; everything by default.

    Attributes:
        surfaces: only their answers.
        names: only things whose name contains one of these.
        transport: only turns of this transport; ``""`` for all.
    """

    surfaces: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    transport: str = ""

    def takes(self, change: Without) -> bool:
        """Whether this change is to be tried."""
        if self.surfaces and change.surface not in self.surfaces:
            return False
        return self.takes_name(change.name)

    def takes_name(self, name: str) -> bool:
        """Whether a thing of this name is to be looked at."""
        return not self.names or any(one in name for one in self.names)

    def takes_turn(self, setting: Setting) -> bool:
        """Whether this turn is to be taken."""
        if self.surfaces and not self.surfaces & setting.judges:
            return False
        return not self.transport or setting.transport in ("", self.transport)


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


def baselines(
    bench: Bench, wanted: Callable[[Setting], bool], unchecked: list[tuple[str, str]]
) -> dict[Setting, Seen]:
    """How each turn goes with nothing changed: those that go well, the same way twice.

    Args:
        bench: where the turns are taken.
        wanted: which turns are needed.
        unchecked: gets those that do not go well.

    Raises:
        BaselineFails: the plain turn does not.
    """
    first = SETTINGS[0]
    plain = _agreed(first, [bench.submit(first, Nothing(), parts=True) for _ in (0, 1)])
    if isinstance(plain, str):
        raise BaselineFails(f"with nothing changed, the plain turn fails: {plain}")
    asked = {
        setting: [bench.submit(setting, Nothing(), parts=True) for _ in (0, 1)]
        for setting in SETTINGS[1:]
        # A client that opens no WebSocket has no turns over one.
        if wanted(setting) and (setting.transport != WEBSOCKET or plain.calls["websocket"])
    }
    bases = {first: plain} if wanted(first) else {}
    for setting, futures in asked.items():
        seen = _agreed(setting, futures)
        if isinstance(seen, str):
            unchecked.append((f"the turn “{setting.name}”", seen))
        else:
            bases[setting] = seen
    return bases


def _agreed(setting: Setting, futures: Iterable[Future[Seen]]) -> Seen | str:
    """What was seen twice; or why nothing can be judged by it."""
    first, second = (future.result() for future in futures)
    for seen in (first, second):
        why = _goes_wrong(setting, seen)
        if why:
            return why
    if judge(setting, "", "", first, second).observed != NO_CHANGE:
        return f"it is not the same twice: {judge(setting, '', '', first, second).observed}"
    return first


def _goes_wrong(setting: Setting, seen: Seen) -> str:
    said = f": {seen.said}" if seen.said else ""
    if seen.end != "ended":
        return f"it does not end{said}"
    if setting.answer is None:
        return "" if seen.said else "it does not say that it was refused"
    if not seen.answered or seen.exit_code != 0:
        return f"no answer, exit {seen.exit_code}{said}"
    if setting.tool and not seen.tool_run:
        return "no tool is run"
    return "no new token is fetched" if setting.refresh and not seen.refreshed else ""


def _turns(bases: Mapping[Setting, Seen], choice: Choice) -> list[Asked]:
    known: set[Thing] = set()
    asked: list[Asked] = []
    for setting, seen in bases.items():
        changes = changes_of(setting, seen, known)
        known |= {(one.surface, one.kind, one.name) for one in changes}
        asked += [
            Asked(setting, one)
            for one in changes
            if _can_be_judged(one, seen) and choice.takes(one)
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
