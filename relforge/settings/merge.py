"""An environment's table laid over the rest: tables merge, scalars and lists replace."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from relforge.errors import SettingsError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{,99}")
BUILT_IN = ("prod", "dev")  # exist without being written


def for_environment(settings: dict[str, Any], env: str) -> dict[str, Any]:
    """The settings as ``--env`` makes them; the table ``env`` itself is gone.

    Raises SettingsError for an environment that is neither written nor built in.
    """
    tables = settings.get("env", {})
    if not isinstance(tables, dict):
        raise SettingsError("tool.relforge.env: expected a table of environments")
    if NAME.fullmatch(env) and env not in tables and env not in BUILT_IN:
        known = sorted({*tables, *BUILT_IN})
        near = get_close_matches(env, known, 1)
        hint = f"did you mean `--env {near[0]}`?" if near else f"known: {', '.join(known)}"
        raise SettingsError(
            f"--env {env}: there is no such environment; `[tool.relforge.env.{env}]` would make it",
            hint=hint,
        )
    if not NAME.fullmatch(env):
        raise SettingsError(
            f"--env {env}: cannot name a folder: use letters, digits, `-` and `_`",
            hint="rename the table below [tool.relforge.env]",
        )
    base = {key: value for key, value in settings.items() if key != "env"}
    table = tables.get(env, {})
    if not isinstance(table, dict):
        raise SettingsError(f"tool.relforge.env.{env}: expected a table")
    return merge(base, table)


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A new table; neither argument is changed."""
    result = dict(base)
    for key, value in over.items():
        below: Any = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merge(below, value) if both else value
    return result


def is_set_by(table: Any, path: tuple[str, ...]) -> bool:
    """Does this table write the value at that path?"""
    for part in path:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True
