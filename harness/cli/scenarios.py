"""``codex-leg scenarios``: what the stand-in can play, what it refuses, what it can break."""

from __future__ import annotations

import dataclasses
import inspect
import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from harness.cli.options import unknown_name
from harness.contract import Contract, ContractErrors, Rule, Scenario, Source, Step
from harness.exits import Exit
from harness.standin.faults import FAULTS, Fault

__all__ = ["command"]

_KINDS: Final = ("scenario", "rule", "fault")
Entry = Mapping[str, Any]


@click.command(
    "scenarios",
    epilog="Examples: codex-leg scenarios usage-limit; codex-leg scenarios --rules --format json",
)
@click.argument("name", required=False)
@click.option("--rules", is_flag=True, help="The rulebook: what the stand-in refuses, and since.")
@click.option("--faults", is_flag=True, help="The faults that a scenario can be made of.")
@click.option(
    "--format",
    "face",
    type=click.Choice(["terminal", "json", "markdown"]),
    default="terminal",
    show_default=True,
)
def command(*, name: str | None, rules: bool, faults: bool, face: str) -> Exit:
    """List what the stand-in can play, or explain the one called NAME.

    What it lists goes to: codex-leg serve --scenario NAME, or --rule ID=on.
    """
    if rules and faults:
        raise click.UsageError("--rules and --faults exclude each other.")
    kind = "rule" if rules else "fault" if faults else "scenario"
    entries = _entries(kind)
    if name is not None:
        if name not in entries:
            raise unknown_name(kind, name, entries)
        entries = {name: entries[name]}
    if face == "json":
        document = {"format": f"codex-leg/{kind}s/1", f"{kind}s": list(entries.values())}
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif name is not None:
        print(_explained(kind, entries[name], markdown=face == "markdown"))
    else:
        print(_listed(kind, entries, markdown=face == "markdown"))
    return Exit.CLEAN


def _entries(kind: str) -> dict[str, Entry]:
    if kind == "fault":
        return {name: _fault_entry(fault) for name, fault in FAULTS.items()}
    contract = Contract()
    folder = "rulebook/" if kind == "rule" else "scenarios/"
    broken = [one for one in contract.problems() if one.file.startswith(folder)]
    if broken:
        raise ContractErrors(broken)
    if kind == "rule":
        return {name: _rule_entry(one) for name, one in contract.rules.items()}
    return {name: _scenario_entry(one) for name, one in contract.scenarios.items()}


def _scenario_entry(one: Scenario) -> Entry:
    return {
        "name": one.name,
        "title": one.title,
        "description": " ".join(one.description.split()),
        "steps": [_step_entry(step) for step in one.steps],
        "sources": _source_entries(one.sources),
    }


def _step_entry(step: Step) -> Entry:
    answer = step.answer
    entry: dict[str, Any] = {
        "endpoint": step.endpoint,
        "transport": step.transport,
        "times": step.times,
        "until": step.until,
        "answer": None,
        "drop": list(step.drop),
        "faults": [dict(fault) for fault in step.faults],
    }
    if answer is not None and answer.probes:
        entry["answer"] = list(answer.probes)
    elif answer is not None and answer.command is not None:
        entry["answer"] = {"tool_call": {"command": answer.command}, "then": answer.then}
    elif answer is not None:
        entry["answer"] = {"text": answer.text, "deltas": answer.deltas}
    return entry


def _rule_entry(one: Rule) -> Entry:
    return {
        "name": one.id,
        "title": one.title,
        "surface": one.surface,
        "endpoints": list(one.endpoints),
        "transport": one.transport,
        "since": one.since,
        "until": one.until,
        "strict_only": one.strict_only,
        "refuse": one.refuse,
        "request": one.request,
        "sources": _source_entries(one.sources),
    }


def _fault_entry(fault: type[Fault]) -> Entry:
    said = inspect.getdoc(fault) or ""
    defaults = {one.name: one.default for one in dataclasses.fields(fault)}
    return {
        "name": fault.name,
        "title": " ".join(said.partition("\n\n")[0].split()),
        "description": " ".join(said.split()),
        "media": sorted(fault.media),
        "parameters": {
            name: {
                "type": _type_name(kind),
                "required": defaults[name] is dataclasses.MISSING,
                "default": None if defaults[name] is dataclasses.MISSING else defaults[name],
            }
            for name, kind in fault.parameters().items()
        },
    }


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("collections.abc.", "")


def _source_entries(sources: Sequence[Source]) -> list[Entry]:
    return [{"ref": one.ref, "date": one.date, "says": one.says} for one in sources]


