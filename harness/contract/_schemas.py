"""The schemas: loaded once, refused together when broken, compiled when first asked for."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from ._endpoints import Endpoint, bare_url, read_index
from ._errors import ContractError, ContractErrors
from ._files import read_bytes
from ._folders import files_below
from ._house import BASE, house_faults, metaschema_faults, references
from ._keywords import keyword_faults
from ._violations import Problem, problems_of

__all__ = ["BASE", "NAMED", "Schemas"]

#: The documents that the code itself asks for by name. All else is named by these.
NAMED: Final = (
    "allowances.schema.json",
    "cassette.json",
    "index.json",
    "index.schema.json",
    "order.schema.json",
    "probe.json",
    "report/findings.json",
    "rule.json",
    "scenario.json",
    "snapshot.json",
)


class Schemas:
    """All documents of ``schemas/``: JSON Schemas, and the data files beside them.

    A document is named by its path below the folder, such as ``responses/request.json``. One that
    has ``$schema`` is a JSON Schema; every other one is plain data (:meth:`document`).
    """

    def __init__(self, folder: Path) -> None:
        """Read every document.

        Raises:
            ContractError: one of them is not JSON, or not where its ``$id`` says.
        """
        self._folder = folder
        self._documents = _read_all(folder)
        self._registry: Registry[Any] = Registry().with_resources(
            (BASE + path, DRAFT202012.create_resource(document))
            for path, document in self._documents.items()
            if "$schema" in document
        )
        self._validators: dict[str, Draft202012Validator] = {}
        self._resolved: dict[tuple[str, str], tuple[str, Any]] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the JSON Schemas, sorted."""
        return tuple(path for path, document in self._documents.items() if "$schema" in document)

    def document(self, path: str) -> Any:
        """One document as it stands. Do not change it.

        Raises:
            ContractError: there is none of this name.
        """
        try:
            return self._documents[path]
        except KeyError:
            raise ContractError(
                f"schemas/{path}", "", "is not there", "restore it, or mend the reference to it"
            ) from None

    @cached_property
    def _index(self) -> dict[str, tuple[Endpoint, ...]]:
        return read_index(self.document("index.json"))

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The surfaces that the index knows."""
        return tuple(self._index)

    def endpoints(self, surface: str) -> tuple[Endpoint, ...]:
        """What is known about a surface.

        Raises:
            ContractError: there is no such surface.
        """
        found = self._index.get(surface)
        if found is None:
            raise ContractError(
                "schemas/index.json",
                "/surfaces",
                f"has no surface {surface!r}",
                f"one of: {', '.join(self._index)}",
            )
        return found

    def endpoint(self, surface: str, method: str, url: str) -> Endpoint | None:
        """The endpoint that a request goes to, whatever its query; ``None`` if it is not known."""
        bare = bare_url(url)
        for one in self.endpoints(surface):
            if one.method == method and one.url == bare:
                return one
        return None

    def event(self, folder: str, kind: str) -> str | None:
        """The path of the schema for one type of event; ``None`` if nobody has described it."""
        path = f"{folder}/{kind}.json"
        return path if kind != "unknown" and path in self._documents else None

    def validator(self, path: str) -> Draft202012Validator:
        """The validator for one schema, made once.

        ``path`` may end in a fragment: ``common/usage.json#/$defs/window``.

        Raises:
            ContractError: there is no such schema.
        """
        found = self._validators.get(path)
        if found is None:
            _, schema = self.resolve("", path)
            if "#" in path:
                schema = {"$ref": BASE + path}
            found = Draft202012Validator(schema, registry=self._registry)
            self._validators[path] = found
        return found

    def validate(self, path: str, value: Any) -> list[Problem]:
        """What one value does against one schema; empty if nothing. Sorted by place."""
        errors = self.validator(path).iter_errors(value)
        return sorted(problems_of(errors), key=lambda one: (one.pointer, one.schema_path))

    def resolve(self, base: str, reference: str) -> tuple[str, Any]:
        """Follow a ``$ref`` that stands in the document ``base``: its document and the schema.

        Raises:
            ContractError: it leads nowhere.
        """
        key = (base, reference)
        found = self._resolved.get(key)
        if found is None:
            found = self._resolved[key] = self._resolve(base, reference)
        return found

    def _resolve(self, base: str, reference: str) -> tuple[str, Any]:
        file, _, fragment = reference.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), file)) if file else base
        node = self._documents.get(path)
        for token in fragment.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        if not isinstance(node, dict | bool):
            raise ContractError(
                f"schemas/{base or path}",
                "",
                f"the reference {reference!r} leads nowhere",
                "name an existing schema below schemas/, relative to this file",
            )
        return path, node

    def check(self, *, metaschema: bool = False, needed: Iterable[str] = ()) -> list[ContractError]:
        """Every fault of the schemas themselves: not JSON Schema, no source, a dead reference.

        ``metaschema`` asks the metaschema of 2020-12 as well; it is slow, and for the tests.
        ``needed`` are documents that have to be there.
        """
        faults = [
            ContractError(f"schemas/{path}", "", "is not there", "restore it")
            for path in needed
            if path not in self._documents
        ]
        if faults:
            return faults  # what else there is to say follows from these
        for path, document in self._documents.items():
            if self._is_data(path, document):
                continue
            file = f"schemas/{path}"
            own = [ContractError(file, *fault) for fault in keyword_faults(document)]
            own += house_faults(path, document)
            if metaschema:
                own += metaschema_faults(path, document)
            faults += own
            for where, reference in references(document):
                try:
                    self.resolve(path, reference)
                except ContractError as error:
                    faults.append(ContractError(error.file, where, error.problem, error.mend))
        if not faults:
            for path, document in self._documents.items():
                faults += self._data_faults(path, document)
        if not faults and "index.json" in self._documents:
            faults += self._index_faults()
        return faults

    def _index_faults(self) -> list[ContractError]:
        """Endpoints that name a document which is not there."""
        return [
            ContractError(
                "schemas/index.json",
                f"/surfaces/{surface}",
                f"{endpoint.method} {endpoint.url} names {path!r}, which is not there",
                "restore the schema, or mend the name",
            )
            for surface in self.surfaces
            for endpoint in self.endpoints(surface)
            for path in endpoint.paths()
            if path not in self._documents
        ]

    def _data_faults(self, path: str, document: dict[str, Any]) -> list[ContractError]:
        if not self._is_data(path, document):
            return []
        return [
            ContractError(f"schemas/{path}", one.pointer or "/", one.message, one.mend)
            for one in self.validate(_schema_of_data(path), document)
        ]

    def _is_data(self, path: str, document: dict[str, Any]) -> bool:
        """Whether a document is data: those have a schema at the root, ``order.schema.json``."""
        return "$schema" not in document and _schema_of_data(path) in self._documents


def _schema_of_data(path: str) -> str:
    return posixpath.basename(path).removesuffix(".json") + ".schema.json"


def _read_all(folder: Path) -> dict[str, dict[str, Any]]:
    documents: dict[str, dict[str, Any]] = {}
    faults: list[ContractError] = []
    for file in files_below(folder, lambda one: f"schemas/{one.relative_to(folder).as_posix()}"):
        path = file.relative_to(folder).as_posix()
        if file.name == "README.md":
            continue
        if file.suffix != ".json":
            faults.append(
                ContractError(f"schemas/{path}", "", "is no .json file", "rename or remove it")
            )
            continue
        try:
            documents[path] = _read(file, f"schemas/{path}")
        except ContractError as error:
            faults.append(error)
    if not documents and not faults:
        faults.append(ContractError("schemas", "", "holds no schema", "restore the folder"))
    if faults:
        raise ContractErrors(faults)
    return documents


def _read(file: Path, name: str) -> dict[str, Any]:
    try:
        document = json.loads(read_bytes(file, name), object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ContractError(name, where, f"not JSON: {error.msg}", "mend the syntax") from None
    except (ValueError, RecursionError) as error:
        raise ContractError(name, "", f"not JSON: {error}", "mend it") from None
    if not isinstance(document, dict):
        raise ContractError(name, "/", "is not an object", "every document here is an object")
    return document


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return document
