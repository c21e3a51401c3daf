"""The paths in a ``pyproject.toml`` that the build backend reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from relforge.project.toml_document import read_toml

# The tables of each backend that name files, as a dotted key; a whole table by its name.
_TABLES = (
    "build-system.backend-path",
    *("project.readme", "project.license", "project.license-files"),
    *("tool.hatch.build", "tool.hatch.version", "tool.hatch.metadata"),
    *("tool.poetry.packages", "tool.poetry.include", "tool.poetry.build", "tool.poetry.readme"),
    *("tool.pdm.build", "tool.pdm.version", "tool.flit", "tool.uv.build-backend"),
    *("tool.setuptools", "tool.scikit-build", "tool.maturin"),
)
_PASSED = ("exclude", "directory", "build-dir", "build-directory", "target")  # no sources


def outputs(root: Path, directories: frozenset[str]) -> Iterator[str]:
    """Those that lie in a directory of one of these names, and exist; relative to the root."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return
    data = read_toml(path)
    for key in _TABLES:
        found: Any = data
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        for text in _texts(found):
            place = _fixed(text)
            if directories & set(place.split("/")) and (root / place).exists():
                yield place


def _texts(value: Any) -> Iterator[str]:
    """The strings of a table, its keys too: a mapping has paths on either side."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for row in value:
            yield from _texts(row)
    elif isinstance(value, dict):
        for key, row in value.items():
            if not any(word in key for word in _PASSED):
                yield from _texts(row)
                yield key


def _fixed(text: str) -> str:
    """A path up to its first pattern, "" where it leads out of the project."""
    parts = PurePosixPath(text.lstrip("/")).parts
    if "\n" in text or ".." in parts:
        return ""
    plain = next((i for i, part in enumerate(parts) if set(part) & set("*?[{")), len(parts))
    return "/".join(parts[:plain])
