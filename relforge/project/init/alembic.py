"""Alembic's files, which a release needs to migrate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import tomli

from relforge.project.init.reading import Sources

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Scripts:
    """A file of Alembic's settings, and the directory that it names, "" where it is none here."""

    settings: str
    directory: str


def find(sources: Sources) -> Iterator[Scripts]:
    """Each ``alembic.ini``, then ``[tool.alembic]`` of pyproject.toml."""
    for path in sources.files:
        if PurePosixPath(path).name == "alembic.ini" and not sources.is_aside(path):
            place = re.search(r"^\s*script_location\s*=\s*(\S+)", sources.text(path), re.MULTILINE)
            yield _scripts(sources, path, place[1] if place else "alembic")
    said = _of_pyproject(sources.text(PYPROJECT))
    if said:
        yield _scripts(sources, PYPROJECT, said)


def files(sources: Sources) -> tuple[str, ...]:
    """All of them."""
    rows = (path for row in find(sources) for path in (row.settings, row.directory) if path)
    return tuple(dict.fromkeys(rows))


def beside(sources: Sources, in_wheel: Callable[[str], bool]) -> Iterator[str]:
    """Directories of migrations in a wheel whose settings, beside it, name them by a path."""
    for row in find(sources):
        if row.directory and in_wheel(row.directory) and not in_wheel(row.settings):
            yield row.directory


def _scripts(sources: Sources, path: str, said: str) -> Scripts:
    plain = said.replace("%(here)s/", "").removeprefix("./")
    directory = str(PurePosixPath(path).parent / plain)
    return Scripts(path, directory if sources.has(directory) else "")


def _of_pyproject(text: str) -> str:
    try:
        table = tomli.loads(text).get("tool", {}).get("alembic", {})
    except tomli.TOMLDecodeError:
        return ""
    said = table.get("script_location") if isinstance(table, dict) else None
    return said if isinstance(said, str) else ""
