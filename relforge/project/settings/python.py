"""The table ``python``: which interpreter goes into the release."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal, cast

from relforge.model import python_version
from relforge.model.release import TARGETS
from relforge.model.spec import Project, PythonArchive, PythonSettings
from relforge.project.settings.table import Table

SOURCES = ("host", "archive", "uv", "system")


def read_python(table: Table, project: Project, *, strip: bool) -> PythonSettings:
    """The typed table; raises SettingsError.  ``strip`` is what holds for the rest."""
    version = _version(table, project)
    source = table.choice("source", "host", SOURCES)
    archives = tuple(_archive(name, row) for name, row in _archives(table))
    archive, sha256 = table.text("archive", ""), table.text("sha256", "")
    if source == "archive" and not archive and not archives:
        raise table.error("archive", 'source = "archive" needs a path or a URL')
    result = PythonSettings(
        version=version,
        source=cast(Literal["host", "archive", "uv", "system"], source),
        archive=archive,
        sha256=sha256,
        archives=archives,
        path=_path(table, source),
        keep=table.texts("keep", ()),
        exclude=table.texts("exclude", ()),
        strip=table.flag("strip", strip, origin="strip.symbols"),
    )
    table.finish()
    return result


def _version(table: Table, project: Project) -> str:
    version = table.text("version", "")
    if not version:
        raise table.error(
            "version",
            "the Python version of the release is required"
            + (
                f" (the project requires {project.requires_python})"
                if project.requires_python
                else ""
            ),
            hint='set `python = { version = "3.12" }` in [tool.relforge]',
        )
    if why := refusal(version):
        raise table.error("version", why)
    return version


def refusal(version: str) -> str:
    """Why no release can have that version; "" where one can."""
    if not python_version.PATTERN.fullmatch(version):
        return f'{version!r} is not a version such as "3.12", "3.12.4", or "3.14t" (free-threaded)'
    oldest = python_version.OLDEST
    if python_version.number(version) < oldest:
        return f'"{version}" is too old: a release needs 3.{oldest} or newer'
    since = python_version.THREADED_SINCE
    if python_version.is_threaded(version) and python_version.number(version) < since:
        return f'"{version}" does not exist: free-threaded builds start with CPython 3.{since}'
    return ""


def _archives(table: Table) -> tuple[tuple[str, Table], ...]:
    return tuple(table.table("archives").children())


def _archive(name: str, table: Table) -> tuple[str, PythonArchive]:
    if name not in TARGETS:
        raise table.error(
            "archive", f"{name!r} is not a target", hint=f"known: {', '.join(TARGETS)}"
        )
    place, sha256 = table.text("archive", ""), table.text("sha256", "")
    if not place:
        raise table.error("archive", "a path or a URL is required")
    table.finish()
    return name, PythonArchive(where=table.where("archive"), place=place, sha256=sha256)


def _path(table: Table, source: str) -> str:
    path = table.text("path", "", origin="/usr/bin/python3.X")
    if not path:
        return ""
    if source != "system":
        raise table.error("path", 'is the path of Python on the target: only for source = "system"')
    if not PurePosixPath(path).is_absolute() or re.search(r"\s", path):
        raise table.error("path", f"{path!r} is not an absolute path without spaces")
    return str(PurePosixPath(path))
