"""What two contracts say that a server takes and answers: their schemas and their rulebooks."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.accept_changes import Change, changes, described
from harness.accepts import Accepts, accepts
from harness.answer_changes import Answered, answer_changes
from harness.contract import Contract, Endpoint, Rule
from harness.drift.findings import Finding, finding
from harness.drift.outcomes import Meaning, meaning_of
from harness.drift.refusals import refusal_of
from harness.drift.rules import BREAKING, LEVELS, RISKY, RULES
from harness.exchange import Exchange

__all__ = ["compare_contracts"]

#: What a rule says of facts (who asks, with which client) is about no place of the request.
_FACTS: Final = "/facts"
#: Of a rule that comes or goes whole, the change that says most about it; then the others.
_TELLING: Final = ("existence", "values", "type", "requiredness", "constraint")


def compare_contracts(old: Contract, new: Contract) -> list[Finding]:
    """In what requests and what answers the two differ: each edit once, the gravest first.

    Raises:
        ContractErrors: the schemas or the rulebook of one of them are broken.
    """
    found = _Found()
    for before, after in _endpoints(old, new):
        for change in described(_described(old, before), _described(new, after)):
            found.add(change, after.surface, f"schemas/{change.origin.partition('#')[0]}")
    if _all_schemas(old) != _all_schemas(new):
        for answered in answer_changes(old, new):
            found.add_answer(answered)
    # A contract that has no rulebook says nothing of what is refused, not that nothing is.
    if all(side.path("rulebook").is_dir() for side in (old, new)):
        for name in sorted({*_rules(old), *_rules(new)}):
            for edit in _of_rule(old, new, name):
                found.add_rule(edit)
    return sorted(
        found.rows.values(),
        key=lambda one: (LEVELS.index(one.level), one.surface, one.pointer, one.rule),
    )


def _endpoints(old: Contract, new: Contract) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The endpoints of which both describe the request, if there is any difference to be seen."""
    if _all_schemas(old) == _all_schemas(new):
        return
    for surface in new.schemas.surfaces:
        if surface not in old.schemas.surfaces:
            continue
        for after in new.schemas.endpoints(surface):
            before = old.schemas.endpoint(surface, after.method, after.url)
            if before is not None and before.request and after.request:
                yield before, after


def _rules(contract: Contract) -> Mapping[str, Rule]:
    """The rulebook, whole: a rule that cannot be read is no rule that is gone."""
    for file in sorted(contract.path("rulebook").rglob("*.yaml")):
        if file.stem not in contract.rules:
            contract.read_rule(file)
    return contract.rules


def _all_schemas(contract: Contract) -> dict[str, Any]:
    return {path: contract.schemas.document(path) for path in contract.schemas.paths}


def _described(contract: Contract, endpoint: Endpoint) -> dict[str, Accepts]:
    path = endpoint.request or ""
    base, schema = contract.schemas.resolve("", path)
    return accepts(contract.schemas, schema, base=base, prefix="/body")


class _Found:
    """Findings, each edit once: a schema that several places share is one."""

    def __init__(self) -> None:
        self.rows: dict[Hashable, Finding] = {}
        #: Where in the schemas an edit of a request stands → its row.
        self._asked: dict[str, Hashable] = {}

    def add(self, change: Change, surface: str, where: str) -> None:
        """An edit of a schema."""
        one = _finding(change, surface, "the contract", where)
        key = (change.rule, change.origin, str(change.before), str(change.after))
        self._add_once(key, one)
        self._asked.setdefault(change.origin, key)

    def add_answer(self, one: Answered) -> None:
        """An edit of a schema of answers."""
        told = " became ".join(str(part or "nothing") for part in (one.before, one.after))
        has_values = one.before is not None or one.after is not None
        place = " ".join(part for part in (one.event, one.pointer) if part)
        found = finding(
            one.rule,
            f"the contract: {RULES[one.rule].means} ({place}{': ' if has_values else ''}"
            f"{told if has_values else ''})",
            surface=one.surface,
            event=one.event,
            pointer=one.pointer,
            before=one.before,
            after=one.after,
            where=f"schemas/{one.origin.partition('#')[0]}",
        )
        key: Hashable = (one.rule, one.origin, str(one.before), str(one.after))
        asked = self._asked.get(one.origin)
        # What is sent and answered alike is one edit, unless it is graver for those who read it.
        if asked is not None and _gravity(found) >= _gravity(self.rows[asked]):
            key = asked
        self._add_once(key, found)

    def _add_once(self, key: Hashable, one: Finding) -> None:
        first = self.rows.get(key)
        if first is None:
            self.rows[key] = one
            return
        half = one.direction if one.direction != first.direction else None
        place = " ".join(part for part in (one.surface, half, one.event, one.pointer) if part)
        self.rows[key] = replace(first, also=(*first.also, place))

    def add_rule(self, edit: _Edit) -> None:
        """An edit of the rulebook. What the schemas say too is the same edit."""
        rule = edit.rule
        one = _finding(edit.change, rule.surface, f"the rule {rule.id}", rule.path)
        one = replace(one, direction=edit.direction, also=edit.also)
        if rule.strict_only and one.level == BREAKING:
            # The sources disagree, or it depends on the account.
            one = replace(one, level=RISKY)
        told = {(other.rule, *other.locator) for other in self.rows.values()}
        if (one.rule, *one.locator) not in told:
            self.rows[rule.id, one.rule, one.pointer] = one


