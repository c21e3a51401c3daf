"""``[tool.relforge.hooks]``: what is done at the turns of a release's life."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from relforge.model.spec import Hook
from relforge.project.settings.table import Table
from relforge.runtime.manifest import HOOKS

_CALL = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_SHAPE = 'expected "pkg.module:function", a command such as ["app/hooks/tell", "up"], or a table'


def read_hooks(table: Table) -> tuple[Hook, ...]:
    """The hooks that are written; raises SettingsError."""
    for name in table.data:
        if name not in HOOKS:
            near = get_close_matches(name, HOOKS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(HOOKS)}"
            raise table.error(name, "there is no such hook", hint=hint)
    hooks = tuple(_hook(name, table) for name in HOOKS if name in table.data)
    table.finish()
    return hooks


def _hook(name: str, table: Table) -> Hook:
    value = table.data[name]
    if not isinstance(value, dict):
        call, words = _target(value, table, name)
        table.raw(name, value)
        return Hook(name=name, call=call, exec=words)
    row = table.table(name)
    given = [key for key in ("call", "exec") if key in row.data]
    if len(given) != 1:
        raise table.error(name, "a hook has one of `call` and `exec`", hint=_SHAPE)
    call = row.text("call", "") if given == ["call"] else ""
    words = row.texts("exec", ()) if given == ["exec"] else ()
    _target(call or list(words), table, f"{name}.{given[0]}")
    timeout = row.seconds("timeout", 60.0)
    if timeout <= 0:
        raise row.error("timeout", "a hook has to end at some time")
    row.finish()
    return Hook(name=name, call=call, exec=words, timeout=timeout)


def _target(value: Any, table: Table, key: str) -> tuple[str, tuple[str, ...]]:
    if isinstance(value, str) and _CALL.fullmatch(value):
        return value, ()
    words = isinstance(value, list) and value and all(isinstance(word, str) for word in value)
    if not words or not value[0]:
        raise table.error(key, _SHAPE)
    return "", tuple(value)