def _listed(kind: str, entries: Mapping[str, Entry], *, markdown: bool) -> str:
    columns = {
        "scenario": ("name", "title"),
        "rule": ("name", "surface", "since", "enforced", "title"),
        "fault": ("name", "title"),
    }[kind]
    rows = [[_cell(entry, column) for column in columns] for entry in entries.values()]
    header = [column.upper() for column in columns]
    if markdown:
        lines = [header, ["---"] * len(header), *rows]
        return "\n".join("| " + " | ".join(_bar(cell) for cell in line) + " |" for line in lines)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (header, *rows)
    ]
    option = "" if kind == "scenario" else f" --{kind}s"
    count = f"{len(rows)} {kind}{'s' * (len(rows) != 1)}"
    return "\n".join([*table, "", f"{count}. More on one: codex-leg scenarios{option} NAME"])


def _cell(entry: Entry, column: str) -> str:
    if column == "enforced":
        return "strict only" if entry["strict_only"] else "always"
    return str(entry[column] or "?")


def _bar(cell: str) -> str:
    return cell.replace("|", "\\|")


def _explained(kind: str, entry: Entry, *, markdown: bool) -> str:
    name = str(entry["name"])
    head = f"## `{name}`\n\n**{entry['title']}**" if markdown else f"{name}: {entry['title']}"
    facts = {"scenario": _of_scenario, "rule": _of_rule, "fault": _of_fault}[kind](entry)
    parts = [head]
    if entry.get("description") not in (None, entry["title"]):
        said = str(entry["description"])
        parts.append(said if markdown else textwrap.fill(said, 100))
    bullet = "- " if markdown else "  "
    parts.extend("\n".join(f"{bullet}{line}" for line in group) for group in facts if group)
    return "\n\n".join(parts)


def _of_scenario(entry: Entry) -> list[list[str]]:
    # Tried as it is printed: a line to paste.
    run = [f"codex-leg serve --scenario {entry['name']}"]
    return [[_step_line(step) for step in entry["steps"]], _source_lines(entry), run]


def _step_line(step: Entry) -> str:
    where = step["endpoint"] if step["transport"] == "both" else _over(step)
    times = f", {step['times']} time{'s' * (step['times'] != 1)}" if step["times"] else ""
    until = f", until {step['until']}" if step["until"] else ""
    answer = step["answer"]
    if answer is None:
        said = "as without a scenario"
    elif isinstance(answer, list):
        said = ", then ".join(answer)
    elif "tool_call" in answer:
        said = f"a call of the shell tool with {answer['tool_call']['command']!r}"
        said += f", then {answer['then']}" if answer["then"] else ""
    else:
        text = textwrap.shorten(str(answer["text"]), 60, placeholder="…")
        said = f"the text {text!r} in {answer['deltas']} deltas"
    without = f"; without {', '.join(step['drop'])}" if step["drop"] else ""
    faults = "".join(f"; {_fault_words(fault)}" for fault in step["faults"])
    return f"{where}{times}{until}: {said}{without}{faults}"


def _over(step: Entry) -> str:
    return f"{step['endpoint']} over {step['transport']}"


def _fault_words(fault: Mapping[str, Any]) -> str:
    rest = ", ".join(f"{name} {value}" for name, value in fault.items() if name != "fault")
    return f"{fault['fault']}{f' ({rest})' if rest else ''}"


def _of_rule(entry: Entry) -> list[list[str]]:
    facts = [
        f"surface: {entry['surface']} ({', '.join(entry['endpoints'])}; {entry['transport']})",
        f"since: {entry['since'] or 'not known'}",
        *([f"until: {entry['until']}"] if entry["until"] else []),
        "enforced: " + ("with --strict only" if entry["strict_only"] else "always"),
        f"refused as in: {entry['refuse']}",
        f"a request has to satisfy: {json.dumps(entry['request'], ensure_ascii=False)}",
    ]
    return [facts, _source_lines(entry), [f"codex-leg serve --rule {entry['name']}=off"]]


def _of_fault(entry: Entry) -> list[list[str]]:
    parameters = [
        f"{name} ({one['type']}), "
        + ("needed" if one["required"] else f"{json.dumps(one['default'])} if not given")
        for name, one in entry["parameters"].items()
    ]
    return [parameters or ["no parameters"], [f"acts on: {', '.join(entry['media'])}"]]


def _source_lines(entry: Entry) -> list[str]:
    return [
        " ".join(
            part
            for part in (
                f"source: {one['ref']}",
                f"({one['date']})" if one["date"] else "",
                f"— {one['says']}" if one["says"] else "",
            )
            if part
        )
        for one in entry["sources"]
    ]
