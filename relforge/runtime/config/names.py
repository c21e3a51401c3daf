"""From the names of variables and files to keys."""

from __future__ import annotations

from . import keys, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class KeyNames:
    """The keys of a schema, found by what a variable can spell: no case, no dashes."""

    def __init__(self, rows: dict[str, Any]) -> None:
        self._exact = {schema.normal(key): keys.split(key) for key in rows}
        self._tables = {
            schema.normal(key): keys.split(key)
            for key, row in rows.items()
            if row.get("type") == "table"
        }

    def path(self, parts: list[str]) -> tuple[str, ...]:
        """The path for ``["DB", "URL"]``; lower case where the schema knows nothing of it."""
        name = schema.normal(".".join(parts))
        if name in self._exact:
            return self._exact[name]
        for size in range(len(parts) - 1, 0, -1):
            table = self._tables.get(schema.normal(".".join(parts[:size])))
            if table:
                return (*table, *(part.lower() for part in parts[size:]))
        return tuple(part.lower() for part in parts)

    def knows(self, parts: list[str]) -> bool:
        """Whether the schema has such a key, or a table that may hold it."""
        name = schema.normal(".".join(parts))
        above = (schema.normal(".".join(parts[:size])) for size in range(1, len(parts)))
        return name in self._exact or any(table in self._tables for table in above)
