"""Changing the draft tree: never out of it, and never through a link into the cache.

Files that the cache laid out may be hard links.  To write into one would change
the cache, and with it every release that has the file; so whatever is changed
here is made again, and takes the old one's name.

Paths are relative to the release.  Everything raises UserError that names the
path; what it was asked for is the caller's to add.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path, PurePosixPath

from relforge import cache
from relforge.model import layout
from relforge.model.release import Release
from relforge.support.errors import UserError

MODES = (0o644, 0o755)


def write(release: Release, path: str, data: bytes | str, *, mode: int = 0o644) -> Path:
    """Write a file, whatever lay there; the place it has in the draft."""
    target = _free(release, path)
    target.write_bytes(data.encode() if isinstance(data, str) else data)
    target.chmod(_plain(mode))
    return target


def seal(release: Release, path: str, text: str) -> None:
    """Write one of `layout.SEALED`, which nobody but relforge itself may."""
    target = release.tree / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o644)


def copy(release: Release, source: Path, path: str, *, mode: int | None = None) -> Path:
    """Copy a file, or a directory with all its content; links that stay in the release stay links.

    Modes become 0755 for what its owner may run and 0644 for the rest, or
    ``mode`` for each file.
    """
    if source.is_dir() and not source.is_symlink():
        directory = mkdir(release, path)
        for row in sorted(source.iterdir()):
            copy(release, row, f"{path}/{row.name}", mode=mode)
        return directory
    status = source.lstat()
    if not stat.S_ISLNK(status.st_mode) and not stat.S_ISREG(status.st_mode):
        raise cache.special(source, status.st_mode)
    target = _free(release, path)
    if stat.S_ISLNK(status.st_mode):
        text = os.readlink(source)
        if os.path.isabs(text) or not _is_inside(release, target.parent / text):
            raise UserError(f"the link {source} -> {text} points outside the release")
        target.symlink_to(text)
    else:
        shutil.copyfile(source, target)
        target.chmod(_plain(mode or (0o755 if status.st_mode & 0o100 else 0o644)))
    return target


def link(release: Release, path: str, to: str) -> Path:
    """Make a link to ``to``, a path of the release that is there; what it holds is relative."""
    goal = release.tree / relative(to)
    if not _is_inside(release, goal):
        raise UserError(f"{to!r} points outside the release through a link")
    if not goal.exists() and to not in layout.SEALED:
        raise UserError(f"the release has no {to!r}")
    target = _free(release, path)
    target.symlink_to(os.path.relpath(goal, target.parent.resolve()))
    return target


def mkdir(release: Release, path: str) -> Path:
    """Make a directory; one that is there is left as it is.  An empty one is shipped, too."""
    target = _inner(release, path)
    if os.path.lexists(target) and not target.is_dir():
        raise UserError(f"{path!r} is a file of the release, not a directory")
    target.mkdir(exist_ok=True)
    return target


def chmod(release: Release, path: str, mode: int) -> Path:
    """Give a file of the release its mode, 0644 or 0755."""
    target = _inner(release, path)
    if target.is_symlink() or not target.is_file():
        raise UserError(f"the release has no file {path!r}")
    draft = target.with_name(f".{target.name}.relforge")
    shutil.copyfile(target, draft)
    draft.chmod(_plain(mode))
    return draft.replace(target)


def remove(release: Release, path: str) -> None:
    """Leave a file, a link, or a directory with all that is in it out of the release."""
    target = _inner(release, path)
    _refuse_to_replace(release, path)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    elif os.path.lexists(target):
        target.unlink()
    else:
        raise UserError(f"the release has no {path!r}")


def relative(path: str) -> str:
    """The path made plain; raises UserError where it is not a path below the release."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in path:
        raise UserError(
            f"{path!r} points outside the release", hint="write a relative path without `..`"
        )
    return str(pure)


def _free(release: Release, path: str) -> Path:
    """The place of a file, with nothing in it."""
    target = _inner(release, path)
    if target.is_dir() and not target.is_symlink():
        raise UserError(f"{path!r} is a directory of the release; name the file")
    _refuse_to_replace(release, path)
    target.unlink(missing_ok=True)
    return target


def _inner(release: Release, path: str) -> Path:
    """Where that path is in the draft; its directory is made, and is not a link to elsewhere."""
    if release.tree == release.final_tree:
        raise UserError(
            f"{path!r}: the release is finished and cannot be changed any more",
            hint="put a step that changes the tree between `assemble` and `pack`",
        )
    target = release.tree / relative(path)
    if not _is_inside(release, target.parent):
        raise UserError(f"{path!r} points outside the release through a link")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{path!r}: a parent of that path is a file of the release") from None
    place = target.parent.resolve() / target.name
    real = place.relative_to(release.tree.resolve()).as_posix()
    if layout.is_ours(real, release.name):
        raise UserError(f"relforge itself writes {path!r}")
    return target


def _refuse_to_replace(release: Release, path: str) -> None:
    if layout.holds_ours(relative(path), release.name):
        raise UserError(f"{path!r} contains files that relforge itself writes")


def _is_inside(release: Release, path: Path) -> bool:
    return path.resolve().is_relative_to(release.tree.resolve())


def _plain(mode: int) -> int:
    if mode not in MODES:
        raise UserError(f"mode 0o{mode:o}: the files of a release have 0o644 or 0o755")
    return mode
