"""What git knows of the project; everything works without it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def output(root: Path, *arguments: str) -> str | None:
    """What ``git ARGUMENTS`` prints in the folder; None where it fails or git is missing.

    A checkout of another user is read as well: only what is already there is
    looked at, and no hook runs.
    """
    try:
        result = subprocess.run(
            ["git", "-c", "safe.directory=*", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return result.stdout if result.returncode == 0 else None


def revision(root: Path) -> str | None:
    """The commit, with ``-dirty`` behind it where tracked files were changed since."""
    commit = output(root, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = output(root, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return commit.strip() + ("-dirty" if changed else "")


def commit_time(root: Path) -> int | None:
    """Seconds since the epoch of the last commit that touched the folder."""
    text = output(root, "log", "-1", "--format=%ct", "--", ".")
    return int(text) if text and text.strip() else None


def describe(root: Path) -> str | None:
    """``git describe --tags`` without a leading ``v``."""
    text = output(root, "describe", "--tags", "--dirty")
    return text.strip().removeprefix("v") if text else None
