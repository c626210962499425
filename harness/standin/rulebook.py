"""What the backend refuses, from data: ``rulebook/*.yaml`` of the contract."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError

from harness.contract import Contract, ContractErrors, Interaction, Rule
from harness.standin.questions import Question

__all__ = ["Refusal", "Rulebook", "UnknownRule"]

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


class UnknownRule(ValueError):
    """There is no such rule; ``str()`` is one line that names the closest ones."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A broken rule, and what is answered.

    Attributes:
        rule: the rule.
        interaction: the exchange whose answer is given.
        body: the answer's text, with the request's own values in it.
    """

    rule: Rule
    interaction: Interaction
    body: str

    @property
    def source(self) -> str:
        """What the log says of it."""
        return f"rule {self.rule.id} ({self.rule.refuse})"


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    validator: Any
    interaction: Interaction


class Rulebook:
    """The rules that are enforced.

    A lenient rulebook has those that any client must keep; a strict one those as well on which the
    sources disagree, or which depend on the account, the model or the day.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        strict: bool = False,
        off: Iterable[str] = (),
        on: Iterable[str] = (),
        day: str | None = None,
    ) -> None:
        """Take the rules of a contract.

        Args:
            contract: whose rules, and whose cassettes.
            strict: enforce those too that are for a strict stand-in only.
            off: ids of rules that are not enforced.
            on: ids of rules that are enforced, whatever else is said.
            day: enforce what was enforced on that day (``YYYY-MM-DD``); today by default.

        Raises:
            UnknownRule: there is no rule of an id.
            ContractErrors: the contract is not sound; it lists everything that is wrong with it.
        """
        problems = contract.problems()
        if problems:
            raise ContractErrors(problems)
        self._contract = contract
        off, on = frozenset(off), frozenset(on)
        for name in sorted(off | on):
            if name not in contract.rules:
                raise UnknownRule(_unknown(name, contract.rules))
        self.day = day or datetime.now(UTC).date().isoformat()
        self.strict = strict
        chosen = [
            rule
            for rule in contract.rules.values()
            if rule.id in on
            or (rule.id not in off and rule.in_force(self.day) and (strict or not rule.strict_only))
        ]
        compiled = sorted((self._compile(rule) for rule in chosen), key=_order)
        self._rules: dict[str, list[_Compiled]] = {}
        for one in compiled:
            for endpoint in one.rule.endpoints:
                self._rules.setdefault(endpoint, []).append(one)
        self.rules = tuple(one.rule for one in compiled)

    def _compile(self, rule: Rule) -> _Compiled:
        # An interaction that answers: a rule's probe has exactly one.
        answer = self._contract.cassettes[rule.refuse].interactions[0]
        return _Compiled(rule, Draft202012Validator(dict(rule.request)), answer)

    def check(self, question: Question) -> Refusal | None:
        """The refusal of a request that breaks a rule; ``None`` if it breaks none.

        Of several broken rules the one of the outer layer speaks: first who asks, then the form of
        the request, then what the model has to say (``{"detail": …}`` before ``{"error": …}``).
        """
        for one in self._rules.get(question.endpoint, ()):
            if one.rule.transport not in ("both", question.transport):
                continue
            error = next(one.validator.iter_errors(question.document), None)
            if error is not None:
                return Refusal(one.rule, one.interaction, _adapted(one, question, error))
        return None


def _unknown(name: str, rules: Mapping[str, Rule]) -> str:
    close = difflib.get_close_matches(name, rules, n=3)
    hint = (
        f"did you mean {' or '.join(close)}?" if close else "codex-leg scenarios --rules lists them"
    )
    return f"there is no rule {name!r}: {hint}"


def _order(one: _Compiled) -> tuple[int, str]:
    if one.interaction.status in (401, 403):
        return 0, one.rule.id
    outer = isinstance(one.interaction.body, str) and one.interaction.body.startswith('{"detail"')
    return (1 if outer else 2), one.rule.id


def _adapted(one: _Compiled, question: Question, error: ValidationError) -> str:
    body = one.interaction.body
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    if not one.rule.adapt:
        return text
    values = {"model": question.model or "", **_values(error)}

    def fill(found: re.Match[str]) -> str:
        # Into a JSON text: what the request says must not be able to end it.
        return json.dumps(values.get(found[1], ""), ensure_ascii=False)[1:-1]

    # At once, so that what one puts in is not taken for what another looks for.
    olds = sorted(one.rule.adapt, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, olds)))
    return pattern.sub(lambda old: _PLACEHOLDER.sub(fill, one.rule.adapt[old[0]]), text)


def _values(error: ValidationError) -> dict[str, str]:
    """What a refusal can say about the value that breaks a rule."""
    value, wanted = error.instance, error.validator_value
    values = {
        "parameter": _parameter(error),
        "value": value if isinstance(value, str) else json.dumps(value, default=repr),
        "length": str(len(value)) if isinstance(value, str) else "",
    }
    if error.validator == "enum" and isinstance(wanted, list):
        values["values"] = _listed([f"'{one}'" for one in wanted if one is not None])
    if error.validator == "pattern" and isinstance(wanted, str):
        values["prefix"] = wanted.removeprefix("^")
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        values["id"] = value["id"]
    return values


def _parameter(error: ValidationError) -> str:
    """The place of the value in the body, as the backend writes it: ``input[1].id``."""
    if "propertyNames" in error.absolute_schema_path:
        return str(error.instance)
    if error.validator == "not" and isinstance(error.validator_value, dict):
        required = error.validator_value.get("required")
        if isinstance(required, list) and len(error.absolute_path) == 1:
            return str(required[0])
    text = ""
    for part in list(error.absolute_path)[1:]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _listed(words: list[str]) -> str:
    """``'a', 'b', and 'c'``, as in openai/codex#6647 (2025-11-14)."""
    if len(words) < 3:
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"
