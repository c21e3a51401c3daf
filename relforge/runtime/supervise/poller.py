"""Descriptors and what to do when something happens to them."""

from __future__ import annotations

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ = select.POLLIN
WRITE = select.POLLOUT
_MOST = 3600.0  # seconds; an overflow of poll(2)'s milliseconds is out of reach


class Poller:
    """``select.poll`` with a function per descriptor, which is given the events."""

    __slots__ = ("_calls", "_poll")

    def __init__(self) -> None:
        self._poll = select.poll()
        self._calls: dict[int, Callable[[int], None]] = {}

    def add(self, fd: int, events: int, call: Callable[[int], None]) -> None:
        """Watch a descriptor, or watch it for other events; errors and ends are always seen."""
        self._poll.register(fd, events)
        self._calls[fd] = call

    def remove(self, fd: int) -> None:
        """Forget a descriptor, before it is closed; idempotent."""
        if self._calls.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def wait(self, seconds: float | None) -> None:
        """Wait at most so long, and call what has something to do."""
        left = None if seconds is None else max(0.0, min(seconds, _MOST)) * 1000
        for fd, events in self._poll.poll(left):
            # One call may have removed the descriptor of a later one.
            call = self._calls.get(fd)
            if call is not None:
                call(events)
