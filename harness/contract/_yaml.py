"""YAML as the contract wants it: JSON's data model, no duplicate keys, no surprises.

Refused, each with its line and column: duplicate keys (the last one would win in silence), keys
that are not text, tags beyond JSON's types and ``!!binary``, nesting that would overflow the C
composer's stack (200,000 open brackets crash CPython through libyaml, tried 2026-11-22), aliases
that repeat a whole structure (vcrpy never needs them, and a few lines of them can fill a memory).
Dates stay the text they are: ``2026-09-27`` is a string here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import yaml

from ._errors import ContractError, one_line

__all__ = ["IS_C_LOADER", "YamlLines", "load_yaml"]

#: Whether the fast loader is there: a 250 kB cassette takes 1.2 ms with it and 81 ms without.
IS_C_LOADER = hasattr(yaml, "CSafeLoader")
_BASE: Any = yaml.CSafeLoader if IS_C_LOADER else yaml.SafeLoader

MAX_DEPTH = 100
_TAG = "tag:yaml.org,2002:"
_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "binary")


class _StrictLoader(_BASE):  # type: ignore[misc]  # which of the two classes it is depends on the machine
    """The safe loader, less what JSON has no word for, plus the check for duplicate keys."""

    def construct_mapping(
        self,
        node: Any,
        deep: bool = False,  # noqa: FBT001, FBT002 — PyYAML's signature
    ) -> dict[Hashable, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise _refusal(node, "a !!map that is none", "leave the tag out")
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag == _TAG + "merge":
                raise _refusal(key, "a merge key (<<)", "write the keys out")
            if key.tag != _TAG + "str":
                raise _refusal(key, f"a key that is not text ({_excerpt(key)})", "quote it")
            if key.value in seen:
                raise _refusal(
                    key,
                    f"the key {_excerpt(key)} stands here twice (first in line {seen[key.value]})",
                    "keep one of the two",
                )
            seen[key.value] = key.start_mark.line + 1
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag != _TAG + "timestamp"]
    for first, rows in _BASE.yaml_implicit_resolvers.items()
}
_StrictLoader.yaml_constructors = {
    tag: constructor
    for tag, constructor in _BASE.yaml_constructors.items()
    if tag is None or tag in {_TAG + name for name in _TAGS}
}


class _Refusal(yaml.MarkedYAMLError):
    """A document that YAML allows and the contract does not."""

    def __init__(self, problem: str, mark: Any, mend: str) -> None:
        super().__init__(problem=problem, problem_mark=mark)
        self.mend = mend


def _refusal(node: Any, problem: str, mend: str) -> _Refusal:
    return _Refusal(problem, node.start_mark, mend)


def _excerpt(node: Any) -> str:
    value = node.value if isinstance(node.value, str) else type(node.value).__name__
    return repr(value if len(value) <= 40 else value[:40] + "…")


def load_yaml(text: str, file: str) -> Any:
    """The one document in ``text``.

    Raises:
        ContractError: it is not YAML, or not the part of YAML that the contract uses.
    """
    try:
        _refuse_depth_and_aliases(text)
        loader = _StrictLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _from_marked(error, file) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise ContractError(
            file, f"line {line}", f"not YAML: {error.reason}", "remove this character"
        ) from None
    except (ValueError, LookupError, RecursionError) as error:
        # PyYAML's constructors raise these for a tag that does not fit its value
        # (``!!int x``, ``!!bool x``, ``!!int ""``), for numbers of thousands of digits, and its
        # reader for text that cannot be encoded.
        raise ContractError(
            file, "", f"a value cannot be read: {type(error).__name__}: {error}", "quote it"
        ) from None


def _refuse_depth_and_aliases(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_BASE):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _Refusal(
                    f"nested deeper than {MAX_DEPTH} levels", event.start_mark, "flatten it"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            raise _Refusal("an alias (*)", event.start_mark, "write the value out")


def _from_marked(error: yaml.MarkedYAMLError, file: str) -> ContractError:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    if isinstance(error, _Refusal):
        return ContractError(file, where, str(error.problem), error.mend)
    said = [part for part in (error.context, error.problem) if part]
    mend = "leave the tag out" if "tag" in str(error.problem) else "mend the syntax"
    return ContractError(file, where, f"not YAML: {one_line(', '.join(said))}", mend)


class YamlLines:
    """On which lines of a document its values stand."""

    def __init__(self, text: str) -> None:
        """``text`` is a document that :func:`load_yaml` has accepted."""
        self._root = yaml.compose(text, Loader=_BASE)

    def of(self, path: Iterable[str | int]) -> tuple[int, bool]:
        """The line on which the value at ``path`` begins, and whether its lines are the file's.

        Of a value that is not there, the line of what is around it. A key is found in any case, as
        the names of headers are.
        """
        node = self._root
        for part in path:
            below: Any = None
            if isinstance(node, yaml.MappingNode):
                keys = ((key.value, value) for key, value in node.value)
                below = next((one for key, one in keys if key.lower() == str(part).lower()), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                below = node.value[part] if part < len(node.value) else None
            if below is None:
                break
            node = below
        if node is None:
            return 1, False
        is_block = isinstance(node, yaml.ScalarNode) and node.style == "|"
        return node.start_mark.line + (2 if is_block else 1), is_block