def _gravity(one: Finding) -> int:
    return LEVELS.index(one.level)


def _finding(change: Change, surface: str, who: str, where: str) -> Finding:
    told = "" if change.before is None else f"{change.before} became "
    told += "" if change.before is None and change.after is None else str(change.after or "nothing")
    message = f"{who}: {RULES[change.rule].means} ({change.pointer}{': ' if told else ''}{told})"
    one = finding(
        change.rule,
        message,
        surface=surface,
        direction="request",
        pointer=change.pointer,
        before=change.before,
        after=change.after,
        where=where,
    )
    return one if change.sure else replace(one, level=max(one.level, RISKY, key=LEVELS.index))


@dataclass(frozen=True, slots=True)
class _Edit:
    """One edit of the rulebook."""

    rule: Rule
    change: Change
    direction: str = "request"
    also: tuple[str, ...] = ()


def _of_rule(old: Contract, new: Contract, name: str) -> Iterator[_Edit]:
    """What the coming, going or changing of one rule means."""
    before, after = (_in_force(side.rules.get(name)) for side in (old, new))
    rule, contract = (before, old) if after is None else (after, new)
    if rule is None or before == after:
        return
    demands = [
        {} if one is None else accepts(side.schemas, one.request)
        for one, side in ((before, old), (after, new))
    ]
    found = list(changes(*demands))
    plain = [one for one in found if not one.pointer.startswith(_FACTS)]
    if before is None or after is None:
        if plain:
            first = min(plain, key=_telling)
            also = [one.pointer for one in plain if one.rule == first.rule and one is not first]
            yield _Edit(rule, first, also=tuple(also))
        else:
            yield _by_outcome(rule, contract, worse=before is None)
        return
    yield from (_Edit(rule, one) for one in plain)
    if not plain and before.request != after.request:
        # Who asks, or a condition. Which of the two takes less is not to be seen in all of these.
        yield _by_outcome(rule, contract, worse=not found or found[0].worse, sure=bool(found))
    yield from _by_reach(before, after, contract)


def _in_force(rule: Rule | None) -> Rule | None:
    """A rule that is known to have ended is none any more."""
    return None if rule is None or rule.until is not None else rule


def _telling(change: Change) -> int:
    return _TELLING.index(change.kind)


def _by_reach(before: Rule, after: Rule, contract: Contract) -> Iterator[_Edit]:
    """The same rule for more or for fewer endpoints."""
    more = set(after.endpoints) - set(before.endpoints)
    fewer = set(before.endpoints) - set(after.endpoints)
    for names, worse in ((more, True), (fewer, False)):
        if names:
            yield _by_outcome(after, contract, worse=worse)


def _by_outcome(rule: Rule, contract: Contract, *, worse: bool, sure: bool = True) -> _Edit:
    """What a rule is about, seen from the answer that it gives."""
    file = contract.path("cassettes", f"{rule.refuse}.yaml")
    answer = contract.read_cassette(file).interactions[0]
    refusal = refusal_of(Exchange.from_interaction(answer), rule.surface)
    meaning = Meaning("answer-refused", "answer-accepted")
    if refusal is not None:
        meaning = meaning_of(refusal, {})
    change = Change(
        kind="values",
        rule=meaning.refused if worse else meaning.accepted,
        pointer=meaning.pointer,
        before=None if worse else rule.id,
        after=rule.id if worse else None,
        origin=rule.path,
        worse=worse,
        sure=sure,
    )
    return _Edit(rule, change, meaning.direction)
