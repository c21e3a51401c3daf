"""What existing settings lack of what a project shows; nothing of theirs is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from relforge.project.init.document import Table
from relforge.project.init.found import Found

_NEEDED = ("name", "version", "python")  # without these nothing is built


def missing(
    existing: Mapping[str, Any], tables: Iterable[Table], found: Found
) -> tuple[Table, ...]:
    """The tables that are not there, and of the top one the keys that have to be."""
    rows = []
    for table in tables:
        if table.doubt:
            continue
        if not table.name:
            kept = tuple(r for r in table.rows if r.key in _NEEDED and r.key not in existing)
            if kept:
                rows.append(replace(table, rows=kept))
        elif not _has(existing, table, found):
            rows.append(table)
    return tuple(rows)


def _has(existing: Mapping[str, Any], table: Table, found: Found) -> bool:
    """Whether there is such a table, or another one that does the same."""
    inner: Any = existing
    for part in table.name.split("."):
        if not isinstance(inner, Mapping) or part not in inner:
            break
        inner = inner[part]
    else:
        return True
    group, _, name = table.name.partition(".")
    there = existing.get(group)
    others = (
        [row for row in there.values() if isinstance(row, Mapping)]
        if isinstance(there, Mapping)
        else []
    )
    if group == "services":
        own = (
            next(row for row in found.services if row.name == name)
            if name in {row.name for row in found.services}
            else None
        )
        return own is not None and any(
            row.get("run") == own.run if own.run else _same(row, own.app, own.exec)
            for row in others
        )
    if group == "commands":
        command = next((row for row in found.commands if row.name == name), None)
        return command is not None and any(
            _same(row, "", command.exec) or (command.call and row.get("call") == command.call)
            for row in others
        )
    # The schema of a configuration that has a model, or is somebody's own, is theirs.
    return group == "config" and "config" in existing


def _same(row: Mapping[str, Any], app: str, words: tuple[str, ...]) -> bool:
    if app:
        return row.get("app") == app
    given = row.get("exec")
    if not isinstance(given, list):
        return False
    tool = [word for word in words if not word.startswith("-")]
    return list(words) == given or (
        len(tool) > 1 and tool[0] == given[0] and tool[-1] in given and tool[0] != "python"
    )
