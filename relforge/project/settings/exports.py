"""``[tool.relforge.config.export]``: which variables get the value of which key, and how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relforge.project.settings.table import Table
from relforge.runtime.contract.tables import FORMS
from relforge.runtime.contract.wording import found


def read_exports(table: Table) -> Iterator[tuple[str, Any]]:
    """Each variable with its key, or with a table of the key and its form."""
    for variable, setting in table.mapping("export").items():
        where = f"export.{variable}"
        if isinstance(setting, str):
            yield variable, setting
            continue
        if not isinstance(setting, dict):
            raise table.error(where, found('a key, or { key = "a.key", as = "json" }', setting))
        for name in setting:
            if name not in ("key", "as"):
                raise table.error(f"{where}.{name}", "unknown key", hint="known here: as, key")
        key = setting.get("key")
        if not isinstance(key, str) or not key:
            raise table.error(f"{where}.key", "expected a key of the configuration")
        form = setting.get("as")
        if form is not None and form not in FORMS:
            either = ", ".join(f'"{name}"' for name in FORMS)
            raise table.error(f"{where}.as", f"{form!r} is none of {either}")
        yield variable, {"key": key, "as": form} if form else key
