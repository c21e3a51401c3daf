"""The tests that a wheel brings along, and that nothing else of it refers to."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

NAMES = ("tests", "test")  # of directories
_TEST = re.compile(r"test_[^/]*\.py|[^/]*_test\.py")


def of(wheel: Path) -> frozenset[str]:
    """The files of the wheel's test directories, by their names in it.

    A directory counts that has one of the usual names and a ``test_*.py`` in it,
    and that no module outside of such directories names: ``numpy._core.tests`` is
    a part of ``numpy.testing``, and stays.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        directories = {
            directory
            for name in names
            if _TEST.fullmatch(posixpath.basename(name)) and (directory := _test_directory(name))
        }
        if not directories:
            return frozenset()
        inside = {name: directory for name in names if (directory := _above(name, directories))}
        for name in names:
            if name.endswith((".py", ".pyi", ".toml", ".cfg")) and name not in inside:
                data = archive.read(name)
                if b"test" in data:
                    directories -= {
                        directory for directory in directories if _refers(name, data, directory)
                    }
    return frozenset(name for name, directory in inside.items() if directory in directories)


def _test_directory(name: str) -> str:
    """The topmost directory above the file that has one of the names, below a package."""
    parts = name.split("/")[:-1]
    for index, part in enumerate(parts):
        if part in NAMES and not parts[0].endswith((".data", ".dist-info")):
            return "/".join(parts[: index + 1])
    return ""


def _above(name: str, directories: Iterable[str]) -> str:
    return next((directory for directory in directories if name.startswith(f"{directory}/")), "")


def _refers(name: str, data: bytes, directory: str) -> bool:
    """Whether a module imports or names that directory: as ``pkg.tests``, or from beside it."""
    parent, _, leaf = directory.rpartition("/")
    word = re.escape(leaf.encode())
    if parent:
        above = re.escape(posixpath.basename(parent).encode())
        if re.search(rb"\b" + above + rb"[./]" + word + rb"\b", data):
            return True
    elif re.search(rb"(?m)^\s*(?:from|import)\s+" + word + rb"\b", data):
        return True
    beside = name.startswith(f"{parent}/") if parent else True
    return beside and bool(
        re.search(rb"from\s+\.+" + word + rb"\b", data)
        or re.search(rb"from\s+\.+\s+import\s+[^\n]*\b" + word + rb"\b", data)
    )
