"""``codex-leg`` and ``codex-leg reference``: groups of commands that are imported when called."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from harness import cli
from harness.cli import reference, run
from harness.exits import Exit

GROUPS = {"": cli.cli, "reference": reference.command}
COMMANDS = {"": cli.COMMANDS, "reference": reference.COMMANDS}


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, told in COMMANDS.items() for name in told]
)
def test_every_command_that_is_told_of_is_there(group: str, name: str) -> None:
    context = click.Context(GROUPS[group])
    found = GROUPS[group].get_command(context, name)
    assert found is not None
    assert found.name == name
    assert found.help


@pytest.mark.parametrize("group", GROUPS)
def test_a_wrong_name_is_one_line_with_those_that_there_are(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*group.split(), "no-such-thing"]) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert f"There are: {', '.join(COMMANDS[group])}." in line
    assert line.endswith(f"Try: codex-leg {group} --help".replace("  ", " "))


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; from harness.cli import run; run(['--help']); run(['reference', '--help']); "
        "sys.exit(sorted(m for m in sys.modules if m.startswith('harness.cli.')).__repr__())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    for told in COMMANDS.values():
        assert all(f"\n  {name} " in done.stdout for name in told)
    assert done.stderr.strip() == "['harness.cli.groups', 'harness.cli.reference']"
