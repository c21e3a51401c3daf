"""Tables laid over the settings: those of a release, then an environment's.

Tables merge, scalars and lists replace.  A table that gives a key of the
configuration a ``default`` makes it not required there, and the other way round.
A repository that makes several releases has a table for each; one that makes a
single release has none.

    [tool.relforge]                     for all of them
    [tool.relforge.releases.admin]      over it, for `relforge release admin`
    [tool.relforge.env.prod]            over both, with `--env prod`
    [tool.relforge.releases.admin.env.prod]

The builder lays them over for a build, and the runtime for a configuration that
is read outside of a release: a checkout has the values that a release has.
Pure: nothing here reads a file or a variable.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROOT = ("tool", "relforge")
BUILT_IN = ("prod", "dev")  # exist without being written
_LONGEST = 100
_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


class WrongSettings(Exception):
    """Settings, or a name of an environment or a release, that cannot be; ``hint`` helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Selection:
    """What somebody asks for, and in which words: those of the command line, unless they say.

    ``release`` is None where nobody named one.  ``env_word`` is what stands before
    the name of an environment, ``release_words`` is how to name a release, with
    ``{}`` in the place of its name.
    """

    def __init__(
        self,
        env: str,
        release: str | None = None,
        *,
        env_word: str = "--env ",
        release_words: str = "as in `relforge release {0}` and `relforge lock --release {0}`",
    ) -> None:
        self.env = env
        self.release = release
        self.env_word = env_word
        self.release_words = release_words


class Over:
    """A table that was laid over, and the path under which the user wrote it."""

    def __init__(self, path: tuple[str, ...], table: Any) -> None:
        self.path = path
        self.table = table


class LaidSettings:
    """The settings of one release in one environment; of ``over`` the first that speaks counts."""

    def __init__(self, table: dict[str, Any], over: tuple[Over, ...]) -> None:
        self.table = table
        self.over = over


def lay(settings: dict[str, Any], asked: Selection) -> LaidSettings:
    """The settings for that environment, of the release of that name where there are several.

    Raises WrongSettings for a name that is not there, and where one is missing.
    """
    base = {key: value for key, value in settings.items() if key not in ("releases", "default")}
    tables = releases(settings)
    name = _chosen(settings, tables, asked)
    own = tables[name] if name else {}
    envs = [table.get("env", {}) for table in (own, base)]
    over = []
    if name:
        over.append(Over((*ROOT, "releases", name, "env", asked.env), _at(envs[0], asked.env)))
    over.append(Over((*ROOT, "env", asked.env), _at(envs[1], asked.env)))
    if name:
        own = {"name": name, **own}  # its key is its name, unless it says otherwise
        over.append(Over((*ROOT, "releases", name), own))
        base = _laid(base, own)
    return LaidSettings(_for_environment(base, asked), tuple(over))


def releases(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables of the releases by name, none where there is one release; raises WrongSettings."""
    tables = settings.get("releases", {})
    if not isinstance(tables, dict):
        raise WrongSettings("tool.relforge.releases: expected a table of releases")
    for name, table in tables.items():
        if not name:
            raise WrongSettings('tool.relforge.releases."": a release needs a name')
        if not isinstance(table, dict):
            raise WrongSettings(f"tool.relforge.releases.{name}: expected a table")
    return tables


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A new table; neither argument is changed."""
    result = dict(base)
    for key, value in over.items():
        below: Any = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merge(below, value) if both else value
    return result


def _laid(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Merged; of `required` and `default`, of which a key can have one, the upper table decides."""
    result = merge(base, over)
    schema: Any = _path(result, "config", "schema")
    rows: Any = _path(over, "config", "schema")
    if not (isinstance(schema, dict) and isinstance(rows, dict)):
        return result
    for name, row in rows.items():
        if isinstance(row, dict) and isinstance(schema.get(name), dict):
            if "default" in row and "required" not in row and "required" in schema[name]:
                schema[name] = {**schema[name], "required": False}
            elif row.get("required") is True and "default" not in row:
                schema[name] = {key: schema[name][key] for key in schema[name] if key != "default"}
    return result


def _path(table: Any, *keys: str) -> Any:
    for key in keys:
        table = _at(table, key)
    return table


def is_set_by(table: Any, path: tuple[str, ...]) -> bool:
    """Does this table write the value at that path?"""
    for part in path:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _chosen(
    settings: dict[str, Any], tables: dict[str, dict[str, Any]], asked: Selection
) -> str | None:
    known = ", ".join(tables)
    named = asked.release is not None
    name = asked.release if named else settings.get("default")
    if not tables:
        if name is not None:
            place = repr(name) if named else "tool.relforge.default"
            raise WrongSettings(
                f"{place}: the project has a single release and no [tool.relforge.releases]",
                "leave the name out, or give each release its own table",
            )
        return None
    if name is None:
        if len(tables) == 1:
            return next(iter(tables))
        raise WrongSettings(
            f"the project has several releases ({known}), and none is chosen",
            f"choose one, {asked.release_words.format(next(iter(tables)))}, "
            "or set `default` in [tool.relforge]",
        )
    if not isinstance(name, str):
        raise WrongSettings("tool.relforge.default: expected the name of a release")
    if name not in tables:
        make = f"; `[tool.relforge.releases.{name}]` would create it" if _is_name(name) else ""
        place = "" if named else "tool.relforge.default: "
        raise WrongSettings(
            f"{place}no release {name!r}{make}",
            _near(name, tables, "`{}`"),
        )
    return name


def _at(table: Any, key: str) -> Any:
    return table.get(key, {}) if isinstance(table, dict) else {}


def _for_environment(settings: dict[str, Any], asked: Selection) -> dict[str, Any]:
    """The settings of that environment; the table ``env`` itself is gone.

    Raises WrongSettings for one that is neither written nor built in.
    """
    env = asked.env
    tables = settings.get("env", {})
    if not isinstance(tables, dict):
        raise WrongSettings("tool.relforge.env: expected a table of environments")
    if not _is_name(env):
        raise WrongSettings(
            f"{asked.env_word}{env}: not a valid name: use letters, digits, `-` and `_`",
            "rename the table in [tool.relforge.env]",
        )
    if env not in tables and env not in BUILT_IN:
        raise WrongSettings(
            f"{asked.env_word}{env}: no such environment; `[tool.relforge.env.{env}]` would "
            "create it",
            _near(env, sorted({*tables, *BUILT_IN}), f"`{asked.env_word}{{}}`"),
        )
    base = {key: value for key, value in settings.items() if key != "env"}
    table = tables.get(env, {})
    if not isinstance(table, dict):
        raise WrongSettings(f"tool.relforge.env.{env}: expected a table")
    return _laid(base, table)


def _is_name(text: str) -> bool:
    """Letters, digits, dashes: what names a directory and a table alike."""
    return 0 < len(text) <= _LONGEST and _SIGNS.issuperset(text) and text[0] not in "_-"


def _near(name: str, known: Any, shown: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"did you mean {shown.format(near[0])}?" if near else f"known: {', '.join(known)}"
