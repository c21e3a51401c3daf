"""A package's sources in a directory of this host, and what identifies a state of them."""

from __future__ import annotations

from pathlib import Path

from relforge.project import git, pyproject, sources


def state(directory: Path, inner: str = "") -> str:
    """The content, and the history where the version is computed; ``inner`` has the package."""
    history = git.history(directory) if computes_version(directory / inner) else ""
    return f"{sources.digest(directory, sources.files(directory))} {history}".rstrip()


def computes_version(directory: Path) -> bool:
    """Whether the backend decides the version of the package, maybe by the history."""
    if not (directory / "pyproject.toml").is_file():
        return True
    return pyproject.load(directory).version is None
