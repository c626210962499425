"""The one door to the data: probes, cassettes, schemas, snapshots, rulebook, scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ._build import Place, build_cassette, build_probe
from ._captures import Captures
from ._check import REFERENCE, check_cassette, check_pairs, check_probe
from ._errors import ContractError, ContractErrors
from ._folders import files_below
from ._model import Cassette, Pair, Probe
from ._observed import Observed
from ._quick_yaml import read_yaml
from ._reading import check_version
from ._root import FOLDERS, find_root
from ._rules import Rule, build_rule, check_rule, check_rule_answer
from ._scenarios import Scenario, build_scenario, check_scenario, check_scenario_probes
from ._schemas import NAMED, Schemas
from ._snapshots import read_snapshot
from ._waivers import WAIVERS_FILE, Waiver, read_waivers

__all__ = ["Contract", "Pair"]

Value = TypeVar("Value", Probe, Cassette, Rule, Scenario)


class Contract:
    """Everything below one root. Reading is lazy, and each file is read once."""

    def __init__(self, root: Path | None = None, *, sound: bool = False) -> None:
        """Use the data below ``root``; by default, the project's own.

        Args:
            root: the folder with ``probes/``, ``cassettes/`` and ``schemas/``.
            sound: another process has looked at all of it (:meth:`problems`) and found no fault:
                files are then read without being checked again.

        Raises:
            ContractError: ``root`` has not the folders of a contract.
        """
        self.root = find_root() if root is None else root
        self._sound = sound
        self._snapshots: dict[str, Mapping[str, Any] | None] = {}
        for folder in FOLDERS:
            if not (self.root / folder).is_dir():
                raise ContractError(
                    str(self.root), folder, "no such folder", "name the root of a contract"
                )

    def path(self, *parts: str) -> Path:
        """A file or folder of the contract, such as ``path("snapshots", "codex")``."""
        return self.root.joinpath(*parts)

    @cached_property
    def schemas(self) -> Schemas:
        """The schemas, all of them sound.

        Raises:
            ContractErrors: one of them is not; it lists everything that is wrong with them.
        """
        schemas = Schemas(self.root / "schemas")
        faults = [] if self._sound else schemas.check(needed=NAMED)
        if faults:
            raise ContractErrors(faults)
        return schemas

    def read_probe(self, path: Path) -> Probe:
        """One probe file, checked by itself.

        Raises:
            ContractError: whatever is wrong with it, all of it.
        """
        return self._read(path, "probe.json", build_probe, check_probe)

    def read_cassette(self, path: Path) -> Cassette:
        """One cassette file, checked by itself.

        Raises:
            ContractError: whatever is wrong with it, all of it.
        """
        return self._read(path, "cassette.json", build_cassette, check_cassette)

    def _read(
        self,
        path: Path,
        schema: str,
        build: Callable[[Any, str], Value],
        check: Callable[[Value], Iterable[ContractError]],
    ) -> Value:
        name = self.name_of(path)
        document = read_yaml(path, name)
        if schema == "cassette.json" and isinstance(document, dict) and "version" in document:
            check_version(Place(document, name))
        if self._sound:
            return build(document, name)
        faults = [
            ContractError(name, one.pointer or "/", one.message, one.mend)
            for one in self.schemas.validate(schema, document)
        ]
        if faults:
            raise ContractErrors(faults)
        value = build(document, name)
        faults = list(check(value))
        if faults:
            raise ContractErrors(faults)
        return value

    def name_of(self, path: Path) -> str:
        """How messages call a file: its path below the root, if it is there."""
        for file, root in ((path, self.root), (path.absolute(), self.root.absolute())):
            if file.is_relative_to(root):
                return file.relative_to(root).as_posix()
        return str(path)

    @cached_property
    def _files(self) -> tuple[dict[str, Probe], dict[str, Cassette], list[ContractError]]:
        # First of all: with broken schemas each file would report the same fault.
        _ = self.schemas
        faults: list[ContractError] = []
        probes = self._read_folder("probes", self.read_probe, faults)
        cassettes = self._read_folder("cassettes", self.read_cassette, faults)
        return probes, cassettes, faults

    def _read_folder(
        self, folder: str, read: Callable[[Path], Value], faults: list[ContractError]
    ) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for file in files_below(self.root / folder, self.name_of):
            if file.name == "README.md" or self.name_of(file).startswith(REFERENCE):
                continue
            if file.suffix != ".yaml":
                faults.append(
                    ContractError(self.name_of(file), "", "is no .yaml file", "rename or remove it")
                )
                continue
            try:
                value = read(file)
            except ContractError as error:
                faults.extend(error.errors)
            else:
                found[value.path.removeprefix(f"{folder}/").removesuffix(".yaml")] = value
        return found

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The sound probes, by the id that their path gives them."""
        return self._files[0]

    @property
    def cassettes(self) -> Mapping[str, Cassette]:
        """The sound cassettes of probes, by path below ``cassettes/``."""
        return self._files[1]

    def pair(self, id_: str) -> Pair:
        """One probe with its cassette. Where all is known to be sound, only these two are read.

        Raises:
            ContractError: one of the two is broken.
            KeyError: there is no such probe, or nothing answers it.
        """
        if not self._sound:
            return Pair(self.probes[id_], self.cassettes[id_])
        return Pair(
            self.read_probe(self.path("probes", f"{id_}.yaml")),
            self.read_cassette(self.path("cassettes", f"{id_}.yaml")),
        )

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        """What somebody accepted. Raises ContractError: whatever is wrong with the file."""
        return read_waivers(self.path(WAIVERS_FILE), WAIVERS_FILE)

    def read_rule(self, path: Path) -> Rule:
        """One file of the rulebook, checked by itself.

        Raises:
            ContractError: whatever is wrong with it, all of it.
        """
        return self._read(path, "rule.json", build_rule, check_rule)

    def read_scenario(self, path: Path) -> Scenario:
        """One scenario file, checked by itself.

        Raises:
            ContractError: whatever is wrong with it, all of it.
        """
        return self._read(path, "scenario.json", build_scenario, check_scenario)

    @cached_property
    def _standin_files(self) -> tuple[dict[str, Rule], dict[str, Scenario], list[ContractError]]:
        # A contract without these two folders is whole: only the stand-in needs them.
        faults: list[ContractError] = []
        rules = self._read_folder("rulebook", self.read_rule, faults)
        scenarios = self._read_folder("scenarios", self.read_scenario, faults)
        return rules, scenarios, faults

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The sound rules of the rulebook, by id."""
        return self._standin_files[0]

    @property
    def scenarios(self) -> Mapping[str, Scenario]:
        """The sound scenarios, by name."""
        return self._standin_files[1]

    def _standin_faults(self) -> Iterator[ContractError]:
        rules, scenarios, faults = self._standin_files
        yield from faults
        for rule in rules.values():
            yield from check_rule_answer(rule, self.probes, self.cassettes)
        for scenario in scenarios.values():
            yield from check_scenario_probes(scenario, self.probes)

    def problems(self) -> list[ContractError]:
        """Everything that is wrong with the contract, in one pass, sorted by file."""
        return list(self._problems)

    @cached_property
    def _problems(self) -> tuple[ContractError, ...]:
        try:
            probes, cassettes, found = self._files
        except ContractError as error:
            # Without sound schemas, or all files, nothing can be said about the rest.
            return error.errors
        faults = [*found, *self._snapshot_faults(set(probes)), *self._standin_faults()]
        faults += self.observed.faults()
        broken = {error.file for error in faults}
        if not probes and not broken:
            faults.append(ContractError("probes", "", "holds no probe", "restore the folder"))
        faults.extend(check_pairs(probes, cassettes, broken))
        return tuple(sorted(faults, key=lambda one: (one.file, one.where)))

    def _snapshot_faults(self, ids: set[str]) -> Iterator[ContractError]:
        """Snapshots that cannot be read, or whose probe is gone: nothing would compare them."""
        try:
            files = files_below(self.root / "snapshots", self.name_of)
        except ContractError as error:
            yield error
            return
        for file in files:
            name = self.name_of(file)
            if file.name == "README.md":
                continue
            if file.suffix != ".json":
                yield ContractError(name, "", "is no .json file", "rename or remove it")
                continue
            id_ = name.removeprefix("snapshots/").removesuffix(".json")
            if id_ not in ids and not (self.root / "probes" / f"{id_}.yaml").exists():
                yield ContractError(
                    name, "", f"no probe has this shape (probes/{id_}.yaml)", "remove it"
                )
            else:
                try:
                    self.snapshot(id_)
                except ContractError as error:
                    yield error

    def snapshot(self, id_: str) -> Mapping[str, Any] | None:
        """The adopted shape of a probe's exchange; ``None`` if there is none yet.

        Raises:
            ContractError: the file is not a snapshot.
        """
        if id_ not in self._snapshots:
            file = self.root / "snapshots" / f"{id_}.json"
            probe = None if self._sound else self.probes.get(id_)
            surface = None if probe is None else probe.surface
            self._snapshots[id_] = read_snapshot(
                file, self.name_of(file), self.schemas, surface, sound=self._sound
            )
        return self._snapshots[id_]

    def load(self) -> tuple[Pair, ...]:
        """Every probe with its cassette, sorted by id.

        Raises:
            ContractErrors: something is wrong anywhere; it lists all of it.
        """
        problems = self.problems()
        if problems:
            raise ContractErrors(problems)
        probes, cassettes, _ = self._files
        return tuple(Pair(probe, cassettes[id_]) for id_, probe in sorted(probes.items()))

    @cached_property
    def reference(self) -> Captures:
        """What reference clients sent, and when they were published."""
        folder = self.root / REFERENCE
        return Captures(folder, self.read_cassette, self.name_of, lambda: self.schemas)

    @cached_property
    def observed(self) -> Observed:
        """What reference clients were seen to need, and to act on."""
        return Observed(self.root, lambda: self.schemas)

    def captures(self) -> tuple[Cassette, ...]:
        """The cassettes of reference clients, by version and path. Raises ContractErrors."""
        return self.reference.all()
