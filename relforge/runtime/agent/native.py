"""Threads, locks and sleeps as the interpreter has them, whatever is patched later.

gevent's ``patch_all()`` replaces what `threading`, `socket`, `select`, `queue` and `time` offer by
greenlets.  The agent starts before the application is imported, takes the real
ones here, and so answers while the hub is blocked.
"""

from __future__ import annotations

import os
from _queue import Empty, SimpleQueue
from _socket import socket
from _thread import allocate_lock, get_ident, start_new_thread
from select import POLLIN, poll
from threading import main_thread
from time import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "POLLIN",
    "Empty",
    "Event",
    "SimpleQueue",
    "Worker",
    "allocate_lock",
    "get_ident",
    "main",
    "names",
    "poll",
    "sleep",
    "socket",
]

names: dict[int, str] = {}  # of our threads, by their ident


class _Main:
    """The main thread's ident; under gevent `threading` names its greenlets by others."""

    ident = main_thread().ident or 0


def main() -> int:
    """The ident of the main thread, as ``sys._current_frames`` has it."""
    return _Main.ident


def _forked() -> None:
    _Main.ident = get_ident()  # the one thread that a child process has


os.register_at_fork(after_in_child=_forked)


class Event:
    """Set once; waiting takes no part in what `threading` keeps."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._lock.acquire()

    def set(self) -> None:
        if self._lock.locked():
            self._lock.release()

    def wait(self, seconds: float = -1) -> bool:
        """Wait for it, at most so long; whether it is set."""
        if not self._lock.acquire(timeout=seconds):
            return False
        self._lock.release()
        return True


class Worker:
    """A thread that does one thing; the process does not wait for it at its end."""

    def __init__(self, work: Callable[[], object], name: str) -> None:
        self._work = work
        self._name = name
        self._done = Event()

    def start(self) -> None:
        """Raises RuntimeError where the system has no thread left."""
        start_new_thread(self._run, ())

    @property
    def alive(self) -> bool:
        return not self._done.wait(0)

    def join(self, seconds: float = -1) -> None:
        self._done.wait(seconds)

    def _run(self) -> None:
        names[get_ident()] = self._name
        try:
            self._work()
        finally:
            names.pop(get_ident(), None)
            self._done.set()
