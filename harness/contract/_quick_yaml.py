"""YAML as :mod:`._yaml` reads it, in a third of the time: for sets of thousands of cassettes.

libyaml composes the nodes, as it does for ``CSafeLoader``. What is left out is PyYAML's resolver,
which tries patterns on every scalar, and its constructor, made for tags that nobody uses here.
Whatever is out of the ordinary (a tag, an alias, a key that is no text or stands twice, depth) is
left to :func:`._yaml.load_yaml`, which refuses it in its own words, or knows better.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from ._errors import ContractError
from ._files import read_bytes
from ._yaml import IS_C_LOADER, MAX_DEPTH, load_yaml

__all__ = ["quick_yaml", "read_yaml"]

_BASE: Any = yaml.CSafeLoader if IS_C_LOADER else yaml.SafeLoader
_PREFIX: Final = "tag:yaml.org,2002:"

#: What a scalar is tagged as here: not quoted, so that it may be a number; text; a list or mapping.
_PLAIN: Final = "plain"
_TEXT: Final = "text"
_COLLECTION: Final = "collection"
#: With one of these, a text says how it is encoded; without, libyaml takes it for UTF-8.
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
#: A node that is met again is an alias.
_DONE: Final = "done"


class _Unusual(Exception):
    """Something that the slow way has to look at."""


class _Nodes(_BASE):  # type: ignore[misc]  # which of the two classes it is depends on the machine
    """Composes nodes, and leaves open what their values are."""

    depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        del value
        if kind is not yaml.ScalarNode:
            return _COLLECTION
        return _PLAIN if implicit[0] else _TEXT

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        del current_node, current_index
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Unusual

    def ascend_resolver(self) -> None:
        self.depth -= 1


def quick_yaml(raw: bytes, file: str) -> Any:
    """The one document in ``raw``: exactly what :func:`._yaml.load_yaml` gives of its text.

    Raises:
        ContractError: it is not UTF-8, not YAML, or not the part of YAML that the contract uses.
    """
    try:
        if raw.startswith(_MARKS):
            raise _Unusual
        loader = _Nodes(raw)
        try:
            node = loader.get_single_node()
            if node is not None:
                return _value(node)
        finally:
            loader.dispose()
    except (_Unusual, yaml.YAMLError, ValueError, LookupError, RecursionError):
        pass
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(
            file, f"byte {error.start}", "not UTF-8", "save the file as UTF-8"
        ) from None
    return load_yaml(text, file)


def read_yaml(path: Path, file: str) -> Any:
    """The document in the file at ``path``, which messages call ``file``.

    Raises:
        ContractError: it cannot be read, is too large, is not UTF-8, or is not YAML as above.
    """
    return quick_yaml(read_bytes(path, file), file)


def _value(node: Any) -> Any:
    tag, node.tag = node.tag, _DONE
    if tag is _TEXT:
        return node.value
    if tag is _PLAIN:
        return _plain(node.value)
    if tag is not _COLLECTION:
        raise _Unusual
    if node.__class__ is yaml.SequenceNode:
        return [_value(one) for one in node.value]
    mapping: dict[str, Any] = {}
    for key, one in node.value:
        name = _value(key)
        if name.__class__ is not str or name in mapping:
            raise _Unusual
        mapping[name] = _value(one)
    return mapping


@lru_cache(maxsize=4096)
def _plain(text: str) -> Any:
    """A scalar without quotes: text, unless it is a word or a number of YAML."""
    for tag, pattern in _BASE.yaml_implicit_resolvers.get(text[:1], ()):
        kind = tag.removeprefix(_PREFIX)
        if kind == "timestamp" or not pattern.match(text):
            continue
        if kind not in ("null", "bool", "int", "float"):
            raise _Unusual
        return yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
    return text
