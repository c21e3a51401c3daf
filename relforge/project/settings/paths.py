"""Paths in settings: relative, and never out of the directory that they are relative to."""

from __future__ import annotations

from pathlib import PurePosixPath

from relforge.model import layout
from relforge.project.settings.table import Table

SITE_PACKAGES = "{site-packages}"  # in a path of the release: where packages are


def inside(table: Table, key: str, path: str) -> str:
    """The path made plain; raises SettingsError where it is absolute or goes up."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise table.error(
            key, f"{path!r} leads out of the tree; write a relative path without `..`"
        )
    if any(not part.isprintable() for part in pure.parts):
        raise table.error(key, f"{path!r} contains an unprintable character")
    return str(pure)


def of_release(
    table: Table, key: str, path: str, name: str, site_packages: str, *, whole: bool = False
) -> str:
    """A place in the release of that name to which a setting writes.

    Raises SettingsError where that is relforge's own; with ``whole`` also where a directory
    is written that holds what is.
    """
    plain = inside(table, key, path.replace(SITE_PACKAGES, site_packages))
    if layout.is_ours(plain, name):
        raise table.error(key, f"relforge itself writes {path!r}")
    if whole and layout.holds_ours(plain, name):
        raise table.error(
            key,
            f"relforge itself writes files in {path!r}",
            hint='use a different directory, such as "app/static"',
        )
    return plain
