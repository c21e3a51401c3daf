"""A package's sources in a directory of this host, and what identifies a state of them."""

from __future__ import annotations

from pathlib import Path

from relforge.project import git, pyproject, sources


def state(folder: Path, inner: str = "") -> str:
    """The content, and the history where the version is computed; ``inner`` has the package."""
    history = git.history(folder) if computes_version(folder / inner) else ""
    return f"{sources.digest(folder, sources.files(folder))} {history}".rstrip()


def computes_version(folder: Path) -> bool:
    """Whether the backend decides the version of the package, maybe by the history."""
    if not (folder / "pyproject.toml").is_file():
        return True
    return pyproject.load(folder).version is None
