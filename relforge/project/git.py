"""What git knows of the project; everything works without it."""

from __future__ import annotations

import os
import shutil
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


def lend(root: Path, copy: Path, top: Path) -> None:
    """Let a backend that computes the version from git see the history of the project.

    ``copy`` holds some of the project's files, in the copy of its checkout that
    begins at ``top``.  A tracked file that was not copied does not count as
    deleted there; one that is not in the project either does.  The project's own
    repository is read alone: what belongs to a checkout, HEAD and index, is a
    copy (gitrepository-layout(5), ``commondir``).
    """
    own = output(root, "rev-parse", "--absolute-git-dir")
    common = output(root, "rev-parse", "--path-format=absolute", "--git-common-dir")
    if own is None or common is None:
        return
    folder = top / ".git"
    folder.mkdir()
    (folder / "commondir").write_text(common)
    for pattern in ("HEAD", "index", "sharedindex.*"):
        for path in Path(own.removesuffix("\n")).glob(pattern):
            shutil.copyfile(path, folder / path.name)
    origin = root.parents[len(copy.relative_to(top).parts) - 1] if copy != top else root
    subprocess.run(
        ["git", "update-index", "--skip-worktree", "-z", "--stdin"],
        cwd=top,
        input="\0".join(_left_out(origin, top)),
        text=True,
        capture_output=True,
        check=False,  # then all that was not copied counts as deleted
    )


def _left_out(origin: Path, copy: Path) -> list[str]:
    """The tracked files that are in a checkout, and not in a copy of it."""
    tracked = (output(origin, "ls-files", "-z") or "").split("\0")
    return [
        name
        for name in tracked
        if name and os.path.lexists(origin / name) and not os.path.lexists(copy / name)
    ]
