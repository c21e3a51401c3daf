"""What git knows of the project; everything works without it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from relforge.support import environment


def output(root: Path, *arguments: str) -> str | None:
    """What ``git ARGUMENTS`` prints in the directory; None where it fails or git is missing.

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
            env=environment.of_git(),
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
    """Seconds since the epoch of the last commit that touched the directory."""
    text = output(root, "log", "-1", "--format=%ct", "--", ".")
    return int(text) if text and text.strip() else None


def describe(root: Path, match: str = "") -> str | None:
    """``git describe --tags`` of the tags that are versions; None where there is none.

    Those are the ones that begin with a digit, or with a ``v`` and a digit; with
    ``match`` those that the pattern matches, and what it has before its first
    wildcard is taken off.
    """
    patterns = (match,) if match else ("[0-9]*", "v[0-9]*")
    words = (f"--match={pattern}" for pattern in patterns)
    text = output(root, "describe", "--tags", "--dirty", *words)
    if not text:
        return None
    before = re.split(r"[*?\[]", match)[0]
    return text.strip().removeprefix(before).removeprefix("v")


def nearest_tag(root: Path) -> str | None:
    """The nearest tag of any kind."""
    text = output(root, "describe", "--tags", "--abbrev=0")
    return text.strip() if text else None


def is_shallow(root: Path) -> bool:
    """Whether the clone lacks a part of the history, and so may lack tags."""
    return (output(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"


def history(root: Path) -> str:
    """What of the history decides a version that is computed from it; empty without git."""
    return (output(root, "describe", "--tags", "--long", "--dirty", "--always") or "").strip()


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
    directory = top / ".git"
    directory.mkdir()
    (directory / "commondir").write_text(common)
    for pattern in ("HEAD", "index", "sharedindex.*"):
        for path in Path(own.removesuffix("\n")).glob(pattern):
            shutil.copyfile(path, directory / path.name)
    origin = root.parents[len(copy.relative_to(top).parts) - 1] if copy != top else root
    subprocess.run(
        ["git", "update-index", "--skip-worktree", "-z", "--stdin"],
        cwd=top,
        input="\0".join(_left_out(origin, top)),
        text=True,
        capture_output=True,
        env=environment.of_git(),
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
