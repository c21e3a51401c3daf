"""Tables laid over the settings: those of a release, then an environment's.

Tables merge, scalars and lists replace.  A repository that makes several
releases has a table for each; one that makes a single release has none.

    [tool.relforge]                     for all of them
    [tool.relforge.releases.admin]      over it, for `relforge release admin`
    [tool.relforge.env.prod]            over both, with `--env prod`
    [tool.relforge.releases.admin.env.prod]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from relforge.support.errors import SettingsError

ROOT = ("tool", "relforge")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{,99}")
BUILT_IN = ("prod", "dev")  # exist without being written


@dataclass(frozen=True, slots=True)
class Over:
    """A table that was laid over, and the path under which the user wrote it."""

    path: tuple[str, ...]
    table: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The settings of one release in one environment; of ``over`` the first that speaks counts."""

    table: dict[str, Any]
    over: tuple[Over, ...]


def lay(settings: dict[str, Any], env: str, release: str | None = None) -> Merged:
    """The settings for that environment, of the release of that name where there are several.

    Raises SettingsError for a name that is not there, and where one is missing.
    """
    base = {key: value for key, value in settings.items() if key not in ("releases", "default")}
    tables = _releases(settings)
    name = _chosen(settings, tables, release)
    own = tables[name] if name else {}
    envs = [table.get("env", {}) for table in (own, base)]
    over = []
    if name:
        over.append(Over((*ROOT, "releases", name, "env", env), _at(envs[0], env)))
    over.append(Over((*ROOT, "env", env), _at(envs[1], env)))
    if name:
        own = {"name": name, **own}  # its key is its name, unless it says otherwise
        over.append(Over((*ROOT, "releases", name), own))
        base = merge(base, own)
    return Merged(for_environment(base, env), tuple(over))


def _releases(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tables = settings.get("releases", {})
    if not isinstance(tables, dict):
        raise SettingsError("tool.relforge.releases: expected a table of releases")
    for name, table in tables.items():
        if not name:
            raise SettingsError('tool.relforge.releases."": a release needs a name')
        if not isinstance(table, dict):
            raise SettingsError(f"tool.relforge.releases.{name}: expected a table")
    return tables


def _chosen(
    settings: dict[str, Any], tables: dict[str, dict[str, Any]], release: str | None
) -> str | None:
    known = ", ".join(tables)
    name = release if release is not None else settings.get("default")
    if not tables:
        if name is not None:
            place = "tool.relforge.default" if release is None else repr(name)
            raise SettingsError(
                f"{place}: the project has one release, and no [tool.relforge.releases]",
                hint="leave the name out, or give each release a table of its own",
            )
        return None
    if name is None:
        if len(tables) == 1:
            return next(iter(tables))
        one = next(iter(tables))
        raise SettingsError(
            f"the project has several releases ({known}), and none was named",
            hint=f"name one, as in `relforge release {one}` and `relforge lock --release {one}`, "
            "or write `default` below [tool.relforge]",
        )
    if not isinstance(name, str):
        raise SettingsError("tool.relforge.default: expected the name of a release")
    if name not in tables:
        near = get_close_matches(name, tables, 1)
        make = f"; `[tool.relforge.releases.{name}]` would make it" if NAME.fullmatch(name) else ""
        raise SettingsError(
            f"{'tool.relforge.default: ' if release is None else ''}there is no release "
            f"{name!r}{make}",
            hint=f"did you mean `{near[0]}`?" if near else f"known: {known}",
        )
    return name


def _at(table: Any, key: str) -> Any:
    return table.get(key, {}) if isinstance(table, dict) else {}


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
