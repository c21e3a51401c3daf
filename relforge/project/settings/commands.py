"""``[tool.relforge.commands.<name>]``: the project's own commands."""

from __future__ import annotations

import re
from typing import Any

from relforge.model.spec import Argument, Command
from relforge.project.settings.table import Table
from relforge.runtime.manifest import RESERVED
from relforge.support.errors import SettingsError

TYPES = ("str", "int", "float", "flag")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_CALL = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_ARGUMENT = re.compile(r"(--)?[a-z][a-z0-9_-]*")


def read_command(name: str, table: Table) -> Command:
    """One command; raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{table.where()}: a command's name is of lower-case letters, digits, -"
        )
    if name in RESERVED:
        raise SettingsError(
            f"{table.where()}: `{name}` is a command of every release", hint="choose another name"
        )
    call, words = table.text("call", ""), table.texts("exec", ())
    if bool(call) == bool(words):
        found = "both" if call else "none of them"
        raise SettingsError(f"{table.where()}: a command has one of `call` and `exec`, not {found}")
    if call and not _CALL.fullmatch(call):
        raise table.error("call", f'{call!r} is no callable such as "pkg.module:function"')
    mode = table.choice("mode", "exec" if words else "eval", ("eval", "rpc", "exec"))
    if (mode == "exec") != bool(words):
        need = "`exec`, a list of words" if mode == "exec" else "`call`"
        raise table.error("mode", f'a command in the mode "{mode}" has {need}')
    result = Command(
        name=name,
        call=call,
        exec=words,
        mode=mode,
        help=table.text("help", ""),
        service=table.text("service", ""),
        confirm=table.text("confirm", ""),
        once=_once(table, mode),
        args=tuple(_argument(row) for row in table.tables("args")),
    )
    if result.service and mode != "rpc":
        raise table.error("service", 'only a command in the mode "rpc" runs inside a service')
    _check_order(table, result)
    table.finish()
    return result


def _once(table: Table, mode: str) -> bool | str:
    value = table.raw("once", False)
    if not isinstance(value, bool) and not (isinstance(value, str) and _CALL.fullmatch(value)):
        raise table.error("once", 'expected true, false, or a callable "pkg.module:lock"')
    if value and mode == "rpc":
        raise table.error("once", "a command inside a live process cannot be locked from outside")
    return value


def _argument(row: Table) -> Argument:
    name = row.text("name", "")
    if not _ARGUMENT.fullmatch(name) or name in ("--help", "--yes"):
        raise row.error("name", f'{name!r} is no name such as "revision" or "--dry-run"')
    kind = row.choice("type", "str", TYPES)
    option = name.startswith("--")
    if kind == "flag" and not option:
        raise row.error("type", "a flag is an option, its name begins with --")
    default: Any = row.raw("default", None)
    fits: dict[str, Any] = {"str": str, "int": int, "float": (int, float)}
    if default is not None and (
        kind == "flag" or isinstance(default, bool) or not isinstance(default, fits[kind])
    ):
        raise row.error("default", f"{default!r} is no {kind}")
    result = Argument(name=name, type=kind, default=default, help=row.text("help", ""))
    row.finish()
    return result


def _check_order(table: Table, command: Command) -> None:
    seen: dict[str, Any] = {}
    optional = ""
    for index, row in enumerate(command.args):
        if row.name in seen:
            raise table.error(f"args[{index}].name", f"{row.name!r} is there twice")
        seen[row.name] = row
        if row.name.startswith("--"):
            continue
        if optional and row.default is None:
            raise table.error(
                f"args[{index}]",
                f"{row.name!r} is required, and follows {optional!r}, which is not",
            )
        optional = row.name if row.default is not None else optional
    if command.args and command.exec:
        raise table.error("args", "a program gets the words of the command line as they are")
