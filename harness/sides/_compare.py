"""Two sides compared: question by question where they have one in common, else as counted sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from harness.collecting import collected_rarely
from harness.contract import ContractErrors
from harness.drift.claims import unite
from harness.drift.compare import compare
from harness.drift.demands import Demands
from harness.drift.findings import Evidence, Finding, Unchecked, finding
from harness.endpoints import endpoint_pointer
from harness.exits import WrongUse
from harness.grammar import Grammar

from ._clients import Clients, are_captures, client_findings, unclaimed
from ._comparison import Comparison
from ._lens import Lens
from ._merge import Merged
from ._model import Seen, Side
from ._pairs import Place, pair_up
from ._pools import Pool, still_unclaimed
from ._reader import Reader
from ._shares import Shares
from ._tally import Difference, Tally

__all__ = ["Progress", "compare_sides"]

#: The surfaces of one protocol over two transports.
_TWINS: Final = {"responses", "responses-ws"}
#: Why a refusal says nothing.
_OTHERWISE: Final = (
    "refused, and the old side did not ask like this: whether it would have answered is not known"
)

#: Told how many bytes have been read so far.
Progress = Callable[[int], None]


def compare_sides(
    old: Side,
    new: Side,
    lens: Lens,
    *,
    proved: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two sides. Of each exchange nothing is kept but its shape.

    Args:
        old: what holds until now.
        new: what is seen today.
        lens: through what both are looked at.
        proved: the credential and the quota were proved: a 401, 429 or 5xx after a success is
            drift then, and no longer something that could not be looked at.
        progress: told after each file how many bytes have been read.

    Raises:
        ContractErrors: not one file of a side can be parsed.
        WrongUse: the two have nothing in common, or a surface is not known.
    """
    run = _Run(old, new, lens, proved=proved)
    done = 0
    # What only one side has is understood by what both have.
    both = [key for key in old.files if key in new.files]
    lone = sorted(old.files.keys() ^ new.files.keys(), key=lambda key: (key in new.files, key))
    with collected_rarely():
        for key in [*both, *lone]:
            done += run.take(key)
            if progress is not None:
                progress(done)
    return run.result()


