"""One operation at a time in a deploy root, each begun on what the last one left whole.

A command that was killed, or a host that lost its power, leaves a line in the
journal that says what was begun; the next command sets it right, and says so.
"""

from __future__ import annotations

import os
import shutil
import sys

from .. import flock, instance, paths, trusted_directory
from ..errors import LOCKED, Refusal
from ..regular_file import NotRegular, make_own_directory, odd, open_own
from . import live
from .journal import DONE, FAILED, DeployJournal
from .place import DeployRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Book:
    """The lock of a deploy root, held, and its journal, repaired; a context manager."""

    def __init__(self, place: DeployRoot, op: str) -> None:
        self.place = place
        try:
            make_own_directory(place.own)
            trusted_directory.check_deploy_root(place.root, place.releases, place.own)
            self._fd = open_own(place.lock, os.O_RDWR | os.O_CREAT, 0o644)
        except NotRegular:
            raise odd(place.lock) from None
        except OSError as error:
            raise Refusal(
                f"{place.own}: {error.strerror} (uid {os.geteuid()})",
                hint="run it as the user who owns the deploy root",
            ) from None
        try:
            _take(self._fd, op)
            self.journal = DeployJournal(place)
            self._repair()
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_why: object) -> None:
        os.close(self._fd)

    def _repair(self) -> None:
        begun = self.journal.unfinished()
        if begun is not None:
            _settle(self.place, self.journal, begun)
        for directory in (self.place.incoming, self.place.trash):
            if os.path.lexists(directory):
                remove(directory)


def remove(directory: str) -> None:
    """Delete a directory of ours, also one whose modes forbid it, or what is in its place."""
    if os.path.islink(directory) or not os.path.isdir(directory):
        os.unlink(directory)
        return

    def again(function: Any, path: str, _error: object) -> None:
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(path, 0o700, follow_symlinks=False) if not os.path.islink(path) else None
        function(path)

    if sys.version_info >= (3, 12):
        shutil.rmtree(directory, onexc=again)
    else:
        shutil.rmtree(directory, onerror=again)


def _take(fd: int, op: str) -> None:
    if not flock.take(fd):
        holder = os.pread(fd, 100, 0).decode(errors="replace").strip()
        raise Refusal(
            f"another operation on the releases is in progress: {holder or '?'}",
            hint="wait for it; `releases` shows the result",
            code=LOCKED,
        )
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{op} (pid {os.getpid()})\n".encode(), 0)


def _settle(place: DeployRoot, journal: DeployJournal, begun: dict[str, Any]) -> None:
    """Give an operation that was cut off its end, and say which."""
    op, version, old = begun["op"], begun["version"], begun["old"]
    if op == "install":
        whole = place.has(version)
        result = "it is installed" if whole else "its files were removed"
    elif op == "uninstall":
        whole = not place.has(version)
        result = "it is removed" if whole else "nothing was removed"
    else:
        whole, result = _settle_switch(place, version)
    journal.write(op, version, DONE if whole else FAILED, old=old, why="" if whole else "cut off")
    print(f"the {op} of {version} was interrupted: {result}", file=sys.stderr)


def _settle_switch(place: DeployRoot, version: str) -> tuple[bool, str]:
    running = instance.running(paths.of(place.release(version)))
    if running is None:
        if place.pointed() == version:
            return True, "it is current, and not running"
        return False, f"current is still {place.pointed()}, and nothing is running"
    if live.operation(running):
        raise Refusal(
            f"the supervisor is still busy with the upgrade of {version} (pid {running.pid})",
            hint="wait for it; `status` shows its progress",
            code=LOCKED,
        )
    if running.version != version:
        return False, f"{running.version} is still running"
    if place.pointed() != version:
        place.check_current()
        place.point(version)
        return True, "it is running, and is now current too"
    return True, "it is running, and is current"
