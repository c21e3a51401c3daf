"""``[tool.relforge.commands.<name>]``: the project's own commands."""

from __future__ import annotations

import re
from typing import Any

from relforge.project.settings.runnable import read_target
from relforge.project.settings.table import Table
from relforge.runtime.contract.command import MODES, RESERVED, TYPES, Argument, Command
from relforge.support.errors import SettingsError

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_ARGUMENT = re.compile(r"(--)?[a-z][a-z0-9_-]*")


def read_command(name: str, table: Table) -> Command:
    """One command; raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{table.where()}: a command's name has lower-case letters, digits and `-`"
        )
    if name in RESERVED:
        raise SettingsError(
            f"{table.where()}: `{name}` is a command of every release", hint="choose another name"
        )
    key, target = read_target(table, Command, "a command")
    values: dict[str, Any] = {"name": name, key: target}
    result = Command(
        **values,
        **table.record(Command, key, but=("mode", "args")),
        mode=table.choice("mode", "exec" if key == "exec" else "eval", MODES),
        args=tuple(_argument(row) for row in table.tables("args")),
    )
    _check_together(result, table)
    _check_order(table, result)
    table.finish()
    return result


def _check_together(command: Command, table: Table) -> None:
    """What one key of the contract cannot say alone."""
    mode = command.mode
    if (mode == "exec") != bool(command.exec):
        need = "`exec`, a list of words" if mode == "exec" else "`call`"
        raise table.error("mode", f'a command in the mode "{mode}" needs {need}')
    if command.argv and command.args:
        raise table.error(
            "argv", "use one of `args`, which declares the arguments, and `argv`, which passes them"
        )
    if command.service and mode != "rpc":
        raise table.error("service", 'only a command in the mode "rpc" runs inside a service')
    if mode != "rpc":
        return
    if command.once:
        raise table.error("once", "a command inside a live process cannot be locked from outside")
    if command.argv:
        raise table.error("argv", "a live process keeps the command line that it was started with")
    for key in ("cwd", "env"):
        if getattr(command, key):
            raise table.error(key, "a command inside a live process has the process's own")


def _argument(row: Table) -> Argument:
    name = row.text("name", "")
    if not _ARGUMENT.fullmatch(name) or name in ("--help", "--yes"):
        raise row.error("name", f'{name!r} is not a name such as "revision" or "--dry-run"')
    kind = row.choice("type", "str", TYPES)
    option = name.startswith("--")
    if kind == "flag" and not option:
        raise row.error("type", "a flag is an option: its name starts with --")
    default: Any = row.raw("default", None)
    fits: dict[str, Any] = {"str": str, "int": int, "float": (int, float)}
    if default is not None and (
        kind == "flag" or isinstance(default, bool) or not isinstance(default, fits[kind])
    ):
        raise row.error("default", f"{default!r} is not a valid {kind}")
    result = Argument(name=name, type=kind, default=default, help=row.text("help", ""))
    row.finish()
    return result


def _check_order(table: Table, command: Command) -> None:
    seen: dict[str, Any] = {}
    optional = ""
    for index, row in enumerate(command.args):
        if row.name in seen:
            raise table.error(f"args[{index}].name", f"{row.name!r} is declared twice")
        seen[row.name] = row
        if row.name.startswith("--"):
            continue
        if optional and row.default is None:
            raise table.error(
                f"args[{index}]",
                f"{row.name!r} is required but follows {optional!r}, which is optional",
            )
        optional = row.name if row.default is not None else optional
    if command.args and command.exec:
        raise table.error("args", "a program gets its arguments as they are")
