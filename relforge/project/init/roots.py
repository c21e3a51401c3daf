"""Import roots: the directories from which a project's modules have their names."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from relforge.project.init.reading import Sources
from relforge.project.init.wheel_layout import Wheel

MANAGE = "manage.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """``directories``: "" is the project itself, the nearest first.  The wheel's places win."""

    directories: tuple[str, ...]
    wheel: Wheel | None = None

    def of(self, path: str) -> str:
        """The import root that a file is below."""
        return next((row for row in self.directories if not row or path.startswith(f"{row}/")), "")

    def module(self, path: str) -> str:
        """``src/shop/web.py`` as ``shop.web``; "" where it cannot be imported by a name."""
        placed = self.wheel.place(path) if self.wheel else None
        root = self.of(path)
        inner = placed or (path.removeprefix(f"{root}/") if root else path)
        parts = list(PurePosixPath(inner).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts = parts[:-1]
        return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def find(
    sources: Sources,
    wheel: Wheel | None,
    words: tuple[str, ...] = (),
    foreign: frozenset[str] = frozenset(),
) -> Roots:
    """The roots, from where modules lie and what they import from one another.

    ``words`` are directories that something else names: the ``cd`` of a Procfile, PYTHONPATH.
    ``foreign`` are names that the dependencies bring.
    """
    found: Counter[str] = Counter()
    for path in sources.files:
        if is_manager(sources, path):
            found[_directory(path)] += 1
    for path, row in sources.modules.items():
        if sources.is_aside(path):
            continue
        first = {name.partition(".")[0] for name, level in row.needs if level == 0}
        for name in first - sys.stdlib_module_names:
            root = _nearest(path, name, sources)
            # A module of a dependency's name is most likely not what is imported.
            if root is not None and (
                name not in foreign or sources.has(_join(_join(root, name), "__init__.py"))
            ):
                found[root] += 1
        for text in row.paths:
            found.update(_added(path, text, sources))
    for source, target in wheel.rows if wheel else ():
        if source.endswith(target):
            found[source.removesuffix(target).strip("/")] += 1
    found.update(word for word in words if sources.has(word))
    if sources.has("src") and not sources.has("src/__init__.py"):
        found["src"] += 1
    found[""] += 1
    order = sorted(found, key=lambda row: (-row.count("/"), row == "", row))
    return Roots(directories=tuple(order), wheel=wheel)


def is_manager(sources: Sources, path: str) -> bool:
    """Whether this is a ``manage.py`` that is run, and no module of a package of that name."""
    if PurePosixPath(path).name != MANAGE or sources.is_aside(path):
        return False
    row = sources.modules.get(path)
    runs = row is None or row.guard or bool(row.at_once)
    return runs or not sources.has(_join(_directory(path), "__init__.py"))


def _nearest(path: str, name: str, sources: Sources) -> str | None:
    """The nearest directory above a module that is not a package and has something of that name."""
    directory = _directory(path)
    above = (
        [directory, *(str(row) for row in PurePosixPath(directory).parents)] if directory else [""]
    )
    for row in ("" if row == "." else row for row in above):
        package = bool(row) and sources.has(f"{row}/__init__.py")
        if not package and _join(row, name) in sources.importable:
            return row
    return None


def _added(path: str, text: str, sources: Sources) -> list[str]:
    """What ``sys.path.insert(0, ...)`` adds, where its last word is a directory of the project."""
    words = re.findall(r"""['"]([\w./-]+)['"]""", text)
    directories = (_join(_directory(path), word) for word in words[-1:])
    return [row for row in directories if sources.has(row) and not row.endswith(".py")]


def _directory(path: str) -> str:
    directory = str(PurePosixPath(path).parent)
    return "" if directory == "." else directory


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
