"""Descriptors and what to do when something happens to them."""

from __future__ import annotations

import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ = select.POLLIN
WRITE = select.POLLOUT
_MOST = 3600.0  # seconds; an overflow of poll(2)'s milliseconds is out of reach


class Poller:
    """``select.poll`` with a function per descriptor, which is given the events."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._calls: dict[int, Callable[[int], object]] = {}
        self._resting: dict[int, float] = {}  # until when

    def add(self, fd: int, events: int, call: Callable[[int], object]) -> None:
        """Watch a descriptor, or watch it for other events; errors and ends are always seen."""
        self._poll.register(fd, events)
        self._calls[fd] = call

    def remove(self, fd: int) -> None:
        """Forget a descriptor, before it is closed; idempotent."""
        if self._calls.pop(fd, None) is not None:
            self._resting.pop(fd, None)
            self._poll.unregister(fd)

    def rest(self, fd: int, seconds: float) -> None:
        """Do not look at what is read from it for so long; its end is seen at once.

        What has come meanwhile is taken in one go, and its writer wakes nobody.
        """
        self._poll.modify(fd, 0)
        self._resting[fd] = time.monotonic() + seconds

    def wait(self, seconds: float | None) -> None:
        """Wait at most so long, and call what has something to do."""
        if self._resting:
            rest = self._wake()
            seconds = rest if seconds is None else min(seconds, rest)
        left = None if seconds is None else max(0.0, min(seconds, _MOST)) * 1000
        for fd, events in self._poll.poll(left):
            # One call may have removed the descriptor of a later one.
            call = self._calls.get(fd)
            if call is not None:
                call(events)

    def _wake(self) -> float:
        """Look again at those who have rested; the seconds until the next one has."""
        now = time.monotonic()
        for fd in [fd for fd, until in self._resting.items() if until <= now]:
            del self._resting[fd]
            self._poll.modify(fd, READ)
        return min((until - now for until in self._resting.values()), default=_MOST)
