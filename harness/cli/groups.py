"""A group of commands that are imported when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """Knows what its commands are called, without importing what they need."""

    def __init__(self, *args: Any, package: str, told: Mapping[str, str], **kwargs: Any) -> None:
        """A group as click makes it.

        Args:
            args: as ``click.Group`` takes them.
            package: where the modules are; each is called like its command, and has it as
                ``command``.
            told: command → what ``--help`` says of it.
            kwargs: as ``click.Group`` takes them.
        """
        super().__init__(*args, **kwargs)
        self._package, self._told = package, told

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        del ctx
        return list(self._told)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        del ctx
        if cmd_name not in self._told:
            return None
        found: click.Command = importlib.import_module(f"{self._package}.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Tell of the commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self._told.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; of one that is not there, which there are."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            known = f"There are: {', '.join(self._told)}."
            raise click.UsageError(f"{error.format_message()} {known}", ctx) from None
