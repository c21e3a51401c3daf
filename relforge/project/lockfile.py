"""Which file of a project is its lock, and which one relforge writes beside another tool's.

uv.lock                  what the project asks for; another tool wrote it, and relforge reads it
pylock.relforge.toml     what `dependencies.add` asks for beyond that; `relforge lock` writes it
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from relforge.model.spec import Settings
from relforge.project import lock_header
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

# How these commands take another version of one package.
_CHANGERS = {
    "uv.lock": "uv lock --upgrade-package {}",
    "poetry.lock": "poetry update {}",
    "pdm.lock": "pdm update {}",
    "Pipfile.lock": "pipenv upgrade {}",
}


def find(root: Path, setting: str | None) -> Path | None:
    """The lock that the settings name, or the first that is there.

    A member of a uv workspace has the workspace's ``uv.lock``.
    """
    if setting is not None:
        return root / setting
    return next(iter(_found(root)), None)


def used(root: Path, settings: Settings) -> tuple[str, ...]:
    """The lockfiles of a release that are there, as the settings would name them.

    The project's own, then the separate one for `dependencies.add`, if there is one.
    """
    if settings.lock is None:
        return ()
    added = beside(root / settings.lock, root, settings)
    return (settings.lock, name(root, added)) if added and added.is_file() else (settings.lock,)


def beside(lock: Path, root: Path, settings: Settings) -> Path | None:
    """The lockfile of `dependencies.add` that belongs to that lock; it may not be there yet.

    None where the lock itself holds what is added: relforge writes it.
    """
    wanted = settings.dependencies
    return root / wanted.add_lock if wanted.add and is_foreign(lock) else None


def is_foreign(path: Path) -> bool:
    """Whether another tool wrote that lock."""
    return path.is_file() and (path.name in WRITERS or lock_header.read(path) is None)


def change(path: Path, package: str) -> str:
    """The command that locks another version of a package in that lock; "" where none is known."""
    return _CHANGERS.get(path.name, "").format(package)


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
    for directory in root.parents:
        if not (directory / "pyproject.toml").is_file():
            continue
        if root in workspace_members(directory):
            lock = directory / "uv.lock"
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
