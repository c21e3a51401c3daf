"""Which versions run: by the locks, and by what else can be seen of processes."""

from __future__ import annotations

import os

from .. import procfs
from ..instance import Running
from ..supervise import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def operation(running: Running) -> str:
    """What the supervisor is busy with; "" for nothing."""
    found = lock.read(running.lock).get("operation")
    return found if isinstance(found, str) else ""


def versions(releases: str, installed: Iterable[str], *, without: int = 0) -> set[str]:
    """Those of the installed from which some process of this host runs.

    Every instance counts, wherever it keeps its state, so /proc is looked
    through: program, libraries, and, for processes of root and of the owners
    of deploy root and state, the words of the command line.  Everybody can
    write what they like into these, so nobody else's count.
    ``without`` is a process that does not count.
    """
    real = os.path.realpath(releases)
    heads = {version: os.fsencode(os.path.join(real, version, "")) for version in installed}
    trusted = {0, os.geteuid(), *_owners(real, os.path.join(os.path.dirname(real), "var"))}
    found: set[str] = set()
    for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        if pid == without:
            continue
        paths = [*_program(pid), *(_words(pid) if _user(pid) in trusted else _mapped(pid))]
        for version, head in heads.items():
            if version not in found and any(path.startswith(head) for path in paths):
                found.add(version)
    return found


def _owners(*paths: str) -> Iterator[int]:
    for path in paths:
        try:
            yield os.stat(path).st_uid
        except FileNotFoundError:
            continue


def _user(pid: int) -> int:
    """The real user: that of the file changes for a process that cannot be dumped."""
    rows = procfs.read(pid, "status").splitlines()
    return next((int(row.split()[1]) for row in rows if row.startswith(b"Uid:")), -1)  # -1: gone


def _program(pid: int) -> list[bytes]:
    try:
        return [os.readlink(os.fsencode(f"/proc/{pid}/exe"))]
    except OSError:
        return []  # gone, a thread of the kernel, or one that we may not look into


def _words(pid: int) -> list[bytes]:
    return procfs.read(pid, "cmdline").split(b"\0")


def _mapped(pid: int) -> list[bytes]:
    """The files that are mapped into its memory; none where we may not look."""
    return [
        line[line.find(b"/") :] for line in procfs.read(pid, "maps").splitlines() if b"/" in line
    ]
