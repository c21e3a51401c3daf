"""``app``: the source trees that go into a release as they are, and where imports begin in them.

    app = ["manage.py", "mysite"]                       paths of the project
    app = { root = "src", include = ["mysite"] }        paths below an import root
    app = [{ root = "src", include = ["mysite"] }, "templates"]

Every file keeps its path of the project, below ``app/``; a root is a directory from which
modules are imported, as the project itself is.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from relforge.project.settings.paths import inside
from relforge.project.settings.table import Table
from relforge.runtime.contract.wording import found

_SHAPE = 'a list of strings, or of tables such as { root = "src", include = ["mysite"] }'


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """``paths`` are relative to the project, None for the project's own wheel."""

    paths: tuple[str, ...] | None
    roots: tuple[str, ...] = ()


def read_app(table: Table) -> App:
    """The key `app` of the settings' own table; raises SettingsError."""
    value: Any = table.raw("app", None, origin="the project's own wheel")
    if value is None:
        return App(paths=None)
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise table.error("app", found(_SHAPE, value))
    paths: list[str] = []
    roots: list[str] = []
    for index, row in enumerate(rows):
        key = "app" if isinstance(value, dict) else f"app[{index}]"
        if isinstance(row, str):
            paths.append(row)
        elif isinstance(row, dict):
            root, inner = _below_root(table, key, row)
            roots.append(root)
            paths += inner
        else:
            raise table.error(key, found(_SHAPE, row))
    return App(paths=tuple(paths), roots=tuple(dict.fromkeys(r for r in roots if r != ".")))


def _below_root(table: Table, key: str, row: dict[str, Any]) -> tuple[str, list[str]]:
    below = Table(row, (*table.path, key), table.readings, table.over)
    root = below.text("root", "")
    if not root:
        raise below.error("root", "the import root is missing", hint='for instance root = "src"')
    root = inside(below, "root", root)
    include = below.texts("include", (".",), origin="all of it")
    for index, path in enumerate(include):
        inside(below, f"include[{index}]", path)
    below.finish()
    return root, [posixpath.normpath(f"{root}/{path}") for path in include]
