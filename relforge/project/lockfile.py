"""Which file of a project is its lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from relforge.project.toml_document import read_toml
from relforge.support.errors import SettingsError

NAMES = (
    *("pylock.toml", "uv.lock", "requirements.lock"),
    *("poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"),
)
# Locks that relforge reads and does not write, and the commands that do.
WRITERS = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
}


def find(root: Path, setting: str | None) -> Path | None:
    """The lock that the settings name, or the first that is there.

    A member of a uv workspace has the workspace's ``uv.lock``.
    """
    if setting is not None:
        return root / setting
    return next(iter(_found(root)), None)


def name(root: Path, lock: Path) -> str:
    """The lock as the settings would name it."""
    return Path(os.path.relpath(lock, root)).as_posix()


def others(root: Path, lock: str | None) -> tuple[str, ...]:
    """The locks that are there beside the one that counts."""
    return tuple(text for path in _found(root) if (text := name(root, path)) != lock)


def is_lock(path: Path) -> bool:
    """Whether there is a lock in that file, and not a list of requirements."""
    return path.is_file() and (path.name != "requirements.txt" or has_hashes(path))


def has_hashes(path: Path) -> bool:
    """Whether the file is a lock at all, and not a list of requirements."""
    return "--hash" in path.read_text(encoding="utf-8", errors="replace")


def _found(root: Path) -> Iterator[Path]:
    """The locks that are there; a ``requirements.txt`` without hashes is none."""
    for text in NAMES:
        path = root / text
        if path.is_file() and (text != "requirements.txt" or has_hashes(path)):
            yield path
        elif text == "uv.lock":
            yield from _of_workspace(root)


def _of_workspace(root: Path) -> Iterator[Path]:
    """The lock of the uv workspace that the project is a member of."""
    if not (root / "pyproject.toml").is_file():
        return
    root = root.resolve()
    for folder in root.parents:
        if not (folder / "pyproject.toml").is_file():
            continue
        if root in workspace_members(folder):
            lock = folder / "uv.lock"
            if lock.is_file():
                yield lock
            return


def workspace_members(root: Path) -> tuple[Path, ...]:
    """The directories of the packages of the uv workspace at ``root``; none where there is none."""
    try:
        table = read_toml(root / "pyproject.toml").get("tool", {}).get("uv", {}).get("workspace")
    except SettingsError:
        return ()  # of another project, which is not ours to judge
    if not isinstance(table, dict):
        return ()
    left_out = {path for row in table.get("exclude", ()) for path in _matching(root, row)}
    found = (path for row in table.get("members", ()) for path in _matching(root, row))
    rows = sorted({path for path in found if path not in left_out})
    return tuple(path for path in rows if (path / "pyproject.toml").is_file())


def _matching(root: Path, pattern: str) -> Iterator[Path]:
    relative = os.path.normpath(pattern)
    if relative == ".":
        return
    yield from (path.resolve() for path in root.glob(relative) if path.is_dir())
