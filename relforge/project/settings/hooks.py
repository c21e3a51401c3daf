"""``[tool.relforge.hooks]``: what is done at the turns of a release's life."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from relforge.project.settings.runnable import read_target
from relforge.project.settings.table import Table
from relforge.runtime.contract.hook import HOOKS, Hook
from relforge.runtime.contract.shapes import CommandLine, Target
from relforge.runtime.contract.wording import is_callable

_SHAPE = 'expected "pkg.module:function", a command such as ["app/hooks/notify", "up"], or a table'


def read_hooks(table: Table) -> tuple[Hook, ...]:
    """The hooks that are written; raises SettingsError."""
    for name in table.data:
        if name not in HOOKS:
            near = get_close_matches(name, HOOKS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(HOOKS)}"
            raise table.error(name, "unknown hook", hint=hint)
    hooks = tuple(_hook(name, table) for name in HOOKS if name in table.data)
    table.finish()
    return hooks


def _hook(name: str, table: Table) -> Hook:
    value = table.data[name]
    if isinstance(value, dict):
        row = table.table(name)
        key, target = read_target(row, Hook, "a hook")
        values: dict[str, Any] = {"name": name, key: target, **row.record(Hook, key)}
        hook = Hook(**values)
        row.finish()
        return hook
    if isinstance(value, str) and is_callable(value):
        return Hook(name=name, call=table.read(name, Target()))
    if isinstance(value, list) and value:
        return Hook(name=name, exec=table.read(name, CommandLine()))
    raise table.error(name, _SHAPE)
