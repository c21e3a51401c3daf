"""The commands of relforge: a table, and what is said of those that it does not have."""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperGroup

# Each command and where it is: a module of this package, its function or its `Typer`, and
# what one types.
COMMANDS = {
    "init": ("init", "init", ("relforge init", "relforge init --print")),
    "lock": ("lock", "lock", ("relforge lock", "relforge lock --upgrade flask")),
    "build": ("build", "build", ("relforge build", "relforge build --env staging")),
    "release": ("build", "release", ("relforge release", "relforge release --format oci")),
    "run": ("run", "app", ("relforge run web", "relforge run -- python manage.py check")),
    "deploy": ("deploy", "deploy", ("relforge deploy prod", "relforge deploy prod --canary")),
    "rollback": ("deploy", "rollback", ("relforge rollback prod",)),
    "fleet": ("fleet", "app", ("relforge fleet status prod",)),
    "push": ("push", "push", ("relforge push registry.example.org/shop",)),
    "emit": ("emit", "emit", ("relforge emit", "relforge emit nginx --out deploy")),
    "verify": ("artifact", "verify", ("relforge verify dist/shop-1.0-linux-x86_64.tar.gz",)),
    "inspect": ("artifact", "inspect", ("relforge inspect --sizes _build/prod/shop-1.0",)),
    "diff": ("artifact", "diff", ("relforge diff shop-1.0.tar.gz shop-1.1.tar.gz",)),
    "config": ("config", "app", ("relforge config show --env staging",)),
    "python": ("python", "app", ("relforge python list",)),
    "cache": ("cache", "app", ("relforge cache info", "relforge cache clean --older-than 30d")),
}
HELP = {"help_option_names": ["-h", "--help"]}


def examples(*lines: str) -> str:
    """The end of a command's help; ``\\b`` keeps its lines as they are."""
    return "\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


BEGIN = examples(
    "relforge init       # writes the settings",
    "relforge lock       # pins the dependencies",
    "relforge release    # builds dist/NAME-VERSION-TARGET.tar.gz",
)


class Commands(TyperGroup):
    """The commands, each imported when it is asked for: none waits for what others need."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # names to suggest

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and (hint := _elsewhere(args[0])):
            ctx.fail(f"No such command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, name, lines = COMMANDS[cmd_name]
        found = getattr(importlib.import_module(f"relforge.cli.{module}"), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command(cmd_name, context_settings=HELP)(found)
            found = alone
        command = typer.main.get_command(found)
        command.name = cmd_name
        command.epilog = examples(*lines)
        return command


def _elsewhere(word: str) -> str:
    """Where a command is that relforge does not have, but that people look for here."""
    # Late: of use after a mistake only.
    from relforge.runtime.contract.command import RESERVED  # noqa: PLC0415 - seldom needed

    if word in ("version", "help"):
        return f"Use: relforge --{word}"
    if word in RESERVED:
        return f"This is a command of an unpacked or installed release: bin/NAME {word}"
    return ""
