"""The shape of a wheel, and how the tables of build backends name packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relforge.project.init.reading import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """What a backend takes: ``rows`` map files and directories of the project to paths in a wheel.

    ``problem`` is why it would not be built, or not hold what it should.
    """

    backend: str
    rows: tuple[tuple[str, str], ...] = ()
    data: bool = True  # files beside the modules go in
    problem: str = ""
    known: bool = True  # False: relforge cannot read what this backend takes

    def place(self, path: str) -> str | None:
        """Where a file of the project is in the wheel, None where it does not."""
        for source, target in self.rows:
            if path == source:
                return target
            below = f"{source}/" if source else ""
            if path.startswith(below):
                return "/".join(part for part in (target, path.removeprefix(below)) if part)
        return None


def packages(sources: Sources, directory: str) -> list[str]:
    """The packages right below a directory of the project: those with an ``__init__.py``."""
    found = set()
    for path in sources.modules:
        inner = _inner(path, directory)
        if inner.count("/") == 1 and inner.endswith("/__init__.py"):
            found.add(inner.partition("/")[0])
    return sorted(found)


def modules(sources: Sources, directory: str) -> list[str]:
    """The modules right below a directory, each with its suffix."""
    inner = (_inner(path, directory) for path in sources.modules)
    return sorted(row for row in inner if row and "/" not in row)


def _inner(path: str, directory: str) -> str:
    if not directory:
        return path
    return path.removeprefix(f"{directory}/") if path.startswith(f"{directory}/") else ""


def module(name: str) -> str:
    """The import name that a project's name stands for."""
    return re.sub(r"[-.]+", "_", name)


def below(directory: str, name: str) -> str:
    """A name in a directory; "" and "." are the project."""
    directory = directory.strip("./") if directory in (".", "./") else directory.strip("/")
    return f"{directory}/{name}".strip("/") if directory else name


def plain(path: str) -> str:
    """A path without empty parts and dots."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A table of a table, an empty one where there is none."""
    value = data.get(key, {})
    return value if isinstance(value, dict) else {}
