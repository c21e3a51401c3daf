"""The files by which a supervisor is found: its lock, its control socket, and notify.sock.

A tmp cleaner, or somebody who tidies up, removes them while it runs.  Then it makes them again,
under the descriptors that it has: nobody else has to know.
"""

from __future__ import annotations

import os

from .. import flock
from .. import paths as places
from ..errors import Refusal
from ..instance import SUPERVISOR, open_lock
from ..wire.unix import answers
from . import sockets
from .listener import unlink
from .notices import Notices
from .plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 2.0  # between two looks


class ControlFiles:
    """Looked at now and then by `listen_again`; what was done is said in the log."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._due = 0.0
        self._said = ""
        control, notify = plan.paths.socket(SUPERVISOR), plan.notices.path
        self._seen = {path: _identity(path) for path in (control, notify)}

    def listen_again(self, now: float) -> float:
        """Make what is missing, if a look is due; when the next one is, by the monotonic clock."""
        if now >= self._due:
            self._due = now + _SECONDS
            try:
                self._look()
            except (OSError, Refusal) as error:
                self._say(f"the files by which commands find it cannot be made again: {error}")
        return self._due

    def _look(self) -> None:
        plan = self._plan
        lock, control, notify = plan.paths.lock, *self._seen
        if _identity(lock) != _identity(plan.lock.fd):
            self._make(lock, self._take_lock)
        if _identity(control) != self._seen[control]:
            self._make(control, self._open_control)
        if _identity(notify) != self._seen[notify]:
            self._make(notify, self._open_notices)

    def _make(self, path: str, make: Callable[[str], None]) -> None:
        places.prepare(self._plan.paths)
        make(path)
        if path in self._seen:
            self._seen[path] = _identity(path)
        self._said = ""
        self._say(f"{path} was removed: it is made again")

    def _take_lock(self, path: str) -> None:
        fd = open_lock(path, os.O_RDWR | os.O_CREAT)
        try:
            if not flock.take(fd):
                raise Refusal(f"{path}: another supervisor holds it")
            os.dup2(fd, self._plan.lock.fd, inheritable=False)
        finally:
            os.close(fd)
        self._plan.lock.update()
        self._plan.journal.reopen()  # its directory may have gone, too

    def _open_control(self, path: str) -> None:
        _free(path)
        with sockets.control(path) as fresh:
            os.dup2(fresh.fileno(), self._plan.control.fileno(), inheritable=False)

    def _open_notices(self, path: str) -> None:
        _free(path)
        fresh = Notices(path, self._plan.audited)
        os.dup2(fresh.sock.fileno(), self._plan.notices.sock.fileno(), inheritable=False)
        fresh.sock.close()
        if any("uid" in spec.standing for spec in self._plan.generation.specs):
            self._plan.open_up()

    def _say(self, text: str) -> None:
        """Once, however often it is so."""
        if text != self._said:
            self._said = text
            self._plan.journal.say(text)


def _free(path: str) -> None:
    if answers(path):
        raise Refusal(f"{path}: another process listens there")
    unlink(path)


def _identity(file: str | int) -> tuple[int, int] | None:
    """Which file that is, by a path or a descriptor; None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino
