"""Tar archives laid out as files, with nothing that `tarfile` has only since CPython 3.11.4.

Debian 12 has 3.11.2, whose `tarfile` knows no filters.  An archive is judged as the
filter ``data`` of PEP 706 judges it.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MOST_LINKS = 40  # that the kernel follows in one path
MOST_SECONDS = 1 << 33  # since 1970, in a time stamp that every file system takes
_FAULTS_OF_MEMBERS = (
    *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR),  # another member is in the way
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
)


class Hostile(tarfile.TarError):
    """A member that would leave the directory, or cannot be laid out in it."""


def extract(
    tar: tarfile.TarFile,
    directory: Path,
    members: Iterable[tarfile.TarInfo] | None = None,
    *,
    outward: bool = False,
) -> None:
    """Lay out the members, all by default, below an empty or missing directory.

    A leading slash is dropped.  Raises Hostile for a name or a link that leads out,
    a device, a pipe, and a member in another's way; with ``outward``, symbolic links
    may lead out, as the host's own interpreter does in a release.
    Files belong to the user who unpacks; of their modes, setuid, setgid, sticky and what lets
    others write are dropped.  Links are made when all files are written, so none can lead
    a file elsewhere.
    """
    links: dict[str, str] = {}
    times: list[tuple[Path, float]] = []
    directory.mkdir(parents=True, exist_ok=True)
    for member in tar if members is None else members:
        name = _name(member)
        place = directory / name
        if member.isdir():
            write(tar, member, place)
            times.append((place, _time(member)))
        elif name == ".":
            raise Hostile(f"{member.name!r} is not a directory")
        elif member.isreg():
            links.pop(name, None)
            write(tar, member, place)
            place.chmod(_mode(member))
            os.utime(place, (_time(member), _time(member)))
        elif member.issym():
            links[name] = member.linkname
        elif member.islnk():
            _link(member, name, directory, links)
        else:
            raise Hostile(f"{member.name!r} is a device or a pipe")
    for name, target in links.items():
        if any(above in links for above in parents(name)):
            raise Hostile(f"{name!r} is behind a link")
        if not outward and leads_out(name, links):
            raise Hostile(f"{name!r} points outside the directory, to {target!r}")
    for name, target in links.items():
        symlink(target, directory / name)
    for place, time in times:
        os.utime(place, (time, time))


def write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """Write one directory or regular file, with this process's default mode.

    Replaces a file or link of that name, and writes through none; what leads to the
    place must be directories.  Raises Hostile where another member is in the way.
    """
    with _fault_of(member.name):
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
            return
        _clear(place)
        content = tar.extractfile(member)
        assert content is not None  # a regular file
        with place.open("xb") as file:
            shutil.copyfileobj(content, file)


def symlink(target: str, place: Path) -> None:
    """Make a symbolic link in the place of a file or link of that name; raises Hostile."""
    if not target or "\0" in target:
        raise Hostile(f"{place.name!r} is a link to nothing")
    with _fault_of(str(place.name)):
        _clear(place)
        place.symlink_to(target)


def link(source: Path, place: Path) -> None:
    """Make a hard link to a regular file that was laid out before; raises Hostile."""
    if source.is_symlink() or not source.is_file():
        raise Hostile(
            f"{place.name!r} is a link to {source.name!r}, which the archive does not contain"
        )
    if source == place:
        return
    with _fault_of(place.name):
        _clear(place)
        os.link(source, place)


def parents(name: str) -> set[str]:
    """The directories that lead to a plain name."""
    return {name[:index] for index, sign in enumerate(name) if sign == "/"}


def leads_out(name: str, links: Mapping[str, str]) -> bool:
    """Whether the link of that name leaves the directory, through all others that it crosses.

    ``links`` are the targets of all symbolic links by their plain names.
    """
    place, words = name.split("/")[:-1], [posixpath.basename(name)]
    followed = 0
    while words:
        word = words.pop()
        if word in ("", "."):
            continue
        if word == "..":
            if not place:
                return True
            place.pop()
            continue
        target = links.get("/".join((*place, word)))
        if target is None:
            place.append(word)
            continue
        followed += 1
        if followed > MOST_LINKS:
            return False  # nothing is reached through it
        if target.startswith("/"):
            return True
        words += reversed(target.split("/"))
    return False


def _link(member: tarfile.TarInfo, name: str, directory: Path, links: dict[str, str]) -> None:
    """A hard link; one to a symbolic link stands for the same as that does."""
    target = posixpath.normpath(member.linkname)
    if target.startswith(("/", "../")) or target == ".." or "\0" in target:
        raise Hostile(f"{member.name!r} points outside the directory, to {member.linkname!r}")
    if target in links:
        links[name] = links[target]
        return
    links.pop(name, None)
    link(directory / target, directory / name)


def _name(member: tarfile.TarInfo) -> str:
    name = posixpath.normpath(member.name.lstrip("/"))
    if name == ".." or name.startswith("../") or "\0" in name:
        raise Hostile(f"{member.name!r} would be written outside of the directory")
    return name


def _mode(member: tarfile.TarInfo) -> int:
    mode = member.mode & 0o755
    return (mode if mode & 0o100 else mode & 0o644) | 0o600


def _time(member: tarfile.TarInfo) -> float:
    return member.mtime if 0 <= member.mtime < MOST_SECONDS else 0


def _clear(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)


@contextmanager
def _fault_of(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FAULTS_OF_MEMBERS:
            raise
        raise Hostile(f"{name!r} cannot be written: {error.strerror}") from None
