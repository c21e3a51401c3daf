"""Which directories are trusted: those in which nobody else can replace what we put there.

They belong to root, to this user or to the owner of the release; a group that may write is
root's or one of ours; where everybody may write, the sticky bit keeps what is ours.  The same
holds for each directory above, up to those that lead to the release itself: a user who can
change these can change the program as well.

A volume of a container is trusted whatever its mode is (Kubernetes' `emptyDir` is 0777): root
has mounted it there, for this container.
"""

from __future__ import annotations

import os
import stat

from .errors import CONFIG, Refusal

_HOST = 0xEFFFFFFC  # the initial PID namespace: PROC_PID_INIT_INO of linux/proc_ns.h

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(path: str, root: str, variable: str) -> None:
    """Raise Refusal (78) where another user could answer, or write, in our place.

    ``root`` is the release, ``variable`` names the directory.  Raises OSError.
    """
    owner = os.stat(root).st_uid
    for part in _chain(path, root):
        why = problem(part, owner)
        if why and not _is_volume(part):
            through = "" if part == path else f", which leads to {path}"
            raise Refusal(
                f"{part}{through}: {why}",
                hint=f"change its owner or mode (chown, chmod go-w), or set {variable} "
                "to a directory that only this user and root can write to",
                code=CONFIG,
            )


def problem(path: str, owner: int) -> str:
    """Why what is in that one directory could be somebody else's; "" where it could not.

    ``owner`` is the user to whom the release belongs.  Raises OSError.
    """
    found = os.lstat(path)
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid not in (0, os.geteuid(), owner):
        return f"belongs to uid {found.st_uid}, who could answer in our place"
    if stat.S_ISLNK(found.st_mode):
        return ""  # where it leads to is in the chain as well
    if mode & stat.S_ISVTX:
        return ""
    if mode & stat.S_IWOTH:
        return f"every user can write to it (mode {mode:o}), and answer in our place"
    if mode & stat.S_IWGRP and found.st_gid not in (0, os.getegid(), *os.getgroups()):
        return f"the group {found.st_gid} can write to it (mode {mode:o}), and answer in our place"
    return ""


def check_deploy_root(*paths: str) -> None:
    """Raise Refusal (78) where every user could replace what is installed; raises OSError.

    Groups may write: a deploy root is often shared by those who deploy.
    """
    for path in paths:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX and not _is_volume(path):
            raise Refusal(
                f"{path}: every user can write to it (mode {mode:o}), and replace what is "
                "installed there",
                hint=f"chmod o-w '{path}'",
                code=CONFIG,
            )


def _is_volume(path: str) -> bool:
    """Is it mounted there, in a PID namespace that is not the host's, and does root own it?"""
    try:
        contained = os.stat("/proc/self/ns/pid").st_ino != _HOST
    except OSError:
        return False  # no /proc
    return contained and os.path.ismount(path) and os.lstat(path).st_uid == 0


def _chain(path: str, root: str) -> Iterator[str]:
    """The directory, those above it, and the same for where links lead to."""
    known = {*_above(os.path.abspath(root)), *_above(os.path.realpath(root))}
    chains = (*_above(os.path.abspath(path)), *_above(os.path.realpath(path)))
    yield from (part for part in dict.fromkeys(chains) if part not in known)


def _above(path: str) -> Iterator[str]:
    yield path
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        yield path
