"""Signals as events of the poller."""

from __future__ import annotations

import os
import signal

from .poller import READ, Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# All those that would end a supervisor by default and that people send; as
# PID 1 a signal without a handler is lost.
HANDLED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Signals:
    """From now on ``call(number)`` for each signal that arrives, from the poller's `wait`."""

    __slots__ = ("_call", "_ours", "_poller", "_theirs")

    def __init__(self, poller: Poller, call: Callable[[int], None]) -> None:
        self._call = call
        self._poller = poller
        self._ours, self._theirs = os.pipe()
        os.set_blocking(self._ours, False)
        os.set_blocking(self._theirs, False)
        # A full pipe is no loss: what is in it wakes us, and the end of a child
        # is found by asking.
        signal.set_wakeup_fd(self._theirs, warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, _nothing)
        # A supervisor that has become another's left them blocked.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        poller.add(self._ours, READ, self._read)

    def close(self) -> None:
        """Leave the handlers, so that a late signal does no harm; close the pipe."""
        signal.set_wakeup_fd(-1)
        self._poller.remove(self._ours)
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self, _events: int) -> None:
        try:
            data = os.read(self._ours, 1 << 12)
        except BlockingIOError:
            return
        seen = set()
        for number in data:
            # Children that end together are reaped together; a second SIGTERM counts.
            if number == signal.SIGCHLD and number in seen:
                continue
            seen.add(number)
            self._call(number)


def _nothing(_number: int, _frame: object) -> None:
    """The wake-up descriptor tells; without a handler Python would not write to it."""