class _Run:
    """One comparison, as it goes along."""

    def __init__(self, old: Side, new: Side, lens: Lens, *, proved: bool) -> None:
        self._sides = (old, new)
        self._lens = lens
        self._proved = proved
        self._tally = Tally(lens.schemas)
        self._clients = Clients()
        self._shares = Shares()
        self._merged = Merged()
        self._surfaces: tuple[set[str], set[str]] = (set(), set())
        self._reader = Reader(old, new, lens)
        self._compared: list[str] = []
        self._one_sided: list[Unchecked] = []

    def take(self, key: str) -> int:
        """Compare what the two have under a key; give the number of bytes that were read."""
        old, new = (side.raw(key) if key in side.files else None for side in self._sides)
        size = len(old or b"") + len(new or b"")
        found = self._reader.both(key, old, new)
        if found is None:
            return size
        before, after = found
        self._note(0, before)
        self._note(1, after)
        if old != new:
            for side, seen in zip(self._sides, (before, after), strict=True):
                self._merged.skip_all(side.unlooked(key, seen))
        if old is None or new is None:
            self._lone(key, before, after)
            return size
        self._compared.append(key)
        if old == new:
            self._tally.same(key, before)
            return size
        pairing = pair_up(before, after)
        for pair in pairing.pairs:
            self._tally.pair(key, pair)
        for told in pairing.told:
            self._merged.add(self._placed(told, key))
        only_before, only_after = pairing.only_before, pairing.only_after
        if are_captures(before, after):
            # Two lone calls are one that has moved: that is told as such.
            is_lone = len(before) == len(after) == len(pairing.pairs) == 1
            for one in () if is_lone else client_findings(before, after):
                self._merged.add(self._placed(one, key))
            only_before, only_after = unclaimed(only_before, after), unclaimed(only_after, before)
        else:
            self._shares.see(key, pairing.spreads)
        self._tally.pool(0, key, only_before)
        self._tally.pool(1, key, only_after)
        return size

    def _note(self, index: int, seen: Sequence[Seen]) -> None:
        """What the side as a whole has."""
        self._surfaces[index].update(one.surfaces[0] for one in seen)
        self._clients.see(index, seen)

    def _lone(self, key: str, before: list[Seen], after: list[Seen]) -> None:
        """A key of one side. A probe is a question of its own: nothing else answers it."""
        old, new = self._sides
        both = old.contract is not None and new.contract is not None
        if both and before and old.is_probe(key):
            one = _dropped(before[0].surfaces[0], key, f"the probe {key}")
            self._merged.add(self._placed(one, key))
        elif both and after and new.is_probe(key):
            self._fresh(key)
        elif not self._clients.lone(0 if before else 1, key, before or after):
            self._tally.pool(0, key, before)
            self._tally.pool(1, key, after)

    def result(self) -> Comparison:
        """What came of it."""
        self._refuse_nothing()
        self._merged.skip_all(self._reader.unknown)
        for one in self._clients.findings():
            self._merged.add(self._placed(one, one.probe) if one.probe else one)
        for call, seen in self._clients.unmatched(0).items():
            self._merged.add(_dropped(seen.surfaces[0], call, call))
        for call in self._clients.unmatched(1):
            self._fresh(call)
        rest = self._tally.match_pools()
        shifted = self._tell_shares()
        for place, pool in rest.unjudged.items():
            self._merged.skip(Unchecked(self._named(1, place, pool), _OTHERWISE))
        for place, pool in still_unclaimed(rest.gone, self._clients.only(0), shifted):
            one = _dropped(place.surface, pool.keys[0], self._named(0, place, pool), place.name)
            self._merged.add(self._placed(one, pool.keys[0]))
        for place, pool in still_unclaimed(rest.fresh, self._clients.only(1), shifted):
            self._fresh(self._named(1, place, pool))
        for index in (0, 1):
            for key in self._clients.one_sided(index):
                self._only(index, key)
        for difference in self._tally.differences():
            self._tell(difference)
        return Comparison(
            findings=self._merged.findings(),
            unchecked=self._merged.unchecked(),
            quarantined=[
                Unchecked(one.file, ": ".join(part for part in (one.where, one.problem) if part))
                for one in self._reader.broken
            ],
            compared=self._compared,
            one_sided=[*self._one_sided, *self._reader.one_sided],
            pairs=self._tally.pairs,
            equal=self._tally.equal,
            notes=[*self._reader.notes()],
        )

    def _tell(self, one: Difference) -> None:
        left: list[Unchecked] = []
        found = compare(
            one.before,
            one.after,
            surface=one.places[1].surface,
            evidence=one.evidence,
            proved=self._proved or one.is_proved,
            unchecked=left,
            unknown=one.unknown,
        )
        if one.share is not None:
            self._tell_share(found, left, one.key, one.share)
            return
        of = self._tally.of(one.places[0])
        # A breach that follows from a change is told with it; what was not looked at breaks none.
        grammar = self._grammar(one) if one.broken else None
        orders = [*one.before.get("sequences", ()), *one.after.get("sequences", ())]
        for each in found if left else unite(found, one.broken, grammar, orders):
            self._merged.add(self._placed(each, one.key), pairs=one.pairs, of=of)
        for missed in left:
            self._merged.skip(missed, one.pairs)

    def _grammar(self, one: Difference) -> Grammar | None:
        return Demands.of(self._lens.schemas, one.places[1].surface, one.after).grammar

    def _tell_share(
        self, found: Sequence[Finding], left: Sequence[Unchecked], key: str, share: Evidence
    ) -> None:
        """Tell what is true of some answers to a question, and of the others not."""
        some = f"in {share.seen} of {share.of} answers"
        for each in found:
            told = replace(each, message=f"{each.message}, {some}", evidence=share)
            self._merged.add(self._placed(told, key))
        for missed in left:
            self._merged.skip(replace(missed, why=f"{missed.why} ({some})"))

    def _tell_shares(self) -> set[tuple[str, str]]:
        """Tell which refusals are more or fewer than before; the endpoints that have such."""
        shifts = self._shares.shifts(self._tally.pools)
        for one in shifts:
            missed = None if self._proved else one.missed()
            if missed is not None:
                self._merged.skip(missed)
            else:
                self._merged.add(self._placed(one.found(), one.key))
        return {one.place[:2] for one in shifts}

    def _fresh(self, what: str) -> None:
        self._only(1, what)

    def _only(self, index: int, what: str) -> None:
        self._one_sided.append(Unchecked(what, f"only {self._sides[index].name} has it"))

    def _named(self, index: int, place: Place, pool: Pool) -> str:
        return pool.named(place, self._sides[index].name)

    def _placed(self, one: Finding, key: str) -> Finding:
        """A finding with the file that it is about: the new one, where there is one."""
        old, new = self._sides
        where = next((side.place(key) for side in (new, old) if key in side.files), None)
        probe = key if key and one.probe is None else one.probe
        return replace(one, probe=probe, where=one.where or where)

    def _refuse_nothing(self) -> None:
        """Two sides that were not compared at all are no clean comparison."""
        here, there = self._surfaces
        if self._reader.broken and not (here and there):
            raise ContractErrors(self._reader.broken)
        if not here & there and not self._tally.pairs:
            old, new = (", ".join(sorted(side)) or "nothing" for side in (here, there))
            # Two transports of one protocol are compared by their events, if that is wanted.
            pairs = [{one, other} for one in here for other in there]
            twins = "; --surface responses compares their events" if _TWINS in pairs else ""
            lost = [*self._reader.unknown, *self._reader.one_sided][:1]
            why = "".join(f"; {one.what}: {one.why}" for one in lost)
            raise WrongUse(
                f"nothing can be compared: {self._sides[0].name} is {old}, "
                f"{self._sides[1].name} is {new}{twins}{why}."
            )


def _dropped(surface: str, key: str, what: str, endpoint: str = "") -> Finding:
    return finding(
        "coverage-dropped",
        f"{what}: the new side does not have it",
        surface=surface,
        pointer=endpoint_pointer(endpoint) if endpoint else "",
        before=key or endpoint,
    )
