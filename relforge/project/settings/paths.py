"""Paths in settings: relative, and never out of the folder that they are relative to."""

from __future__ import annotations

from pathlib import PurePosixPath

from relforge.project.settings.table import Table


def inside(table: Table, key: str, path: str) -> str:
    """The path made plain; raises SettingsError where it is absolute or goes up."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise table.error(key, f"{path!r} leaves the tree; write a relative path without `..`")
    if any(not part.isprintable() for part in pure.parts):
        raise table.error(key, f"{path!r} holds a character that cannot be printed")
    return str(pure)
