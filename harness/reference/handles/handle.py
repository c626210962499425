"""Find out what a client acts on: send it one thing after the other, and look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.contract import Contract
from harness.reference.handles.questions import NO_CODE, Question, questions
from harness.reference.handles.reaction import Reaction, react
from harness.reference.handles.samples import UNKNOWN
from harness.reference.handles.table import Handled, HandlesTable
from harness.reference.trials.baselines import Choice, baselines
from harness.reference.trials.bench import Bench
from harness.reference.trials.journal import Journal
from harness.reference.trials.rounds import Asked, Believed, Rounds
from harness.reference.trials.seen import Seen
from harness.reference.trials.settings import Setting

__all__ = ["Handling", "handle"]

#: Called with: how many are done, how many there are, how many are acted on so far.
Progress = Callable[[int, int, int], None]

#: Surface, kind and name: a row of the table.
_Thing = tuple[str, str, str]


@dataclass(slots=True)
class Handling:
    """What came of it, while it goes on.

    Attributes:
        rows: what was found.
        unchecked: what could not be looked at, and why.
    """

    rows: list[Handled] = field(default_factory=list)
    unchecked: list[tuple[str, str]] = field(default_factory=list)

    def table(self, version: str, sha256: str) -> HandlesTable:
        """The table of it."""
        return HandlesTable.of(version, sha256, self.rows, self.unchecked)


def handle(
    bench: Bench,
    contract: Contract,
    choice: Choice | None = None,
    *,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> Handling:
    """Send a client everything that the choice names, one at a time.

    What nobody has comes first. What is not treated like it is sent again, to be sure.

    Args:
        bench: where the turns are taken.
        contract: what there is to be sent.
        choice: what is to be looked at.
        journal: what was seen before, and where to keep what is seen now.
        progress: is told how far it is.

    Raises:
        BaselineFails: the plain turn does not go well with nothing changed.
        BenchError: a turn cannot be taken.
    """
    choice = choice or Choice()
    found = Handling()
    wanted = _wanted(contract, choice)
    settings = {one.setting for one in wanted}
    bases = baselines(bench, lambda setting: setting in settings, found.unchecked)
    wanted = [one for one in wanted if one.setting in bases]
    asking = _Asking(bench, bases, journal, _progress(progress, len(wanted)))
    asking.ask([one for one in wanted if not one.like])
    asking.ask([one for one in wanted if one.like])
    found.rows = [
        Handled(
            one.surface,
            one.kind,
            one.name,
            acts=asking.is_special(one),
            reaction=asking.reaction(one),
            like=one.like,
            flaky=_thing(one) in asking.flaky,
        )
        for one in wanted
    ]
    return found


def _wanted(contract: Contract, choice: Choice) -> list[Question]:
    """What the choice names, and what nobody has where that is set against it."""
    chosen = [
        one
        for one in questions(contract)
        if choice.takes(one.surface, one.name) and choice.takes_transport(one.setting)
    ]
    things = {thing for one in chosen for thing in (_thing(one), (*_thing(one)[:2], one.like))}
    return [one for one in questions(contract) if _thing(one) in things]


def _thing(question: Question) -> _Thing:
    return question.surface, question.kind, question.name


def _progress(progress: Progress | None, total: int) -> Callable[[int, int], None]:
    def tell(done: int, special: int) -> None:
        if progress is not None:
            progress(done, total, special)

    return tell


class _Asking:
    """Asks, and remembers."""

    def __init__(
        self,
        bench: Bench,
        bases: Mapping[Setting, Seen],
        journal: Journal | None,
        progress: Callable[[int, int], None],
    ) -> None:
        self._bench, self._bases, self._journal = bench, bases, journal
        self._progress = progress
        self._special = 0
        self.reactions: dict[_Thing, Reaction] = {}
        self.flaky: set[_Thing] = set()

    def ask(self, wanted: Iterable[Question]) -> None:
        """Ask all of these."""
        by_asked = {Asked(one.setting, one.instead): one for one in wanted}

        def judge(asked: Asked, seen: Seen) -> tuple[Asked, Reaction]:
            return asked, self._react(by_asked[asked], seen)

        def is_expected(found: tuple[Asked, Reaction]) -> bool:
            asked, reaction = found
            return not self._differs(by_asked[asked], reaction)

        rounds = Rounds(self._bench, judge, is_expected, self._journal)
        for believed in rounds.take(by_asked):
            self._note(by_asked[believed.asked], believed)

    def reaction(self, question: Question) -> Reaction:
        """What was done: with what is treated like one that nobody has, the same as with that."""
        own = self.reactions[_thing(question)]
        if not question.like or self._differs(question, own) or _thing(question) in self.flaky:
            return own
        return self.reactions[question.surface, question.kind, question.like]

    def is_special(self, question: Question) -> bool:
        """Whether it is treated otherwise than what nobody has."""
        reaction = self.reactions[_thing(question)]
        return bool(question.like) and self._differs(question, reaction)

    def _note(self, question: Question, believed: Believed[tuple[Asked, Reaction]]) -> None:
        thing = _thing(question)
        _, self.reactions[thing] = believed.finding
        if believed.flaky:
            self.flaky.add(thing)
        self._special += self.is_special(question)
        self._progress(len(self.reactions), self._special)

    def _react(self, question: Question, seen: Seen) -> Reaction:
        known = None
        if question.kind == "event":
            known = self._knows(question, seen)
        return react(question.setting, self._bases[question.setting], seen, known=known)

    def _knows(self, question: Question, seen: Seen) -> bool | None:
        if question.name == UNKNOWN:
            # Where even this one is not named, there is no log that could be believed.
            return False if UNKNOWN in seen.unhandled else None
        generic = self.reactions.get((question.surface, "event", UNKNOWN))
        if generic is None or generic.known is None:
            return None
        return question.name not in seen.unhandled

    def _differs(self, question: Question, reaction: Reaction) -> bool:
        # Of one that nobody has itself there is nothing yet: it is always seen twice.
        generic = self.reactions.get((question.surface, question.kind, question.like))
        if generic is None:
            return True
        return _neutral(generic, NO_CODE) != _neutral(reaction, question.code)


def _neutral(reaction: Reaction, code: str) -> Reaction:
    """It without the code that it may repeat: who does that has not acted on it."""
    if not code:
        return reaction
    warned = tuple(one.replace(code, "CODE") for one in reaction.warned)
    return replace(reaction, shown=reaction.shown.replace(code, "CODE"), warned=warned)
